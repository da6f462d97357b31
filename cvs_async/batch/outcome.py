"""Items of a batch, their outcomes, and figures of both."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from attrs import define, field, frozen

from .._codec.converter import unstructure
from .._codec.inputs import describe
from .._codec.reply import Reply, reply_head
from ..errors import APIError, CVSError
from ..models.dictionaries import DictConvertible, Serializable

T = TypeVar("T")

Reason = Literal["quota", "in_doubt", "ceiling", "stop"]


@frozen
class Item:
    """One element of a source.

    Attributes:
        index: position in the source, from 0.
        source: the element of the source. Not in the repr.
        key: hash of content, operation and parameters, 64 hex digits; None if the item was not read.
        reference: the user's id, from a manifest.
    """

    index: int
    source: object = field(repr=False)
    key: str | None = field(default=None, kw_only=True)
    reference: str | None = field(default=None, kw_only=True)


class Recorded(Serializable):
    """Base of outcomes: `to_dict` is a line of a JSON Lines file.

    ``source`` is a file's path, or a URL without its query.
    """

    __slots__ = ()

    item: Item

    def _unstructured(self, *, compact: bool) -> dict[str, Any]:
        return head_of(self)


@frozen
class Requests:
    """The requests that were made for an item, in this run or an earlier one.

    Attributes:
        sent_at: when the answered request, or the last one, was sent, in seconds since 1970; without a journal, when
            its call began.
        ended_at: when it was answered or given up; None while it is in flight.
        billed: number of all requests that were billed.
    """

    sent_at: float | None
    ended_at: float | None
    billed: int


@frozen
class Done(Recorded, Generic[T]):
    """The item was read. It was billed, unless `reply.charge` is ``unknown``.

    Attributes:
        replayed: an earlier run paid for the answer, which comes from the journal.
        deduplicated: another item with the same key paid for the answer.
        purged: the answer was dropped from the journal, so that the reply has no data. Only exports have such outcomes;
            in results files their status is ``purged``.
        requests: when it was sent, and how often it was billed; None if unknown.
    """

    item: Item
    reply: Reply[T]
    replayed: bool = field(default=False, kw_only=True)
    deduplicated: bool = field(default=False, kw_only=True)
    purged: bool = field(default=False, kw_only=True)
    requests: Requests | None = field(default=None, kw_only=True, eq=False, repr=False)

    def _unstructured(self, *, compact: bool) -> dict[str, Any]:
        if self.purged:
            return head_of(self)
        return head_of(self) | {"data": unstructure(self.reply.data, compact=compact)}


@frozen
class Failed(Recorded):
    """The service refused the item, or it cannot be sent. It was free, unless `error.charge` differs.

    Attributes:
        replayed, deduplicated, requests: see `Done`.
    """

    item: Item
    error: CVSError
    replayed: bool = field(default=False, kw_only=True)
    deduplicated: bool = field(default=False, kw_only=True)
    requests: Requests | None = field(default=None, kw_only=True, eq=False, repr=False)


@frozen
class Held(Recorded):
    """The item has no result yet: try again later or, if it is in doubt, ask the vendor.

    Attributes:
        reason: ``quota``: the account is out of requests; free. ``in_doubt``: the request was sent and its answer was
            lost or unreadable, now or in an earlier run; its charge is unknown. ``ceiling``: `max_billed` is reached.
            ``stop``: too many calls failed in a row, the journal cannot be written, or the client cannot send
            anything, for example because it is closed.
        error: why the item is held.
        requests: see `Done`; None if no request was made.
    """

    item: Item
    reason: Reason
    error: CVSError
    requests: Requests | None = field(default=None, kw_only=True, eq=False, repr=False)


def name_of(source: object) -> str:
    """Return the name of an item in all outputs: its path, or its URL without the query; several inputs are joined."""
    if isinstance(source, tuple):
        return ", ".join(name_of(part) for part in source)
    return printable_name(describe(source))


def printable_name(name: str) -> str:
    """Return a file name that can be written as UTF-8: other bytes are escaped. Different names stay different."""
    if name.isascii():
        return name
    return name.encode("utf-8", "backslashreplace").decode()


Outcome: TypeAlias = Done[T] | Failed | Held

Cost = Literal["billed", "free", "unknown", "not sent"]
"""The cost of an item: its `Charge`, or ``not sent`` if no request was made."""


def cost_of(outcome: Outcome[Any]) -> Cost:
    """Return the charge of an outcome, or ``not sent`` if no request was made for it.

    Items beyond `max_billed`, items held by a closed gate or a stopped batch, and unusable inputs are not sent. Their
    `error.charge` is ``free``, and their `attempts` 0. A request that was refused or could not be delivered is
    ``free``.
    """
    if isinstance(outcome, Done):
        return outcome.reply.charge
    if outcome.error.charge == "free" and not outcome.error.attempts:
        return "not sent"
    return outcome.error.charge


def head_of(outcome: Recorded) -> dict[str, Any]:
    """Return the dictionary of an outcome, without the data of a reply."""
    item, source = outcome.item, outcome.item.source
    record: dict[str, Any] = {
        "index": item.index,
        "source": [name_of(part) for part in source] if isinstance(source, tuple) else name_of(source),
        "key": item.key,
        "status": type(outcome).__name__.lower(),
    }
    if item.reference is not None:
        record["id"] = item.reference
    match outcome:
        case Done():
            record |= _how(outcome) | reply_head(outcome.reply)
            if outcome.purged:
                record["status"] = "purged"
        case Failed():
            record |= _how(outcome) | _error_record(outcome.error)
        case Held():
            record |= {"reason": outcome.reason} | _error_record(outcome.error)
    return record


def outcome_to_dict(outcome: Outcome[Any], *, data: bool = True) -> dict[str, Any]:
    """Return `outcome.to_dict()`: one line of a results file.

    Args:
        outcome: of an item.
        data: include the data of the reply.
    """
    if not data:
        return head_of(outcome)
    return outcome.to_dict()


def _how(outcome: Done[Any] | Failed) -> dict[str, Any]:
    return {how: True for how in ("replayed", "deduplicated") if getattr(outcome, how)}


def _error_record(error: CVSError) -> dict[str, Any]:
    record: dict[str, Any] = {
        "operation": error.operation,
        "charge": error.charge,
        "attempts": error.attempts,
        "error": {"kind": type(error).__name__, "text": printable_name(str(error))},
    }
    if isinstance(error, APIError):
        record["error"] |= {"code": error.code, "message": error.message}
    elif error.message is not None:
        record["error"]["message"] = error.message
    if isinstance(error.raw, bytes):
        record["raw"] = error.raw.decode("utf-8", "replace")
    elif error.raw is not None:
        record["raw"] = error.raw
    return record


@define
class Stats(DictConvertible):
    """Figures of a batch, always up to date.

    Attributes:
        total: number of items; None if unknown.
        done, failed, held: outcomes so far.
        billed, free, unknown, not_sent: outcomes by their cost in this run, see `cost_of`, without replayed and
            deduplicated ones. These count items; `AsyncCVS.stats` counts requests.
        replayed, deduplicated: outcomes without a request, because the journal or another item had the answer.
        skipped: items without an outcome, because of `replay=False` or `in_doubt="skip"`.
        errors: number of errors by the name of their class.
        in_flight: calls in flight.
    """

    total: int | None = None
    done: int = 0
    failed: int = 0
    held: int = 0
    billed: int = 0
    free: int = 0
    unknown: int = 0
    not_sent: int = 0
    replayed: int = 0
    deduplicated: int = 0
    skipped: int = 0
    errors: Counter[str] = field(factory=Counter)
    in_flight: int = 0
    _started: float | None = field(default=None, repr=False)
    _ended: float | None = field(default=None, repr=False)

    @property
    def finished(self) -> int:
        """Items with an outcome."""
        return self.done + self.failed + self.held

    @property
    def rate(self) -> float:
        """Finished items per second, on average."""
        return self.finished / max(self.elapsed, 1e-9)

    @property
    def elapsed(self) -> float:
        """Seconds since the batch began, or from its beginning to its end."""
        if self._started is None:
            return 0.0
        return (self._ended or time.monotonic()) - self._started

    @property
    def eta(self) -> float | None:
        """Estimated seconds until the end; None if `total` is unknown or no item is finished."""
        if self.total is None or not self.finished:
            return None
        return max(self.total - self.finished - self.skipped, 0) / self.rate

    def start(self) -> None:
        """Start the clock of the batch."""
        self._started = time.monotonic()

    def end(self) -> None:
        """Stop the clock: `rate` and `elapsed` no longer change."""
        self._ended = time.monotonic()

    def figures(self) -> dict[str, Any]:
        """Return plain JSON values, for readers in other processes."""
        outcomes, costs = ("done", "failed", "held"), ("billed", "free", "unknown", "not_sent")
        names = ("total", *outcomes, *costs, "replayed", "deduplicated", "skipped", "in_flight")
        figures: dict[str, Any] = {name: getattr(self, name) for name in names}
        return figures | {"rate": round(self.rate, 2), "eta": self.eta, "elapsed": round(self.elapsed, 1)}

    def count(self, outcome: Outcome[Any]) -> None:
        """Count an outcome."""
        if isinstance(outcome, Done):
            self.done += 1
        else:
            self.failed += isinstance(outcome, Failed)
            self.held += isinstance(outcome, Held)
            self.errors[type(outcome.error).__name__] += 1
        if not isinstance(outcome, Held) and (outcome.replayed or outcome.deduplicated):
            self.replayed += outcome.replayed
            self.deduplicated += outcome.deduplicated
            return
        cost = cost_of(outcome)
        self.billed += cost == "billed"
        self.free += cost == "free"
        self.unknown += cost == "unknown"
        self.not_sent += cost == "not sent"
