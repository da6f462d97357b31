"""The items of a batch, their outcomes, and the figures of both."""

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
        index: its place in the source, from 0.
        source: the element itself, as the source gave it; not in the repr.
        key: a hash of content, operation and parameters, 64 hex digits; None if the item cannot be read, or the batch
            was stopped before it was.
        reference: the user's own id of it, from a manifest.
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
        sent_at: when the one that was answered left, else the last one, in seconds since 1970; without a journal, when
            its call began.
        ended_at: when it was answered or given up; None while it is in flight.
        billed: how many of all of them were charged.
    """

    sent_at: float | None
    ended_at: float | None
    billed: int


@frozen
class Done(Recorded, Generic[T]):
    """The item was read, and paid for; or perhaps, where `reply.charge` is ``unknown``.

    Attributes:
        replayed: an earlier run has paid for it; this is its answer from the journal.
        deduplicated: another item with the same key has paid for it.
        purged: its answer was since dropped from the journal, so that the reply has no data. Only an export has such
            outcomes; in results files their status is ``purged``.
        requests: when it was sent, and how often it was charged; None if that is not known.
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
    """The service refused the item, or it cannot be sent. It cost nothing, unless `error.charge` says otherwise.

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
    """The item is open: try again later, or settle it with the vendor.

    Attributes:
        reason: ``quota``: the account is out of requests, nothing was charged. ``in_doubt``: the request left
            and its answer was lost or unreadable, now or in an earlier run; whether it was charged is unknown.
            ``ceiling``: `max_billed` is reached. ``stop``: too many calls failed in a row, the journal cannot be
            written, or the set-up is to blame, such as a closed client.
        error: that the call ended with.
        requests: see `Done`; None if no request was made.
    """

    item: Item
    reason: Reason
    error: CVSError
    requests: Requests | None = field(default=None, kw_only=True, eq=False, repr=False)


def name_of(source: object) -> str:
    """Return an item's name in all outputs: its path, or its URL without the query; several inputs in one line."""
    if isinstance(source, tuple):
        return ", ".join(name_of(part) for part in source)
    return printable_name(describe(source))


def printable_name(name: str) -> str:
    """Return text that can be written anywhere: bytes of a file name outside UTF-8 are escaped, as in the journal.

    Different names stay different.
    """
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()


Outcome: TypeAlias = Done[T] | Failed | Held

Cost = Literal["billed", "free", "unknown", "not sent"]
"""The cost of an item: its `Charge`, or ``not sent`` if no request was made."""


def cost_of(outcome: Outcome[Any]) -> Cost:
    """Return the charge of an outcome, or ``not sent`` if no request was made for it.

    Not sent are items beyond `max_billed`, items held by a closed gate or a stopped batch, and inputs that cannot be
    used. They cost nothing, and their `error.charge` is ``free`` with 0 `attempts`. A request that was refused, or
    that could not be delivered, is ``free``.
    """
    if isinstance(outcome, Done):
        return outcome.reply.charge
    if outcome.error.charge == "free" and not outcome.error.attempts:
        return "not sent"
    return outcome.error.charge


def head_of(outcome: Recorded) -> dict[str, Any]:
    """Return `to_dict` of an outcome without the reply's data; of an error, all of it."""
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
        data: include what was read.
    """
    return outcome.to_dict() if data else head_of(outcome)


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
    if error.raw is not None:
        raw = error.raw
        record["raw"] = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return record


@define
class Stats(DictConvertible):
    """A batch in numbers, up to date at any time.

    Attributes:
        total: how many items there are; None if that is not known.
        done, failed, held: outcomes so far.
        billed, free, unknown, not_sent: the same outcomes by what they cost in this run, see `cost_of`, without those
            that are `replayed` or `deduplicated`. They count items; `AsyncCVS.stats` counts requests.
        replayed, deduplicated: outcomes without a request, because the journal, or another item, had them.
        skipped: items without an outcome, because the journal has it and `replay` is off.
        errors: how often each error occurred, by the name of its class.
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
        """Seconds until the end at this rate; None if that cannot be estimated."""
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
