"""The ceiling of a batch that runs in one process."""

from __future__ import annotations

import anyio


class LocalCeiling:
    """A limit on billed requests, including those in flight. A request that may have been billed counts as billed.

    Args:
        most: maximum number of billed requests; None means unlimited.
        each: number of permits that a call takes: how many of its requests can be billed.
    """

    def __init__(self, most: int | None, each: int = 1) -> None:
        self._left = most
        self._each = each
        self._reserved = 0
        self._changed = anyio.Condition()

    async def reserve(self) -> bool:
        """Take the permits of one call. Wait while calls in flight may return theirs; False if too few are left."""
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
        """Return the permits of one call, of which `paid` requests were, or may have been, billed."""
        if self._left is None:
            return
        with anyio.CancelScope(shield=True):
            async with self._changed:
                self._reserved -= self._each
                self._left -= paid
                self._changed.notify_all()
