"""Threads for many small pieces of blocking work, such as reading a file and hashing it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

T = TypeVar("T")

MOST = 8
"""Pieces that wait for a thread, and that it takes at once, before another one is asked."""

SOON = 0.001
"""Seconds that a result waits at most for others to be handed back with."""

SLICE = 32
"""Futures that are resolved in one turn of the loop: each may wake a task that works for a millisecond."""

Call: TypeAlias = tuple[asyncio.Future[Any], Callable[[], Any]]
Result: TypeAlias = tuple[asyncio.Future[Any], Any]
"""A future, and what it gets: a value, or an exception."""


class Crew:
    """A few threads: ``async with Crew(8) as crew: await crew.run(work)``.

    To hand a piece of work over costs several times what most pieces take, and more threads take more from each
    other than they do. So work is taken and handed back in groups, and a thread is asked only while those before it
    are busy, as they are with a slow disk. Whoever still waits when the crew ends is cancelled.
    """

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._queues: list[SimpleQueue[Call | None]] = []
        self._waiting = set[asyncio.Future[Any]]()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop = None
        for queue in self._queues:
            queue.put(None)
        for future in self._waiting:
            future.cancel()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a function that may block. A caller that is cancelled does not wait for it.

        Raises:
            Exception: what the function raises.
        """
        if self._loop is None:
            raise RuntimeError("a crew works inside of: async with Crew(...) as crew")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.add(future)
        self._queue(self._loop).put((future, work))
        try:
            return await future
        finally:
            self._waiting.discard(future)

    def _queue(self, loop: asyncio.AbstractEventLoop) -> SimpleQueue[Call | None]:
        """That of the first thread without too much to do."""
        for queue in self._queues:
            if queue.qsize() < MOST:
                return queue
        if len(self._queues) == self._most:
            return min(self._queues, key=lambda queue: queue.qsize())
        queue = SimpleQueue[Call | None]()
        self._queues.append(queue)
        # Nobody waits for its end: a read from a server that is gone may never return.
        threading.Thread(target=_work, args=(queue, loop), name="cvs-async-files", daemon=True).start()
        return queue


def _work(queue: SimpleQueue[Call | None], loop: asyncio.AbstractEventLoop) -> None:
    while group := _group(queue):
        results, since = list[Result](), time.monotonic()
        for future, work in group:
            results.append((future, None if future.cancelled() else _result(work)))
            if time.monotonic() > since + SOON:
                _hand_back(loop, results)
                results, since = [], time.monotonic()
        _hand_back(loop, results)
        del group, future, work, results  # nothing of them is kept while it waits


def _group(queue: SimpleQueue[Call | None]) -> list[Call]:
    """What waits, at least one piece of work; nothing at the end."""
    group = list[Call]()
    with suppress(Empty):
        while len(group) < MOST:
            call = queue.get(block=not group)
            if call is None:
                queue.put(None)  # for when it comes again
                break
            group.append(call)
    return group


def _result(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        return error


def _hand_back(loop: asyncio.AbstractEventLoop, results: list[Result]) -> None:
    if results:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(resolve, results)


def resolve(results: Sequence[Result]) -> None:
    """Give futures their results, some at a time, so that other tasks of the loop have their turn between."""
    for future, result in results[:SLICE]:
        if future.done():  # cancelled
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
    if len(results) > SLICE:
        asyncio.get_running_loop().call_soon(resolve, results[SLICE:])
