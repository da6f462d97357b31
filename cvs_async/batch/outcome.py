"""What a batch reads and what becomes of it."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from attrs import define, field, frozen

from .._reply import Reply
from ..errors import CVSError

T = TypeVar("T")

Reason = Literal["quota", "in_doubt"]


@frozen
class Item:
    """One element of a source.

    Attributes:
        index: its place in the source, from 0.
        source: the element itself, as the source gave it; not in the repr.
    """

    index: int
    source: object = field(repr=False)


@frozen
class Done(Generic[T]):
    """The item was read, and paid for."""

    item: Item
    reply: Reply[T]


@frozen
class Failed:
    """An answer, or an input, that says no. It cost nothing, unless `error.charge` says otherwise."""

    item: Item
    error: CVSError


@frozen
class Held:
    """The item is open: try again later, or settle it with the vendor.

    Attributes:
        reason: ``quota``: the account is out of requests, nothing was charged. ``in_doubt``: the request left
            and its answer was lost or unreadable; whether it was charged is unknown.
        error: what the call ended with.
    """

    item: Item
    reason: Reason
    error: CVSError


Outcome: TypeAlias = Done[T] | Failed | Held


@define
class Stats:
    """A batch in numbers, up to date at any time.

    Attributes:
        total: how many items there are; None while the source cannot tell.
        done, failed, held: outcomes so far.
        billed, free, unknown: the same outcomes by what they cost.
        errors: how often each kind of error was met, by the name of its class.
        in_flight: calls being made now.
    """

    total: int | None = None
    done: int = 0
    failed: int = 0
    held: int = 0
    billed: int = 0
    free: int = 0
    unknown: int = 0
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
        """Items finished in a second, on average."""
        return self.finished / max(self.elapsed, 1e-9)

    @property
    def elapsed(self) -> float:
        """Seconds since the batch began, or from its beginning to its end."""
        if self._started is None:
            return 0.0
        return (self._ended or time.monotonic()) - self._started

    @property
    def eta(self) -> float | None:
        """Seconds until the end at this rate; None while it cannot be told."""
        if self.total is None or not self.finished:
            return None
        return max(self.total - self.finished, 0) / self.rate

    def start(self) -> None:
        """The batch begins."""
        self._started = time.monotonic()

    def end(self) -> None:
        """The batch is over: `rate` and `elapsed` stay as they are."""
        self._ended = time.monotonic()

    def count(self, outcome: Outcome[Any]) -> None:
        """Take an outcome into account."""
        if isinstance(outcome, Done):
            self.done += 1
            charge = outcome.reply.charge
        else:
            self.failed += isinstance(outcome, Failed)
            self.held += isinstance(outcome, Held)
            self.errors[type(outcome.error).__name__] += 1
            charge = outcome.error.charge
        self.billed += charge == "billed"
        self.free += charge == "free"
        self.unknown += charge == "unknown"
