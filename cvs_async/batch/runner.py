"""The batch runner: a source in, a stream of outcomes out, with a bounded number of calls in flight."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterable, Mapping, Sized
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
from .journal import Journal, JournalError
from .journal.service import Service
from .keys import chosen_of
from .outcome import Item, Outcome, Stats
from .plan import Plan, known_states, make_plan
from .policy import BatchPolicy
from .prepare import Preparer
from .processing import ItemProcessor
from .sources import is_read_once, iterate, may_be_read_ahead
from .store import JournalStore
from .worker_threads import WorkerThreads

T = TypeVar("T")

AHEAD = 16
"""Items that are opened while all calls are in flight, so that the next call begins at once."""

OPENING = 8
"""The most threads that open files."""

BURST = 16
"""Outcomes taken in one turn of the loop with a journal, which writes in one group what comes in one turn."""


@frozen(eq=False)
class _Running(Generic[T]):
    """The state of a batch while it is entered.

    Attributes:
        processor: of its items.
        tasks: its workers.
        resources: all that is closed when it is left.
    """

    processor: ItemProcessor[T]
    tasks: TaskGroup
    resources: AsyncExitStack


class Batch(Generic[T]):
    """Many calls of one operation. Made by `AsyncCVS.batch`; used as ``async with … as outcomes``.

    Iterate to get the outcomes. A slow consumer applies back-pressure: at most `concurrency` outcomes wait (with
    `ordered`, four times as many), however long the source is. Files of lists, folders, patterns and manifests are
    opened a little ahead; other sources are read only when a call can start.

    Leaving the ``async with`` early takes back what was not sent yet. The client finishes what was sent, and counts it
    in `AsyncCVS.stats`.

    Attributes:
        stats: the batch in numbers.
    """

    def __init__(
        self,
        call: Caller,
        endpoint: Endpoint[T],
        source: object,
        *,
        concurrency: int,
        ordered: bool,
        options: Arguments,
        journal: str | os.PathLike[str] | None = None,
        policy: BatchPolicy | None = None,
    ) -> None:
        checked = cast(Arguments, endpoint.checked(options))
        if concurrency < 1:
            raise InvalidInputError(f"concurrency must be at least 1, not {concurrency!r}")
        self._call = call
        self._endpoint = endpoint
        self._given = source
        self._source = iterate(source)
        self._is_async = isinstance(source, AsyncIterable)
        self._concurrency = concurrency
        self._ahead = AHEAD if may_be_read_ahead(source) else 0
        self._options = checked
        self._policy = policy or BatchPolicy()
        self._service = Service.of(
            call.config,
            endpoint,
            moved_from=self._policy.moved_from,
            other_account=self._policy.other_account,
        )
        info = endpoint.name, json.dumps(chosen_of(cast(Mapping[str, object], checked)), default=repr)
        self._journal = None if journal is None else Journal(journal, self._service, info)
        self._running: _Running[T] | None = None
        self._ordered = ordered
        # A permit for each item that is taken from the source and whose outcome is not taken yet.
        self._permits = asyncio.Semaphore(4 * concurrency if ordered else concurrency + self._ahead)
        self._early: dict[int, tuple[Item, Outcome[T] | None]] = {}
        self._next_index = 0
        self._ready: asyncio.Queue[tuple[Item, Outcome[T]] | None] = asyncio.Queue()  # None: the end
        # One by one without a journal: each answer is released before others are decoded, which spares the garbage
        # collector work.
        self._burst = 1 if journal is None else BURST
        self._in_burst = 0
        self._pulling = asyncio.Lock()
        self._pulled = 0
        self._source_ended = False
        self._source_wait: anyio.CancelScope | None = None
        self._source_error: Exception | None = None
        self._home = Home("batch", "Enter, iterate and leave a batch in one event loop")
        self.stats = Stats(total=len(source) if isinstance(source, Sized) else None)

    async def __aenter__(self) -> Self:
        if self._running is not None:
            raise RuntimeError("a batch runs once; make a new one")
        self._call.check_loop()
        self._home.enter()
        async with AsyncExitStack() as stack:
            if self._journal is not None:
                await stack.enter_async_context(self._journal)
            threads = WorkerThreads(OPENING)
            processor = self._make_processor(threads)
            stack.push_async_callback(self._record_end, processor)
            stack.push_async_callback(self._close_source)
            await stack.enter_async_context(threads)
            stack.callback(self._end)
            tasks = anyio.create_task_group()
            await tasks.__aenter__()
            # Without the error of the body, which is the caller's and must not come back in a group.
            stack.push_async_callback(tasks.__aexit__, None, None, None)
            self._running = _Running(processor, tasks, stack.pop_all())
        tasks.start_soon(self._run, processor)
        if self._journal is not None:
            tasks.start_soon(self._note, self._journal)
        self.stats.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._home.is_elsewhere:  # its tasks cannot be reached from here
            if self._journal is not None:
                await self._journal.aclose()
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
            journal=self._journal,
            ceiling=LocalCeiling(self._policy.max_billed, self._call.most_billed(self._endpoint)),
            concurrency=self._concurrency,
        )

    def _preparer(self, threads: WorkerThreads) -> Preparer[T]:
        return Preparer(self._call, self._endpoint, self._options, threads, dedupe=self._policy.dedupe)

    def _end(self) -> None:
        self.stats.end()
        self._ready.put_nowait(None)  # also if the tasks were cancelled before they began

    async def _close_source(self) -> None:
        if close := getattr(self._source, "aclose", None):
            await close()

    async def _record_end(self, processor: ItemProcessor[T]) -> None:
        """Wait until the end of all that was sent is recorded; the client bounds how long that takes."""
        if self._journal is None:
            return
        with anyio.CancelScope(shield=True):
            await processor.drained()
            with suppress(JournalError):
                await self._journal.note(self.stats.figures())

    @property
    def journal(self) -> Journal | None:
        """The journal, which is open while the batch is entered; None for a batch without one."""
        return self._journal

    async def plan(self) -> Plan:
        """Read the source, and return what is in it and what the batch can cost at most. Nothing is sent.

        The batch can be run afterwards.

        Raises:
            ConfigurationError: if the source can be read but once.
            ConfigurationError: if client or batch belong to another event loop.
            JournalError: if there is a journal, and it cannot be read, or holds answers of another service.
        """
        self._call.check_loop()
        self._home.check()
        if is_read_once(self._given):
            raise ConfigurationError(
                "a plan reads the source to its end, and this one can be read but once; give a list"
            )
        path = None if self._journal is None else self._journal.path
        known = await anyio.to_thread.run_sync(known_states, path, self._service)
        each = self._call.most_billed(self._endpoint)
        async with WorkerThreads(OPENING) as threads:
            return await make_plan(self._given, self._preparer(threads), self._policy, known, each)

    def stop(self) -> None:
        """Take up no more items. Those in flight are finished, and their outcomes still come."""
        self._source_ended = True
        if self._source_wait is not None:
            self._source_wait.cancel()
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
        if (ready := await self._ready.get()) is None:
            self._ready.put_nowait(None)  # for those that ask again
            if self._source_error is not None:
                raise self._source_error
            raise StopAsyncIteration
        item, outcome = ready
        self._permits.release()
        self._running.processor.release_slot(item)
        return outcome

    def _give_up(self, error: Exception) -> None:
        """Take up no more items; raise the error after the last outcome."""
        if self._source_error is None:
            self._source_error = error
        self.stop()

    async def _note(self, journal: JournalStore) -> None:
        """Publish the figures to other processes, once a second."""
        while True:
            with suppress(JournalError):
                await journal.note(self.stats.figures())
            await anyio.sleep(1)

    async def _run(self, processor: ItemProcessor[T]) -> None:
        try:
            async with anyio.create_task_group() as workers:
                for _ in range(self._concurrency + self._ahead):
                    workers.start_soon(self._work, processor)
        finally:
            self._ready.put_nowait(None)

    async def _work(self, processor: ItemProcessor[T]) -> None:
        while (item := await self._pull()) is not None:
            outcome: Outcome[T] | None = None
            try:
                outcome = await processor.process(item)
            except JournalError as error:  # it says why; its item stays as open as all that are not taken up any more
                self._give_up(error)
            finally:
                # With `ordered`, the permits bound what waits for its turn, and not the calls in flight.
                if self._ordered or outcome is None:
                    processor.release_slot(item)
            self._deliver(item, outcome)
            if processor.journal_error is not None:
                self._give_up(processor.journal_error)

    def _deliver(self, item: Item, outcome: Outcome[T] | None) -> None:
        """Make an outcome ready to be taken; with `ordered`, once those of all earlier items are."""
        if outcome is not None:
            self.stats.count(outcome)
        if self._ordered:
            self._early[item.index] = item, outcome
            self._make_ready_in_order()
        elif outcome is not None:
            self._ready.put_nowait((item, outcome))
        else:
            self._permits.release()

    def _make_ready_in_order(self) -> None:
        while self._next_index in self._early:
            item, outcome = self._early.pop(self._next_index)
            self._next_index += 1
            if outcome is not None:
                self._ready.put_nowait((item, outcome))
            else:
                self._permits.release()

    async def _pull(self) -> Item | None:
        """Return the next item; None at the end of the source. An error of the source ends it, and is raised last."""
        await self._permits.acquire()
        try:
            if not self._source_ended:
                # The iterator of any other source never suspends, so that no other task can be inside it.
                element = await (self._next() if self._is_async else anext(self._source))
                self._pulled += 1
                return Item(self._pulled - 1, element)
        except StopAsyncIteration:
            self._source_ended = True
        except Exception as error:  # the source is the user's code: whatever it raises is handed on
            self._source_ended, self._source_error = True, error
        self._permits.release()
        return None

    async def _next(self) -> object:
        async with self._pulling:
            if not self._source_ended:  # `stop` may have been called while another task was inside
                with anyio.CancelScope() as self._source_wait:  # which `stop` cancels
                    return await anext(self._source)
        raise StopAsyncIteration


def endpoint_of(operation: Any, call: Caller, operations: Mapping[str, Endpoint[Any]]) -> Endpoint[Any]:
    """Return the endpoint behind a coroutine function of the client.

    Raises:
        InvalidInputError: if it does not belong to this client.
    """
    if isinstance(operation, Endpoint):
        return operation
    family = getattr(operation, "__self__", None)
    name = f"{getattr(family, 'path', '')}.{getattr(operation, '__name__', '')}"
    if getattr(family, "_call", None) is not call or name not in operations:
        raise InvalidInputError("a batch calls an operation of its own client, such as cvs.ocr.card, or an Endpoint")
    return operations[name]
