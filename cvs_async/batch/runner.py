"""The batch runner: a source in, a stream of outcomes out, with a bounded number of calls in flight."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sized
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from attrs import frozen

from .._calls.call import Caller
from .._codec.endpoint import Arguments, Endpoint
from .._system.home import Home
from ..errors import ConfigurationError, InvalidInputError
from .ceiling import LocalCeiling
from .delivery import Delivery
from .feed import Feed
from .journal import Journal, JournalError
from .keys import chosen_of
from .outcome import Item, Outcome, Stats
from .plan import Plan, known_states, make_plan
from .policy import BatchPolicy
from .prepare import Preparer
from .processing import ItemProcessor
from .sources import is_read_once, may_be_read_ahead
from .store import JournalStore
from .worker_threads import WorkerThreads

T = TypeVar("T")

AHEAD = 16
"""Number of items that are opened early while all calls are in flight, so that the next call starts at once."""

OPENING = 8
"""Maximum number of threads that open files."""

BURST = 16
"""Number of outcomes taken in one turn of the loop, with a journal, which writes all jobs of a turn together."""


@frozen(eq=False)
class _Running(Generic[T]):
    """The state of a batch while it is entered.

    Attributes:
        processor: of its items.
        tasks: its workers.
        resources: closed when the batch is left.
    """

    processor: ItemProcessor[T]
    tasks: TaskGroup
    resources: AsyncExitStack


class Batch(Generic[T]):
    """Many calls of one operation. Made by `AsyncCVS.batch`; used as ``async with … as outcomes``.

    Iterate to get the outcomes. A slow consumer applies back-pressure: at most `concurrency` outcomes wait (with
    `ordered`, four times as many), however long the source is. Files of lists, folders, patterns and manifests are
    opened up to 16 items ahead; other sources are read only when a call can start.

    Leaving the ``async with`` early withdraws what was not sent yet. The client finishes the requests in flight, and
    counts them in `AsyncCVS.stats`.

    Attributes:
        stats: figures of the batch.
        journal: open while the batch is entered; None for a batch without one.
    """

    def __init__(
        self,
        call: Caller,
        endpoint: Endpoint[T],
        source: object,
        options: Arguments,
        policy: BatchPolicy,
        journal: str | os.PathLike[str] | None,
    ) -> None:
        self._call = call
        self._endpoint = endpoint
        self._source = source
        self._options = cast(Arguments, endpoint.checked(options))
        self._policy = policy
        self._ahead = AHEAD if may_be_read_ahead(source) else 0
        self._feed = Feed(source)
        self._delivery = Delivery[T](policy.permits(self._ahead), ordered=policy.ordered)
        # One by one without a journal: each answer is released before others are decoded, which spares the garbage
        # collector work.
        self._burst = 1 if journal is None else BURST
        self._in_burst = 0
        self._running: _Running[T] | None = None
        self._home = Home("batch", "Enter, iterate and leave a batch in one event loop")
        self._service = policy.service(call.config, endpoint)
        self.journal = None if journal is None else self._new_journal(journal)
        self.stats = Stats(total=len(source) if isinstance(source, Sized) else None)

    def _new_journal(self, path: str | os.PathLike[str]) -> Journal:
        chosen = chosen_of(cast(Mapping[str, object], self._options))
        return Journal(path, self._service, (self._endpoint.name, json.dumps(chosen, default=repr)))

    async def __aenter__(self) -> Self:
        if self._running is not None:
            raise RuntimeError("a batch runs once; make a new one")
        self._call.check_loop()
        self._home.enter()
        async with AsyncExitStack() as stack:
            if self.journal is not None:
                await stack.enter_async_context(self.journal)
            threads = WorkerThreads(OPENING)
            processor = self._make_processor(threads)
            stack.push_async_callback(self._record_end, processor)
            stack.push_async_callback(self._feed.aclose)
            await stack.enter_async_context(threads)
            stack.callback(self._end)
            tasks = anyio.create_task_group()
            await tasks.__aenter__()
            # Without the error of the body, which would be raised again inside an exception group.
            stack.push_async_callback(tasks.__aexit__, None, None, None)
            self._running = _Running(processor, tasks, stack.pop_all())
        tasks.start_soon(self._run, processor)
        if self.journal is not None:
            tasks.start_soon(self._note, self.journal)
        self.stats.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._home.is_elsewhere:  # its tasks belong to another event loop
            if self.journal is not None:
                await self.journal.aclose()
            self._home.check()
        if self._running is not None:
            self._running.tasks.cancel_scope.cancel()
            await self._running.resources.aclose()

    def _make_processor(self, threads: WorkerThreads) -> ItemProcessor[T]:
        return ItemProcessor(
            self._call,
            self._preparer(threads),
            self._policy,
            self.stats,
            threads,
            journal=self.journal,
            ceiling=LocalCeiling(self._policy.max_billed, self._call.most_billed(self._endpoint)),
        )

    def _preparer(self, threads: WorkerThreads) -> Preparer[T]:
        return Preparer(self._call, self._endpoint, self._options, threads, dedupe=self._policy.dedupe)

    def _end(self) -> None:
        self.stats.end()
        self._delivery.end()  # also if the tasks were cancelled before they began

    async def _record_end(self, processor: ItemProcessor[T]) -> None:
        """Wait until the ends of all requests are recorded. The client limits how long that takes."""
        if self.journal is None:
            return
        with anyio.CancelScope(shield=True):
            await processor.drained()
            with suppress(JournalError):
                await self.journal.note(self.stats.figures())

    async def plan(self) -> Plan:
        """Read the source, and return its contents and the maximum cost of the batch. Nothing is sent.

        The batch can be run afterwards.

        Raises:
            ConfigurationError: the source can be read only once, or client or batch belong to another event loop.
            JournalError: the journal cannot be read, or belongs to another service.
        """
        self._call.check_loop()
        self._home.check()
        if is_read_once(self._source):
            raise ConfigurationError("a plan reads the whole source, and this one can be read only once; give a list")
        path = None if self.journal is None else self.journal.path
        known = await anyio.to_thread.run_sync(known_states, path, self._service)
        each = self._call.most_billed(self._endpoint)
        async with WorkerThreads(OPENING) as threads:
            return await make_plan(self._source, self._preparer(threads), self._policy, known, each)

    def stop(self) -> None:
        """Start no more items. Items in flight are finished, and their outcomes follow."""
        self._feed.stop()
        if self._ahead and self._running is not None:
            self._running.processor.stopped = True

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome[T]:
        if self._running is None:
            raise RuntimeError("a batch starts with: async with cvs.batch(...) as outcomes")
        self._home.check()
        if self._in_burst >= self._burst:  # other tasks run first
            self._in_burst = 0
            await asyncio.sleep(0)
        self._in_burst += 1
        if (ready := await self._delivery.take()) is None:
            if self._feed.error is not None:
                raise self._feed.error
            raise StopAsyncIteration
        item, outcome = ready
        self._running.processor.release_slot(item)
        return outcome

    def _give_up(self, error: Exception) -> None:
        """Start no more items, and raise the error after the last outcome."""
        if self._feed.error is None:
            self._feed.error = error
        self.stop()

    async def _note(self, journal: JournalStore) -> None:
        """Store the figures in the journal once a second, for other processes."""
        while True:
            with suppress(JournalError):
                await journal.note(self.stats.figures())
            await anyio.sleep(1)

    async def _run(self, processor: ItemProcessor[T]) -> None:
        try:
            async with anyio.create_task_group() as workers:
                for _ in range(self._policy.concurrency + self._ahead):
                    workers.start_soon(self._work, processor)
        finally:
            self._delivery.end()

    async def _work(self, processor: ItemProcessor[T]) -> None:
        while (item := await self._pull()) is not None:
            outcome: Outcome[T] | None = None
            try:
                outcome = await processor.process(item)
            except JournalError as error:  # its item is not sent, like all that follow
                self._give_up(error)
            finally:
                # With `ordered`, a finished item may wait long for its turn, and must not keep its slot.
                if self._policy.ordered or outcome is None:
                    processor.release_slot(item)
            if outcome is not None:
                self.stats.count(outcome)
            self._delivery.put(item, outcome)
            if processor.journal_error is not None:
                self._give_up(processor.journal_error)

    async def _pull(self) -> Item | None:
        """Return the next item, once there is a permit for it; None at the end of the source."""
        await self._delivery.acquire()
        item = await self._feed.next()
        if item is None:
            self._delivery.release()
        return item


def endpoint_of(operation: Any, call: Caller, operations: Mapping[str, Endpoint[Any]]) -> Endpoint[Any]:
    """Return the endpoint behind a coroutine function of the client.

    Raises:
        InvalidInputError: it does not belong to this client.
    """
    if isinstance(operation, Endpoint):
        return operation
    family = getattr(operation, "__self__", None)
    name = f"{getattr(family, 'path', '')}.{getattr(operation, '__name__', '')}"
    if getattr(family, "_call", None) is not call or name not in operations:
        raise InvalidInputError("a batch calls an operation of its own client, such as cvs.ocr.card, or an Endpoint")
    return operations[name]
