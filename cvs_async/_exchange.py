"""One attempt: how far it has come, what it has cost, and the answer as it came."""

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
"""Never complete, or never delivered, so the service cannot have worked on the request."""

REFUSED = (APIError, RateLimitedError, RedirectError)
"""The service's code is not 0, or HTTP has refused the request: such an answer is never charged."""

READ_IN_PART = (DecodeError, ResponseTooLargeError)
"""An answer came that cannot be read whole. The error has what the code in it says of the charge."""

FREE_STATUSES = (500, 501, 503)
"""HTTP 5xx without an envelope that cost nothing. Others come from a proxy: the service behind it may have charged."""

Phase = Literal["waiting", "handed", "connecting", "sending", "answered"]


def charge_of_status(status: int | None) -> Charge:
    """Return what a request has cost that was answered with HTTP 5xx, without an envelope."""
    if status in FREE_STATUSES:
        return "free"
    return "unknown"


@frozen
class WireReply:
    """An answer as it came; nothing of its content has been looked at.

    Attributes:
        status: of HTTP.
        content: the body, unpacked.
        attempts: requests of the call so far.
        unknown_attempts: how many of them before this one may have been charged.
        retry_after: seconds that the service asks to wait; None where it does not.
        request_size: bytes of the request's body.
        early: whether it came before all of the request had been written.
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
    """One request of a call, from its turn to its end. The HTTP backend reports its progress here.

    Attributes:
        number: of the request within its call, from 1.
        unknown_before: earlier requests of the call that may have been charged.
        operation: the name of the operation.
        priced: whether it can cost anything.
        phase: ``waiting`` for its turn or its inputs; ``handed`` to a backend that has not reported anything yet;
            ``connecting``; ``sending`` from its first byte on; ``answered`` when the answer is complete.
        orphaned: its caller has stopped waiting for it.
        handed_at, answered_at: in seconds of the loop's clock.
        sent, received: bytes of the bodies, so far.
        answer: as it came, once it is complete.
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
        """Report that the backend looks for a connection."""
        if self.phase == "handed":
            self.phase = "connecting"

    def sending(self) -> None:
        """Report that the first byte is about to be written.

        Raises:
            ConnectError: the caller has stopped waiting while the request connected, so it must not be paid for.
        """
        if self.orphaned:
            raise ConnectError("withdrawn before anything was sent")
        self.phase = "sending"

    def not_delivered(self) -> None:
        """Report that nothing of the request was sent, although something was written, such as CONNECT to a proxy."""
        self.phase = "connecting"

    @property
    def undelivered(self) -> bool:
        """True if certainly nothing of the request has been delivered."""
        return self.phase in ("waiting", "connecting")

    @property
    def may_be_sent(self) -> bool:
        """True if anything of the request may have been written."""
        return self.phase in ("sending", "answered")

    @property
    def attempts(self) -> int:
        """Requests that the call has made."""
        return self.number - (self.phase == "waiting")

    @property
    def charge(self) -> Charge:
        """The charge of the request if it is broken off now."""
        if self.undelivered or not self.priced:
            return "free"
        return "unknown"

    def charge_of(self, error: CVSError) -> Charge:
        """Return what the request has cost, given the error that it ended with.

        1. It is not priced, or nothing of it was sent: free.
        2. It was never worked on, or refused: free.
        3. HTTP 5xx without an envelope: free for the statuses of the service itself, else unknown.
        4. An answer that cannot be read whole: what its code says; unknown without one.
        5. Anything else, such as silence or a broken connection: unknown.

        The table for users is in section "Reliability" of README.
        """
        if self.charge == "free" or isinstance(error, NEVER_WORKED_ON + REFUSED):
            return "free"
        if isinstance(error, ServerError):
            return charge_of_status(error.http_status)
        if isinstance(error, READ_IN_PART):
            return error.charge
        return "unknown"

    def stamp(self, error: CVSError) -> CVSError:
        """Write operation, requests and charge into an error that the request ended with. Repeating it is harmless."""
        error.operation, error.attempts, error.charge = self.operation, self.attempts, self.charge_of(error)
        error.unknown_attempts = int(error.charge == "unknown")
        return error
