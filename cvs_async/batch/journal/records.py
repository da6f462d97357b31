"""The contents of a journal as values: documents, sessions, files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen, setters

State = Literal["planned", "sent", "billed", "free", "unknown"]
"""The state of a document: planned; its request was sent or may have been; or the cost of its last request."""

PERMANENT = frozenset({"NoContentError", "InvalidImageError", "InvalidIdError", "FormatTypeError"})
"""Refusals of the service that will be the same next time."""

Row: TypeAlias = tuple[Any, ...]

COLUMNS = (
    "d.id, d.key, d.operation, d.name, d.reference, d.claimed_at, r.number,"
    " r.opening, r.check_sum, r.sent_at, r.ended_at, r.charge, r.http_status, r.error, r.code"
)
"""The columns of document `d` and its requests `r`, for `record_of`."""
KEY, NUMBER, SESSION, SENT_AT, ENDED_AT, CHARGE, ERROR = 1, 6, 7, 9, 10, 11, 13


@define(on_setattr=setters.frozen)  # frozen=True would make a million of them take seconds
class Record:
    """One document as the journal has it.

    Where more than one request was made, `check_sum`, `http_status`, `error`, `code`, `sent_at` and `ended_at` are
    those of the one in flight, else of the billed one, else of the last.

    Attributes:
        key: of its content, operation and parameters: 64 hex digits.
        operation: such as ``ocr.card``.
        source: its name for people, the first one that was seen.
        state: ``planned``, ``sent``, or what it cost: ``billed`` if any request was; else ``unknown`` if any may have
            been, unless the last one was refused for good (`PERMANENT`), as the others would have been; else ``free``.
        check_sum: as it was sent.
        attempts: how many requests were ever made.
        unknown_attempts: requests that may have been charged: ``unknown`` ones, and those that were sent and never
            ended, except one that is in flight.
        billed: how many of them were billed.
        http_status: of the answer.
        error: name of the error's class; None for a reply.
        code: of the envelope.
        planned_at, sent_at, ended_at: in seconds since 1970.
        this_run: sent since the journal was opened; False for what an earlier run left behind.
        content: the answer's body as received, if it was asked for and is still there.
    """

    key: str
    operation: str
    source: str
    state: State
    check_sum: str | None
    attempts: int
    unknown_attempts: int
    billed: int
    http_status: int | None
    error: str | None
    code: int | str | None
    planned_at: float | None
    sent_at: float | None
    ended_at: float | None
    this_run: bool
    content: bytes | None = field(default=None, repr=False)


@frozen
class Session:
    """One opening of a journal by a batch.

    Attributes:
        number: counted from 1.
        at: when, in seconds since 1970.
        folder: the working directory, from which relative names are; None if it is not known.
        operation: that the batch called; None if it is not known.
        parameters: of the batch, as far as they are part of a document's key; not those of single items.
    """

    number: int
    at: float
    folder: str | None
    operation: str | None
    parameters: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen
class SourceFile:
    """A name of a document, and the state of its files when it was claimed.

    Attributes:
        name: as it was given; several inputs in one line.
        sizes: of the files, in bytes; empty where the inputs were not files.
        modified_ns: of the files, in nanoseconds since 1970.
        session: in which the name was claimed; None where an older version of the library has recorded the name.
    """

    name: str
    sizes: tuple[int, ...] = ()
    modified_ns: tuple[int, ...] = ()
    session: Session | None = None


@frozen
class Output:
    """A file that a batch with this journal has made.

    Attributes:
        path: absolute.
        identity: of the file itself, see `identity_of`: another file under the same path has another one.
        size, modified_ns: when it was finished; None for a draft that is still being written.
    """

    path: str
    identity: str
    size: int | None = None
    modified_ns: int | None = None


def identity_of(status: os.stat_result) -> str:
    """Return device and number of a file."""
    return f"{status.st_dev}:{status.st_ino}"


def record_of(rows: Sequence[Row], session: int | None, content: bytes | None = None) -> Record:
    """Return a document from its rows of `COLUMNS`: one for each request, or one without a request.

    Args:
        rows: of the document.
        session: the number of the running writer's session; None if none runs.
        content: of the answer.
    """
    if len(rows) == 1:
        return _record_of_one(rows[0], session, content)
    rows = sorted(rows, key=lambda row: row[NUMBER])
    charges = [row[CHARGE] for row in rows]
    attempts, last = rows[-1][NUMBER], charges[-1]
    billed = charges.count("billed")
    in_flight = last is None and rows[-1][SESSION] == session
    unknown = charges.count("unknown") + charges.count(None) - in_flight
    state = _state(last, billed, unknown, rows[-1][ERROR])
    shown = rows[-1]
    if state == "billed" and last != "billed":
        shown = rows[-1 - charges[::-1].index("billed")]
    (
        _, key, operation, name, _, planned_at, _, own_session, check_sum, sent_at, ended_at, _, http_status, error,
        code,
    ) = shown  # fmt: skip
    return Record(
        key.hex(), operation, name, state, check_sum, attempts, unknown, billed, http_status, error, code,
        planned_at, sent_at, ended_at, own_session == session, content,
    )  # fmt: skip


def _record_of_one(row: Row, session: int | None, content: bytes | None) -> Record:
    """Return a document with at most one request, as nearly all are."""
    (
        _, key, operation, name, _, planned_at, number, own_session, check_sum, sent_at, ended_at, charge, http_status,
        error, code,
    ) = row  # fmt: skip
    if number is None:
        return Record(
            key.hex(), operation, name, "planned", check_sum, 0, 0, 0, http_status, error, code,
            planned_at, sent_at, ended_at, False, content,
        )  # fmt: skip
    this_run = own_session == session
    unknown = int(charge == "unknown" or (charge is None and not this_run))
    billed = int(charge == "billed")
    return Record(
        key.hex(), operation, name, _state(charge, billed, 0, error), check_sum, number, unknown, billed, http_status,
        error, code, planned_at, sent_at, ended_at, this_run, content,
    )  # fmt: skip


def _state(last: State | None, billed: int, unknown: int, error: str | None) -> State:
    """Return the state of a document with requests.

    Args:
        last: what the last request cost; None if its end is not recorded.
        billed: how many were billed.
        unknown: how many others may have been.
        error: of the last one.
    """
    if last is None:
        return "sent"
    if billed:
        return "billed"
    if last == "free" and unknown and error not in PERMANENT:
        return "unknown"
    return last
