"""Reading a journal, also while it is written."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, tzinfo
from itertools import count, groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from attrs import frozen

from . import queries
from .charges import Charges, Name, Request, charges_of, day_in, to_request
from .files import existing, open_to_read, tidy
from .lock import writer_of
from .loss import loss
from .records import NUMBER, Record, Row, Session, SourceFile, State, record_of
from .schema import SESSIONS_SINCE, JournalError, to_key, translated
from .service import Service, origin_of
from .statements import FIND
from .wal import size_of, wal_path

if TYPE_CHECKING:
    from ..outcome import Outcome
    from ..tables.frames import Backend
    from ..tables.layout import Shape

PAGE = 500
"""Sources that are read at once. Short reads let the writer reuse the space of its WAL."""


@frozen
class JournalFigures:
    """Figures of a journal.

    Attributes:
        sources: number of claimed names.
        documents: number of different keys.
        duplicates: number of sources beyond the first of each key.
        states: number of documents in each state.
        billed, free, unknown: requests by charge; those in doubt are unknown.
        in_flight: requests whose answers the running writer awaits.
        first_at, last_at: when the first source was claimed, and when the last request left or ended, in seconds since
            1970; None without any source or request.
        noted: last figures of the running batch, or of the last one; None if no batch has stored any.
        noted_at: when they were stored, in seconds since 1970.
        writer: id of the process that writes to the journal; None without one.
        origin: of the service, such as ``https://cvs.example.com``; None if unknown.
        warning: describes lost data that the figures lack; None if no loss is known.
        answered: number of documents in the state ``unknown`` that have a reply, which had no code. They are not in
            doubt.
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
    answered: int = 0


