"""Threads for reading files: such a read may never return, as from a network drive that is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar, cast

import anyio.to_thread

T = TypeVar("T")

MOST_STUCK = 64
"""Threads whose callers have left, and that still wait for a file; beyond that no more are made."""

_stuck = 0
_lock = threading.Lock()


class NoAnswerError(Exception):
    """So many files do not answer that no thread is left for another one."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_STUCK} files before it do not answer; a network drive may be gone")


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Run a function that may block for ever, and return its result.

    A caller that is cancelled does not wait for it, and neither does the interpreter at its end; for the threads of
    anyio and `concurrent.futures` it would.

    Raises:
        NoAnswerError: if `MOST_STUCK` earlier ones are still blocked after their callers have left.
        Exception: what the function raises.
    """
    if _stuck >= MOST_STUCK:
        raise NoAnswerError
    async with anyio.to_thread.current_default_thread_limiter():
        piece = _Piece[T](asyncio.get_running_loop(), work)
        threading.Thread(target=piece.run, name="cvs-async-file", daemon=True).start()
        try:
            return await piece.future
        finally:
            piece.leave()


class _Piece(Generic[T]):
    """One piece of work, on its way through a thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Callable[[], T]) -> None:
        self.future: asyncio.Future[T] = loop.create_future()
        self._loop = loop
        self._work = work
        self._result: T | Exception | None = None
        self._ended = False
        self._left = False

    def run(self) -> None:
        """In the thread."""
        result: T | Exception
        try:
            result = self._work()
        except Exception as error:
            result = error
        self._result = result  # no argument: asyncio logs those of slow callbacks, and this may be a document
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._settle)
        with _lock:
            self._ended = True
            _count(-self._left)

    def leave(self) -> None:
        """Its caller goes, with or without the result."""
        with _lock:
            self._left = not self._ended and self.future.cancelled()
            _count(self._left)

    def _settle(self) -> None:
        result, self._result = self._result, None
        if self.future.done():  # cancelled
            return
        if isinstance(result, Exception):
            self.future.set_exception(result)
        else:
            self.future.set_result(cast(T, result))


def _count(change: int) -> None:
    global _stuck
    _stuck += change
