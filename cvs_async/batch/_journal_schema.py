"""A journal's tables, and its rows as records."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from attrs import define, field, frozen, setters

from ..errors import ConfigurationError

T = TypeVar("T")

State = Literal["planned", "sent", "billed", "free", "unknown"]
"""Of a document: known; its request has left or may have left; or what its last request cost."""

APPLICATION_ID = 0x43565342
VERSION = 3

# The files that batches with this journal have made, so that no other file is ever replaced. The identity of a file is
# text, because numbers of files can have 64 bits without a sign.
OUTPUTS = """CREATE TABLE outputs (
    path TEXT NOT NULL, identity TEXT NOT NULL, size INTEGER, modified_ns INTEGER, PRIMARY KEY (path, identity)
) WITHOUT ROWID"""

# Where each opening ran and what it asked, so that the files of its documents can be found again. `after` is the last
# source before it: a source belongs to the last opening that began before it. So a source needs no column for it.
OPENINGS = """CREATE TABLE openings (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, folder TEXT, operation TEXT, parameters TEXT,
    after INTEGER NOT NULL
)"""

# A document is known by its first source: the row whose id is also its document. One request has one row, and
# everything else (states, counts, what was paid) is told from these rows, so that no two figures can disagree.
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
{OPENINGS};
INSERT INTO journal VALUES (0, NULL, NULL, NULL, NULL);
COMMIT;
PRAGMA journal_mode = WAL;
"""  # noqa: S608

COLUMNS = (
    "d.id, d.key, d.operation, d.name, d.reference, d.claimed_at, r.number,"
    " r.opening, r.check_sum, r.sent_at, r.ended_at, r.charge, r.http_status, r.error, r.code"
)
"""Of document `d` and its requests `r`, for `to_record`."""
KEY, NUMBER, OPENING, SENT_AT, ENDED_AT, CHARGE, ERROR = 1, 6, 7, 9, 10, 11, 13

_JOINED = f"SELECT {COLUMNS} FROM sources d LEFT JOIN requests r ON r.document = d.id WHERE d.document = d.id"  # noqa: S608
MANY = 16
FOLLOWING = f"{_JOINED} AND d.id >= ? AND d.id < ?"
SIZES = (256, 64, 16, 4, 1)
"""Of the statements that are about many keys or rows: some hundreds at once take half the time of one by one."""
FIND = {size: f"{_JOINED} AND d.key IN ({', '.join('?' * size)})" for size in SIZES}
COUNTS = {
    size: f"""
SELECT d.key, d.id, count(r.number), total(r.charge = 'billed') FROM sources d LEFT JOIN requests r ON r.document = d.id
WHERE d.document = d.id AND d.key IN ({", ".join("?" * size)}) GROUP BY d.id
"""  # noqa: S608
    for size in SIZES
}
DUPLICATE = "SELECT 1 FROM sources WHERE document = ? AND document <> id AND name = ? AND reference IS ?"
# Beside max(), the other columns are those of the row with the greatest number.
LAST = """
SELECT d.id, max(r.number), r.opening, r.check_sum, r.sent_at, r.charge, total(r.charge = 'billed')
FROM sources d JOIN requests r ON r.document = d.id WHERE d.key = ? AND d.document = d.id
"""
IS_THERE = "SELECT 1 FROM requests WHERE document = ? AND number = ? AND charge IS ?"
CONTENT = "SELECT content FROM contents JOIN sources d USING (document) WHERE d.key = ? AND d.document = d.id"


Row = tuple[Any, ...]


UPGRADES = {
    1: (
        "ALTER TABLE journal ADD COLUMN origin TEXT",
        "ALTER TABLE journal ADD COLUMN account TEXT",
        OUTPUTS,
    ),
    2: (OPENINGS, "ALTER TABLE sources ADD COLUMN files TEXT"),
}
"""What makes the next version of a journal of this one."""


COST = "then every document that this one has paid for is sent, and paid for, again"
"""What it costs to begin another journal."""


PERMANENT = frozenset({"NoContentError", "InvalidImageError", "InvalidIdError", "FormatTypeError"})
"""Answers of the service that say no, and will say so again."""


