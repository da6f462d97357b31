"""Limit on the rate of requests, and pauses that the service asks for."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from attrs import frozen

from ..errors import ConfigurationError

LATENESS = 0.01
"""Seconds by which a timer may be late without lowering the rate: requests that became due meanwhile go together."""


@frozen
class RateLimit:
    """Maximum rate of requests, including retries.

    Attributes:
        count: number of requests.
        per: in this number of seconds.
        burst: number of requests that may be sent at once after a pause. With 1, the default, requests are evenly
            spaced: at most `count` + 1 in any `per` seconds.

    Raises:
        ConfigurationError: if a number is out of range.

    >>> RateLimit(50)
    RateLimit(count=50, per=1.0, burst=1)
    """

    count: float
    per: float = 1.0
    burst: int = 1

    def __attrs_post_init__(self) -> None:
        if not self.count > 0 or not self.per > 0:
            raise ConfigurationError(f"rate_limit: count and per must be more than 0, not {self.count!r} {self.per!r}")
        if self.burst < 1:
            raise ConfigurationError(f"rate_limit: burst must be at least 1, not {self.burst!r}")


class Limiter(Protocol):
    """Limits the rate of requests: `RateLimiter`, or one that several processes share."""

    def slot(self, began: float) -> AbstractAsyncContextManager[None]:
        """Return a context that is entered when a request may be sent. `began` is when its call began, by the loop."""
        ...


class Pause:
    """Holds requests back until a time. The oldest call goes first. One timer serves all waiting calls."""

    def __init__(self) -> None:
        self._paused_until = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def paused(self, now: float) -> float:
        """Return the remaining seconds of the pause; 0 without a pause."""
        return max(0.0, self._paused_until - now)

    def idle(self, now: float) -> bool:
        """Return whether there is neither a pause nor a waiting call."""
        return not self._waiting and self._paused_until <= now

    def pause(self, until: float) -> None:
        """Hold all requests back until a time of the loop."""
        self._paused_until = max(self._paused_until, until)

    async def wait(self, began: float) -> None:
        """Wait until a request may be sent. `began` is when its call began, in time of the loop."""
        await self._enter(asyncio.get_running_loop(), began)

    async def _enter(self, loop: asyncio.AbstractEventLoop, began: float) -> None:
        if not self._waiting and self._delay(loop.time()) <= 0:
            self._admit(loop.time())
            return
        future = loop.create_future()
        heapq.heappush(self._waiting, (began, next(self._number), future))
        self._wake(loop)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # admitted at the same moment
                self._withdraw(loop)
            raise

    def _delay(self, now: float) -> float:
        """Return the seconds until a request may be admitted; infinite while the slots are full."""
        return self._paused_until - now

    def _admit(self, since: float) -> None:
        """Note that a request was admitted."""

    def _withdraw(self, loop: asyncio.AbstractEventLoop) -> None:
        """Note that an admitted request is not sent."""

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """Admit the waiting requests that are due, in order, and set the timer for the next one. There are four cases:

        1. No request waits: no timer is needed.
        2. The next one is due later: set the timer.
        3. The next one waits for a free slot: no timer, because each request in a slot calls this method at its end.
        4. The next one is due: admit it, counted from when it was due, because timers may be late. If it was cancelled
           meanwhile, drop it.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            now = loop.time()
            delay = self._delay(now)
            if delay > 0:
                if delay < math.inf:
                    self._timer = loop.call_later(delay, self._wake, loop)
                return
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                self._admit(now - LATENESS)
                future.set_result(None)


class Pauses(Protocol):
    """The pauses that the service has asked for, by origin: `LocalPauses`, or ones that several processes share."""

    def of(self, origin: str) -> Pause:
        """Return the pause of an origin, which may be over."""
        ...

    def pause(self, origin: str, seconds: float) -> None:
        """Hold up all requests to an origin. Does not wait."""


class LocalPauses:
    """The pauses of one client."""

    def __init__(self) -> None:
        self._pauses: defaultdict[str, Pause] = defaultdict(Pause)

    def of(self, origin: str) -> Pause:
        """Return the pause of an origin, which may be over."""
        return self._pauses[origin]

    def pause(self, origin: str, seconds: float) -> None:
        """Hold up all requests to an origin."""
        self._pauses[origin].pause(asyncio.get_running_loop().time() + seconds)


class RateLimiter(Pause):
    """Admits requests at a rate, by the generic cell rate algorithm: https://en.wikipedia.org/wiki/GCRA.

    `_due` is GCRA's theoretical arrival time: when the next request would be sent if all were evenly spaced. A request
    may be sent earlier, as far as the burst allows.
    """

    def __init__(self, rate: RateLimit) -> None:
        super().__init__()
        self._burst = rate.burst
        self._interval = rate.per / rate.count
        self._due = 0.0
        self._inside = 0

    async def wait(self, began: float) -> None:
        """Wait until a request may be sent. `began` is when its call began, in time of the loop."""
        async with self.slot(began):
            pass

    @asynccontextmanager
    async def slot(self, began: float) -> AsyncIterator[None]:
        """Wait until a request may be sent, and then let it wait for something else in the block, such as a connection.

        At most `burst` requests are in the block at once; otherwise those admitted during a long wait would be sent
        together. A request counts from its end of the block if that is late; it does not count if the block raises.
        """
        loop = asyncio.get_running_loop()
        await self._enter(loop, began)
        try:
            yield
        except BaseException:
            self._withdraw(loop)
            raise
        self._due = max(self._due, loop.time() - LATENESS + self._interval)
        self._inside -= 1
        self._wake(loop)

    def _delay(self, now: float) -> float:
        if self._inside >= self._burst:
            return math.inf
        return max(self._paused_until, self._due - (self._burst - 1) * self._interval) - now

    def _admit(self, since: float) -> None:
        self._due = max(self._due, since) + self._interval
        self._inside += 1

    def _withdraw(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due -= self._interval
        self._inside -= 1
        self._wake(loop)
