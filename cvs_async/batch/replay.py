"""Outcomes from the journal. Decoding is pure, so a stored answer can be decoded again at any time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypedDict, TypeVar

from attrs import evolve

from .._codec.answer import whole_number
from .._codec.decoding import decode
from .._codec.endpoint import Endpoint
from .._codec.reply import Reply
from .._exchange import WireReply
from ..errors import Charge, ConnectionLostError, CVSError, OutOfRequestsError, drop_frames
from .journal import Record
from .journal.records import PERMANENT as PERMANENT
from .journal.records import is_answered as is_answered
from .outcome import Done, Failed, Held, Item, Outcome, Requests

T = TypeVar("T")

UNPRICED = (None, "DecodeError", "APIError")
"""The values of `Record.error` of answers that are kept although their charge is unknown."""


def answered(endpoint: Endpoint[T], item: Item, record: Record, content: bytes) -> Done[T] | Failed:
    """Decode an answer from the journal: `deduplicated` if this run has paid for it, else `replayed`."""
    wire = WireReply(record.http_status or 200, content, record.attempts)
    try:
        reply = decode(endpoint, wire, check_sum=record.check_sum)
    except CVSError as error:
        return Failed(item, drop_frames(error), **_known(record))
    return Done(item, reply, **_known(record))


def is_free(record: Record) -> bool:
    """Return whether the last request cost nothing, so that another one may be made.

    An older version took a code that is not a whole number for free, which it may not have been.
    """
    return record.state == "free" and (record.code is None or whole_number(record.code) is not None)


def may_be_read(record: Record) -> bool:
    """Return whether an answer with an unknown charge may be stored and read.

    1. It came before its document was sent, and so ended as a lost connection: it may be another document's. Never.
    2. It has no code, could not be decoded before, or its decoding was broken off because the client was closed or
       memory was short, which may have caused any error: yes.
    """
    if record.error == ConnectionLostError.__name__:
        return False
    return record.state == "unknown" or (record.state == "free" and not is_free(record))


def in_doubt(endpoint: Endpoint[Any], item: Item, record: Record) -> Held:
    """Return the outcome of a request that left, and whose answer never came or cannot be read."""
    came = "its answer does not tell what it cost"
    if record.state == "sent" or record.error not in UNPRICED:
        came = "its answer never came"
    text = f"was sent before, and {came}; in_doubt='retry' sends it again, and may pay twice"
    if record.this_run:
        text = f"was sent by this run for an equal item, and {came}; it is not sent again in the same run"
    return Held(item, "in_doubt", _error(endpoint, record, text), requests=_requests(record))


def unread(endpoint: Endpoint[Any], item: Item, record: Record) -> Failed:
    """Return the outcome of a request whose answer was not kept, such as one that was too large."""
    paid = "was answered and paid for, and " if record.state == "billed" else ""
    error = _error(endpoint, record, f"{paid}ended with {record.error}")
    return Failed(item, error, **_known(record))


def purged(endpoint: Endpoint[Any], item: Item, record: Record) -> Done[Any]:
    """Return the outcome of a document that was paid for, and whose answer was dropped from the journal."""
    reply: Reply[Any] = Reply(
        operation=endpoint.name,
        data=None,
        raw={},
        charge="billed" if record.state == "billed" else "unknown",
        attempts=record.attempts,
        check_sum=record.check_sum,
        http_status=record.http_status or 200,
    )
    return Done(item, reply, purged=True, **_known(record))


def recorded(endpoint: Endpoint[T], item: Item, record: Record) -> Outcome[T]:
    """Return the outcome of an item in any state as the journal has it; its record includes its content."""
    if record.state == "planned":
        return Held(item, "stop", _error(endpoint, record, "was planned, and not sent yet"))
    if record.state != "billed" and not is_free(record):
        if may_be_read(record) and record.content is not None:
            outcome = answered(endpoint, item, record, record.content)
            return outcome if isinstance(outcome, Done) else in_doubt(endpoint, item, record)
        if not is_answered(record):
            return in_doubt(endpoint, item, record)
    if record.content is not None:
        return _held_if_unread(answered(endpoint, item, record, record.content), record)
    if record.error is None:
        return purged(endpoint, item, record)
    return _held_if_unread(unread(endpoint, item, record), record)


def _held_if_unread(outcome: Done[T] | Failed, record: Record) -> Outcome[T]:
    """Turn the error of an account that was out of requests into a held item: the next run sends it."""
    if isinstance(outcome, Failed) and record.error == OutOfRequestsError.__name__:
        return Held(outcome.item, "quota", outcome.error, requests=outcome.requests)
    return outcome


def outcomes_of(records: Iterable[tuple[Record, str, str | None]]) -> Iterator[Outcome[Any]]:
    """Yield the outcome of each source of a journal, in the order in which they were first claimed.

    An answer of an operation that the library does not know is read as plain JSON. Of equal documents, those beyond
    the first are `deduplicated`.
    """
    from ..api import OPERATIONS  # imported here, because it imports this package

    for index, (record, name, reference) in enumerate(records):
        endpoint = OPERATIONS.get(record.operation) or Endpoint("export", attribute=record.operation)
        outcome = recorded(endpoint, Item(index, name, key=record.key, reference=reference), record)
        if name != record.source and not isinstance(outcome, Held):
            outcome = evolve(outcome, deduplicated=True)
        yield outcome


class _Known(TypedDict):
    replayed: bool
    deduplicated: bool
    requests: Requests | None


def _known(record: Record) -> _Known:
    """Return what an outcome reports of the requests of an earlier item or run."""
    return {"replayed": not record.this_run, "deduplicated": record.this_run, "requests": _requests(record)}


def _requests(record: Record) -> Requests | None:
    return Requests(record.sent_at, record.ended_at, record.billed) if record.attempts else None


def _error(endpoint: Endpoint[Any], record: Record, text: str) -> CVSError:
    return CVSError(
        f"{endpoint.name}: {text}",
        operation=endpoint.name,
        attempts=record.attempts,
        charge=_charge(record),
        http_status=record.http_status,
    )


def _charge(record: Record) -> Charge:
    if record.state == "billed":
        return "billed"
    return "free" if record.state == "planned" or is_free(record) else "unknown"