class JournalReader:
    """Reads a journal, also while another process writes to it: ``with JournalReader("claims.db") as reader``.

    Its methods block: in an event loop, use it in a thread. It also works in read-only folders, unless the writer
    died and left a WAL behind.

    Args:
        path: of the journal.

    Attributes:
        path: of the journal.
        warning: describes lost data; None if no loss is known.

    Raises:
        JournalError: on entering, if the journal is missing or cannot be read; from any method, if it is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.warning: str | None = None
        self._real = self.path
        self._process = 0
        self._connection: sqlite3.Connection | None = None
        self._unchanged: tuple[int, ...] | None = None
        self._resources = ExitStack()
        self._days = count()

    def __enter__(self) -> Self:
        self._process = os.getpid()
        self._real = existing(self.path)
        with translated(self._real):
            if writer_of(self._real) is None and (lost := loss(self._real)) is not None:
                self.warning = lost.what
            self._connection, unchanging = open_to_read(self._real, self._resources)
            if unchanging:
                self._unchanged = _state(self._real)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection = None
        self._resources.close()
        if self._process == os.getpid():
            tidy(self._real)

    def figures(self) -> JournalFigures:
        """Return all figures, as of one moment. Takes about a second for a million documents."""
        database = self._database
        with self._reading():
            database.execute("BEGIN")
            try:
                writer, session = self._writer()
                [(sources, documents, first_at)] = database.execute(queries.SOURCES).fetchall()
                [(noted, noted_at)] = database.execute("SELECT figures, noted_at FROM journal").fetchall()
                states: dict[State, int] = {"planned": 0, "sent": 0, "billed": 0, "free": 0, "unknown": 0}
                by_state = database.execute(queries.STATES).fetchall()
                states.update({state: number for state, number, _ in by_state})
                states["planned"] = documents - sum(states.values())
                figures = database.execute(queries.REQUESTS, (session,)).fetchone()
                origin = origin_of(database, self.path)
            finally:
                database.execute("ROLLBACK")
        last_at, billed, free, in_flight, requests = figures
        return JournalFigures(
            sources, documents, sources - documents, states, billed, free, requests - billed - free - in_flight,
            in_flight, first_at, last_at, json.loads(noted or "null"), noted_at, writer, origin,
            self.warning, sum(int(answered) for state, _, answered in by_state if state == "unknown"),
        )  # fmt: skip

    def check_service(self, service: Service) -> None:
        """Raise JournalError if the journal holds answers of another service or account."""
        with self._reading():
            service.check(self._database, self.path)

    def operations(self) -> tuple[str, ...]:
        """Return the operations of its documents, in the order in which they were first claimed."""
        with self._reading():
            return tuple(name for (name,) in self._database.execute(queries.OPERATIONS).fetchall())

    def outcomes(self) -> Iterator[Outcome[Any]]:
        """Yield the outcome of each source, in the order in which they were first claimed. Memory stays flat."""
        from ..replay import outcomes_of  # imported here, because it imports the journal

        return outcomes_of(self.records())

    def to_frame(
        self, *, fields: Sequence[str] | None = None, backend: Backend = "pandas", **shape: Unpack[Shape]
    ) -> Any:
        """Return all outcomes as one data frame of pandas or polars, see `cvs_async.batch.to_frame`.

        Without `operation` the columns are the documented fields of all operations in the journal.
        """
        from ..tables.frames import to_frame  # imported here, because it imports the outcomes

        if shape.get("operation") is None:
            shape["operation"] = self.operations()
        return to_frame(self.outcomes(), fields=fields, backend=backend, **shape)

    def records(self, *, content: bool = True) -> Iterator[tuple[Record, str, str | None]]:
        """Yield document, name and user's id of each source, in the order in which they were first claimed.

        A document with several sources is yielded with each of them. Memory stays flat.

        Args:
            content: include the answers.
        """
        after = 0
        while page := self._page(after):
            _, session = self._writer()
            after = page[-1][0]
            for (_, name, reference), joined in groupby(page, key=lambda row: row[:3]):
                rows = [row[3:] for row in joined]
                answer = self.content(rows[0][0]) if content else None
                yield record_of(rows, session, answer), name, reference

    def reconcile(self, zone: tzinfo = UTC, *, papers: bool = False) -> Iterator[Charges]:
        """Yield charges by day, operation, key and check_sum, without requests in flight.

        The charges are those of the moment when iteration begins. Until it ends, or the iterator is closed, the writer
        cannot reuse the space of replaced data.

        Args:
            zone: of the days.
            papers: also decode the answers, to count the papers in them.
        """
        return charges_of([self], zone, papers=papers)

    def requests(self, zone: tzinfo = UTC) -> Iterator[Request]:
        """Yield each request that is not in flight, in the order of day, operation, key and check_sum."""
        _, session = self._writer()
        day = f"day_{next(self._days)}"  # SQLite does not replace a function that another statement uses
        with self._reading():
            self._database.create_function(day, 1, day_in(zone), deterministic=True)
            with closing(self._database.execute(queries.REQUESTS_BY_DAY.format(day=day), (session,))) as rows:
                yield from map(to_request, rows)

    def billed(self) -> dict[str, int]:
        """Return how many requests of each operation were billed."""
        with self._reading():
            return dict(self._database.execute(queries.BILLED).fetchall())

    def keys(self) -> Iterator[bytes]:
        """Yield the keys of all documents, in ascending order."""
        with self._reading(), closing(self._database.execute(queries.KEYS)) as rows:
            yield from (key for (key,) in rows)

    def rows(self, key: bytes) -> tuple[list[Row], int | None]:
        """Return a document's rows in order, for `record_of`, and the session number of the running writer."""
        _, session = self._writer()
        with self._reading():
            return sorted(self._database.execute(FIND[1], (key,)).fetchall(), key=lambda row: row[NUMBER] or 0), session

    def names(self, document: int) -> list[Name]:
        """Return the names of a document with the user's ids, given its number, in the order of their claims."""
        with self._reading():
            return self._database.execute(queries.NAMES, (document, document)).fetchall()

    def sessions(self) -> list[Session]:
        """Return all sessions, with folder and operation of the batch. Older versions did not record them."""
        if not self._has_sessions:
            return []
        with self._reading():
            rows = self._database.execute(queries.SESSIONS).fetchall()
        return [session for row in rows if (session := _to_session(row)) is not None]

    def files(self, key: str) -> list[SourceFile]:
        """Return the names of a document, given its key, each with the state of its files and its session."""
        if not self._has_sessions:
            return []
        with self._reading():
            rows = self._database.execute(queries.FILES, (to_key(key),)).fetchall()
        return [SourceFile(name, *_state_of_files(state), _to_session(session)) for name, state, *session in rows]

    @property
    def _has_sessions(self) -> bool:
        with self._reading():
            [(version,)] = self._database.execute("PRAGMA user_version").fetchall()
        return bool(version >= SESSIONS_SINCE)

    def content(self, document: int) -> bytes | None:
        """Return the answer for a document, given its number; None without an answer, or if it was purged."""
        with self._reading():
            row = self._database.execute("SELECT content FROM contents WHERE document = ?", (document,)).fetchone()
            if row is None:
                return None
            return zlib.decompress(row[0])

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
        """Run a statement. Fail if a journal that was opened as unchanging has changed."""
        with translated(self._real):
            try:
                yield
            finally:
                if self._unchanged is not None and self._unchanged != _state(self._real):
                    raise JournalError(f"journal {self._real} was written to while it was read: read it again")

    def _writer(self) -> tuple[int | None, int | None]:
        """Return process id and session number of the running writer."""
        if (process := writer_of(self._real)) is None:
            return None, None
        with self._reading():
            [(session,)] = self._database.execute("SELECT opening FROM journal").fetchall()
        return process, session

    def _page(self, after: int) -> list[Any]:
        with self._reading():
            return self._database.execute(queries.SOURCES_PAGE, (after, PAGE)).fetchall()


def _state(path: Path) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, size_of(wal_path(path))


def _to_session(row: Sequence[Any]) -> Session | None:
    number, at, folder, operation, parameters = row
    if number is None:
        return None
    return Session(number, at, folder, operation, json.loads(parameters or "{}"))


def _state_of_files(state: str | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = [one.split(":") for one in (state or "").split()]
    return tuple(int(size) for size, _ in pairs), tuple(int(modified) for _, modified in pairs)
