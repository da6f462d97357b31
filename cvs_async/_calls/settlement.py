"""Settlement of a finished request: statistics, limits and observers."""

from __future__ import annotations

import asyncio
import logging

import anyio

from .._codec.reply import Reply
from .._exchange import Attempt
from .._limits.concurrency import AutoLimit
from .._limits.pace import Pauses
from .._limits.quota import Gate, Permit
from .._limits.retry import Budget
from .._system.log import log
from ..errors import APIError, Charge, CVSError, OutOfRequestsError, RateLimitedError, ServerError, TimeoutError
from ..settings import ClientConfig
from ..stats import ClientStats, Event
from .call_state import CallState, Observer


class Settlement:
    """Counts finished requests, and informs gate, limits and observers.

    Attributes:
        slots: limits the requests in flight, so that no request waits in the pool of connections.
        stats: statistics of the client.
        budget: budget for retries.
    """

    def __init__(self, config: ClientConfig, gate: Gate, pauses: Pauses, observers: tuple[Observer, ...]) -> None:
        self._observers = observers
        self._gate = gate
        self._pauses = pauses
        self._auto: AutoLimit | None = None
        self.slots = anyio.CapacityLimiter(config.max_connections)
        if config.concurrency == "auto":
            self._auto = AutoLimit(config.max_connections)
            self.slots.total_tokens = self._auto.limit
        self.stats = ClientStats()
        self.budget = Budget()

    def unsent(self, permit: Permit, attempt: Attempt) -> None:
        """Release slot and permit of a request that was never sent, for example because an input cannot be read."""
        self.slots.release_on_behalf_of(attempt)
        self._gate.release(permit)

    def ended(self, call: CallState, permit: Permit, attempt: Attempt, result: object) -> None:
        """Settle a request that may have been sent. `result` is its reply or error; None if it was cancelled."""
        charge = call.charge_of(result, attempt)
        call.unknown += charge == "unknown"
        self._count(attempt, charge)
        self._inform_gate(permit, result, charge)
        self._inform_limits(call, attempt, result, charge)
        # Only now, so that the next request is sent under the new limits.
        self.slots.release_on_behalf_of(attempt)
        self._notify_observers(call, attempt, result, charge)

    def _count(self, attempt: Attempt, charge: Charge) -> None:
        stats = self.stats
        stats.attempts += 1
        stats.billed += charge == "billed"
        stats.free += charge == "free"
        stats.unknown += charge == "unknown"
        stats.bytes_sent += attempt.sent
        stats.bytes_received += attempt.received
        stats.drained += attempt.orphaned

    def _inform_gate(self, permit: Permit, result: object, charge: Charge) -> None:
        if isinstance(result, OutOfRequestsError):
            self._gate.close(permit, result)
            result.retry_after = max(result.retry_after or 0.0, self._gate.seconds_to_probe())
        elif charge == "billed":
            self._gate.open(permit)
        else:
            self._gate.release(permit)

    def _inform_limits(self, call: CallState, attempt: Attempt, result: object, charge: Charge) -> None:
        if not isinstance(result, CVSError) or (isinstance(result, APIError) and result.code is not None):
            self.budget.succeeded(after_retry=attempt.number > 1)
        if isinstance(result, RateLimitedError) and result.retry_after is not None:
            self._pauses.pause(call.origin, result.retry_after)
        if self._auto is None:
            return
        busy = isinstance(result, ServerError) and result.http_status == 503
        refused = busy or isinstance(result, (RateLimitedError, TimeoutError))
        now, in_flight = asyncio.get_running_loop().time(), self.slots.borrowed_tokens
        self._auto.observe(attempt.handed_at, now, in_flight, refused=refused, latency=charge == "billed")
        if self._auto.limit != self.slots.total_tokens:
            self.slots.total_tokens = self._auto.limit

    def _notify_observers(self, call: CallState, attempt: Attempt, result: object, charge: Charge) -> None:
        observers = (*self._observers, *call.observers)
        if not observers and not log.isEnabledFor(logging.DEBUG):
            return
        status = None
        if isinstance(result, (Reply, CVSError)):
            status = result.http_status
        event = Event(
            operation=call.operation,
            attempt=attempt.number,
            charge=charge,
            http_status=status,
            error=_name(result),
            seconds=(attempt.answered_at or asyncio.get_running_loop().time()) - attempt.handed_at,
            bytes_sent=attempt.sent,
            bytes_received=attempt.received,
            drained=attempt.orphaned,
        )
        log.debug("%s", event)
        for observe in observers:
            try:
                observe(event)
            except Exception as error:  # an error in the user's function must not lose the answer
                log.error("an on_event hook raised %s", type(error).__name__)


def _name(result: object) -> str | None:
    if result is None:
        return asyncio.CancelledError.__name__
    if isinstance(result, CVSError):
        return type(result).__name__
    return None
