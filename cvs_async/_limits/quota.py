"""The quota gate: while the account is out of requests, only probes are sent."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Literal, Protocol

from attrs import define

from .._system.log import log
from ..errors import OutOfRequestsError

Quota = Literal["raise", "wait"]
GateState = Literal["open", "closed", "half-open", "probing"]
"""In the state ``closed`` no call is let through."""


@define(eq=False)
class Permit:
    """Permission to send one request. It is given back exactly once, with the result of the request."""

    era: int
    probe: bool = False


FREE_PERMIT = Permit(-1)
"""For free operations, which the gate lets through."""


class Gate(Protocol):
    """Keeps requests back while the account has none left: `QuotaGate`, or one that several processes share.

    Attributes:
        waits: whether calls wait while it is closed, instead of failing.
        refusal: what the service has answered when it closed.
    """

    waits: bool
    refusal: OutOfRequestsError | None

    @property
    def state(self) -> GateState:
        """State of the gate: which calls it lets through."""
        ...

    def seconds_to_probe(self) -> float:
        """Return the seconds after which a call is let through."""
        ...

    def enter(self) -> Permit | None:
        """Return a permit at once if possible without asking another process; else None."""
        ...

    async def ask(self) -> Permit | None:
        """Return a permit, or None while the gate is closed. A shared gate asks here which process may probe."""
        ...

    async def wait(self, *, first: bool = False) -> Permit:
        """Return a permit as soon as there is one. `first` puts a call that was refused at the head of the queue."""
        ...

    def is_valid(self, permit: Permit) -> bool:
        """Return whether a permit may still be used."""
        ...

    def close(self, permit: Permit, refusal: OutOfRequestsError) -> None:
        """Give a permit back: the account is out of requests."""
        ...

    def open(self, permit: Permit) -> None:
        """Give a permit back: its request was paid for."""
        ...

    def release(self, permit: Permit) -> None:
        """Give a permit back: the request did not show whether the account has requests."""
        ...


class QuotaGate:
    """Open until the service answers "out of requests"; then closed, except for one probe at a time.

    A probe is a real call, the first one made at least `interval` seconds after the last refusal:

    1. It is billed: the gate opens.
    2. It is refused: the next probe may be sent after another `interval` seconds.
    3. It ends in any other way, which shows nothing of the account: the next call is the next probe.

    While a probe may be sent, and none is in flight, the gate is half-open. The clock alone makes it so, because a load
    balancer that keeps calls away from a closed gate would otherwise never send the probe.
    """

    def __init__(self, mode: Quota, interval: float) -> None:
        self.waits = mode == "wait"
        self.refusal: OutOfRequestsError | None = None
        self._interval = interval
        self._current: Permit | None = Permit(0)  # None while it is closed
        self._era = 0
        self._probing = False
        self._next_probe = 0.0
        self._waiting: deque[asyncio.Future[Permit]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def state(self) -> GateState:
        """State of the gate: which calls it lets through. May be read from anywhere, also outside of the event loop."""
        if self._current is not None:
            return "open"
        if self._probing:
            return "probing"
        if self._loop is None or self._loop.is_closed() or self._loop.time() < self._next_probe:
            return "closed"
        return "half-open"

    def seconds_to_probe(self) -> float:
        """Return the seconds after which a call is let through; a whole interval while a probe is under way."""
        if self._current is not None:
            return 0.0
        if self._probing:
            return self._interval
        return max(self._next_probe - asyncio.get_running_loop().time(), 0.0)

    @property
    def waiting(self) -> int:
        """Number of callers that wait for the gate to open."""
        return sum(not future.done() for future in self._waiting)

    def enter(self) -> Permit | None:
        """Return a permit at once; None while the gate is closed."""
        if self._current is not None:
            return self._current
        if self._probing or asyncio.get_running_loop().time() < self._next_probe:
            return None
        self._probing = True
        return Permit(self._era, probe=True)

    async def ask(self) -> Permit | None:
        """Return a permit, or None while the gate is closed."""
        return self.enter()

    async def wait(self, *, first: bool = False) -> Permit:
        """Return a permit, as soon as there is one. `first` puts a call that was refused at the head of the queue."""
        permit = self.enter()
        if permit is not None:
            return permit
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Permit] = loop.create_future()
        if first:
            self._waiting.appendleft(future)
        else:
            self._waiting.append(future)
        self._schedule(loop)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.release(future.result())
            raise

    def is_valid(self, permit: Permit) -> bool:
        """Return whether a permit may still be used: the gate may have closed while its call waited for more."""
        return permit is self._current or permit.probe or permit is FREE_PERMIT

    def close(self, permit: Permit, refusal: OutOfRequestsError) -> None:
        """Give a permit back: the account is out of requests."""
        if permit.era != self._era or (self._current is None and not permit.probe):
            return  # it was sent before the gate closed, and says nothing new
        loop = asyncio.get_running_loop()
        if self._current is not None:
            self._current = None
            log.warning("the account is out of requests; one call is tried every %g seconds", self._interval)
        self.refusal, self._probing, self._loop = refusal, False, loop
        self._next_probe = loop.time() + self._interval
        self._schedule(loop)

    def open(self, permit: Permit) -> None:
        """Give a permit back: its request was paid for, so the account has requests."""
        if not permit.probe or self._current is not None:
            return
        self._era += 1
        self._current, self._probing, self.refusal = Permit(self._era), False, None
        log.warning("the account has requests again")
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(self._current)

    def release(self, permit: Permit) -> None:
        """Give a permit back: the request did not show whether the account has requests."""
        if permit.probe and self._current is None:
            self._probing = False
            self._next_probe = 0.0
            self._schedule(asyncio.get_running_loop())

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._timer = loop.call_at(max(self._next_probe, loop.time()), self._probe)

    def _probe(self) -> None:
        """Let the first waiter probe."""
        self._timer, self._next_probe = None, 0.0  # it is time, even if the timer came a little early
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if not self._waiting:
            return
        permit = self.enter()
        if permit is not None:
            self._waiting.popleft().set_result(permit)
