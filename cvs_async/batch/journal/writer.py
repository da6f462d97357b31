"""The connection that writes to a journal. Everything here runs in the journal's thread.

Each group of jobs is written with a few multi-row statements, because every statement releases the GIL, and getting it
back costs more than writing a row.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TypeAlias

from attrs import frozen

from ...errors import Charge
from .files import kept_from_checkpoint, open_to_write, real_path, save_copy
from .jobs import DURABLE, Job, in_turn
from .loss import leave_mark, new_copy
from .records import Output, Record, Row, record_of
from .schema import JournalError, failure, to_text, translated
from .service import Service
from .statements import CONTENT, COUNTS, DUPLICATE, EXISTS, LAST, OUTPUTS_BETWEEN, chunks, find, insert
from .watch import Harmed, Watch

ClaimRow: TypeAlias = tuple[bytes, str, str, str | None, str | None]
"""A claim: key, operation, source, reference, and the state of its files if known."""

SessionInfo: TypeAlias = tuple[str, str]
"""The operation of a batch, and its parameters as JSON."""


@frozen
class _Request:
    """The last request for a document. Its charge is None while it is in flight; `billed` counts all billed ones."""

    document: int
    number: int
    session: int
    check_sum: str | None
    sent_at: float
    charge: Charge | None
    billed: float


class Writer:
    """Carries out the jobs of a group in one transaction.

    Methods take the arguments of many jobs and return a result for each. They return a `LookupError` instead of
    raising it, because what is raised fails the whole group.

    Args:
        path: of the journal.
        service: what the batch sends to; None accepts any journal.
        info: stored with the session.
        durable: whether commits wait for the disk; tests of anything else need not.
    """

    def __init__(
        self,
        path: Path,
        service: Service | None = None,
        info: SessionInfo | None = None,
        *,
        durable: bool = True,
    ) -> None:
        self._path = real_path(path)
        self._service = service
        self._info = info
        self._durable = durable
        self._failure: JournalError | None = None
        self._harm: JournalError | None = None
        self._copy: Path | None = None
        self._synchronous = ""
        self._following = 1
        self._written: Row | None = None  # document, number and charge of the newest request, see `_refuse_others`
        self._newest: Row | None = None  # the same, once it is committed
        self._in_flight: dict[bytes, _Request] = {}
        with translated(self._path), ExitStack() as stack:
            self._database = open_to_write(self._path, stack)
            self._begin()
            self._watch = Watch(self._path, self._least_size())
            self._resources = stack.pop_all()

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
        [(self._session,)] = self._database.execute("SELECT opening FROM journal").fetchall()
        [(self._last_id,)] = self._database.execute("SELECT coalesce(max(id), 0) FROM sources").fetchall()
        session = self._session, time.time(), _working_directory(), *(self._info or (None, None)), self._last_id
        self._database.execute("INSERT OR REPLACE INTO openings VALUES (?, ?, ?, ?, ?, ?)", session)
        [(self._version,)] = self._database.execute("PRAGMA data_version").fetchall()

    def _least_size(self) -> int:
        [pages, size] = [self._database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")]
        return int(pages * size)

    def close(self) -> None:
        """Close everything. Errors are ignored: what was committed is on the disk."""
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
                self._resources.close()

    def commit(self, group: Sequence[Job]) -> list[Any]:
        """Carry out a group in one transaction. Return the result of each job, or an error for each.

        1. It succeeds: the group is committed, and on the disk if any of its jobs is durable.
        2. It fails, for example because the disk is full: neither this group nor any later one is written.
        3. Another process wrote to the journal, or its files were damaged: every job fails, so that nothing more is
           sent, but the results of requests in flight are still recorded if possible.
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

    def _commit(self, group: Sequence[Job]) -> list[Any]:
        self._synchronize(group)
        self._database.execute("BEGIN IMMEDIATE")
        self._refuse_others()
        results = self._carry_out(group)
        self._watch.look()  # as late as possible, because the commit makes a file that was cut longer again
        self._database.execute("COMMIT")
        self._newest = self._written
        self._watch.look()
        return [results[id(job)] for job in group]

    def _carry_out(self, group: Sequence[Job]) -> dict[int, Any]:
        results: dict[int, Any] = {}
        for method, jobs in in_turn(group):
            results.update(zip(map(id, jobs), getattr(self, method)([job.arguments for job in jobs]), strict=True))
        return results

    def _refuse_others(self) -> None:
        [(version,)] = self._database.execute("PRAGMA data_version").fetchall()
        if version == self._version:
            return  # no other connection has changed anything
        [(session,)] = self._database.execute("SELECT opening FROM journal").fetchall()
        if session != self._session:
            raise JournalError(
                f"journal {self._path} was opened by another process while this one writes to it: nothing more is sent;"
                " run one batch at a time with a journal, and keep the journal on a local disk"
            )
        if self._newest is not None and self._database.execute(EXISTS, self._newest).fetchone() is None:
            raise Harmed(
                f"{self._path}-shm was set back while a batch wrote to {self._path.name}, as by a program that restores"
                " files: nothing more is sent; keep such programs away from it",
                set_back=True,
            )
        self._version = version

    def _give_up(self, error: Exception) -> None:
        try:
            self._watch.look()  # SQLite's error about a file that was cut does not say what happened
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

    def _write_ends(self, group: Sequence[Job]) -> None:
        """Record the ends of sent requests, and withdraw those that will not be sent, if possible."""
        if isinstance(self._harm, Harmed) and self._harm.forbids_writing:
            return
        ends = [job for job in group if job.method == "ended" or self._is_withdrawn(job)]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._carry_out(ends)
            self._database.execute("COMMIT")
        except Exception:  # the callers get an error in any case
            self._roll_back(ends)

    def _is_withdrawn(self, job: Job) -> bool:
        return job.method == "withdrawn" and job.arguments[0] in self._in_flight

    def _roll_back(self, group: Sequence[Job]) -> None:
        if self._database.in_transaction:
            for job in group:
                if job.method == "sent":
                    self._in_flight.pop(job.arguments[0], None)
            with suppress(sqlite3.Error):
                self._database.rollback()

    def _synchronize(self, group: Sequence[Job]) -> None:
        """Choose whether the commit of a group waits for the disk.

        What is committed with NORMAL survives kill -9, and is on the disk with the next group that is FULL.
        """
        level = "OFF"
        if self._durable:
            level = "FULL" if any(job.method in DURABLE for job in group) else "NORMAL"
        if level != self._synchronous:
            self._database.execute(f"PRAGMA synchronous = {level}")
            self._synchronous = level

    # --- documents

    def claim(self, calls: Sequence[tuple[Sequence[ClaimRow]]]) -> list[list[Record | None]]:
        """Return the known record of each claim's document; None if it is new, and planned from now on."""
        records = self._claim([claim for (claims,) in calls for claim in claims])
        return [list(itertools.islice(records, len(claims))) for (claims,) in calls]

    def _claim(self, claims: Sequence[ClaimRow]) -> Iterator[Record | None]:
        known = find(self._database, [key for key, *_ in claims], self._following)
        self._following = 0
        if claims and claims[-1][0] in known:
            self._following = known[claims[-1][0]][0][0] + 1
        now, added, names = time.time(), list[Row](), set[Row]()
        records: list[Record | None] = []
        for key, operation, name, reference, files in claims:
            source = key, operation, name, reference, now
            if (rows := known.get(key)) is None:
                self._last_id += 1
                added.append((self._last_id, self._last_id, *source, files))
                known[key] = [(self._last_id, *source, *[None] * 9)]
                records.append(None)
                continue
            document, _, _, *first = rows[0][:5]
            other = document, name, reference
            if [name, reference] != first and other not in names and not self._is_known(*other):
                self._last_id += 1
                added.append((self._last_id, document, *source, files))
                names.add(other)
            records.append(record_of(rows, self._session))
        insert(self._database, "INTO sources", added)
        return iter(records)

    def _is_known(self, document: int, name: str, reference: str | None) -> bool:
        """Return whether a document has this source already, beside its first one."""
        return self._database.execute(DUPLICATE, (document, name, reference)).fetchone() is not None

    # --- requests

    def sent(self, calls: Sequence[tuple[bytes, str | None, float]]) -> list[LookupError | None]:
        """Record requests that are about to leave."""
        counted: dict[bytes, tuple[int, int, float]] = {}
        for keys in chunks([key for key, *_ in calls]):
            counted.update((row[0], row[1:]) for row in self._database.execute(COUNTS[len(keys)], keys))
        rows, results = list[Row](), list[LookupError | None]()
        for key, check_sum, now in calls:
            if key not in counted:
                results.append(LookupError(f"{key.hex()} was never claimed"))
                continue
            document, number, billed = counted[key]
            self._in_flight[key] = _Request(document, number + 1, self._session, check_sum, now, None, billed)
            rows.append((document, number + 1, self._session, check_sum, now, *[None] * 5))
            results.append(None)
        insert(self._database, "INTO requests", rows)
        if rows:
            self._written = (*rows[-1][:2], None)
        return results

    def ended(self, calls: Sequence[tuple[bytes, bytes | None, tuple[Any, ...]]]) -> list[LookupError | None]:
        """Record how the last request for each key ended."""
        rows, contents, results = list[Row](), list[Row](), list[LookupError | None]()
        for key, content, end in calls:
            request = self._take_last(key)
            if request is None:
                results.append(LookupError(f"no request was made for {key.hex()}"))
                continue
            results.append(None)
            if request.charge == "billed":
                continue
            charge, http_status, error, code, now = end
            rows.append(
                (request.document, request.number, request.session, request.check_sum, request.sent_at, now, charge,
                 http_status, error, code)
            )  # fmt: skip
            if request.billed and charge != "billed":
                continue  # the answer that was paid for stays
            if content is None:
                self._database.execute("DELETE FROM contents WHERE document = ?", (request.document,))
            else:
                contents.append((request.document, zlib.compress(content, 1)))
        insert(self._database, "OR REPLACE INTO requests", rows)
        if rows:
            self._written = (*rows[-1][:2], rows[-1][6])
        insert(self._database, "OR REPLACE INTO contents", contents)
        return results

    def withdrawn(self, calls: Sequence[tuple[bytes]]) -> list[LookupError | None]:
        """Remove the last request for each key, which did not leave."""
        return [self._withdrawn(key) for (key,) in calls]

    def _withdrawn(self, key: bytes) -> LookupError | None:
        last = self._take_last(key)
        if last is None or last.charge is not None or last.session != self._session:
            return LookupError(f"{key.hex()} is not marked as sent")
        self._database.execute("DELETE FROM requests WHERE document = ? AND number = ?", (last.document, last.number))
        self._written = None
        return None

    def _take_last(self, key: bytes) -> _Request | None:
        """Return the last request for a key, which is no longer in flight."""
        if (request := self._in_flight.pop(key, None)) is not None:
            return request
        document, number, *rest = self._database.execute(LAST, (key,)).fetchone()
        if number is None:
            return None
        return _Request(document, number, *rest)

    # --- answers, figures, files

    def content(self, calls: Sequence[tuple[bytes]]) -> list[bytes | None]:
        """Return the body of each answer."""
        return [self._content(key) for (key,) in calls]

    def _content(self, key: bytes) -> bytes | None:
        row = self._database.execute(CONTENT, (key,)).fetchone()
        if row is None:
            return None
        return zlib.decompress(row[0])

    def note(self, calls: Sequence[tuple[str, float]]) -> list[None]:
        """Store figures for readers."""
        self._database.execute("UPDATE journal SET figures = ?, noted_at = ?", calls[-1])
        return [None] * len(calls)

    def outputs(self, calls: Sequence[tuple[str, str]]) -> list[list[Output]]:
        """Return the files that batches have made, for each range of paths."""
        return [[Output(*row) for row in self._database.execute(OUTPUTS_BETWEEN, call)] for call in calls]

    def made(self, calls: Sequence[tuple[Sequence[Row]]]) -> list[None]:
        """Record files that the batch has made, or is making."""
        insert(self._database, "OR REPLACE INTO outputs", [row for (rows,) in calls for row in rows])
        return [None] * len(calls)


def _working_directory() -> str | None:
    try:
        return to_text(os.getcwd())
    except OSError:  # it was removed
        return None
