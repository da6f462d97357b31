"""The quota gate: once the account is out of requests, no more are spent on hearing so again."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Literal

from attrs import define

from ._log import log
from .errors import OutOfRequestsError

Quota = Literal["raise", "wait"]
GateState = Literal["open", "closed", "half-open", "probing"]
"""``closed`` is the one state in which no call is let through."""


@define(eq=False)
class Pass:
    """Leave to send requests; taken once for each of them, and given back with what became of it."""

    era: int
    probe: bool = False


UNPRICED = Pass(-1)
"""For requests that cost nothing: the gate is none of their business."""


class QuotaGate:
    """Open until the service says "out of requests"; then closed but for one probe at a time.

    A probe is a real call: the next one that comes, once `interval` seconds have gone by since the last refusal.
    If it is paid for the gate opens. If it is refused too, the next one is `interval` seconds away. Any other
    answer says nothing of the account, so the next call is the next probe.

    From the moment when a probe may leave until one does, the gate is half-open. It turns so by the clock: whoever
    keeps calls away from a closed gate, as a load balancer does, would otherwise wait for a call that never comes.
    """

    def __init__(self, mode: Quota, interval: float) -> None:
        self.waits = mode == "wait"
        self.refusal: OutOfRequestsError | None = None
        self._interval = interval
        self._open: Pass | None = Pass(0)
        self._era = 0
        self._probing = False
        self._next_probe = 0.0
        self._waiting: deque[asyncio.Future[Pass]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def state(self) -> GateState:
        """Whether calls are let through. May be asked from anywhere, also outside of the event loop."""
        if self._open is not None:
            return "open"
        if self._probing:
            return "probing"
        if self._loop is None or self._loop.is_closed():
            return "closed"
        return "closed" if self._loop.time() < self._next_probe else "half-open"

    def seconds_to_probe(self) -> float:
        """Return the seconds after which a call is let through; a whole interval while one is trying."""
        if self._open is not None:
            return 0.0
        if self._probing:
            return self._interval
        return max(self._next_probe - asyncio.get_running_loop().time(), 0.0)

    @property
    def waiting(self) -> int:
        """How many callers wait for it to open."""
        return sum(not future.done() for future in self._waiting)

    def enter(self) -> Pass | None:
        """Leave to send a request; None where the gate is closed."""
        if self._open is not None:
            return self._open
        if self._probing or asyncio.get_running_loop().time() < self._next_probe:
            return None
        self._probing = True
        return Pass(self._era, probe=True)

    async def wait(self, *, first: bool = False) -> Pass:
        """Leave to send a request, as soon as there is; `first` is for a call that was refused."""
        if (granted := self.enter()) is not None:
            return granted
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Pass] = loop.create_future()
        (self._waiting.appendleft if first else self._waiting.append)(future)
        self._schedule(loop)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.unused(future.result())
            raise

    def holds(self, granted: Pass) -> bool:
        """Whether a pass is still good: the gate may have closed while its caller waited for something else."""
        return granted is self._open or granted.probe or granted is UNPRICED

    def refused(self, granted: Pass, refusal: OutOfRequestsError) -> None:
        """The service said that the account is out of requests."""
        if granted.era != self._era or (self._open is None and not granted.probe):
            return  # it was sent before the gate closed, and says nothing new
        loop = asyncio.get_running_loop()
        if self._open is not None:
            self._open = None
            log.warning("the account is out of requests; one call is tried every %g seconds", self._interval)
        self.refusal, self._probing, self._loop = refusal, False, loop
        self._next_probe = loop.time() + self._interval
        self._schedule(loop)

    def billed(self, granted: Pass) -> None:
        """A request was paid for, so there are some."""
        if not granted.probe or self._open is not None:
            return
        self._era += 1
        self._open, self._probing, self.refusal = Pass(self._era), False, None
        log.warning("the account has requests again")
        while self._waiting:
            if not (future := self._waiting.popleft()).done():
                future.set_result(self._open)

    def unused(self, granted: Pass) -> None:
        """Nothing was learnt of the account."""
        if granted.probe and self._open is None:
            self._probing = False
            self._next_probe = 0.0
            self._schedule(asyncio.get_running_loop())

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(max(self._next_probe, loop.time()), self._probe) if self._waiting else None

    def _probe(self) -> None:
        """Let the first who waits try."""
        self._timer, self._next_probe = None, 0.0  # it is time, even if the timer came a little early
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if self._waiting and (granted := self.enter()) is not None:
            self._waiting.popleft().set_result(granted)
