"""A thread pool for many small blocking jobs, such as reading and hashing a file."""

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

from .._system.threads import MOST_STUCK, NoAnswerError

T = TypeVar("T")

GROUP = 8
"""Number of jobs that are handed to a thread at once."""

SOON = 0.001
"""Maximum seconds that a result waits for the rest of its group."""

SLOW = 0.05
"""Seconds after which another thread takes the rest of a group over from a running job."""

SLICE = 32
"""Number of futures that are resolved in one turn of the loop. Each may wake a task that runs for a millisecond."""

Job: TypeAlias = tuple[asyncio.Future[Any], Callable[[], Any], float | None]
"""A future, the function whose result it gets, and the seconds that the function may take."""
JobResult: TypeAlias = tuple[asyncio.Future[Any], Any]
"""A future, and its value or exception."""


class WorkerThreads:
    """A pool of threads for small jobs: ``async with WorkerThreads(8) as threads: await threads.run(work)``.

    Jobs are handed over in groups, because handing over takes several times as long as most jobs. With files of 100 KB
    it costs 25 us a job, compared with 50 to 110 us in `ThreadPoolExecutor` and 150 to 200 us in `anyio.to_thread`.
    A thread is started when all others are busy. Callers that still wait when the pool is left are cancelled.

    A job may never end, for example a read from a lost network drive:

    1. After `SLOW` seconds other threads take the rest of its group.
    2. When its time is up, or its caller was cancelled, its thread counts as stuck. Another thread replaces it, and it
       ends with its job.
    3. Nothing waits for a stuck thread, neither the pool nor the interpreter at exit.
    """

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._workers = set[_Worker]()
        self._stuck = set[_Worker]()
        self._busy = 0  # groups handed over and not done
        self._groups: SimpleQueue[deque[Job] | None] = SimpleQueue()
        self._pending: list[Job] = []
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
        """Run a function that may block, and return its result. A cancelled caller does not wait for it.

        Args:
            work: the function.
            hold: wait for a whole group, or for `flush_soon`.
            seconds: how long the function may take once a thread has started it; checked every `SLOW` seconds.

        Raises:
            TimeoutError: the builtin one, when that time is up.
            NoAnswerError: no thread is available, because too many jobs never ended.
            Exception: what the function raises.
        """
        if self._loop is None:
            raise RuntimeError("jobs run inside of: async with WorkerThreads(...) as threads")
        future: asyncio.Future[T] = self._loop.create_future()
        self._pending.append((future, work, seconds))
        if len(self._pending) >= GROUP:
            self._flush()
        elif not hold:
            self.flush_soon()
        self._waiting.add(future)
        try:
            return await future
        finally:
            self._waiting.discard(future)

    def flush_soon(self) -> None:
        """Hand over all waiting jobs at the end of this turn of the loop."""
        if self._loop is not None and not self._due:
            self._due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._due = False
        if not self._pending or self._loop is None:
            return
        group, self._pending = self._pending, []
        self._hand_over(self._loop, deque(group))
        if self._next_look is None:
            self._next_look = self._loop.call_later(SLOW, self._look)

    def _hand_over(self, loop: asyncio.AbstractEventLoop, group: deque[Job]) -> None:
        self._busy += 1
        self._groups.put(group)
        self._staff(loop)

    def _staff(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start threads for all groups, up to the maximum. If every thread is stuck, fail all waiting jobs."""
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
        with suppress(RuntimeError):  # the loop is closed
            while (group := self._groups.get()) is not None and not worker.stuck:
                _perform(worker, group, loop)
                del group  # keep no documents in memory while waiting
                loop.call_soon_threadsafe(self._done, worker)
                if worker.stuck:
                    return
            self._groups.put(group)  # the end mark is for all threads; a group is for threads that are not stuck
            if worker.stuck:
                loop.call_soon_threadsafe(self._done, worker)

    # --- in the loop

    def _done(self, worker: _Worker) -> None:
        if worker.stuck:
            self._stuck.discard(worker)
        else:
            self._busy -= 1
        worker.resolve()

    def _look(self) -> None:
        """Find jobs that take long, so that only their own callers wait for them."""
        self._next_look, loop = None, self._loop
        if loop is None:
            return
        now = loop.time()
        for worker in tuple(self._workers):
            self._look_at(worker, loop, now)
        if self._busy:
            self._next_look = loop.call_later(SLOW, self._look)

    def _look_at(self, worker: _Worker, loop: asyncio.AbstractEventLoop, now: float) -> None:
        job, group = worker.job, worker.group
        if job is None or worker.count != worker.seen:
            worker.seen, worker.since, worker.shared = worker.count, now, False
            return
        worker.resolve()
        if group and not worker.shared:
            worker.shared = True
            self._hand_over(loop, group)
        future, _, seconds = job
        if seconds is not None and now - worker.since >= seconds and not future.done():
            future.set_exception(builtins.TimeoutError())
        if future.done():
            self._give_up(worker, loop)

    def _give_up(self, worker: _Worker, loop: asyncio.AbstractEventLoop) -> None:
        worker.stuck = True
        self._workers.remove(worker)
        self._stuck.add(worker)
        self._busy -= 1
        self._staff(loop)


class _Worker:
    """State of one thread, as the event loop sees it.

    Attributes:
        group: its jobs, perhaps shared with other threads.
        job: the running job.
        count: number of jobs started.
        results: finished jobs whose futures are not resolved; only the loop removes them.
        seen, since: `count` at the last check, and the time since when it has not changed.
        shared: whether other threads may take jobs of its group.
        stuck: whether another thread has replaced it.
    """

    __slots__ = ("count", "group", "job", "results", "seen", "shared", "since", "stuck")

    def __init__(self) -> None:
        self.group: deque[Job] | None = None
        self.job: Job | None = None
        self.count = 0
        self.results = deque[JobResult]()
        self.seen = 0
        self.since = 0.0
        self.shared = False
        self.stuck = False

    def resolve(self) -> None:
        """Resolve the futures of all results so far."""
        results = list[JobResult]()
        while self.results:
            results.append(self.results.popleft())
        resolve(results)


def _perform(worker: _Worker, group: deque[Job], loop: asyncio.AbstractEventLoop) -> None:
    """Run the jobs of a group until it is empty. If that takes long, hand over the first results early."""
    since, worker.group = time.monotonic(), group
    while group and not worker.stuck:
        try:
            job = group.popleft()
        except IndexError:  # another thread has taken the last one
            break
        worker.count += 1
        worker.job = job
        future, work, _ = job
        if not future.done():
            worker.results.append((future, _result(work)))
        worker.job = None
        if time.monotonic() > since + SOON:
            loop.call_soon_threadsafe(worker.resolve)
            since = time.monotonic()
    worker.group = None


def _result(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        return error


def resolve(results: Sequence[JobResult]) -> None:
    """Resolve futures, `SLICE` in each turn of the loop, so that other tasks run in between."""
    for future, result in results[:SLICE]:
        if future.done():  # cancelled, or too late
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)
    if len(results) > SLICE:
        asyncio.get_running_loop().call_soon(resolve, results[SLICE:])
