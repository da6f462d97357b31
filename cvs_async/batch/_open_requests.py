"""The requests of a batch whose end is not written down yet, also those whose caller has left."""

from __future__ import annotations

import asyncio


class OpenRequests:
    """Counts open requests by the key of their item, so that others can wait for their end."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._waits: dict[str, asyncio.Event] = {}
        self._all_ended: asyncio.Event | None = None

    def begin(self, key: str) -> None:
        """A request for this key is about to leave."""
        self._open[key] = self._open.get(key, 0) + 1

    def end(self, key: str) -> None:
        """It is written down what became of one of them."""
        left = self._open.pop(key) - 1
        if left:
            self._open[key] = left
        elif (wait := self._waits.pop(key, None)) is not None:
            wait.set()
        if not self._open and self._all_ended is not None:
            self._all_ended.set()
            self._all_ended = None

    def of(self, key: str) -> asyncio.Event | None:
        """What is set when the last open request for this key has ended; None if none is open."""
        if key not in self._open:
            return None
        return self._waits.setdefault(key, asyncio.Event())

    async def all_ended(self) -> None:
        """Return when no request is open."""
        while self._open:
            if self._all_ended is None:
                self._all_ended = asyncio.Event()
            await self._all_ended.wait()
