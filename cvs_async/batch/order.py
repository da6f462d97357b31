"""Putting outcomes back into the order of their items, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Window(Generic[T]):
    """Holds what is finished early until all before it is handed on.

    `room` is called before an item is taken up and `put` when it is finished, so that never more than `size`
    items are between the two.
    """

    def __init__(self, size: int) -> None:
        self._room = asyncio.Semaphore(size)
        self._waiting: dict[int, T] = {}
        self._next = 0
        self._handing_on = False

    async def room(self) -> None:
        """Wait until one more item fits."""
        await self._room.acquire()

    async def put(self, index: int, value: T, hand_on: Callable[[T], Awaitable[None]]) -> None:
        """Keep a value, and hand on all whose turn it is, unless another task is just doing so."""
        self._waiting[index] = value
        if self._handing_on:
            return
        self._handing_on = True
        try:
            while handed := self._hand_on(hand_on):
                for taken in handed:
                    await taken
                    self._room.release()
        finally:
            self._handing_on = False

    def _hand_on(self, hand_on: Callable[[T], Awaitable[None]]) -> list[Awaitable[None]]:
        handed: list[Awaitable[None]] = []
        while self._next in self._waiting:
            handed.append(hand_on(self._waiting.pop(self._next)))
            self._next += 1
        return handed
