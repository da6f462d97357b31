"""Finished outcomes on their way to the consumer, with back-pressure."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

from .outcome import Item, Outcome

T = TypeVar("T")


class Delivery(Generic[T]):
    """A queue of outcomes. Each item needs a permit before it is pulled, and returns it when its outcome is taken.

    Args:
        permits: maximum number of items between source and consumer.
        ordered: release outcomes in the order of their items.
    """

    def __init__(self, permits: int, *, ordered: bool) -> None:
        self._permits = asyncio.Semaphore(permits)
        self._ready: asyncio.Queue[tuple[Item, Outcome[T]] | None] = asyncio.Queue()  # None: the end
        self._ordered = ordered
        self._early: dict[int, tuple[Item, Outcome[T] | None]] = {}
        self._next_index = 0

    async def acquire(self) -> None:
        """Wait for the permit of an item."""
        await self._permits.acquire()

    def release(self) -> None:
        """Return the permit of an item without an outcome."""
        self._permits.release()

    def put(self, item: Item, outcome: Outcome[T] | None) -> None:
        """Make an outcome ready; with `ordered`, after those of all earlier items. None: the item was skipped."""
        if not self._ordered:
            self._put(item, outcome)
            return
        self._early[item.index] = item, outcome
        while self._next_index in self._early:
            self._put(*self._early.pop(self._next_index))
            self._next_index += 1

    def _put(self, item: Item, outcome: Outcome[T] | None) -> None:
        if outcome is None:
            self._permits.release()
        else:
            self._ready.put_nowait((item, outcome))

    def end(self) -> None:
        """Mark the end: no more outcomes follow. May be called again."""
        self._ready.put_nowait(None)

    async def take(self) -> tuple[Item, Outcome[T]] | None:
        """Wait for the next outcome, and return its permit; None at the end, also if it is called again."""
        ready = await self._ready.get()
        if ready is None:
            self.end()
        else:
            self._permits.release()
        return ready
