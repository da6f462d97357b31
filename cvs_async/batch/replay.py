"""Outcomes out of the journal: decoding is pure, so what was answered once can be read again at any time."""

from __future__ import annotations

from typing import Any, TypeVar

from .._endpoint import Endpoint
from .._exchange import WireReply
from .._reply import decode
from ..errors import CVSError, drop_frames
from .journal import Record
from .outcome import Done, Failed, Held, Item, Outcome

T = TypeVar("T")

PERMANENT = frozenset({"NoContentError", "InvalidImageError", "InvalidIdError", "FormatTypeError"})
"""Answers of the service that say no, and will say so again."""


def answered(endpoint: Endpoint[T], item: Item, record: Record, content: bytes) -> Done[T] | Failed:
    """What an answer says that is in the journal; `deduplicated` if this run has paid for it, else `replayed`."""
    wire = WireReply(record.http_status or 200, content, record.attempts)
    try:
        reply = decode(endpoint, wire, check_sum=record.check_sum)
    except CVSError as error:
        return Failed(item, drop_frames(error), replayed=not record.mine, deduplicated=record.mine)
    return Done(item, reply, replayed=not record.mine, deduplicated=record.mine)


def in_doubt(endpoint: Endpoint[Any], item: Item, record: Record) -> Held:
    """For a request that left, and whose answer never came."""
    text = "was sent before, and its answer never came; in_doubt='retry' sends it again, and may pay twice"
    if record.mine:
        text = "was sent by this run for an equal item, and its answer never came; it is not sent again in the same run"
    return Held(item, "in_doubt", _error(endpoint, record, text))


def unread(endpoint: Endpoint[Any], item: Item, record: Record) -> Failed:
    """For a request that ended, and whose answer was not kept, such as one that was too large."""
    paid = "was answered and paid for, and " if record.state == "billed" else ""
    error = _error(endpoint, record, f"{paid}ended with {record.error}")
    return Failed(item, error, replayed=not record.mine, deduplicated=record.mine)


def recorded(endpoint: Endpoint[T], item: Item, record: Record) -> Outcome[T]:
    """The outcome of an item as the journal has it, whatever its state; its content has been read along."""
    if record.state in ("sent", "unknown"):
        return in_doubt(endpoint, item, record)
    if record.content is not None:
        return answered(endpoint, item, record, record.content)
    if record.state == "planned":
        return Held(item, "stop", _error(endpoint, record, "was planned, and not sent yet"))
    if record.error is None:
        return Failed(item, _error(endpoint, record, "was answered and paid for, and its content purged"))
    return unread(endpoint, item, record)


def _error(endpoint: Endpoint[Any], record: Record, text: str) -> CVSError:
    charge = record.state if record.state in ("billed", "free") else "free" if record.state == "planned" else "unknown"
    return CVSError(
        f"{endpoint.name}: {text}",
        operation=endpoint.name,
        attempts=record.attempts,
        charge=charge,
        http_status=record.http_status,
    )
