"""Fault injection: selection of the fault for a request, and the responses that produce it."""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import anyio
from attrs import field, frozen
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from ..errors import ConfigurationError

STATUSES = ("408", "429", "500", "502", "503", "504")
KINDS = (*STATUSES, "reset", "lost", "cut", "garbage", "stall")
UNWORKED = frozenset({*STATUSES, "reset"})
"""Faults applied before a request is processed; the others spoil an answer that is billed."""

UNANSWERED = frozenset({"reset", "lost", "cut", "stall"})
"""Faults that give the client no complete answer."""

STALL = 3600.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for zero seconds


@frozen
class Faults:
    """Probabilities of faults, drawn from a seeded generator.

    An HTTP status is answered without an envelope, and ``reset`` breaks the connection, both before any processing.
    The others spoil an answer that is billed: ``lost`` closes the connection before its first byte, ``cut`` after half
    of its body, ``garbage`` sends a body that is not JSON, and ``stall`` sends nothing for an hour.

    Attributes:
        chances: the probability of each kind, in the order of `KINDS`.
    """

    chances: Mapping[str, float]
    _random: Random = field(factory=lambda: Random(0), eq=False, repr=False)  # noqa: S311 - no secret depends on it

    @classmethod
    def parse(cls, given: Mapping[str, float] | str | None, seed: int = 0) -> Faults:
        """Parse a mapping, or text such as ``503=0.02,lost=0.01``; None and empty text mean no faults.

        Raises:
            ConfigurationError: a kind is unknown or repeated, or the probabilities are invalid or add up to more than
                1.
        """
        pairs = list(_pairs(given or {}))
        chances = {kind: _chance(kind, number) for kind, number in pairs}
        if len(chances) != len(pairs):
            raise ConfigurationError(f"faults: a kind is repeated; the kinds are {', '.join(KINDS)}")
        if math.fsum(chances.values()) > 1 + 1e-9:  # sums of decimals may miss 1 by a little
            raise ConfigurationError(f"faults: the probabilities of {', '.join(chances)} exceed 1 together")
        # A fixed order makes the draws independent of the order in the input.
        ordered = {kind: chances[kind] for kind in KINDS if kind in chances}
        return cls(ordered, Random(seed))  # noqa: S311 - as above

    def draw(self) -> str | None:
        """Draw the fault for the next request; None means no fault."""
        none = max(0.0, 1 - math.fsum(self.chances.values()))
        return self._random.choices([*self.chances, None], [*self.chances.values(), none])[0]


def _pairs(given: Mapping[str, float] | str) -> Iterator[tuple[str, float | str]]:
    if not isinstance(given, str):
        yield from ((str(kind), number) for kind, number in given.items())
    elif given.strip():
        for part in given.split(","):
            kind, _, number = part.partition("=")
            yield kind.strip(), number.strip()


def _chance(kind: str, number: float | str) -> float:
    try:
        chance = float(number)
    except (ValueError, TypeError, OverflowError):
        chance = math.nan
    if kind not in KINDS or not 0 <= chance <= 1:
        raise ConfigurationError(
            f"faults: {kind}={number} is not a kind and its probability from 0 to 1; the kinds are {', '.join(KINDS)}"
        )
    return chance


def bare(status: int, retry_after: float | None) -> Response:
    """Return an answer without an envelope, as from a proxy; 429 and 503 have a Retry-After."""
    answer = HTMLResponse(f"<h1>{status}</h1>", status)
    if retry_after is not None and status in (429, 503):
        answer.headers["Retry-After"] = f"{retry_after:g}"
    return answer


def spoiled(answer: Response, fault: str | None, stalls: set[anyio.CancelScope]) -> Response:
    """Return the response with a fault applied. A stall ends early if its scope in `stalls` is cancelled."""
    match fault:
        case "lost":
            return HangUp()
        case "cut":
            return Cut(answer)
        case "garbage":
            return Response("<h1>200</h1>", media_type="application/json")
        case "stall":
            return Stall(stalls)
        case _:
            return answer


class HangUp(Response):
    """No answer: the connection is closed before the first byte, or reset, which the client sees as an error."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        transport = _transport(receive)
        if self._reset and not transport.is_closing():
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        transport.abort()
        await _closed(receive)


class Cut(Response):
    """Headers of an answer and half of its body."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them and close the connection."""
        whole = self._whole
        half = bytes(whole.body[: len(whole.body) // 2])
        await send({"type": "http.response.start", "status": whole.status_code, "headers": whole.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(receive).close()  # unlike abort, this flushes the first half
        await _closed(receive)


class Stall(Response):
    """No answer for an hour, or until the client disconnects or the scope in `stalls` is cancelled."""

    def __init__(self, stalls: set[anyio.CancelScope]) -> None:
        super().__init__()
        self._stalls = stalls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait and close the connection."""
        with anyio.move_on_after(STALL) as waiting:
            self._stalls.add(waiting)
            try:
                await _closed(receive)
            finally:
                self._stalls.discard(waiting)
        await HangUp()(scope, receive, send)


def _transport(receive: Receive) -> Any:
    """Return the transport of a request's connection."""
    # ASGI cannot hang up. Under uvicorn `receive` is a method of the request's cycle, which has the transport.
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("the sandbox can break connections only under uvicorn")
    return transport


async def _closed(receive: Receive) -> None:
    # If the application returns before its connection is known to be closed, the server sends its own answer.
    while (await receive())["type"] != "http.disconnect":
        pass
