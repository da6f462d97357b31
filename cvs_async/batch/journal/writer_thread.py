"""The thread in which a journal is written: group commit, between an event loop and a blocking writer."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import anyio
import anyio.to_thread

from ..._system.home import Home
from ..worker_threads import resolve
from .jobs import Job, JournalWriter, Method
from .schema import JournalError


class WriterThread:
    """Carries out jobs in groups: what is submitted while one group goes to the disk makes up the next.

    Args:
        path: of the journal, for errors.
        make_writer: makes the writer, in the thread.
    """

    def __init__(self, path: Path, make_writer: Callable[[], JournalWriter]) -> None:
        self._path = path
        self._make_writer = make_writer
        self._queue: SimpleQueue[Sequence[Job]] = SimpleQueue()
        self._submitted: list[Job] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home = Home("journal", "Make a Journal in each event loop")
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._open = False
        self._ended = asyncio.Event()

    async def open(self) -> None:
        """Start the thread. Return when the writer is open."""
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

    async def aclose(self) -> None:
        """Carry out what was submitted, and end the thread. May be called again."""
        if self._process != os.getpid():
            self._open = False  # the thread belongs to the parent process
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

    def submit(self, method: Method, *arguments: Any) -> asyncio.Future[Any]:
        """Add a job to the next group. Return the future of its result."""
        if self._loop is None or not self._open:
            raise RuntimeError("a journal is written inside of: async with Journal(...) as journal")
        if self._process != os.getpid():
            raise JournalError(f"journal {self._path} belongs to the process from which this one was forked")
        self._home.check()
        job = Job(method, arguments, self._loop.create_future())
        if not self._submitted:
            self._loop.call_soon(self._hand_over)  # with all that is submitted in this turn of the loop
        self._submitted.append(job)
        return job.future

    def _hand_over(self) -> None:
        if self._submitted:
            jobs, self._submitted = self._submitted, []
            self._queue.put(jobs)

    # --- in the thread

    def _work(self, opened: asyncio.Future[None]) -> None:
        try:
            writer = self._make_writer()
        except Exception as error:
            self._call_in_loop(resolve, [(opened, error)])
        else:
            self._call_in_loop(resolve, [(opened, None)])
            try:
                while group := self._next_group():
                    results = writer.commit(group)
                    resolved = [(job.future, result) for job, result in zip(group, results, strict=True)]
                    self._call_in_loop(resolve, resolved)
                    del group, results, resolved  # keep no answers in memory while waiting
            finally:
                writer.close()
        finally:
            self._call_in_loop(self._ended.set)

    def _next_group(self) -> list[Job]:
        """Wait for at least one job, and return all that wait. An empty list marks the end."""
        group = list(self._queue.get())
        while group and not self._queue.empty():
            more = self._queue.get()
            if not more:
                self._queue.put(())  # for the next call
                break
            group += more
        return group

    def _call_in_loop(self, callback: Callable[..., object], *arguments: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed without `aclose`: no task waits any more
                self._loop.call_soon_threadsafe(callback, *arguments)
