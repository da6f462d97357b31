"""A journal's tables, and its errors."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import ConfigurationError

APPLICATION_ID = 0x43565342
VERSION = 3

# The files that batches with this journal have made: no other file is ever replaced. The identity of a file is text,
# because inode numbers can have 64 bits without a sign.
OUTPUTS = """CREATE TABLE outputs (
    path TEXT NOT NULL, identity TEXT NOT NULL, size INTEGER, modified_ns INTEGER, PRIMARY KEY (path, identity)
) WITHOUT ROWID"""

# Folder and operation of each session, with which the files of its documents can be found again. The file format
# calls a session an opening. `after` is the last source before it: a source belongs to the last session that began
# before it, and needs no column for it.
SESSIONS = """CREATE TABLE openings (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, folder TEXT, operation TEXT, parameters TEXT,
    after INTEGER NOT NULL
)"""
SESSIONS_SINCE = 3
"""The version of journals with a table of sessions."""

# A document is identified by its first source: the row whose id is also its document. Each request has one row. States,
# counts and charges are derived from these rows, so that no two figures can disagree.
SCHEMA = f"""
PRAGMA auto_vacuum = INCREMENTAL;
BEGIN;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
CREATE TABLE sources (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL, key BLOB NOT NULL, operation TEXT NOT NULL,
    name TEXT NOT NULL, reference TEXT, claimed_at REAL NOT NULL, files TEXT
);
CREATE UNIQUE INDEX documents ON sources (key) WHERE document = id;
CREATE INDEX duplicates ON sources (document, name) WHERE document <> id;
CREATE TABLE requests (
    document INTEGER NOT NULL, number INTEGER NOT NULL, opening INTEGER NOT NULL, check_sum TEXT,
    sent_at REAL NOT NULL, ended_at REAL, charge TEXT, http_status INTEGER, error TEXT, code,
    PRIMARY KEY (document, number)
) WITHOUT ROWID;
CREATE TABLE contents (document INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE journal (opening INTEGER NOT NULL, figures TEXT, noted_at REAL, origin TEXT, account TEXT);
{OUTPUTS};
{SESSIONS};
INSERT INTO journal VALUES (0, NULL, NULL, NULL, NULL);
COMMIT;
PRAGMA journal_mode = WAL;
"""  # noqa: S608

UPGRADES: dict[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE journal ADD COLUMN origin TEXT",
        "ALTER TABLE journal ADD COLUMN account TEXT",
        OUTPUTS,
    ),
    2: (SESSIONS, "ALTER TABLE sources ADD COLUMN files TEXT"),
}
"""Statements that upgrade a journal to the next version, by its present version."""

COST = "then every document that this one has paid for is sent, and paid for, again"
"""Continues an error text: the consequence of beginning another journal."""


class JournalError(ConfigurationError):
    """A journal cannot be opened or written: damaged, foreign, of a newer version, in use, or the disk is full."""


def to_key(key: str) -> bytes:
    """Return a key as it is stored.

    Raises:
        ValueError: if it is not 64 hex digits.
    """
    packed = bytes.fromhex(key)
    if len(packed) != 32:
        raise ValueError(f"a key has 64 hex digits, not {len(key)}")
    return packed


def to_text(text: str) -> str:
    """Return text as SQLite can store it: halves of surrogate pairs, as in file names outside UTF-8, are escaped."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def to_code(code: int | str | None) -> int | str | None:
    """Return a code as SQLite can store it, whose integers have 64 bits."""
    if code is None or (isinstance(code, int) and -(1 << 63) <= code < 1 << 63):
        return code
    return to_text(str(code))


_NO_LOCKS = ("SQLITE_PROTOCOL", "SQLITE_IOERR_LOCK", "SQLITE_IOERR_RDLOCK", "SQLITE_IOERR_SHM", "SQLITE_NOLFS")


def failure(path: Path, error: Exception) -> JournalError:
    """Return an error of SQLite or the system as a text for people, with a remedy."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith("SQLITE_NOTADB"):
        text = f"{path} is not a journal: choose another name for the journal"
    elif name.startswith(_NO_LOCKS):
        text = f"journal {path} cannot be locked: {error}; keep the journal on a local disk"
    elif isinstance(error, (sqlite3.DatabaseError, zlib.error)) and not isinstance(error, sqlite3.OperationalError):
        text = f"{path} is damaged ({error}): restore it from a backup, or begin another journal; {COST}"
    else:
        reason = error.strerror if isinstance(error, OSError) else error
        text = f"journal {path} cannot be used: {reason}; check the disk, the folder and its permissions"
    return JournalError(text)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and the system into `JournalError`."""
    try:
        yield
    except (sqlite3.Error, zlib.error, OSError) as error:
        raise failure(path, error) from error
