"""One attempt of a call: its progress, its charge, and the answer as received."""

from __future__ import annotations

from typing import Literal

from attrs import define, field, frozen

from .errors import (
    APIError,
    Charge,
    ConfigurationError,
    ConnectError,
    CVSError,
    DecodeError,
    InvalidInputError,
    RateLimitedError,
    RedirectError,
    ResponseTooLargeError,
    ServerError,
)

NEVER_WORKED_ON = (ConfigurationError, InvalidInputError, ConnectError)
"""Errors of a request that was incomplete or not delivered, so the service cannot have charged it."""

REFUSED = (APIError, RateLimitedError, RedirectError)
"""Errors of an answer with another code than 0 or a refusal by HTTP, which is never charged."""

READ_IN_PART = (DecodeError, ResponseTooLargeError)
"""Errors of an answer that cannot be read completely. Their charge is set from the code, if that could be read."""

FREE_STATUSES = (500, 501, 503)
"""HTTP 5xx that are free without an envelope. Others come from a proxy: the service behind it may have charged."""

Phase = Literal["waiting", "handed", "connecting", "sending", "answered"]


def charge_of_status(status: int | None) -> Charge:
    """Return the charge of a request that was answered with HTTP 5xx without an envelope."""
    if status in FREE_STATUSES:
        return "free"
    return "unknown"


@frozen
class WireReply:
    """An answer as received, with its body unpacked but not decoded.

    Attributes:
        status: HTTP status.
        content: the unpacked body.
        attempts: number of requests of the call so far.
        unknown_attempts: number of earlier requests of the call that may have been charged.
        retry_after: seconds after which the service asks for a retry; None if not given.
        request_size: size of the request's body, in bytes.
        early: whether the answer came before the whole request was written.
    """

    status: int
    content: bytes = field(repr=False)
    attempts: int = 1
    unknown_attempts: int = field(default=0, repr=False)
    retry_after: float | None = field(default=None, repr=False)
    request_size: int = field(default=0, repr=False)
    early: bool = field(default=False, repr=False)


@define(eq=False)
class Attempt:
    """One request of a call. The HTTP backend reports its progress here.

    Attributes:
        number: number of the request within the call, from 1.
        unknown_before: number of earlier requests of the call that may have been charged.
        operation: name of the operation.
        priced: whether the request can be charged.
        phase: ``waiting`` for limits or inputs; ``handed`` to a backend that has not reported anything yet;
            ``connecting``; ``sending`` from the first byte on; ``answered`` after the end of the answer.
        orphaned: whether the caller has stopped waiting.
        handed_at, answered_at: start of these phases, in seconds of the loop's clock.
        sent, received: bytes of the bodies so far.
        answer: the answer, once it is complete.
    """

    number: int = 1
    unknown_before: int = 0
    operation: str = ""
    priced: bool = True
    phase: Phase = "waiting"
    orphaned: bool = False
    handed_at: float = 0.0
    answered_at: float = 0.0
    sent: int = 0
    received: int = 0
    answer: WireReply | None = None

    def connecting(self) -> None:
        """Report that the backend opens a connection or waits for one."""
        if self.phase == "handed":
            self.phase = "connecting"

    def sending(self) -> None:
        """Report that the first byte is about to be written.

        Raises:
            ConnectError: the caller stopped waiting while the request connected, so it must not be sent.
        """
        if self.orphaned:
            raise ConnectError("withdrawn before anything was sent")
        self.phase = "sending"

    def not_delivered(self) -> None:
        """Report that nothing of the request was sent, although other data was, such as CONNECT to a proxy."""
        self.phase = "connecting"

    @property
    def undelivered(self) -> bool:
        """True if nothing of the request was delivered for certain."""
        return self.phase in ("waiting", "connecting")

    @property
    def may_be_sent(self) -> bool:
        """True if a part of the request may have been sent."""
        return self.phase in ("sending", "answered")

    @property
    def attempts(self) -> int:
        """Number of requests that the call has made, including this one unless it still waits."""
        return self.number - (self.phase == "waiting")

    @property
    def charge(self) -> Charge:
        """Charge of the request if it is cancelled now."""
        if self.undelivered or not self.priced:
            return "free"
        return "unknown"

    def charge_of(self, error: CVSError) -> Charge:
        """Return the charge of a request that ended with an error.

        1. The request cannot be charged, or nothing of it was sent: free.
        2. It was not delivered completely, or the service refused it: free.
        3. HTTP 5xx without an envelope: free if the service itself answered, unknown if a proxy did.
        4. The answer cannot be read completely: according to its code; unknown without a code.
        5. Any other error, such as a timeout or a broken connection: unknown.

        Section "Reliability" of README has the table for users.
        """
        if self.charge == "free" or isinstance(error, NEVER_WORKED_ON + REFUSED):
            return "free"
        if isinstance(error, ServerError):
            return charge_of_status(error.http_status)
        if isinstance(error, READ_IN_PART):
            return error.charge
        return "unknown"

    def stamp(self, error: CVSError) -> CVSError:
        """Set operation, attempts and charge of the error that ended the request, and return it. It is idempotent."""
        error.operation, error.attempts, error.charge = self.operation, self.attempts, self.charge_of(error)
        error.unknown_attempts = int(error.charge == "unknown")
        return error