class JournalError(ConfigurationError):
    """A journal cannot be opened or written: damaged, foreign, of a newer version, in use, or the disk is full."""


@define(on_setattr=setters.frozen)  # frozen=True would make a million of them take seconds
class Record:
    """One document as the journal has it.

    Where more than one request was made, `check_sum`, `http_status`, `error`, `code`, `sent_at` and `ended_at` are
    those of the one in flight, else of the billed one, else of the last.

    Attributes:
        key: of its content, operation and parameters: 64 hex digits.
        operation: such as ``ocr.card``.
        source: its name for people, the first one that was seen.
        state: ``planned``, ``sent``, or what it cost: ``billed`` if any request was; else ``unknown`` if any may have
            been, unless the last one was refused for good (`PERMANENT`), as the others would have been; else ``free``.
        check_sum: as it was sent.
        attempts: how many requests were ever made.
        unknown_attempts: how many of them may have been charged, those without an end among them, unless in flight.
        billed: how many of them were billed.
        http_status: of the answer.
        error: name of the error's class; None for a reply.
        code: of the envelope.
        planned_at, sent_at, ended_at: in seconds since 1970.
        mine: sent since the journal was opened; False for what an earlier run left behind.
        content: the answer's body as received, where it was asked for and is still there.
    """

    key: str
    operation: str
    source: str
    state: State
    check_sum: str | None
    attempts: int
    unknown_attempts: int
    billed: int
    http_status: int | None
    error: str | None
    code: int | str | None
    planned_at: float | None
    sent_at: float | None
    ended_at: float | None
    mine: bool
    content: bytes | None = field(default=None, repr=False)


@frozen
class Opening:
    """One opening of a journal by a batch.

    Attributes:
        number: counted from 1.
        at: when, in seconds since 1970.
        folder: the working directory, from which relative names are; None if it is not known.
        operation: that the batch asked for; None likewise.
        parameters: of the batch, as far as they are part of a document's key; not those of single items.
    """

    number: int
    at: float
    folder: str | None
    operation: str | None
    parameters: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen
class SourceFile:
    """A name of a document, and the state of its files when it was met.

    Attributes:
        name: as it was given; several inputs in one line.
        sizes: of the files, in bytes; empty where the inputs were no files.
        modified_ns: of the files, in nanoseconds since 1970.
        opening: in which the name was met; None where an older version of the library has noted the name.
    """

    name: str
    sizes: tuple[int, ...] = ()
    modified_ns: tuple[int, ...] = ()
    opening: Opening | None = None


@frozen
class Output:
    """A file that a batch with this journal has made.

    Attributes:
        path: absolute.
        identity: of the file itself, as `identity_of` makes it: another file under the same path has another one.
        size, modified_ns: when it was finished; None for a draft that is still written to.
    """

    path: str
    identity: str
    size: int | None = None
    modified_ns: int | None = None


def identity_of(status: os.stat_result) -> str:
    """Device and number of a file."""
    return f"{status.st_dev}:{status.st_ino}"


def to_record(rows: Sequence[Row], opening: int | None, content: bytes | None = None) -> Record:
    """A document from its rows of `COLUMNS`, one for each request, or one without a request.

    `opening` is the number of the running writer's, None where none runs.
    """
    if len(rows) == 1:
        return _to_record(rows[0], opening, content)
    rows = sorted(rows, key=lambda row: row[NUMBER])
    charges = [row[CHARGE] for row in rows]
    attempts, opened_as, last = rows[-1][NUMBER], rows[-1][OPENING], charges[-1]
    mine = opened_as == opening
    billed = charges.count("billed")
    unknown = charges.count("unknown") + charges.count(None) - (last is None and mine)
    shown = rows[-1]
    state: State = last or "sent"
    if last is not None and billed:
        state = "billed"
    elif last == "free" and unknown and shown[ERROR] not in PERMANENT:
        state = "unknown"
    if state == "billed" != last:
        shown = rows[-1 - charges[::-1].index("billed")]
        mine = shown[OPENING] == opening
    _, key, operation, name, _, planned_at, _, _, check_sum, sent_at, ended_at, _, http_status, error, code = shown
    return Record(
        key.hex(), operation, name, state, check_sum, attempts, unknown, billed, http_status, error, code,
        planned_at, sent_at, ended_at, mine, content,
    )  # fmt: skip


