"""Threads for reading files. Such a read may hang forever, for example on a lost network drive."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar, cast

import anyio.to_thread

T = TypeVar("T")

MOST_STUCK = 64
"""Maximum number of hanging threads whose callers were cancelled. Beyond it no thread is started."""

_stuck = 0
_lock = threading.Lock()


class NoAnswerError(Exception):
    """Too many reads hang, so no thread is started for another one."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_STUCK} files before it do not answer; a network drive may be gone")


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Run a function that may block forever, and return its result.

    A cancelled caller does not wait for it, and neither does the interpreter at exit, as they would with threads of
    anyio and `concurrent.futures`.

    Raises:
        NoAnswerError: `MOST_STUCK` earlier functions still hang although their callers were cancelled.
        Exception: any error of the function.
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
    """A function on its way through a thread, and its result on the way back."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Callable[[], T]) -> None:
        self.future: asyncio.Future[T] = loop.create_future()
        self._loop = loop
        self._work = work
        self._result: T | Exception | None = None
        self._ended = False
        self._left = False

    def run(self) -> None:
        """Run the work in the thread."""
        result: T | Exception
        try:
            result = self._work()
        except Exception as error:
            result = error
        self._result = result  # not as an argument of the callback: asyncio logs arguments in debug mode
        with suppress(RuntimeError):  # the loop is closed and no caller waits
            self._loop.call_soon_threadsafe(self._settle)
        with _lock:
            self._ended = True
            _count(-self._left)

    def leave(self) -> None:
        """Detach the caller. If it was cancelled while the function runs, count the thread as hanging."""
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
