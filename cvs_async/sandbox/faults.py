"""Ways to misbehave: which one befalls a request, and the answers that carry it out."""

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
"""These befall a request before anything is done for it; the others spoil an answer that is billed."""

UNANSWERED = frozenset({"reset", "lost", "cut", "stall"})
"""These leave the client without a complete answer."""

STALL = 3600.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for no time at all


@frozen
class Faults:
    """How often which fault befalls a request, drawn from a seeded generator.

    An HTTP status is answered without an envelope, and ``reset`` breaks the connection: both before any work.
    The others spoil an answer that is billed: ``lost`` closes the connection without a byte of it, ``cut`` after
    half of its body, ``garbage`` sends a body that is no JSON, and ``stall`` sends nothing for an hour.

    Attributes:
        chances: the probability of each kind, in the order of `KINDS`.
    """

    chances: Mapping[str, float]
    _random: Random = field(factory=lambda: Random(0), eq=False, repr=False)  # noqa: S311 - no secret depends on it

    @classmethod
    def parse(cls, given: Mapping[str, float] | str | None, seed: int = 0) -> Faults:
        """Read a mapping, or text such as ``503=0.02,lost=0.01``; None and empty text are no faults.

        Raises:
            ConfigurationError: for an unknown kind, one said twice, or probabilities that are none or exceed 1.
        """
        pairs = list(_pairs(given or {}))
        chances = {kind: _chance(kind, number) for kind, number in pairs}
        if len(chances) != len(pairs):
            raise ConfigurationError(f"faults: each kind is said once, of {', '.join(KINDS)}")
        if math.fsum(chances.values()) > 1 + 1e-9:  # sums of decimals may miss 1 by a little
            raise ConfigurationError(f"faults: the probabilities of {', '.join(chances)} exceed 1 together")
        # In one order, so that the same faults and seed give the same draws however they were written.
        ordered = {kind: chances[kind] for kind in KINDS if kind in chances}
        return cls(ordered, Random(seed))  # noqa: S311 - as above

    def draw(self) -> str | None:
        """The fault that befalls the next request; None is none."""
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
    """An answer without an envelope, as a proxy or a gate gives it; 429 and 503 say when to come back, in seconds."""
    told = {"Retry-After": f"{retry_after:g}"} if retry_after is not None and status in (429, 503) else None
    return HTMLResponse(f"<h1>{status}</h1>", status, told)


def spoiled(answer: Response, fault: str | None, stalls: set[anyio.CancelScope]) -> Response:
    """What goes out in place of an answer. One that stalls ends early if its scope in `stalls` is cancelled."""
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
    """No answer: the connection is closed without a byte, or reset, which the other side sees as an error."""

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
    """The head of an answer and half of its body."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it and close the connection."""
        whole = self._whole
        half = bytes(whole.body[: len(whole.body) // 2])
        await send({"type": "http.response.start", "status": whole.status_code, "headers": whole.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(receive).close()  # unlike abort, it lets the half go out
        await _closed(receive)


class Stall(Response):
    """No answer for an hour, or until the client goes away or the scope in `stalls` is cancelled; then none either."""

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
    """The connection that a request came by."""
    # ASGI cannot hang up. Under uvicorn `receive` is a method of the request's cycle, which has the transport.
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("the sandbox can break a connection under uvicorn only")
    return transport


async def _closed(receive: Receive) -> None:
    # An application that returns before its connection is known to be closed gets an answer of the server's own.
    while (await receive())["type"] != "http.disconnect":
        pass
