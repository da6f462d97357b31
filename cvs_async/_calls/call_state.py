"""State of a call in progress: its bounds, the costs of its requests so far, and its final error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from attrs import define, field

from .._codec.reply import Reply
from .._exchange import Attempt
from .._limits.retry import GiveUp
from .._settings.timeout import Timeout
from ..errors import Charge, ConfigurationError, CVSError, OutOfRequestsError
from ..stats import Event

Observer: TypeAlias = Callable[[Event], object]


@define(eq=False, kw_only=True)
class CallState:
    """One call of an operation, which may take several requests.

    Attributes:
        operation: name of the operation.
        origin: scheme, host and port of its requests.
        timeout: bounds on the call.
        repeatable: whether a request whose charge is unknown may be sent again.
        priced: whether its requests can be charged.
        patient: whether it waits while the account is out of requests. This time does not count for `timeout`.
        observers: functions to call after each request.
        began: start of the call, in seconds of the loop's clock.
        attempts: number of requests made so far.
        unknown: number of them that may have been charged.
        refused: number of them that were refused because the account was out of requests, so that the call waits again.
    """

    operation: str
    origin: str
    timeout: Timeout
    repeatable: bool = True
    priced: bool = True
    patient: bool = False
    observers: tuple[Observer, ...] = ()
    began: float = field(factory=lambda: asyncio.get_running_loop().time())
    attempts: int = 0
    unknown: int = 0
    refused: int = 0

    def left(self, now: float) -> float | None:
        """Return the seconds until the time of the whole call is up; None without a bound."""
        if self.timeout.total is None:
            return None
        return self.timeout.total - (now - self.began)

    def next_attempt(self) -> Attempt:
        """Return the next attempt, still waiting for its turn."""
        return Attempt(self.attempts + 1, self.unknown, self.operation, self.priced)

    def charge_of(self, result: object, attempt: Attempt) -> Charge:
        """Return the charge of a request. `result` is its reply or error; None if it was cancelled."""
        if isinstance(result, (Reply, CVSError)):
            return result.charge
        return attempt.charge

    def final(self, error: CVSError, step: GiveUp | None = None) -> CVSError:
        """Complete the error that ends the call: with the costs of all its requests, and the reason for giving up."""
        if step is not None and step.why:
            error.args = (f"{error}; {step.why}",)
        error.operation = self.operation
        error.attempts = max(error.attempts, self.attempts)
        error.unknown_attempts = max(error.unknown_attempts, self.unknown)
        if error.charge == "free" and self.unknown:
            error.charge = "unknown"
        return error

    def refused_before(self, refusal: OutOfRequestsError | None, retry_after: float) -> CVSError:
        """Return the error for a call that is not sent, because the account was out of requests before."""
        error = OutOfRequestsError(
            f"{self.operation}: the account is out of requests, as the service reported before; nothing was sent",
            retry_after=retry_after,
        )
        if refusal is not None:
            error.code, error.message = refusal.code, refusal.message
            error.http_status, error.raw = refusal.http_status, refusal.raw
        return self.final(error)

    @property
    def late(self) -> str:
        """Error text for a call whose time is up."""
        return f"no answer within {self.timeout.total:g} seconds in all"

    def closed(self) -> CVSError:
        """Return the error for a call whose client is closed."""
        return self.final(ConfigurationError(f"{self.operation}: the client is closed; make a new one"))
