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
"""Pieces that a thread takes at once."""

SOON = 0.001
"""Seconds that a result waits at most for others to be handed back with."""

SLICE = 32
"""Futures that are resolved in one turn of the loop: each may wake a task that works for a millisecond."""

Call: TypeAlias = tuple[asyncio.Future[Any], Callable[[], Any]]
Result: TypeAlias = tuple[asyncio.Future[Any], Any]
"""A future, and what it gets: a value, or an exception."""


class Crew:
    """A few threads: ``async with Crew(4) as crew: await crew.run(work)``.

    What waits is taken, and handed back, in groups: to hand over a piece of work costs several times what most
    pieces take. The threads end with the crew, and whoever waits then is cancelled.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._waiting = set[asyncio.Future[Any]]()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        for _ in range(self._threads):
            # Nobody waits for them at the end: a read from a server that is gone may never return.
            threading.Thread(target=self._work, args=(self._loop,), name="cvs-async-files", daemon=True).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop = None
        self._queue.put(None)
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
        self._queue.put((future, work))
        try:
            return await future
        finally:
            self._waiting.discard(future)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while group := self._group():
            results, since = list[Result](), time.monotonic()
            for future, work in group:
                results.append((future, None if future.cancelled() else _result(work)))
                if time.monotonic() > since + SOON:
                    _hand_back(loop, results)
                    results, since = [], time.monotonic()
            _hand_back(loop, results)
            del group, future, work, results  # nothing of them is kept while it waits

    def _group(self) -> list[Call]:
        """What waits, at least one piece of work; nothing at the end."""
        group = list[Call]()
        with suppress(Empty):
            while len(group) < MOST:
                call = self._queue.get(block=not group)
                if call is None:
                    self._queue.put(None)  # for the others, and for this one when it comes again
                    break
                group.append(call)
        return group


def _hand_back(loop: asyncio.AbstractEventLoop, results: list[Result]) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits
        loop.call_soon_threadsafe(resolve, results)


def _result(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        return error


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
