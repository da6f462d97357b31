"""What a client has done so far, and what it tells of each request."""

from __future__ import annotations

from collections import Counter

from attrs import define, field, frozen

from ._quota import GateState
from ._retry import Cause
from .errors import Charge

__all__ = ["ClientStats", "Event"]


@define(kw_only=True)
class ClientStats:
    """A client in numbers, as of the moment when it was asked.

    Attributes:
        calls: operations called, by anybody.
        attempts: requests that were made for them, and have come to an end.
        retries: how often a request was sent again, by cause: ``unreachable``, ``rate_limited``, ``unavailable``,
            ``processing``, ``unknown``.
        billed, free, unknown: requests by what they cost.
        bytes_sent, bytes_received: of their bodies.
        in_flight: requests that are being made now.
        drained: how many of the requests that came to an end did so after their caller had left.
        waiting: calls that wait for the gate, the pace, a connection, or for being sent again.
        limit: how many requests may be in flight: `max_connections`, or what ``concurrency="auto"`` has found.
        connections: open ones, idle ones included; None with a transport of your own.
        gate: ``open``; ``closed`` while the account is out of requests, and no call is let through; ``half-open``
            from `quota_probe` seconds later on, by itself: the next call is sent, to try; ``probing`` while it is. A
            readiness check asks whether it is ``closed``: in every other state a call is needed to find out more.
    """

    calls: int = 0
    attempts: int = 0
    retries: Counter[Cause] = field(factory=Counter)
    billed: int = 0
    free: int = 0
    unknown: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    in_flight: int = 0
    drained: int = 0
    waiting: int = 0
    limit: int = 0
    connections: int | None = None
    gate: GateState = "open"


@frozen(kw_only=True)
class Event:
    """A request has come to an end. Holds nothing of its contents, address or credentials.

    Attributes:
        operation: such as ``ocr.card``.
        attempt: its number within the call, from 1.
        charge: what this request cost.
        http_status: of the answer; None where none came.
        error: the name of the error's class; None for a reply.
        seconds: from handing it to the transport to the complete answer, or to the failure.
        bytes_sent, bytes_received: of the bodies.
        drained: its caller had left before.
    """

    operation: str
    attempt: int
    charge: Charge
    http_status: int | None = None
    error: str | None = None
    seconds: float = 0.0
    bytes_sent: int = 0
    bytes_received: int = 0
    drained: bool = False
