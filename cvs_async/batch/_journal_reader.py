"""Reading a journal while it is written, or after; and dropping old contents from it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, tzinfo
from itertools import count, groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from attrs import frozen

from ._charges import Charges, Name, Request, charges_of, day_in, to_request
from ._journal_files import is_journal, open_to_read, open_to_write, real_path, tidy
from ._journal_lock import writer_of
from ._journal_loss import loss, refuse_left
from ._journal_schema import (
    COLUMNS,
    FIND,
    NUMBER,
    PERMANENT,
    JournalError,
    Opening,
    Record,
    Row,
    SourceFile,
    State,
    to_key,
    to_record,
    translated,
)
from ._journal_service import Service, origin_of
from ._journal_wal import size_of, wal_path

if TYPE_CHECKING:
    from .outcome import Outcome
    from .tables.frames import Backend
    from .tables.layout import Shape

PAGE = 500
"""Sources that are read at once: no read lasts, so that the writer can reuse its space."""


@frozen
class JournalFigures:
    """A journal in numbers.

    Attributes:
        sources: how many names were claimed.
        documents: how many different keys there are among them.
        duplicates: sources beyond the first of a key.
        states: how many documents are in which state; all five are there.
        billed, free, unknown: requests by what they cost; unknown are those in doubt, too.
        in_flight: requests that the running writer waits for.
        first_at, last_at: when the first source was claimed, and the last request left or ended, in seconds since
            1970; None where there is none.
        noted: what the running batch has noted last, or the last one that ran; None if nothing was.
        noted_at: when it was.
        writer: id of the process that has the journal open; None where there is none.
        origin: of the service that answered, such as ``https://cvs.example.com``; None if the journal does not say.
        warning: what the figures lack, because something was lost; None if nothing is known to be.
    """

    sources: int
    documents: int
    duplicates: int
    states: Mapping[State, int]
    billed: int
    free: int
    unknown: int
    in_flight: int
    first_at: float | None
    last_at: float | None
    noted: Mapping[str, Any] | None
    noted_at: float | None
    writer: int | None
    origin: str | None = None
    warning: str | None = None


class JournalReader:
    """Reads a journal, also while another process writes to it: ``with JournalReader("claims.db") as reader``.

    It blocks while it reads: in an event loop, use it in a thread.

    It works where nothing may be written, unless the writer died and left a WAL behind.

    Args:
        path: of the journal.

    Attributes:
        path: of the journal.
        warning: what cannot be read, because something was lost; None if nothing is known to be.

    Raises:
        JournalError: on entering, if there is none, or it cannot be read; from any method, if it is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.warning: str | None = None
        self._real = self.path
        self._process = 0
        self._connection: sqlite3.Connection | None = None
        self._unchanged: tuple[int, ...] | None = None
        self._held = ExitStack()
        self._days = count()

    def __enter__(self) -> Self:
        self._process = os.getpid()
        self._real = _existing(self.path)
        with translated(self._real):
            if writer_of(self._real) is None:
                lost = loss(self._real)
                self.warning = None if lost is None else lost.what
            self._connection, unchanging = open_to_read(self._real, self._held)
            self._unchanged = _state(self._real) if unchanging else None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection = None
        self._held.close()
        if self._process == os.getpid():
            tidy(self._real)

    def figures(self) -> JournalFigures:
        """All in numbers, as of one moment. Takes about a second for a million documents."""
        database = self._database
        with self._reading():
            database.execute("BEGIN")
            try:
                writer, opening = self._writer()
                [(sources, documents, first_at)] = database.execute(_SOURCES).fetchall()
                [(noted, noted_at)] = database.execute("SELECT figures, noted_at FROM journal").fetchall()
                states: dict[State, int] = {"planned": 0, "sent": 0, "billed": 0, "free": 0, "unknown": 0}
                states.update(database.execute(_STATES).fetchall())
                states["planned"] = documents - sum(states.values())
                figures = database.execute(_REQUESTS, (opening,)).fetchone()
                origin = origin_of(database, self.path)
            finally:
                database.execute("ROLLBACK")
        last_at, billed, free, in_flight, requests = figures
        return JournalFigures(
            sources, documents, sources - documents, states, billed, free, requests - billed - free - in_flight,
            in_flight, first_at, last_at, None if noted is None else json.loads(noted), noted_at, writer, origin,
            self.warning,
        )  # fmt: skip

    def check_service(self, service: Service) -> None:
        """Raise JournalError if the journal holds answers of another service or account."""
        with self._reading():
            service.check(self._database, self.path)

    def operations(self) -> tuple[str, ...]:
        """The names of the operations of its documents, in the order in which they first came."""
        with self._reading():
            return tuple(name for (name,) in self._database.execute(_OPERATIONS).fetchall())

    def outcomes(self) -> Iterator[Outcome[Any]]:
        """The outcome of each source, in the order in which they were first met. Memory stays flat."""
        from .replay import outcomes_of  # which needs the journal

        return outcomes_of(self.records())

    def to_frame(
        self, *, fields: Sequence[str] | None = None, backend: Backend = "pandas", **shape: Unpack[Shape]
    ) -> Any:
        """All outcomes as one data frame of pandas or polars: see `to_frame`.

        Without an operation it has the documented fields of all operations in the journal.
        """
        from .tables.frames import to_frame  # which needs the outcomes

        if shape.get("operation") is None:
            shape["operation"] = self.operations()
        return to_frame(self.outcomes(), fields=fields, backend=backend, **shape)

    def records(self, *, content: bool = True) -> Iterator[tuple[Record, str, str | None]]:
        """Each source, in the order in which they were first claimed: its document, its name, the user's id of it.

        A document that has several sources comes with each of them. Memory stays flat.

        Args:
            content: with what was answered.
        """
        after = 0
        while page := self._page(after):
            _, opening = self._writer()
            after = page[-1][0]
            for (_, name, reference), joined in groupby(page, key=lambda row: row[:3]):
                rows = [row[3:] for row in joined]
                yield to_record(rows, opening, self.content(rows[0][0]) if content else None), name, reference

    def reconcile(self, zone: tzinfo = UTC, *, papers: bool = False) -> Iterator[Charges]:
        """What was paid: by day, operation, key and check_sum. What is in flight is left out.

        It reads as of its beginning, and until it is through or closed the writer cannot reuse the space of what
        it has replaced.

        Args:
            zone: whose days are meant.
            papers: read the answers, too, to count the papers in them.
        """
        return charges_of([self], zone, papers=papers)

    def requests(self, zone: tzinfo = UTC) -> Iterator[Request]:
        """Each request that is not in flight, in the order of day, operation, key and check_sum."""
        _, opening = self._writer()
        day = f"day_{next(self._days)}"  # SQLite does not replace a function that another statement uses
        with self._reading():
            self._database.create_function(day, 1, day_in(zone), deterministic=True)
            with closing(self._database.execute(_REQUESTS_BY_DAY.format(day=day), (opening,))) as rows:
                yield from map(to_request, rows)

    def billed(self) -> dict[str, int]:
        """How many requests of each operation were billed."""
        with self._reading():
            return dict(self._database.execute(_BILLED).fetchall())

    def keys(self) -> Iterator[bytes]:
        """The keys of all documents, in ascending order."""
        with self._reading(), closing(self._database.execute(_KEYS)) as rows:
            yield from (key for (key,) in rows)

    def rows(self, key: bytes) -> tuple[list[Row], int | None]:
        """A document's requests as `to_record` takes them, by their number, and the number of the running opening."""
        _, opening = self._writer()
        with self._reading():
            return sorted(self._database.execute(FIND[1], (key,)).fetchall(), key=lambda row: row[NUMBER] or 0), opening

    def names(self, document: int) -> list[Name]:
        """The names of a document, by its number, and the user's ids; in the order in which they were met."""
        with self._reading():
            return self._database.execute(_NAMES, (document, document)).fetchall()

    def openings(self) -> list[Opening]:
        """Every opening by a batch: where it ran, and what it asked. Those of older versions were not noted."""
        if not self._has_openings:
            return []
        with self._reading():
            rows = self._database.execute(f"SELECT {_OPENING} FROM openings o ORDER BY number").fetchall()  # noqa: S608
        return [_to_opening(row) for row in rows]

    def files(self, key: str) -> list[SourceFile]:
        """The names of a document, by its key, each with the state of its files and the opening when it was met."""
        if not self._has_openings:
            return []
        with self._reading():
            rows = self._database.execute(_FILES, (to_key(key),)).fetchall()
        return [
            SourceFile(name, *_state_of_files(state), None if opening[0] is None else _to_opening(opening))
            for name, state, *opening in rows
        ]

    @property
    def _has_openings(self) -> bool:
        with self._reading():
            [(version,)] = self._database.execute("PRAGMA user_version").fetchall()
        return bool(version >= OPENINGS_SINCE)

    def content(self, document: int) -> bytes | None:
        """The answer about a document, by its number; None where there is none, or it was purged."""
        with self._reading():
            row = self._database.execute("SELECT content FROM contents WHERE document = ?", (document,)).fetchone()
            return None if row is None else zlib.decompress(row[0])

    @property
    def _database(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("a journal is read inside of: with JournalReader(...) as reader")
        if self._process != os.getpid():
            raise JournalError(
                f"journal {self.path} was opened before this process was forked: open it again elsewhere"
            )
        return self._connection

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A statement; it fails if a journal that nobody was expected to write to was written meanwhile."""
        with translated(self._real):
            try:
                yield
            finally:
                if self._unchanged is not None and self._unchanged != _state(self._real):
                    raise JournalError(f"journal {self._real} was written to while it was read: read it again")

    def _writer(self) -> tuple[int | None, int | None]:
        """The running writer's process id, and the number of its opening."""
        if (process := writer_of(self._real)) is None:
            return None, None
        with self._reading():
            [(opening,)] = self._database.execute("SELECT opening FROM journal").fetchall()
        return process, opening

    def _page(self, after: int) -> list[Any]:
        with self._reading():
            return self._database.execute(_PAGE, (after, PAGE)).fetchall()


def purge(path: str | os.PathLike[str], older_than: float) -> int:
    """Drop the answers that came more than so many seconds ago, and give their space back.

    Keys, charges and names stay, as do the folder and the parameters of each opening that has met or sent a document.
    Other openings are dropped.

    Blocks; in an event loop, use it in a thread.

    Returns:
        How many were dropped.

    Raises:
        JournalError: if there is no journal, or somebody writes to it.
    """
    path = _existing(path)
    with translated(path), ExitStack() as stack:
        database = open_to_write(path, stack)
        database.execute("PRAGMA secure_delete = ON")
        dropped = database.execute(_PURGE, (time.time() - older_than,)).rowcount
        database.execute(_PURGE_OPENINGS)
        database.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page only
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return dropped


def _existing(path: str | os.PathLike[str]) -> Path:
    """The real path of a journal, which has to be there."""
    real = real_path(path)
    with translated(real):
        if not is_journal(real):
            refuse_left(real)
            raise JournalError(f"there is no journal {os.fspath(path)}: look for another name or folder")
    return real


def _state(path: Path) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, size_of(wal_path(path))


def _to_opening(row: Sequence[Any]) -> Opening:
    number, at, folder, operation, parameters = row
    return Opening(number, at, folder, operation, json.loads(parameters or "{}"))


def _state_of_files(state: str | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = [one.split(":") for one in (state or "").split()]
    return tuple(int(size) for size, _ in pairs), tuple(int(modified) for _, modified in pairs)


_OPENING = "o.number, o.at, o.folder, o.operation, o.parameters"
_FILES = f"""
SELECT s.name, s.files, {_OPENING} FROM sources d JOIN sources s ON s.document = d.id
LEFT JOIN openings o ON o.number = (SELECT number FROM openings WHERE after < s.id ORDER BY number DESC LIMIT 1)
WHERE d.key = ? AND d.document = d.id ORDER BY s.id
"""  # noqa: S608
OPENINGS_SINCE = 3
"""The version of journals with a table of openings."""
_OPERATIONS = "SELECT operation FROM sources GROUP BY operation ORDER BY min(id)"
_SOURCES = "SELECT count(*), count(*) FILTER (WHERE document = id), min(claimed_at) FROM sources"
# Beside max(), the other columns are those of the row with the greatest number.
_STATES = f"""
SELECT CASE
  WHEN last IS NULL THEN 'sent' WHEN billed THEN 'billed' WHEN in_doubt AND NOT refused THEN 'unknown' ELSE last
END, count(*)
FROM (
  SELECT max(number), charge AS last, total(charge = 'billed') AS billed,
    total(coalesce(charge, 'unknown') = 'unknown') AS in_doubt,
    charge = 'free' AND error IN ({", ".join(f"'{name}'" for name in sorted(PERMANENT))}) AS refused
  FROM requests GROUP BY document
)
GROUP BY 1
"""  # noqa: S608
_IN_FLIGHT = """
(charge IS NULL AND opening IS ?
 AND NOT EXISTS (SELECT 1 FROM requests l WHERE l.document = r.document AND l.number > r.number))
"""
_REQUESTS = f"""
SELECT max(coalesce(ended_at, sent_at)), count(*) FILTER (WHERE charge = 'billed'),
  count(*) FILTER (WHERE charge = 'free'), count(*) FILTER (WHERE {_IN_FLIGHT}), count(*)
FROM requests r
"""  # noqa: S608
_PAGE = f"""
SELECT s.id, s.name, s.reference, {COLUMNS}
FROM (SELECT * FROM sources WHERE id > ? ORDER BY id LIMIT ?) s
JOIN sources d ON d.id = s.document LEFT JOIN requests r ON r.document = d.id
ORDER BY s.id, r.number
"""  # noqa: S608
_REQUESTS_BY_DAY = f"""
SELECT {{day}}(r.sent_at), d.operation, d.key, r.check_sum, r.sent_at, r.ended_at, coalesce(r.charge, 'unknown'),
  CASE r.charge WHEN 'free' THEN coalesce(r.code, r.error, 'none') END, d.id
FROM requests r JOIN sources d ON d.id = r.document WHERE NOT {_IN_FLIGHT}
ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608
_BILLED = """
SELECT d.operation, count(*) FROM requests r JOIN sources d ON d.id = r.document WHERE r.charge = 'billed' GROUP BY 1
"""
_KEYS = "SELECT key FROM sources WHERE document = id ORDER BY key"
_NAMES = """
SELECT name, reference FROM (
  SELECT id, name, reference FROM sources WHERE id = ?
  UNION ALL SELECT id, name, reference FROM sources WHERE document = ? AND document <> id
) ORDER BY id
"""
_PURGE = """
DELETE FROM contents
WHERE (SELECT max(coalesce(ended_at, sent_at)) FROM requests WHERE document = contents.document) < ?
"""
_PURGE_OPENINGS = """
DELETE FROM openings WHERE number NOT IN (SELECT opening FROM requests) AND after = coalesce(
  (SELECT after FROM openings next WHERE next.number > openings.number ORDER BY number LIMIT 1),
  (SELECT max(id) FROM sources), 0
)
"""
