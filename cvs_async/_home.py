"""The event loop that an object belongs to: connections, timers and futures of one loop do not work in another."""

from __future__ import annotations

import asyncio
import threading

from .errors import ConfigurationError

_entering = threading.Lock()


class Home:
    """Remembers the event loop of an object's first use, and refuses all others.

    `thing` is how the object is called in the error, and `remedy` what to do instead.
    """

    def __init__(self, thing: str, remedy: str) -> None:
        self._thing = thing
        self._remedy = remedy
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> None:
        """Make the running loop the object's own, or raise ConfigurationError if it has another one."""
        if self._loop is None:
            running = _running()
            with _entering:  # threads with loops of their own may come at once
                self._loop = self._loop or running
        self.check()

    def check(self) -> None:
        """Raise ConfigurationError if the object has another event loop than the running one."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            raise ConfigurationError("cvs_async needs asyncio: no event loop of asyncio is running here") from None
        if self._loop is not None and self._loop is not running:
            raise ConfigurationError(
                f"the {self._thing} belongs to the event loop in which it was first used, and this is another one;"
                f" nothing was sent. {self._remedy}"
            )

    @property
    def is_elsewhere(self) -> bool:
        """Whether the object has an event loop, and it is not the running one."""
        return self._loop is not None and self._loop is not _running()

    @property
    def is_over(self) -> bool:
        """Whether the object's event loop is closed."""
        return self._loop is not None and self._loop.is_closed()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
