"""Journals of requests at given moments, and the rows that `reconcile` writes of them."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from unittest import mock

from typer.testing import Result

from cvs_async.batch.journal import Journal

A, B, C, D, E, F = (digit * 64 for digit in "abcdef")
EVENING = datetime(2026, 11, 24, 18, 30, tzinfo=UTC).timestamp()  # 01:30 on the next day in Hà Nội
ANSWER = b'{"errorCode": "0", "data": [{}, {}, {}]}'
Sent: TypeAlias = tuple[str, str, float]
"""Key, charge and moment of a request; of charge "" for one without an end."""


async def _book(path: Path, sent: list[Sent], names: dict[str, list[tuple[str, str | None]]]) -> None:
    async with Journal(path) as journal:
        for key, sources in names.items():
            for name, reference in sources:
                await journal.claim(key, operation="ocr.card", source=name, reference=reference)
        for key, charge, moment in sent:
            with mock.patch("time.time", lambda moment=moment: moment):
                await journal.sent(key, check_sum=key[:16])
            if charge:
                content, code = (ANSWER, 0) if charge == "billed" else (None, 5 if charge == "free" else None)
                with mock.patch("time.time", lambda moment=moment: moment + 2):
                    error = {"free": "AuthenticationError", "unknown": "TimeoutError"}.get(charge)
                    end: Any = {"content": content, "http_status": 200, "error": error, "code": code}
                    await journal.ended(key, charge=charge, **end)  # type: ignore[arg-type]


def book(path: Path, sent: list[Sent], names: dict[str, list[tuple[str, str | None]]] | None = None) -> Path:
    """Make a journal, or go on with it."""
    named = names or {key: [(f"{key[0]}.jpg", None)] for key, _, _ in sent}
    asyncio.run(_book(path, sent, named))
    return path


def rows_of(ended: Result) -> list[dict[str, str]]:
    assert ended.exit_code == 0, ended.stderr
    return list(csv.DictReader(io.StringIO(ended.stdout)))
