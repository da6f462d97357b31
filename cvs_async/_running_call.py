"""One call while it is made: what it may still take, what it has cost, and the errors that it ends with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from attrs import define, field

from ._exchange import Attempt
from ._reply import Reply
from ._retry import Stop
from .errors import Charge, ConfigurationError, CVSError, OutOfRequestsError
from .settings import Timeout
from .stats import Event

Observer: TypeAlias = Callable[[Event], None]


@define(eq=False, kw_only=True)
class Call:
    """One call of an operation, which may take several requests.

    Attributes:
        operation: its name.
        origin: where its requests go.
        timeout: its bounds.
        repeatable: whether its requests may be sent again when nobody knows what they cost.
        priced: whether they may cost anything.
        patient: whether it waits while the account is out of requests, and its time stands still meanwhile.
        observers: who is told of each request.
        began: when, in seconds of the loop's clock.
        attempts: requests made so far.
        unknown: how many of them may have been charged.
        held: how many of them were told that the account is out of requests, and wait to be sent again.
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
    held: int = 0

    def left(self, now: float) -> float | None:
        """Seconds until the bound on the whole call; None is no bound."""
        return None if self.timeout.total is None else self.timeout.total - (now - self.began)

    def charge_of(self, result: object, attempt: Attempt) -> Charge:
        """What a request of it has cost."""
        if not self.priced:
            return "free"
        if isinstance(result, (Reply, CVSError)):
            return result.charge
        return attempt.charge

    def final(self, error: CVSError, step: Stop | None = None) -> CVSError:
        """An error as its caller gets it: with what all requests of the call have cost."""
        if step is not None and step.why:
            error.args = (f"{error}; {step.why}",)
        error.operation = self.operation
        error.attempts = max(error.attempts, self.attempts)
        error.unknown_attempts = max(error.unknown_attempts, self.unknown)
        if not self.priced:
            error.charge, error.unknown_attempts = "free", 0
        elif error.charge == "free" and self.unknown:
            error.charge = "unknown"
        return error

    def refused_before(self, refusal: OutOfRequestsError | None, retry_after: float) -> CVSError:
        """The account is out of requests, and this call was not even tried."""
        error = OutOfRequestsError(
            f"{self.operation}: the account is out of requests, as the service said before; nothing was sent",
            code=None if refusal is None else refusal.code,
            message=None if refusal is None else refusal.message,
            http_status=None if refusal is None else refusal.http_status,
            raw=None if refusal is None else refusal.raw,
            retry_after=retry_after,
        )
        return self.final(error)

    @property
    def late(self) -> str:
        """What is said of it when its time is up."""
        return f"no answer within {self.timeout.total:g} seconds in all"

    def closed(self) -> CVSError:
        """The client is closed."""
        return self.final(ConfigurationError(f"{self.operation}: the client is closed; make a new one"))
