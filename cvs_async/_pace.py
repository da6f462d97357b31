"""When the next request may leave: so many a second, and none while the service has asked for a pause."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define, field, frozen

from .errors import ConfigurationError

LATENESS = 0.01
"""Seconds by which a timer may come late without slowing the rate down: what it missed leaves together."""


@frozen
class RateLimit:
    """At most so many requests in a time, those that are sent again included.

    Attributes:
        count: requests.
        per: seconds.
        burst: how many may leave at once after a quiet time. With 1, the default, requests are evenly spaced, so
            that no span of `per` seconds ever sees more than `count` and one.

    Raises:
        ConfigurationError: if a number makes no sense.

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


@define
class Pace:
    """Lets callers through one by one, those first whose call began first, with one timer for all of them.

    It counts in the way of a virtual schedule: `_due` is when the next request would leave if they were evenly
    spaced, and may lie behind by as much as the burst allows.
    """

    rate: RateLimit | None = None
    _due: float = field(default=0.0, init=False)
    _paused_until: float = field(default=0.0, init=False)
    _passing: int = field(default=0, init=False)
    _waiting: list[tuple[float, int, asyncio.Future[None]]] = field(factory=list, init=False, repr=False)
    _number: itertools.count[int] = field(factory=itertools.count, init=False, repr=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False, repr=False)

    def paused(self, now: float) -> float:
        """Seconds that the pause still takes; 0 without one."""
        return max(0.0, self._paused_until - now)

    def idle(self, now: float) -> bool:
        """Whether nobody waits, and nobody has to."""
        return not self._waiting and self._paused_until <= now

    def pause(self, until: float) -> None:
        """Let nobody through before a time of the loop."""
        self._paused_until = max(self._paused_until, until)

    async def turn(self, began: float) -> None:
        """Return when a request may leave; `began` is the time of the loop when its call did."""
        async with self.through(began):
            pass

    @asynccontextmanager
    async def through(self, began: float) -> AsyncIterator[None]:
        """As `turn`, for who has to wait for something else before it leaves.

        No more than the burst are in between at a time, or all who were let through during a long wait would leave
        together. Who leaves late counts from then; who does not leave after all has not been there.
        """
        loop = asyncio.get_running_loop()
        await self._enter(loop, began)
        try:
            yield
        except BaseException:
            self._due -= self._interval
            raise
        else:
            self._due = max(self._due, loop.time() - LATENESS + self._interval)
        finally:
            self._passing -= 1
            self._wake(loop)

    async def _enter(self, loop: asyncio.AbstractEventLoop, began: float) -> None:
        if not self._waiting and self._wait(loop.time()) <= 0:
            self._let_through(loop.time())
            return
        future = loop.create_future()
        heapq.heappush(self._waiting, (began, next(self._number), future))
        self._wake(loop)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # it was let through in the same moment
                self._due -= self._interval
                self._passing -= 1
                self._wake(loop)
            raise

    @property
    def _interval(self) -> float:
        return 0.0 if self.rate is None else self.rate.per / self.rate.count

    def _wait(self, now: float) -> float:
        """Seconds until somebody may pass; infinite while that is for those to say who are passing."""
        if self.rate is None:
            return self._paused_until - now
        if self._passing >= self.rate.burst:
            return math.inf
        return max(self._paused_until, self._due - (self.rate.burst - 1) * self._interval) - now

    def _let_through(self, since: float) -> None:
        self._due = max(self._due, since) + self._interval
        self._passing += 1

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let through whoever may pass, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            now = loop.time()
            if (wait := self._wait(now)) > 0:
                self._timer = loop.call_later(wait, self._wake, loop) if wait < math.inf else None
                return
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                self._let_through(now - LATENESS)
                future.set_result(None)
