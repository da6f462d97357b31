"""The event loop of an object. Connections, timers and futures of one loop do not work in another."""

from __future__ import annotations

import asyncio
import threading

from ..errors import ConfigurationError

_entering = threading.Lock()


class Home:
    """The event loop in which an object was first used. Its use in any other loop is an error.

    Args:
        thing: name of the object in the error.
        remedy: advice in the error.
    """

    def __init__(self, thing: str, remedy: str) -> None:
        self._thing = thing
        self._remedy = remedy
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> None:
        """Bind the object to the running loop at its first use. Raise ConfigurationError if it has another loop."""
        if self._loop is None:
            running = _running()
            with _entering:  # threads with their own loops may arrive at once
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
        """True if the object has another event loop than the running one."""
        return self._loop is not None and self._loop is not _running()

    @property
    def is_over(self) -> bool:
        """True if the event loop of the object is closed."""
        return self._loop is not None and self._loop.is_closed()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
