"""The one connection that writes to a journal. Everything here runs in the journal's thread.

What one group of calls asks for goes to SQLite with few statements of many rows each: a statement lets another
thread of Python go on, and to get its turn back takes longer than to write a row.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from attrs import define, frozen

from ..errors import Charge
from ._journal_files import kept_from_checkpoint, open_to_write, real_path, save_copy
from ._journal_loss import leave_mark, new_copy
from ._journal_schema import (
    CONTENT,
    COUNTS,
    DUPLICATE,
    IS_THERE,
    LAST,
    JournalError,
    Output,
    Record,
    Row,
    chunks,
    failure,
    find,
    to_record,
    to_text,
    translated,
)
from ._journal_service import Service
from ._journal_watch import Harmed, Watch

Packed: TypeAlias = tuple[bytes, str, str, str | None] | tuple[bytes, str, str, str | None, str | None]
"""A claim: key, operation, source, reference, and where it is known the state of its files."""

Asked: TypeAlias = tuple[str, str]
"""What a batch asks: operation, and parameters as JSON."""


@define(eq=False, repr=False)  # answers are among the arguments
class Call:
    """A method of the writer, to be called in the next group."""

    method: Callable[..., Any]
    arguments: tuple[Any, ...]
    future: asyncio.Future[Any]


@frozen
class _Request:
    """The last request for a document: its charge is None while it is under way; `billed` counts the billed ones."""

    document: int
    number: int
    opening: int
    check_sum: str | None
    sent_at: float
    charge: Charge | None
    billed: float


class Writer:
    """Takes up the calls of a group, in one transaction.

    Methods take the arguments of many calls and give a result for each. They return a `LookupError` rather than
    raise it, for what is raised fails the whole group.
    """

    def __init__(self, path: Path, service: Service | None = None, asked: Asked | None = None) -> None:
        self._path = real_path(path)
        self._service = service
        self._asked = asked
        self._failure: JournalError | None = None
        self._harm: JournalError | None = None
        self._copy: Path | None = None
        self._synchronous = ""
        self._next = 1
        self._written: Row | None = None  # document, number and charge of the newest request, see `_refuse_others`
        self._newest: Row | None = None  # the same, once it is committed
        self._under_way: dict[bytes, _Request] = {}
        with translated(self._path), ExitStack() as stack:
            self._database = open_to_write(self._path, stack)
            self._begin()
            self._watch = Watch(self._path, self._least_size())
            self._held = stack.pop_all()

    def _begin(self) -> None:
        [(mode,)] = self._database.execute("PRAGMA journal_mode = WAL").fetchall()
        if mode != "wal":
            raise JournalError(
                f"journal {self._path} cannot be locked as SQLite needs it; keep the journal on a local disk"
            )
        for setting in ("cache_size = -8192", "wal_autocheckpoint = 1000"):
            self._database.execute(f"PRAGMA {setting}")
        if self._service is not None:
            self._service.enter(self._database, self._path)
        self._database.execute("UPDATE journal SET opening = opening + 1")
        [(self._opening,)] = self._database.execute("SELECT opening FROM journal").fetchall()
        [(self._last_id,)] = self._database.execute("SELECT coalesce(max(id), 0) FROM sources").fetchall()
        opening = self._opening, time.time(), _working_directory(), *(self._asked or (None, None)), self._last_id
        self._database.execute("INSERT OR REPLACE INTO openings VALUES (?, ?, ?, ?, ?, ?)", opening)
        [(self._version,)] = self._database.execute("PRAGMA data_version").fetchall()

    def _least_size(self) -> int:
        [pages, size] = [self._database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")]
        return int(pages * size)

    def close(self) -> None:
        """Let go of everything. An error is of no consequence: what was committed is on the disk."""
        with ExitStack() as stack:
            with suppress(sqlite3.Error, OSError, JournalError):
                if self._copy is not None:
                    with suppress(sqlite3.Error):  # so that the journal is whole if it has another name now
                        self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                    save_copy(self._database, self._copy)
                elif isinstance(self._harm, Harmed) and self._harm.forbids_writing:
                    stack.enter_context(kept_from_checkpoint(self._path))
                elif self._harm is None:  # also where a reader stays, so that a copy without the WAL is whole
                    self._database.execute("PRAGMA busy_timeout = 100")
                    self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            with suppress(sqlite3.Error, OSError, JournalError):
                self._held.close()

    def commit(self, group: Sequence[Call]) -> list[Any]:
        """One transaction; what each call returns, or why all of them failed.

        If the journal is not ours alone any more, or its files are not what they were, nothing may be sent any more,
        but what comes back of the requests in flight is written all the same, as far as that is possible.
        """
        if self._harm is None and self._failure is None:
            try:
                return self._commit(group)
            except Exception as error:
                self._give_up(error)
                self._roll_back(group)
        if self._harm is not None:
            self._write_ends(group)
        return [JournalError(str(self._harm or self._failure)) for _ in group]

    def _commit(self, group: Sequence[Call]) -> list[Any]:
        durable = any(call.method in _DURABLE for call in group)
        self._synchronize("FULL" if durable else "NORMAL")
        self._database.execute("BEGIN IMMEDIATE")
        self._refuse_others()
        results = self._carry_out(group)
        self._watch.look()  # as late as can be, because what is written next makes a file longer that was cut
        self._database.execute("COMMIT")
        self._newest = self._written
        self._watch.look()
        return [results[id(call)] for call in group]

    def _carry_out(self, group: Sequence[Call]) -> dict[int, Any]:
        results: dict[int, Any] = {}
        for method, calls in _in_turn(group):
            results.update(zip(map(id, calls), method(self, [call.arguments for call in calls]), strict=True))
        return results

    def _refuse_others(self) -> None:
        [(version,)] = self._database.execute("PRAGMA data_version").fetchall()
        if version == self._version:
            return  # no other connection has changed anything
        [(opening,)] = self._database.execute("SELECT opening FROM journal").fetchall()
        if opening != self._opening:
            raise JournalError(
                f"journal {self._path} was opened by another process while this one writes to it: nothing more is sent;"
                " run one batch at a time with a journal, and keep the journal on a local disk"
            )
        if self._newest is not None and self._database.execute(IS_THERE, self._newest).fetchone() is None:
            raise Harmed(
                f"{self._path}-shm was set back while a batch wrote to {self._path.name}, as by a program that restores"
                " files: nothing more is sent; keep such programs away from it",
                set_back=True,
            )
        self._version = version

    def _give_up(self, error: Exception) -> None:
        try:
            self._watch.look()  # what SQLite says of a file that was cut does not tell what happened
        except Harmed as harm:
            error = harm
        if isinstance(error, JournalError):
            self._take_note(error)
        else:
            self._failure = failure(self._path, error)

    def _take_note(self, harm: JournalError) -> None:
        if isinstance(harm, Harmed) and harm.journal_lost:
            self._copy = new_copy(self._path)
            harm = Harmed(f"{harm}; what it held is saved as {self._copy}, if that is possible", journal_lost=True)
        if isinstance(harm, Harmed) and harm.cut:
            leave_mark(self._path, str(harm))
        self._harm = harm

    def _write_ends(self, group: Sequence[Call]) -> None:
        """Write what came of requests that had left, and undo those that will not leave, if that is possible."""
        if isinstance(self._harm, Harmed) and self._harm.forbids_writing:
            return
        ends = [call for call in group if call.method is Writer.ended or self._is_not_to_leave(call)]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._carry_out(ends)
            self._database.execute("COMMIT")
        except Exception:  # its callers are told anyway that the journal cannot be relied upon
            self._roll_back(ends)

    def _is_not_to_leave(self, call: Call) -> bool:
        return call.method is Writer.withdrawn and call.arguments[0] in self._under_way

    def _roll_back(self, group: Sequence[Call]) -> None:
        if self._database.in_transaction:
            for call in group:
                if call.method is Writer.sent:
                    self._under_way.pop(call.arguments[0], None)
            with suppress(sqlite3.Error):
                self._database.rollback()

    def _synchronize(self, level: str) -> None:
        # What is committed with NORMAL is safe against kill -9, and is on the disk with the next group that is FULL.
        if level != self._synchronous:
            self._database.execute(f"PRAGMA synchronous = {level}")
            self._synchronous = level

    # --- what documents there are

    def claim(self, calls: Sequence[tuple[Sequence[Packed]]]) -> list[list[Record | None]]:
        """For each claim what is known of its document, or None if it is new, and now planned."""
        records = self._claim([claim for (claims,) in calls for claim in claims])
        return [list(itertools.islice(records, len(claims))) for (claims,) in calls]

    def _claim(self, claims: Sequence[Packed]) -> Iterator[Record | None]:
        known = find(self._database, [key for key, *_ in claims], self._next)
        self._next = known[claims[-1][0]][0][0] + 1 if claims and claims[-1][0] in known else 0
        now, added, names = time.time(), list[Row](), set[Row]()
        records: list[Record | None] = []
        for key, operation, name, reference, *files in claims:
            source = key, operation, name, reference, now
            if (rows := known.get(key)) is None:
                self._last_id += 1
                added.append((self._last_id, self._last_id, *source, files[0] if files else None))
                known[key] = [(self._last_id, *source, *[None] * 9)]
                records.append(None)
                continue
            document, _, _, *first = rows[0][:5]
            other = document, name, reference
            if [name, reference] != first and other not in names and not self._is_known(*other):
                self._last_id += 1
                added.append((self._last_id, document, *source, files[0] if files else None))
                names.add(other)
            records.append(to_record(rows, self._opening))
        _insert(self._database, "INTO sources", added)
        return iter(records)

    def _is_known(self, document: int, name: str, reference: str | None) -> bool:
        """Whether a document has this source already, beside its first one."""
        return self._database.execute(DUPLICATE, (document, name, reference)).fetchone() is not None

    # --- what became of their requests

    def sent(self, calls: Sequence[tuple[bytes, str | None, float]]) -> list[LookupError | None]:
        """A request is about to leave."""
        counted: dict[bytes, tuple[int, int, float]] = {}
        for keys in chunks([key for key, *_ in calls]):
            counted.update((row[0], row[1:]) for row in self._database.execute(COUNTS[len(keys)], keys))
        rows, results = list[Row](), list[LookupError | None]()
        for key, check_sum, now in calls:
            if key not in counted:
                results.append(LookupError(f"{key.hex()} was never claimed"))
                continue
            document, number, billed = counted[key]
            self._under_way[key] = _Request(document, number + 1, self._opening, check_sum, now, None, billed)
            rows.append((document, number + 1, self._opening, check_sum, now, *[None] * 5))
            results.append(None)
        _insert(self._database, "INTO requests", rows)
        self._written = (*rows[-1][:2], None) if rows else self._written
        return results

    def ended(self, calls: Sequence[tuple[bytes, bytes | None, tuple[Any, ...]]]) -> list[LookupError | None]:
        """How the last request for a key ended."""
        rows, contents, results = list[Row](), list[Row](), list[LookupError | None]()
        for key, content, end in calls:
            request = self._take_last(key)
            results.append(None if request else LookupError(f"no request was made for {key.hex()}"))
            if request is None or request.charge == "billed":
                continue
            charge, http_status, error, code, now = end
            rows.append(
                (request.document, request.number, request.opening, request.check_sum, request.sent_at, now, charge,
                 http_status, error, code)
            )  # fmt: skip
            if request.billed and charge != "billed":
                continue  # the answer that was paid for stays
            if content is None:
                self._database.execute("DELETE FROM contents WHERE document = ?", (request.document,))
            else:
                contents.append((request.document, zlib.compress(content, 1)))
        _insert(self._database, "OR REPLACE INTO requests", rows)
        self._written = (*rows[-1][:2], rows[-1][6]) if rows else self._written
        _insert(self._database, "OR REPLACE INTO contents", contents)
        return results

    def withdrawn(self, calls: Sequence[tuple[bytes]]) -> list[LookupError | None]:
        """The last request for a key did not leave."""
        return [self._withdrawn(key) for (key,) in calls]

    def _withdrawn(self, key: bytes) -> LookupError | None:
        last = self._take_last(key)
        if last is None or last.charge is not None or last.opening != self._opening:
            return LookupError(f"{key.hex()} is not marked as sent")
        self._database.execute("DELETE FROM requests WHERE document = ? AND number = ?", (last.document, last.number))
        self._written = None
        return None

    def _take_last(self, key: bytes) -> _Request | None:
        """The last request for a key, which is not under way any more."""
        if (request := self._under_way.pop(key, None)) is not None:
            return request
        document, number, *rest = self._database.execute(LAST, (key,)).fetchone()
        return None if number is None else _Request(document, number, *rest)

    # --- anything else

    def content(self, calls: Sequence[tuple[bytes]]) -> list[bytes | None]:
        """The body of the answer."""
        return [self._content(key) for (key,) in calls]

    def _content(self, key: bytes) -> bytes | None:
        row = self._database.execute(CONTENT, (key,)).fetchone()
        return None if row is None else zlib.decompress(row[0])

    def note(self, calls: Sequence[tuple[str, float]]) -> list[None]:
        """Figures for readers."""
        self._database.execute("UPDATE journal SET figures = ?, noted_at = ?", calls[-1])
        return [None] * len(calls)

    def outputs(self, calls: Sequence[tuple[str, str]]) -> list[list[Output]]:
        """The files that batches have made under paths from the first to before the second."""
        statement = "SELECT * FROM outputs WHERE path >= ? AND path < ?"
        return [[Output(*row) for row in self._database.execute(statement, call)] for call in calls]

    def made(self, calls: Sequence[tuple[Sequence[Row]]]) -> list[None]:
        """The batch has made files, or is about to."""
        _insert(self._database, "OR REPLACE INTO outputs", [row for (rows,) in calls for row in rows])
        return [None] * len(calls)


_ORDER = (
    Writer.claim,
    Writer.sent,
    Writer.ended,
    Writer.withdrawn,
    Writer.content,
    Writer.note,
    Writer.made,
    Writer.outputs,
)
_DURABLE = (Writer.sent, Writer.ended, Writer.withdrawn, Writer.made, Writer.note)
# A note is one of them so that the disk is never far behind, and the files are looked at, while nothing is sent.
_ABOUT_NO_KEY = (Writer.note, Writer.made, Writer.outputs)


def _in_turn(group: Sequence[Call]) -> Iterator[tuple[Callable[..., Any], Sequence[Call]]]:
    """The calls of each method together; in the order in which they were made where two are about one key."""
    keys = [key for call in group for key in _keys(call)]
    if len(set(keys)) == len(keys):
        group = sorted(group, key=lambda call: _ORDER.index(call.method))
        for method, calls in itertools.groupby(group, key=lambda call: call.method):
            yield method, list(calls)
    else:
        for call in group:
            yield call.method, [call]


def _keys(call: Call) -> Iterable[bytes]:
    if call.method is Writer.claim:
        return [key for key, *_ in call.arguments[0]]
    return () if call.method in _ABOUT_NO_KEY else (call.arguments[0],)


def _working_directory() -> str | None:
    try:
        return to_text(os.getcwd())
    except OSError:  # it was removed
        return None


ROWS = 64
"""That are inserted at once, at the most: SQLite used to take no more than 999 values."""


def _insert(database: sqlite3.Connection, into: str, rows: Sequence[Row]) -> None:
    """Rows into a table; `into` is such as ``INTO sources``, or ``OR REPLACE INTO sources``."""
    for some in chunks(rows, ROWS):
        database.execute(_insertion(into, len(some), len(some[0])), [value for row in some for value in row])


@lru_cache
def _insertion(into: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT {into} VALUES {', '.join([row] * rows)}"  # noqa: S608
