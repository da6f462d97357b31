"""A bound on what may be billed, kept by permits that are taken before anything is sent."""

from __future__ import annotations

import anyio


class Ceiling:
    """At most so many billed calls, whatever is in flight at once; None is no bound.

    What may have been charged counts as if it had been.

    Args:
        most: billed calls.
        each: how many requests of one call can be charged: so many permits it takes.
    """

    def __init__(self, most: int | None, each: int = 1) -> None:
        self._left = most
        self._each = each
        self._reserved = 0
        self._changed = anyio.Condition()

    async def reserve(self) -> bool:
        """Take permits. Waits while those in flight may still give theirs back; False where too few are left."""
        if self._left is None:
            return True
        async with self._changed:
            while self._each <= self._left < self._reserved + self._each:
                await self._changed.wait()
            if self._left < self._each:
                return False
            self._reserved += self._each
            return True

    async def settle(self, paid: int) -> None:
        """Give permits back, and say how many requests were, or may have been, paid for with them."""
        if self._left is None:
            return
        with anyio.CancelScope(shield=True):
            async with self._changed:
                self._reserved -= self._each
                self._left -= paid
                self._changed.notify_all()