def _to_record(row: Row, opening: int | None, content: bytes | None) -> Record:
    """A document with at most one request, as nearly all are."""
    (
        _, key, operation, name, _, planned_at, number, opened_as, check_sum, sent_at, ended_at, charge, http_status,
        error, code,
    ) = row  # fmt: skip
    mine = number is not None and opened_as == opening
    state: State = "planned" if number is None else "sent" if charge is None else charge
    unknown = int(charge == "unknown" or (state == "sent" and not mine))
    return Record(
        key.hex(), operation, name, state, check_sum, number or 0, unknown, int(charge == "billed"), http_status, error,
        code, planned_at, sent_at, ended_at, mine, content,
    )  # fmt: skip


def find(database: sqlite3.Connection, keys: Sequence[bytes], following: int) -> dict[bytes, list[Row]]:
    """The rows for `to_record` of those keys that are known.

    A batch that is run again mostly claims in the order of the first time, so many keys are looked for first in the
    rows from id `following` on, 0 for nowhere: that is three times as fast as by key.
    """
    found: dict[bytes, list[Row]] = {}
    if following and len(keys) >= MANY:
        _collect(found, database.execute(FOLLOWING, (following, following + len(keys))))
    for some in chunks(list(dict.fromkeys(key for key in keys if key not in found))):
        _collect(found, database.execute(FIND[len(some)], some))
    return found


def _collect(found: dict[bytes, list[Row]], rows: Iterable[Row]) -> None:
    for row in rows:
        if known := found.get(row[KEY]):
            known.append(row)
        else:
            found[row[KEY]] = [row]


def chunks(values: Sequence[T], most: int = SIZES[0]) -> Iterator[Sequence[T]]:
    """All of them, in as few pieces as there are sizes for."""
    start = 0
    while start < len(values):
        size = next(size for size in SIZES if size <= min(len(values) - start, most))
        yield values[start : start + size]
        start += size


def to_key(key: str) -> bytes:
    """A key as it is stored.

    Raises:
        ValueError: if it is none.
    """
    packed = bytes.fromhex(key)
    if len(packed) != 32:
        raise ValueError(f"a key has 64 hex digits, not {len(key)}")
    return packed


def to_text(text: str) -> str:
    """As SQLite can store it: half of a surrogate pair, as in file names that are no UTF-8, becomes an escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def to_code(code: int | str | None) -> int | str | None:
    """As SQLite can store it, where integers have 64 bits."""
    if code is None or (isinstance(code, int) and -(1 << 63) <= code < 1 << 63):
        return code
    return to_text(str(code))


_NO_LOCKS = ("SQLITE_PROTOCOL", "SQLITE_IOERR_LOCK", "SQLITE_IOERR_RDLOCK", "SQLITE_IOERR_SHM", "SQLITE_NOLFS")


def failure(path: Path, error: Exception) -> JournalError:
    """What SQLite or the system said, for people; with what to do about it."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith("SQLITE_NOTADB"):
        said = f"{path} is no journal: choose another name for the journal"
    elif name.startswith(_NO_LOCKS):
        said = f"journal {path} cannot be locked: {error}; keep the journal on a local disk"
    elif isinstance(error, (sqlite3.DatabaseError, zlib.error)) and not isinstance(error, sqlite3.OperationalError):
        said = f"{path} is damaged ({error}): restore it from a backup, or begin another journal; {COST}"
    else:
        reason = error.strerror if isinstance(error, OSError) else error
        said = f"journal {path} cannot be used: {reason}; check the disk, the folder and its permissions"
    return JournalError(said)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Errors of SQLite and the system as `JournalError`."""
    try:
        yield
    except (sqlite3.Error, zlib.error, OSError) as error:
        raise failure(path, error) from error
