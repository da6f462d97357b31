"""Where outcomes are taken: nothing is dropped, and who offers one can wait until it is taken."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Outlet(Generic[T]):
    """A queue that is as long as there are offers which nobody has taken yet.

    Args:
        at_once: how many are given out at most before other tasks have their turn.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._given_out = 0
        self._offers: deque[tuple[T, asyncio.Future[None]]] = deque()
        self._takers: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def offer(self, value: T) -> asyncio.Future[None]:
        """Add a value; the future is done when it is taken."""
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._offers.append((value, taken))
        self._wake()
        return taken

    async def take(self) -> T:
        """The next value.

        Raises:
            StopAsyncIteration: if it is closed, and nothing is left.
        """
        if self._given_out >= self._at_once:
            self._given_out = 0
            await asyncio.sleep(0)
        while not self._offers:
            if self._closed:
                raise StopAsyncIteration
            self._given_out = 0
            await self._wait()
        self._given_out += 1
        value, taken = self._offers.popleft()
        if not taken.done():  # or who waits was cancelled
            taken.set_result(None)
        return value

    def close(self) -> None:
        """There will be no more offers."""
        self._closed = True
        for taker in self._takers:
            if not taker.done():
                taker.set_result(None)

    async def _wait(self) -> None:
        taker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        try:
            await taker
        except asyncio.CancelledError:
            if not taker.cancelled() and self._offers:  # it was woken in the same moment: another one shall look
                self._wake()
            raise
        finally:
            if taker in self._takers:
                self._takers.remove(taker)

    def _wake(self) -> None:
        while self._takers:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                break
