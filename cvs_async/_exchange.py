"""What the transport and its callers tell each other of one exchange with the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import define, field, frozen

from .errors import Charge, ConnectError


@frozen
class WireReply:
    """An answer as it came: nothing of its content has been looked at.

    Attributes:
        status: of HTTP.
        content: the body, unpacked.
        attempts: how many requests the call has made.
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
class Progress:
    """How far one request has come. It is also httpx's `trace` extension, which our transport and httpcore both call.

    Attributes:
        number: of the request within its call, from 1.
        unknown_before: how many requests of the call before it may have been charged.
        phase: ``waiting`` for its turn or its inputs; ``handed`` to a transport that has not told anything of it
            yet; ``connecting``; ``leaving`` from its first byte on; ``answered`` when the answer is complete.
        orphaned: nobody waits for it any more.
        handed_at, answered_at: in seconds of the loop's clock.
        sent, received: bytes of the bodies, so far.
        answer: as it came, once it is complete.
    """

    number: int = 1
    unknown_before: int = 0
    phase: Literal["waiting", "handed", "connecting", "leaving", "answered"] = "waiting"
    orphaned: bool = False
    handed_at: float = 0.0
    answered_at: float = 0.0
    sent: int = 0
    received: int = 0
    answer: WireReply | None = None

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            if self.orphaned:  # its caller has left while it connected: it must not be paid for
                raise ConnectError("withdrawn before anything was sent", attempts=self.number)
            self.phase = "leaving"
        elif self.phase == "handed":
            self.phase = "connecting"

    @property
    def charge(self) -> Charge:
        """What the request has cost if it is broken off now."""
        return "free" if self.phase in ("waiting", "connecting") else "unknown"

    @property
    def attempts(self) -> int:
        """How many requests the call has made."""
        return self.number - (self.phase == "waiting")
