"""Threads for many small pieces of blocking work, such as reading a file and hashing it."""

from __future__ import annotations

import asyncio
import builtins
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

from .._threads import MOST_STUCK, NoAnswerError

T = TypeVar("T")

GROUP = 8
"""Pieces of work that are handed over at once."""

SOON = 0.001
"""Seconds that a result waits at most for the rest of its group."""

SLOW = 0.05
"""Seconds after which the rest of a group does not wait for the piece that is being worked on."""

SLICE = 32
"""Futures that are resolved in one turn of the loop: each may wake a task that works for a millisecond."""

Call: TypeAlias = tuple[asyncio.Future[Any], Callable[[], Any], float | None]
"""A future, the work that it waits for, and how many seconds that may take."""
Result: TypeAlias = tuple[asyncio.Future[Any], Any]
"""A future, and what it gets: a value, or an exception."""


class WorkerThreads:
    """Some threads: ``async with WorkerThreads(8) as threads: await threads.run(work)``.

    To hand a piece of work over takes several times as long as most pieces do, so they go in groups. A thread is
    made when all others are at work. Whoever still waits when the crew ends is cancelled.

    A piece may never end, as a read from a network drive that is gone. Then others take the rest of its group; and
    once its time is up, or its caller has left, its thread is stuck: another one takes its place, and it ends when
    the piece does. Nobody waits for that, not even the interpreter at its end.
    """

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._workers = set[_Worker]()
        self._stuck = set[_Worker]()
        self._busy = 0  # groups that were handed over, and not yet done
        self._groups: SimpleQueue[deque[Call] | None] = SimpleQueue()
        self._held: list[Call] = []
        self._due = False
        self._waiting = set[asyncio.Future[Any]]()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_look: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop = None
        if self._next_look is not None:
            self._next_look.cancel()
        self._groups.put(None)
        for future in self._waiting:
            future.cancel()

    async def run(self, work: Callable[[], T], *, hold: bool = False, seconds: float | None = None) -> T:
        """The result of a function that may block. A caller that is cancelled does not wait for it.

        Args:
            work: the function.
            hold: wait for a whole group, or for `flush_soon`.
            seconds: how long the function may take once a thread has begun with it; a little more may pass.

        Raises:
            TimeoutError: the builtin one, when that time is up.
            NoAnswerError: so many pieces never ended that no thread is left.
            Exception: what the function raises.
        """
        if self._loop is None:
            raise RuntimeError("a crew works inside of: async with WorkerThreads(...) as threads")
        future: asyncio.Future[T] = self._loop.create_future()
        self._held.append((future, work, seconds))
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
        self._hand_over(self._loop, deque(group))
        if self._next_look is None:
            self._next_look = self._loop.call_later(SLOW, self._look)

    def _hand_over(self, loop: asyncio.AbstractEventLoop, group: deque[Call]) -> None:
        self._busy += 1
        self._groups.put(group)
        self._staff(loop)

    def _staff(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have as many threads as there are groups, within the bounds; without any, nobody may wait for one."""
        most = self._most + min(MOST_STUCK - len(self._stuck), 0)
        while len(self._workers) < min(self._busy, most):
            worker = _Worker()
            self._workers.add(worker)
            threading.Thread(target=self._work, args=(worker, loop), name="cvs-async-files", daemon=True).start()
        if self._workers:
            return
        with suppress(Empty):
            while (group := self._groups.get_nowait()) is not None:
                self._busy -= 1
                resolve([(future, NoAnswerError()) for future, _, _ in group])

    # --- in the threads

    def _work(self, worker: _Worker, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            while (group := self._groups.get()) is not None and not worker.left:
                _perform(worker, group, loop)
                del group  # nothing of it is kept while it waits
                loop.call_soon_threadsafe(self._done, worker)
                if worker.left:
                    return
            self._groups.put(group)  # the end is for all threads, and a group for those that have not left
            if worker.left:
                loop.call_soon_threadsafe(self._done, worker)

    # --- in the loop

    def _done(self, worker: _Worker) -> None:
        if worker.left:
            self._stuck.discard(worker)
        else:
            self._busy -= 1
        worker.resolve()

    def _look(self) -> None:
        """See to it that nobody waits for a piece that takes long, but its own caller."""
        self._next_look, loop = None, self._loop
        if loop is None:
            return
        now = loop.time()
        for worker in tuple(self._workers):
            self._look_at(worker, loop, now)
        if self._busy:
            self._next_look = loop.call_later(SLOW, self._look)

    def _look_at(self, worker: _Worker, loop: asyncio.AbstractEventLoop, now: float) -> None:
        call, group = worker.call, worker.group
        if call is None or worker.count != worker.seen:
            worker.seen, worker.since, worker.shared = worker.count, now, False
            return
        worker.resolve()
        if group and not worker.shared:
            worker.shared = True
            self._hand_over(loop, group)
        future, _, seconds = call
        if seconds is not None and now - worker.since >= seconds and not future.done():
            future.set_exception(builtins.TimeoutError())
        if future.done():
            self._give_up(worker, loop)

    def _give_up(self, worker: _Worker, loop: asyncio.AbstractEventLoop) -> None:
        worker.left = True
        self._workers.remove(worker)
        self._stuck.add(worker)
        self._busy -= 1
        self._staff(loop)


class _Worker:
    """What the crew sees of one of its threads.

    Attributes:
        group: what it takes its work from, perhaps together with others.
        call: what it works on.
        count: how many pieces it has begun.
        results: what is still to be handed on; only the loop takes something out.
        seen, since: which piece it was at when the crew last looked, and since when.
        shared: whether others were given its group on account of that piece.
        left: it is not counted on any more.
    """

    __slots__ = ("call", "count", "group", "left", "results", "seen", "shared", "since")

    def __init__(self) -> None:
        self.group: deque[Call] | None = None
        self.call: Call | None = None
        self.count = 0
        self.results = deque[Result]()
        self.seen = 0
        self.since = 0.0
        self.shared = False
        self.left = False

    def resolve(self) -> None:
        """Hand on what there is."""
        results = list[Result]()
        while self.results:
            results.append(self.results.popleft())
        resolve(results)


def _perform(worker: _Worker, group: deque[Call], loop: asyncio.AbstractEventLoop) -> None:
    """Take pieces out of a group until it is empty; results are handed on early where the rest takes long."""
    since, worker.group = time.monotonic(), group
    while group and not worker.left:
        try:
            call = group.popleft()
        except IndexError:  # another thread has taken the last one
            break
        worker.count += 1
        worker.call = call
        future, work, _ = call
        worker.results.append((future, None if future.done() else _result(work)))
        worker.call = None
        if time.monotonic() > since + SOON:
            loop.call_soon_threadsafe(worker.resolve)
            since = time.monotonic()
    worker.group = None


def _result(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        return error


def resolve(results: Sequence[Result]) -> None:
    """Give futures their results, some at a time, so that other tasks of the loop have their turn between."""
    for future, result in results[:SLICE]:
        if future.done():  # cancelled, or too late
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
    if len(results) > SLICE:
        asyncio.get_running_loop().call_soon(resolve, results[SLICE:])
