"""Adaptive limit on the number of requests in flight."""

from __future__ import annotations

from collections import deque
from statistics import median

from attrs import define, field

FEWEST = 2
FIRST = 8
OVERLOADED = 0.75
SLOW = 0.5
INFLATED = 2.0
REMEMBERED = 50
WINDOWS_HELD = 10
RISE = 16


@define
class AutoLimit:
    """Additive increase, multiplicative decrease: more in flight while all goes well, less when it does not.

    It judges by windows of about one round trip of all slots. A window in which the service refused for load
    (HTTP 429, 503, a timeout) lowers the limit to three quarters; one whose median latency is more than twice
    the least of the last fifty windows halves it, because those requests only wait in the service; any other
    one raises it by a sixteenth, at least one, or doubles it until the first of these happens. Where the service
    refused, it stays just below for ten windows before it tries again.

    Attributes:
        most: its upper bound.
        limit: requests that may be in flight now.
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
        """Take a request into account, and change the limit where that is due.

        Args:
            began, ended: of the request, in seconds of one clock.
            in_flight: requests when it ended, itself included.
            refused: whether the service refused it for load.
            latency: whether its time is a measure of the service: a refusal comes fast.
        """
        if began < self._since:  # sent under an earlier limit, so it says nothing about this one
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
        elif self._used >= self.limit:  # a limit that was not reached has proved nothing
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
        if self._held < WINDOWS_HELD:
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
