"""What the transport and its callers tell each other of one exchange with the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import define, field, frozen

from .errors import Charge


@frozen
class WireReply:
    """An answer as it came: nothing of it has been looked at."""

    status: int
    content: bytes = field(repr=False)
    attempts: int = 1


@define
class Progress:
    """How far a call has come. It is also httpx's `trace` extension, which our transport and httpcore both call.

    `handed` is the state between: a transport has the request and has not told anything of it yet.
    """

    phase: Literal["waiting", "handed", "connecting", "leaving"] = "waiting"

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.phase = "leaving"
        elif self.phase == "handed":
            self.phase = "connecting"

    @property
    def charge(self) -> Charge:
        """What the call has cost if it is broken off now."""
        return "free" if self.phase in ("waiting", "connecting") else "unknown"

    @property
    def attempts(self) -> int:
        """How many requests were made."""
        return 0 if self.phase == "waiting" else 1
