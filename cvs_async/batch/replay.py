"""Outcomes from the journal: stored answers are decoded again."""

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
    """Decode an answer from the journal. It is `deduplicated` if this run paid for it, else `replayed`."""
    wire = WireReply(record.http_status or 200, content, record.attempts)
    try:
        reply = decode(endpoint, wire, check_sum=record.check_sum)
    except CVSError as error:
        return Failed(item, drop_frames(error), **_known(record))
    return Done(item, reply, **_known(record))


def is_free(record: Record) -> bool:
    """Return whether the last request was free, so that another one may be sent.

    An older version recorded every answer with a code other than 0 as free. Unless the code is a whole number, its
    charge is unknown.
    """
    return record.state == "free" and (record.code is None or whole_number(record.code) is not None)


def may_be_read(record: Record) -> bool:
    """Return whether the answer of a request with an unknown charge may be read.

    1. The connection was lost, because the answer came before its document was sent: no, it may belong to another
       document.
    2. The answer has no code, could not be decoded earlier, or its decoding was interrupted, because the client was
       closed or memory was short: yes.
    """
    if record.error == ConnectionLostError.__name__:
        return False
    return record.state == "unknown" or (record.state == "free" and not is_free(record))


def in_doubt(endpoint: Endpoint[Any], item: Item, record: Record) -> Held:
    """Return the outcome of a request that was sent, and whose answer never came or cannot be read."""
    came = "its answer does not show its charge"
    if record.state == "sent" or record.error not in UNPRICED:
        came = "its answer never came"
    text = f"was sent before, and {came}; in_doubt='retry' sends it again, and may pay twice"
    if record.this_run:
        text = f"was sent by this run for an equal item, and {came}; it is not sent again in the same run"
    return Held(item, "in_doubt", _error(endpoint, record, text), requests=_requests(record))


def unread(endpoint: Endpoint[Any], item: Item, record: Record) -> Failed:
    """Return the outcome of a request whose answer was not kept, such as one that was too large."""
    text = f"ended with {record.error}"
    if record.state == "billed":
        text = f"was answered and paid for, and {text}"
    return Failed(item, _error(endpoint, record, text), **_known(record))


def purged(endpoint: Endpoint[Any], item: Item, record: Record) -> Done[Any]:
    """Return the outcome of a document that was paid for, and whose answer was purged from the journal."""
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
    """Return the outcome of an item from its record, which includes its content."""
    if record.state == "planned":
        return Held(item, "stop", _error(endpoint, record, "was planned, and not sent yet"))
    if record.state != "billed" and not is_free(record):
        if may_be_read(record) and record.content is not None:
            outcome = answered(endpoint, item, record, record.content)
            if isinstance(outcome, Done):
                return outcome
            return in_doubt(endpoint, item, record)
        if not is_answered(record):
            return in_doubt(endpoint, item, record)
    if record.content is not None:
        return _held_if_unread(answered(endpoint, item, record, record.content), record)
    if record.error is None:
        return purged(endpoint, item, record)
    return _held_if_unread(unread(endpoint, item, record), record)


def _held_if_unread(outcome: Done[T] | Failed, record: Record) -> Outcome[T]:
    """Return an item as held, if the account was out of requests: the next run sends it."""
    if isinstance(outcome, Failed) and record.error == OutOfRequestsError.__name__:
        return Held(outcome.item, "quota", outcome.error, requests=outcome.requests)
    return outcome


def outcomes_of(records: Iterable[tuple[Record, str, str | None]]) -> Iterator[Outcome[Any]]:
    """Yield the outcome of each source of a journal, in the order in which they were first claimed.

    Answers of unknown operations are read as plain JSON. Of equal documents, all but the first are `deduplicated`.
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
    """Return the keywords of an outcome for the requests of an earlier item or run."""
    return {"replayed": not record.this_run, "deduplicated": record.this_run, "requests": _requests(record)}


def _requests(record: Record) -> Requests | None:
    if not record.attempts:
        return None
    return Requests(record.sent_at, record.ended_at, record.billed)


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
    if record.state == "planned" or is_free(record):
        return "free"
    return "unknown"
