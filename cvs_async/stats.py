"""Statistics of a client, and events of its requests."""

from __future__ import annotations

from collections import Counter

from attrs import define, field, frozen

from ._limits.quota import GateState
from ._limits.retry import Cause
from .errors import Charge

__all__ = ["ClientStats", "Event"]


@define(kw_only=True)
class ClientStats:
    """Snapshot of a client's statistics.

    Attributes:
        calls: number of operations called.
        attempts: number of finished requests.
        retries: number of retries by cause: ``unreachable``, ``rate_limited``, ``unavailable``, ``processing``,
            ``unknown``.
        billed, free, unknown: number of requests by charge.
        bytes_sent, bytes_received: of their bodies.
        in_flight: number of requests in flight.
        drained: number of requests that finished after their caller was cancelled.
        waiting: calls that wait for the gate, the rate limit, a connection, or a retry.
        limit: maximum number of requests in flight: `max_connections`, or the limit found by ``concurrency="auto"``.
        connections: open ones, including idle ones; None with a transport of your own.
        gate: ``open``; ``closed`` while the account is out of requests and no call is sent; ``half-open`` from
            `quota_probe` seconds later: the next call is sent as a probe; ``probing`` while it is in flight. A
                readiness
            check should test for ``closed``: in every other state only a call can find out more.
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
    """Result of a request, without its contents, address or credentials.

    Attributes:
        operation: such as ``ocr.card``.
        attempt: its number within the call, from 1.
        charge: charge of this request.
        http_status: of the answer; None without an answer.
        error: name of the error's class; None for a reply.
        seconds: from passing it to the transport to the complete answer or the failure.
        bytes_sent, bytes_received: of the bodies.
        drained: its caller was cancelled before it finished.
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
