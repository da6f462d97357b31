"""The review queue: uncertain and missing values, warnings, failures, and a random sample."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, TypeAlias

from attrs import define, field, frozen

from .data import value_of
from .gathering import DocumentView
from .reads import Read
from .summary import Limits

KINDS = ("low", "missing", "warning", "failed", "held", "sample")
"""Reasons for a review, in the order of the queue."""

MOST = {"low": 1_500}
MOST_OTHERS = 250
"""Number of entries kept of each kind, the least certain first: people do not work through a longer queue."""


@frozen(order=True)
class Entry:
    """A thing to review. Entries are sorted by their attributes, in this order.

    Attributes:
        kind: index in `KINDS`.
        confidence: confidence of the value; 0 for the other kinds.
        document: number of the document.
        position: index of the value among the document's reads; -1 without a value.
        paper: index of the paper; -1 for the whole document.
        path: path of the value.
        note: remark for the user.
    """

    kind: int
    confidence: float
    document: int
    position: int = -1
    paper: int = -1
    path: str = ""
    note: str = ""


@define
class ReviewQueue:
    """The entries of all documents, in bounded memory.

    Args:
        limits: below which values are uncertain.
        sample: number of documents to draw at random.

    Attributes:
        counted: number of entries of each kind, including those not kept.
    """

    limits: Limits
    sample: int = 0
    counted: Counter[str] = field(factory=Counter, init=False)
    _kept: dict[str, list[tuple[tuple[float, ...], Entry]]] = field(factory=dict, init=False)
    _drawn: list[int] = field(factory=list, init=False)
    _seen: int = field(default=0, init=False)
    _chance: Random = field(factory=lambda: Random(0), init=False)  # noqa: S311 - reports are reproducible

    def add(self, number: int, document: DocumentView) -> None:
        """Add the entries of a document."""
        if document.status in ("failed", "held"):
            self._add(Entry(KINDS.index(document.status), 0.0, number, note=document.why or ""))
            return
        for position, read in enumerate(document.reads):
            if read.confidence is not None and self.limits.is_low(read):
                self._add(Entry(0, read.confidence, number, position, read.paper, read.path))
        for place, name in self.limits.missing(document):
            self._add(Entry(1, 0.0, number, paper=place, path=name))
        for place, paper in enumerate(document.papers):
            for name, _ in paper.warnings:
                self._add(Entry(2, 0.0, number, paper=place, note=name))
        self._draw(number)

    def _add(self, entry: Entry) -> None:
        kind = KINDS[entry.kind]
        self.counted[kind] += 1
        kept = self._kept.setdefault(kind, [])
        # Negated, because `heapq` drops the least, and the most certain entry is to be dropped.
        backwards = (-entry.confidence, float(-entry.document), float(-entry.position))
        if len(kept) < MOST.get(kind, MOST_OTHERS):
            heapq.heappush(kept, (backwards, entry))
        else:
            heapq.heappushpop(kept, (backwards, entry))

    def _draw(self, number: int) -> None:
        """Add a document to the sample, by reservoir sampling: each document has the same chance."""
        self._seen += 1
        if len(self._drawn) < self.sample:
            self._drawn.append(number)
            return
        place = self._chance.randrange(self._seen)
        if place < self.sample:
            self._drawn[place] = number

    def all_entries(self, kept: Sequence[Entry]) -> int:
        """Return the number of entries including those not kept; `kept` has the entries of the sample."""
        return self.counted.total() + sum(1 for entry in kept if KINDS[entry.kind] == "sample")

    def entries(self) -> list[Entry]:
        """Return the kept entries in the order of the review."""
        found = [entry for kept in self._kept.values() for _, entry in kept]
        found += [Entry(KINDS.index("sample"), 0.0, number) for number in self._drawn]
        return sorted(found)


Cut: TypeAlias = tuple[str | None, int, int]
"""Address, width and height of a cut-out; no address without a cut-out."""


def position_of(entry: Entry, reads: Sequence[Read]) -> int:
    """Return the index of the value that an entry shows; -1 without one.

    An entry about a whole paper or document shows the first value with a box.
    """
    if entry.position >= 0 or KINDS[entry.kind] == "missing":
        return entry.position if entry.position < len(reads) else -1  # the answer may have been purged
    boxed = (
        place
        for place, read in enumerate(reads)
        if read.box is not None and (entry.paper < 0 or read.paper == entry.paper)
    )
    return next(boxed, -1)


def entry_row(
    entry: Entry, reads: Sequence[Read], position: int, cut: Cut = (None, 0, 0), *, redact: bool = False
) -> list[Any]:
    """Return an entry as data of the page; `position` is the index of the value that it shows."""
    paper, path, value, confidence = entry.paper, entry.path, None, None
    if position >= 0 and KINDS[entry.kind] in ("low", "sample"):
        read = reads[position]
        path, confidence = read.path, read.confidence
        if paper < 0:
            paper = read.paper
        if not redact:
            value = shortened(read.value)
    return [entry.document, paper, path, value, confidence, KINDS[entry.kind], *cut, entry.note]


def shortened(value: object) -> str | None:
    """Return a value as text for the queue."""
    shown = value_of(value)
    return None if shown is None else f"{shown}"[:200]
