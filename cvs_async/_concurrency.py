"""How many requests may be in flight: a fixed number, or one that is found by trying."""

from __future__ import annotations

from collections import deque
from statistics import median

import anyio
from attrs import define, field


class Slots:
    """The client's connections, taken in turn. In front of the pool, so that nobody waits inside of it."""

    def __init__(self, count: int) -> None:
        self._limiter = anyio.CapacityLimiter(count)

    @property
    def count(self) -> int:
        """How many there are."""
        return int(self._limiter.total_tokens)

    @count.setter
    def count(self, count: int) -> None:
        self._limiter.total_tokens = count

    @property
    def taken(self) -> int:
        """How many are in use."""
        return self._limiter.borrowed_tokens

    def take_nowait(self, borrower: object) -> bool:
        """Take one if one is free and nobody waits; a waiter costs a turn of the loop, this costs nothing."""
        try:
            self._limiter.acquire_on_behalf_of_nowait(borrower)
        except anyio.WouldBlock:
            return False
        return True

    async def take(self, borrower: object) -> None:
        """Take one, in turn."""
        await self._limiter.acquire_on_behalf_of(borrower)

    def give_back(self, borrower: object) -> None:
        """Let the next one have it."""
        self._limiter.release_on_behalf_of(borrower)


FEWEST = 2
FIRST = 8
OVERLOADED = 0.75
SLOW = 0.5
INFLATED = 2.0
REMEMBERED = 50
HELD = 10
RISE = 16


@define
class AutoLimit:
    """Additive increase, multiplicative decrease: more in flight while all goes well, less when it does not.

    It judges by windows of about one round trip of all slots. A window in which the service refused for load
    (HTTP 429, 503, a timeout) lowers the limit to three quarters; one whose median latency is more than twice
    the least of the last fifty windows halves it, because those requests only stand in line; any other one
    raises it by a sixteenth, at least one, or doubles it until the first of these happens. Where the service
    refused, it stays just below for ten windows before it tries again.

    Attributes:
        most: what it never exceeds.
        limit: how many may be in flight now.
    """

    most: int
    limit: int = field(init=False)
    _rising_fast: bool = field(default=True, init=False)
    _ceiling: int | None = field(default=None, init=False)
    _held: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)
    _refused: bool = field(default=False, init=False)
    _used: int = field(default=0, init=False)
    _latencies: list[float] = field(factory=list, init=False, repr=False)
    _medians: deque[float] = field(factory=lambda: deque(maxlen=REMEMBERED), init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.limit = min(FIRST, self.most)

    def observe(self, began: float, ended: float, in_flight: int, *, refused: bool, latency: bool) -> None:
        """Take a request into account; the limit may be another one afterwards.

        Args:
            began, ended: of the request, in seconds of one clock.
            in_flight: how many there were when it ended, itself included.
            refused: whether it says that the service has too much to do.
            latency: whether the time it took says something: a refusal comes fast.
        """
        if began < self._since:  # sent under an earlier limit, so it says nothing of this one
            return
        self._used = max(self._used, in_flight)
        self._refused = self._refused or refused
        if latency:
            self._latencies.append(ended - began)
        if self._refused:
            self._ceiling, self._held = self.limit, 0
            self._change(max(min(FEWEST, self.most), int(self.limit * OVERLOADED)), ended)
        elif len(self._latencies) >= max(self.limit, FIRST):
            self._judge(ended)

    def _judge(self, now: float) -> None:
        usual = median(self._latencies)
        self._medians.append(usual)
        if usual > INFLATED * min(self._medians):
            self._change(max(min(FEWEST, self.most), int(self.limit * SLOW)), now)
        elif self._used >= self.limit:  # a limit that is not reached has proved nothing
            self._change(min(self.most, self._next()), now)
        else:
            self._change(self.limit, now)

    def _next(self) -> int:
        if self._rising_fast:
            return self.limit * 2
        higher = self.limit + max(1, self.limit // RISE)
        if self._ceiling is None:
            return higher
        if self.limit + 1 < self._ceiling:
            return min(higher, self._ceiling - 1)
        self._held += 1
        if self._held < HELD:
            return self.limit
        self._ceiling = None
        return self.limit + 1

    def _change(self, limit: int, now: float) -> None:
        if limit < self.limit:
            self._rising_fast = False
            self._since = now  # the answers to what is in flight still come in under the old limit
        self.limit = limit
        self._latencies.clear()
        self._refused, self._used = False, 0
