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
"""``closed`` is the only state in which the next call cannot be sent. See `ClientStats.gate`."""


@define(eq=False)
class Permit:
    """The right to send one request. It must be returned once, by `Gate.close`, `open` or `release`.

    Attributes:
        era: number of times that the gate had opened before. Permits of earlier eras cannot close it.
        probe: whether the request is the only one let through while the gate is closed.
    """

    era: int
    probe: bool = False


FREE_PERMIT = Permit(-1)
"""Permit of requests that cost nothing. They pass even while the gate is closed."""


class Gate(Protocol):
    """Holds requests back while the account is out of requests: `QuotaGate`, or one that several processes share.

    Attributes:
        waits: whether calls wait while it is closed; otherwise they fail.
        refusal: the error that closed it; None while it is open.
    """

    waits: bool
    refusal: OutOfRequestsError | None

    @property
    def state(self) -> GateState:
        """State of the gate."""
        ...

    def seconds_to_probe(self) -> float:
        """Return the seconds until a call may be sent."""
        ...

    def enter(self) -> Permit | None:
        """Return a permit at once if possible without asking another process; else None."""
        ...

    async def ask(self) -> Permit | None:
        """Return a permit, or None while the gate is closed. A shared gate asks here which process may probe."""
        ...

    async def wait(self, *, first: bool = False) -> Permit:
        """Wait for a permit. `first` puts a call that was refused at the head of the queue."""
        ...

    def is_valid(self, permit: Permit) -> bool:
        """Return whether a permit may still be used."""
        ...

    def close(self, permit: Permit, refusal: OutOfRequestsError) -> None:
        """Return a permit and close the gate, because the account is out of requests."""
        ...

    def open(self, permit: Permit) -> None:
        """Return a permit and open the gate, because its request was charged."""
        ...

    def release(self, permit: Permit) -> None:
        """Give a permit back: the request did not show whether the account has requests."""
        ...


class QuotaGate:
    """A gate that closes when the service answers "out of requests", and then lets one probe at a time through.

    A probe is a normal call: the first one after `interval` seconds. There are three cases:

    1. It is charged: the gate opens.
    2. It is refused too: the next probe may be sent after another `interval` seconds.
    3. Any other result says nothing about the account: the next call is the next probe.

    While a probe may be sent and no call is made, the gate is half-open. The clock alone makes it half-open: a load
    balancer that sends no calls to a closed gate would otherwise wait forever.
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
        """State of the gate. It may be read from any thread."""
        if self._current is not None:
            return "open"
        if self._probing:
            return "probing"
        if self._loop is None or self._loop.is_closed() or self._loop.time() < self._next_probe:
            return "closed"
        return "half-open"

    def seconds_to_probe(self) -> float:
        """Return the seconds until a call may be sent; while a probe is in flight, a whole interval."""
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
        """Wait for a permit. `first` puts a call that was refused at the head of the queue."""
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
        """Return whether a permit may still be used. The gate may have closed while its call waited for a slot."""
        return permit is self._current or permit.probe or permit is FREE_PERMIT

    def close(self, permit: Permit, refusal: OutOfRequestsError) -> None:
        """Return a permit and close the gate, because the account is out of requests."""
        if permit.era != self._era or (self._current is None and not permit.probe):
            return  # sent before the gate closed
        loop = asyncio.get_running_loop()
        if self._current is not None:
            self._current = None
            log.warning("the account is out of requests; one call is tried every %g seconds", self._interval)
        self.refusal, self._probing, self._loop = refusal, False, loop
        self._next_probe = loop.time() + self._interval
        self._schedule(loop)

    def open(self, permit: Permit) -> None:
        """Return a permit and open the gate, because its request was charged."""
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
        """Let the first waiting call send a probe."""
        self._timer, self._next_probe = None, 0.0  # now, even if the timer is a little early
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if not self._waiting:
            return
        permit = self.enter()
        if permit is not None:
            self._waiting.popleft().set_result(permit)
