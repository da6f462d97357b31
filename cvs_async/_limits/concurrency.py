"""Adaptive limit on the number of requests in flight."""

from __future__ import annotations

from collections import deque
from statistics import median

from attrs import define, field

MIN_LIMIT = 2
INITIAL_LIMIT = 8
BACKOFF_ON_REFUSAL = 0.75
BACKOFF_ON_LATENCY = 0.5
LATENCY_TOLERANCE = 2.0
"""Factor between the median latency of a window and the lowest one, above which the service is considered slow."""
WINDOWS_REMEMBERED = 50
WINDOWS_HELD = 10
RISE = 16
"""The limit rises by this fraction of it."""


@define
class AutoLimit:
    """Limit by additive increase and multiplicative decrease (AIMD), adapted after each window of requests.

    A window is about one round trip of all slots. There are three cases:

    1. The service refused a request because of load (HTTP 429, 503, a timeout): lower the limit to three quarters.
    2. The median latency is more than twice the lowest of the last 50 windows: halve the limit, because more requests
       only wait longer in the service.
    3. Otherwise raise the limit by a sixteenth, at least by 1. Before the first decrease, double it instead. Just below
       a limit at which the service refused, stay for ten windows.

    Attributes:
        most: the maximum of `limit`.
        limit: maximum number of requests in flight.
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
    _medians: deque[float] = field(factory=lambda: deque(maxlen=WINDOWS_REMEMBERED), init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.limit = min(INITIAL_LIMIT, self.most)

    def observe(self, began: float, ended: float, in_flight: int, *, refused: bool, latency: bool) -> None:
        """Add a finished request to the window, and adapt the limit if the window is complete.

        Args:
            began: start of the request, in seconds.
            ended: its end, by the same clock.
            in_flight: number of requests in flight when it ended, including itself.
            refused: whether the service refused it because of load.
            latency: whether its duration measures the latency of the service. That of a refusal does not.
        """
        if began < self._since:  # sent under an earlier limit
            return
        self._used = max(self._used, in_flight)
        self._refused = self._refused or refused
        if latency:
            self._latencies.append(ended - began)
        if self._refused:
            self._ceiling, self._held = self.limit, 0
            self._change(max(min(MIN_LIMIT, self.most), int(self.limit * BACKOFF_ON_REFUSAL)), ended)
        elif len(self._latencies) >= max(self.limit, INITIAL_LIMIT):
            self._judge(ended)

    def _judge(self, now: float) -> None:
        usual = median(self._latencies)
        self._medians.append(usual)
        if usual > LATENCY_TOLERANCE * min(self._medians):
            self._change(max(min(MIN_LIMIT, self.most), int(self.limit * BACKOFF_ON_LATENCY)), now)
        elif self._used >= self.limit:  # rise only if the limit was reached
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
            self._since = now  # ignore the requests in flight, which were sent under the old limit
        self.limit = limit
        self._latencies.clear()
        self._refused, self._used = False, 0
