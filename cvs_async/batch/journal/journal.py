"""The journal of a batch: what was planned, what left, what came back and what it cost, safe against kill -9.

A journal is an SQLite database. One writer has it open at a time, in its own thread, which commits in groups: what is
submitted while one group goes to the disk makes up the next. Others can read meanwhile, see `JournalReader`.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeAlias

import anyio
import anyio.to_thread

from ..._system.home import Home
from ..._text.json import dumps
from ...errors import Charge
from ..worker_threads import resolve
from .jobs import Job, JournalWriter, Method
from .records import Output, Record
from .schema import JournalError, to_code, to_key, to_text
from .service import Service
from .writer import ClaimRow, SessionInfo, Writer

Claim: TypeAlias = tuple[str, str, str, str | None] | tuple[str, str, str, str | None, str | None]
"""Key, operation, source, reference, and, if it is known, the state of its files: see `state_of`."""


class Journal:
    """Writes the journal of a batch: ``async with Journal("claims.db") as journal``.

    Each method returns when what it records is committed (`sent` and `ended` are then on the disk). Cancelling the
    caller takes nothing back: what it has submitted is committed all the same.

    Args:
        path: of the journal; a new one is made if it is missing, readable for its owner only.
        service: what the batch sends to; a journal with answers of another one is refused. None takes any journal.
        info: the batch's operation, and its parameters as JSON; noted with each session.
        open_writer: makes what writes, in the journal's thread; by default SQLite at the path.

    Attributes:
        path: of the journal.

    Raises:
        JournalError: on entering, if it cannot be opened, or another process writes to it. From any method, if it
            could not be written, for example because the disk is full, or if its files were removed, replaced or cut;
            from then on nothing more is written, but for what comes back of requests in flight.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        service: Service | None = None,
        info: SessionInfo | None = None,
        *,
        open_writer: Callable[[], JournalWriter] | None = None,
    ) -> None:
        self.path = Path(path)
        self._service = service
        self._info = info
        self._open_writer = open_writer or self._open_sqlite
        self._queue: SimpleQueue[Sequence[Job]] = SimpleQueue()
        self._submitted: list[Job] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home = Home("journal", "Make a Journal in each event loop")
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._open = False
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        if self._loop is not None:
            raise RuntimeError("a Journal is entered once; make another one")
        self._home.enter()
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._open = True
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, args=(opened,), name="cvs-async-journal", daemon=True)
        self._thread.start()
        try:
            await opened
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Commit what was submitted, and let other processes write. May be called again."""
        if self._process != os.getpid():
            self._open = False  # the thread that writes is the parent's
            return
        if self._open:
            self._open = False
            self._hand_over()
            self._queue.put(())
        if self._thread is not None:
            with anyio.CancelScope(shield=True):
                if self._home.is_elsewhere:  # the thread sets events of the other loop
                    await anyio.to_thread.run_sync(self._thread.join)
                else:
                    await self._ended.wait()
            self._thread.join()  # it is in its last instructions

    async def claim(
        self, key: str, *, operation: str, source: str, reference: str | None = None, files: str | None = None
    ) -> Record | None:
        """Record that a source has this key. Return what is known of the key, or None if it is new, and now planned.

        The record comes without its content, see `content`.

        Args:
            key: of its content, operation and parameters: 64 hex digits.
            operation: such as ``ocr.card``.
            source: the item's name for people.
            reference: the user's own id of the item.
            files: the state of its files.
        """
        [record] = await self.claim_many([(key, operation, source, reference, files)])
        return record

    async def claim_many(self, claims: Sequence[Claim]) -> list[Record | None]:
        """Claim many at once, which is much faster; some hundreds to thousands are a good number."""
        rows: list[ClaimRow] = [
            (
                to_key(key),
                operation,
                to_text(source),
                None if reference is None else to_text(reference),
                files[0] if files else None,
            )
            for key, operation, source, reference, *files in claims
        ]
        records: list[Record | None] = await self._submit("claim", rows)
        return records

    def release(self, key: str) -> None:
        """Give up the ownership of a document. Nothing to do: one process writes a journal, and owns all of it."""

    async def content(self, key: str) -> bytes | None:
        """Return the body of the answer, of the billed one first; None without an answer, or if it was purged."""
        content: bytes | None = await self._submit("content", to_key(key))
        return content

    async def sent(self, key: str, *, check_sum: str | None) -> None:
        """Record that a request for this key is about to leave. It may leave only after this has returned.

        An earlier request whose end was not recorded may have been charged, and counts as unknown from now on.

        Raises:
            LookupError: if the key was never claimed.
        """
        await self._submit("sent", to_key(key), None if check_sum is None else to_text(check_sum), time.time())

    async def ended(
        self,
        key: str,
        *,
        charge: Charge,
        content: bytes | None,
        http_status: int | None,
        error: str | None,
        code: int | str | None,
    ) -> None:
        """Record how the last request for this key ended.

        Calling it again overwrites the earlier result, except one that was billed.

        Args:
            key: of the item.
            charge: what the request cost.
            content: the body of the answer; None if none came.
            http_status: of the answer.
            error: the name of the error's class; None for a reply.
            code: of the envelope.

        Raises:
            LookupError: if no request was made for this key.
        """
        end = charge, http_status, error, to_code(code), time.time()
        await self._submit("ended", to_key(key), content, end)

    async def withdrawn(self, key: str) -> None:
        """Remove a request that was recorded as sent, and did not leave: all is again as it was before.

        Raises:
            LookupError: if there is no such request since the journal was opened.
        """
        await self._submit("withdrawn", to_key(key))

    async def note(self, figures: Mapping[str, Any]) -> None:
        """Store figures of the running batch, plain JSON values, for readers. They replace the earlier ones."""
        await self._submit("note", dumps(dict(figures)), time.time())

    async def outputs(self, path: str, *, prefix: bool = False) -> list[Output]:
        """Return the files that batches with this journal made at an absolute path, or at all that begin with it."""
        first = to_text(path)
        behind = first[:-1] + chr(ord(first[-1]) + 1) if prefix else first + "\0"
        outputs: list[Output] = await self._submit("outputs", first, behind)
        return outputs

    async def made(self, outputs: Sequence[Output]) -> None:
        """Record files before they get their names: only recorded files are ever replaced."""
        rows = [(to_text(one.path), one.identity, one.size, one.modified_ns) for one in outputs]
        await self._submit("made", rows)

    async def _submit(self, method: Method, *arguments: Any) -> Any:
        if self._loop is None or not self._open:
            raise RuntimeError("a journal is written inside of: async with Journal(...) as journal")
        if self._process != os.getpid():
            raise JournalError(f"journal {self.path} belongs to the process from which this one was forked")
        self._home.check()
        job = Job(method, arguments, self._loop.create_future())
        if not self._submitted:
            self._loop.call_soon(self._hand_over)  # with all that is submitted in this turn of the loop
        self._submitted.append(job)
        return await job.future

    def _hand_over(self) -> None:
        if self._submitted:
            jobs, self._submitted = self._submitted, []
            self._queue.put(jobs)

    def _work(self, opened: asyncio.Future[None]) -> None:
        try:
            writer = self._open_writer()
        except Exception as error:
            self._call_in_loop(resolve, [(opened, error)])
        else:
            self._call_in_loop(resolve, [(opened, None)])
            try:
                while group := self._group():
                    results = writer.commit(group)
                    resolved = [(job.future, result) for job, result in zip(group, results, strict=True)]
                    self._call_in_loop(resolve, resolved)
                    del group, results, resolved  # keep nothing of them while waiting
            finally:
                writer.close()
        finally:
            self._call_in_loop(self._ended.set)

    def _open_sqlite(self) -> JournalWriter:
        return Writer(self.path, self._service, self._info)

    def _group(self) -> list[Job]:
        """Wait for at least one job, and return all that wait; nothing at the end."""
        group = list(self._queue.get())
        while group and not self._queue.empty():
            more = self._queue.get()
            if not more:
                self._queue.put(())  # for the next time
                break
            group += more
        return group

    def _call_in_loop(self, callback: Callable[..., object], *arguments: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed without `aclose`: no task waits any more
                self._loop.call_soon_threadsafe(callback, *arguments)
