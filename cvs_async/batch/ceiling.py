"""A bound on what may be billed, kept by permits that are taken before anything is sent."""

from __future__ import annotations

import anyio


class Ceiling:
    """At most so many billed calls, whatever is in flight at once; None is no bound.

    What may have been charged counts as if it had been.
    """

    def __init__(self, most: int | None) -> None:
        self._left = most
        self._reserved = 0
        self._changed = anyio.Condition()

    async def reserve(self) -> bool:
        """Take a permit. Waits while those in flight may still give theirs back; False where none is left."""
        if self._left is None:
            return True
        async with self._changed:
            while self._left > 0 and self._reserved >= self._left:
                await self._changed.wait()
            if self._left <= 0:
                return False
            self._reserved += 1
            return True

    async def settle(self, paid: int) -> None:
        """Give a permit back, and say how many requests were, or may have been, paid for with it."""
        if self._left is None:
            return
        with anyio.CancelScope(shield=True):
            async with self._changed:
                self._reserved -= 1
                self._left -= paid
                self._changed.notify_all()
