"""The journal of a batch: what was planned, what left, what came back and what it cost, safe against kill -9.

A journal is an SQLite database. One writer has it open at a time, in a thread of its own that commits in groups:
whatever is asked for while one group goes to the disk makes up the next. Others read meanwhile, see `JournalReader`.
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

from ..._home import Home
from ..._json import dumps
from ...errors import Charge
from ..worker_threads import resolve
from .schema import JournalError, Output, Record, to_code, to_key, to_text
from .service import Service
from .writer import Asked, Call, Packed, Writer

Claim: TypeAlias = tuple[str, str, str, str | None] | tuple[str, str, str, str | None, str | None]
"""Key, operation, source, reference, and where it is known the state of its files: see `state_of`."""


class Journal:
    """Writes the journal of a batch: ``async with Journal("claims.db") as journal``.

    Its methods return when what they say is committed (`sent` and `ended` are then on the disk). A caller that is
    cancelled meanwhile takes nothing back: what it has asked for is committed all the same.

    Args:
        path: of the journal; it is made if nothing is there, readable for its owner only.
        service: what the batch sends to; a journal with another's answers is refused. None takes any journal.
        asked: the batch's operation, and its parameters as JSON; noted with each opening.

    Attributes:
        path: of the journal.

    Raises:
        JournalError: on entering, if it cannot be opened, or another process writes to it. From any method, if it
            could not be written, for example because the disk is full, or if its files were removed, replaced or cut;
            from then on nothing more is written, but for what comes back of requests in flight.
    """

    def __init__(
        self, path: str | os.PathLike[str], service: Service | None = None, asked: Asked | None = None
    ) -> None:
        self.path = Path(path)
        self._service = service
        self._asked_for = asked
        self._queue: SimpleQueue[Sequence[Call]] = SimpleQueue()
        self._asked: list[Call] = []
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
        """Commit what is waiting, and let others write. May be called again."""
        if self._process != os.getpid():
            self._open = False  # the thread that writes is the parent's
            return
        if self._open:
            self._open = False
            self._hand_over()
            self._queue.put(())
        if self._thread is not None:
            with anyio.CancelScope(shield=True):
                if self._home.is_elsewhere:  # the thread tells the other loop
                    await anyio.to_thread.run_sync(self._thread.join)
                else:
                    await self._ended.wait()
            self._thread.join()  # it is in its last instructions

    async def claim(
        self, key: str, *, operation: str, source: str, reference: str | None = None, files: str | None = None
    ) -> Record | None:
        """Remember that a source has this key; what is known of it, or None if it is new, and now planned.

        The record is without its content, see `content`.

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
        """`claim` for many at once, which is much faster; some hundreds to thousands make a good number."""
        packed: list[Packed] = [
            (
                to_key(key),
                operation,
                to_text(source),
                None if reference is None else to_text(reference),
                files[0] if files else None,
            )
            for key, operation, source, reference, *files in claims
        ]
        records: list[Record | None] = await self._ask(Writer.claim, packed)
        return records

    def release(self, key: str) -> None:
        """Give up the ownership of a document. Nothing to do: one process writes a journal, and owns all of it."""

    async def content(self, key: str) -> bytes | None:
        """The body of the answer, the billed one if there is one; None where there is none, or it was purged."""
        content: bytes | None = await self._ask(Writer.content, to_key(key))
        return content

    async def sent(self, key: str, *, check_sum: str | None) -> None:
        """A request for this key is about to leave; it may when this has returned.

        A request before it whose end was not told may have been charged, and counts as unknown from now on.

        Raises:
            LookupError: if the key was never claimed.
        """
        await self._ask(Writer.sent, to_key(key), None if check_sum is None else to_text(check_sum), time.time())

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
        """How the last request for this key ended; told once more, the later word counts, unless it was billed.

        Args:
            key: of the item.
            charge: what the request cost.
            content: the body of the answer, None where none came.
            http_status: of the answer.
            error: the name of the error's class; None for a reply.
            code: of the envelope.

        Raises:
            LookupError: if no request was made for this key.
        """
        end = charge, http_status, error, to_code(code), time.time()
        await self._ask(Writer.ended, to_key(key), content, end)

    async def withdrawn(self, key: str) -> None:
        """The request that was marked as sent did not leave: everything is again as it was before.

        Raises:
            LookupError: if there is no such request since the journal was opened.
        """
        await self._ask(Writer.withdrawn, to_key(key))

    async def note(self, figures: Mapping[str, Any]) -> None:
        """Leave figures of the running batch, plain JSON values, for readers. They replace those before them."""
        await self._ask(Writer.note, dumps(dict(figures)), time.time())

    async def outputs(self, path: str, *, prefix: bool = False) -> list[Output]:
        """The files that batches with this journal have made under an absolute path, or all that begin with it."""
        first = to_text(path)
        behind = first[:-1] + chr(ord(first[-1]) + 1) if prefix else first + "\0"
        outputs: list[Output] = await self._ask(Writer.outputs, first, behind)
        return outputs

    async def made(self, outputs: Sequence[Output]) -> None:
        """Note files before they get their names: only what is noted is ever replaced."""
        rows = [(to_text(one.path), one.identity, one.size, one.modified_ns) for one in outputs]
        await self._ask(Writer.made, rows)

    async def _ask(self, method: Callable[..., Any], *arguments: Any) -> Any:
        if self._loop is None or not self._open:
            raise RuntimeError("a journal is written inside of: async with Journal(...) as journal")
        if self._process != os.getpid():
            raise JournalError(f"journal {self.path} belongs to the process from which this one was forked")
        self._home.check()
        call = Call(method, arguments, self._loop.create_future())
        if not self._asked:
            self._loop.call_soon(self._hand_over)  # with all that is asked for in this turn of the loop
        self._asked.append(call)
        return await call.future

    def _hand_over(self) -> None:
        if self._asked:
            asked, self._asked = self._asked, []
            self._queue.put(asked)

    def _work(self, opened: asyncio.Future[None]) -> None:
        try:
            writer = Writer(self.path, self._service, self._asked_for)
        except Exception as error:
            self._tell(resolve, [(opened, error)])
        else:
            self._tell(resolve, [(opened, None)])
            try:
                while group := self._group():
                    results = writer.commit(group)
                    self._tell(resolve, [(call.future, result) for call, result in zip(group, results, strict=True)])
                    del group, results  # nothing of them is kept while it waits
            finally:
                writer.close()
        finally:
            self._tell(self._ended.set)

    def _group(self) -> list[Call]:
        """All that waits, at least one; nothing at the end."""
        group = list(self._queue.get())
        while group and not self._queue.empty():
            more = self._queue.get()
            if not more:
                self._queue.put(())  # for the next time
                break
            group += more
        return group

    def _tell(self, callback: Callable[..., object], *arguments: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed without `aclose`, so nobody waits
                self._loop.call_soon_threadsafe(callback, *arguments)
