"""Threads for many small pieces of blocking work, such as reading a file and hashing it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

T = TypeVar("T")

GROUP = 8
"""Pieces of work that are handed over at once."""

SOON = 0.001
"""Seconds that a result waits at most for the rest of its group."""

SLICE = 32
"""Futures that are resolved in one turn of the loop: each may wake a task that works for a millisecond."""

Call: TypeAlias = tuple[asyncio.Future[Any], Callable[[], Any]]
Result: TypeAlias = tuple[asyncio.Future[Any], Any]
"""A future, and what it gets: a value, or an exception."""


class Crew:
    """Some threads: ``async with Crew(8) as crew: await crew.run(work)``.

    To hand a piece of work over takes several times as long as most pieces do, so they go in groups. A thread is
    made when all others are at work. Whoever still waits when the crew ends is cancelled.
    """

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._threads = 0
        self._busy = 0
        self._groups: SimpleQueue[Sequence[Call]] = SimpleQueue()
        self._held: list[Call] = []
        self._due = False
        self._waiting = set[asyncio.Future[Any]]()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop = None
        for _ in range(self._threads):
            self._groups.put(())
        for future in self._waiting:
            future.cancel()

    async def run(self, work: Callable[[], T], *, hold: bool = False) -> T:
        """The result of a function that may block. A caller that is cancelled does not wait for it.

        Args:
            work: the function.
            hold: wait for a whole group, or for `flush_soon`.

        Raises:
            Exception: what the function raises.
        """
        if self._loop is None:
            raise RuntimeError("a crew works inside of: async with Crew(...) as crew")
        future: asyncio.Future[T] = self._loop.create_future()
        self._held.append((future, work))
        if len(self._held) >= GROUP:
            self._flush()
        elif not hold:
            self.flush_soon()
        self._waiting.add(future)
        try:
            return await future
        finally:
            self._waiting.discard(future)

    def flush_soon(self) -> None:
        """Hand over what is held, together with what comes in the same turn of the loop."""
        if self._loop is not None and not self._due:
            self._due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._due = False
        if not self._held or self._loop is None:
            return
        group, self._held = self._held, []
        self._busy += 1
        self._groups.put(group)
        if self._threads < min(self._busy, self._most):
            self._threads += 1
            # Nobody waits for its end: a read from a server that is gone may never return.
            threading.Thread(target=self._work, args=(self._loop,), name="cvs-async-files", daemon=True).start()

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            while group := self._groups.get():
                loop.call_soon_threadsafe(self._done, _perform(group, loop))
                del group  # nothing of it is kept while it waits

    def _done(self, results: Sequence[Result]) -> None:
        self._busy -= 1
        resolve(results)


def _perform(group: Sequence[Call], loop: asyncio.AbstractEventLoop) -> list[Result]:
    """The results of a group, but for those that were handed back already because the rest took long."""
    results, since = list[Result](), time.monotonic()
    for future, work in group:
        results.append((future, None if future.cancelled() else _result(work)))
        if time.monotonic() > since + SOON:
            loop.call_soon_threadsafe(resolve, results)
            results, since = [], time.monotonic()
    return results


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
