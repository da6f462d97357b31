"""The contents of a journal as values: documents, sessions, files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen, setters

State = Literal["planned", "sent", "billed", "free", "unknown"]
"""The state of a document: ``planned``, ``sent`` (perhaps), or the cost of its requests."""

PERMANENT = frozenset({"NoContentError", "InvalidImageError", "InvalidIdError", "FormatTypeError"})
"""Errors of the service that sending again cannot change."""

Row: TypeAlias = tuple[Any, ...]

COLUMNS = (
    "d.id, d.key, d.operation, d.name, d.reference, d.claimed_at, r.number,"
    " r.opening, r.check_sum, r.sent_at, r.ended_at, r.charge, r.http_status, r.error, r.code"
)
"""The columns of document `d` and its requests `r`, for `record_of`."""
KEY, NUMBER, SESSION, SENT_AT, ENDED_AT, CHARGE, ERROR = 1, 6, 7, 9, 10, 11, 13


@define(on_setattr=setters.frozen)  # frozen=True would make a million of them take seconds
class Record:
    """One document in a journal.

    After several requests, `check_sum`, `http_status`, `error`, `code`, `sent_at` and `ended_at` are those of the
    request in flight, else of the billed one, else of the last one.

    Attributes:
        key: of its content, operation and parameters: 64 hex digits.
        operation: such as ``ocr.card``.
        source: its first name, for people.
        state: ``planned``; ``sent``; ``billed`` if any request was; ``unknown`` if any may have been billed, unless the
            last one ended with an error of `PERMANENT`, as the others would have; else ``free``.
        check_sum: as sent.
        attempts: number of requests in all runs.
        unknown_attempts: requests that may have been charged: ``unknown`` ones, and those that were sent and never
            ended, except one that is in flight.
        billed: number of billed requests.
        http_status: of the answer.
        error: name of the error's class; None for a reply.
        code: of the envelope.
        planned_at, sent_at, ended_at: in seconds since 1970.
        this_run: whether the request was sent since the journal was opened.
        content: the body of the answer as received, if it was requested and was not purged.
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


def is_answered(record: Record) -> bool:
    """Return whether there was a reply whose charge is unknown because it had no code."""
    return record.state == "unknown" and record.error is None


@frozen
class Session:
    """One opening of a journal by a batch.

    Attributes:
        number: counted from 1.
        at: when, in seconds since 1970.
        folder: the working directory, to which relative names refer; None if unknown.
        operation: of the batch; None if unknown.
        parameters: of the batch that are part of a document's key; those of single items are not included.
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
        name: as given; several inputs are joined by commas.
        sizes: of the files, in bytes; empty if the inputs were not files.
        modified_ns: of the files, in nanoseconds since 1970.
        session: in which the name was claimed; None if an older version of the library recorded it.
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
        identity: of the file, see `identity_of`; differs if another file has the same path.
        size, modified_ns: of the finished file, in bytes and nanoseconds since 1970; None for a draft.
    """

    path: str
    identity: str
    size: int | None = None
    modified_ns: int | None = None


def identity_of(status: os.stat_result) -> str:
    """Return device and inode number of a file."""
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
        last: charge of the last request; None if its end is not recorded.
        billed: number of billed requests.
        unknown: number of others that may have been billed.
        error: of the last request.
    """
    if last is None:
        return "sent"
    if billed:
        return "billed"
    if last == "free" and unknown and error not in PERMANENT:
        return "unknown"
    return last
