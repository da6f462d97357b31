"""Statistics of a client, and the event after each of its requests."""

from __future__ import annotations

from collections import Counter

from attrs import define, field, frozen

from ._limits.quota import GateState
from ._limits.retry import Cause
from .errors import Charge
from .models.dictionaries import DictConvertible

__all__ = ["ClientStats", "Event"]


@define(kw_only=True)
class ClientStats(DictConvertible):
    """Snapshot of a client's statistics.

    Attributes:
        calls: number of operations called.
        attempts: number of finished requests.
        retries: number of retries by cause: ``unreachable``, ``rate_limited``, ``unavailable``, ``processing``,
            ``unknown``.
        billed, free, unknown: number of requests by charge.
        bytes_sent, bytes_received: total size of the bodies.
        in_flight: number of requests in flight.
        drained: number of requests that finished after their caller was cancelled.
        waiting: number of calls that wait for the gate, the rate limit, a connection, or a retry.
        limit: maximum number of requests in flight: `max_connections`, or the limit found by ``concurrency="auto"``.
        connections: number of open connections, including idle ones; None with a transport of your own.
        gate: ``open``; ``closed`` for `quota_probe` seconds after the account was out of requests, in which no call is
            sent; then ``half-open``, until the next call is sent as a probe; ``probing`` while it is in flight. A
            readiness check should only test for ``closed``, because calls are needed in all other states.
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
class Event(DictConvertible):
    """A finished request, without documents, URLs and credentials.

    Attributes:
        operation: name of the operation, such as ``ocr.card``.
        attempt: number of the request within the call, from 1.
        charge: charge of this request.
        http_status: HTTP status of the answer; None without an answer.
        error: name of the error's class; None for a reply.
        seconds: duration from passing the request to the transport until its end.
        bytes_sent, bytes_received: size of the bodies.
        drained: whether it finished after its caller was cancelled.
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
