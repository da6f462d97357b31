"""Steps of requests in a journal, and journals of older versions."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cvs_async.batch.journal import Journal, Record
from cvs_async.batch.journal import writer as writer_module
from cvs_async.batch.journal.files import open_to_write
from cvs_async.errors import Charge

ANSWER = b'{"errorCode": "0", "data": [{"name": "secret of a customer"}]}'
WINDOWS = sys.platform == "win32"


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def files_beside(path: Path) -> list[Path]:
    return list(path.parent.iterdir())


def key_of(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


async def claim(journal: Journal, key: str, source: str = "a.jpg", reference: str | None = None) -> Record | None:
    return await journal.claim(key, operation="ocr.card", source=source, reference=reference)


async def known(journal: Journal, key: str) -> Record:
    record = await claim(journal, key)
    assert record is not None
    return record


async def end(
    journal: Journal, key: str, charge: Charge = "billed", content: bytes | None = ANSWER, **more: Any
) -> None:
    more = {"http_status": 200, "error": None, "code": 0} | more
    await journal.ended(key, charge=charge, content=content, **more)


async def send(
    journal: Journal, key: str, charge: Charge = "billed", content: bytes | None = ANSWER, **more: Any
) -> None:
    await journal.sent(key, check_sum=key[:16])
    await end(journal, key, charge, content, **more)


def database(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(";".join(statements))
    connection.close()


def as_version_1(path: Path) -> None:
    """Take away what later versions have added."""
    as_version_2(path)
    database(
        path,
        "DROP TABLE outputs",
        "ALTER TABLE journal DROP COLUMN origin",
        "ALTER TABLE journal DROP COLUMN account",
        "PRAGMA user_version = 1",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )


def as_version_2(path: Path) -> None:
    """Take away what version 3 has added."""
    database(
        path,
        "DROP TABLE openings",
        "ALTER TABLE sources DROP COLUMN files",
        "PRAGMA user_version = 2",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )


A, B, C = map(key_of, range(3))


def on_open(patch: pytest.MonkeyPatch, look: Callable[[sqlite3.Connection], object]) -> None:
    """Hand each connection that a writer opens to a function first."""

    def opened(path: Path, stack: ExitStack) -> sqlite3.Connection:
        database = open_to_write(path, stack)
        look(database)
        return database

    patch.setattr(writer_module, "open_to_write", opened)
