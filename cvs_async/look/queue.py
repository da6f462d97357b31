"""The review queue: values that are uncertain or missing, warnings, failures, and a sample."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from random import Random

from attrs import define, field, frozen

from .gathering import DocumentView
from .summary import Limits

KINDS = ("low", "missing", "warning", "failed", "held", "sample")
"""Reasons for a review, in the order of the queue."""

MOST = {"low": 1_500}
MOST_OTHERS = 250
"""Entries of each kind that are kept: the least certain ones. A longer queue would not be worked off."""


@frozen(order=True)
class Entry:
    """One thing to look at.

    Attributes:
        kind: position in `KINDS`.
        confidence: what sorts the entries of a kind.
        document: its number.
        position: of the value among the document's reads; -1 where it is about no single value.
        paper: position of the paper; -1 likewise.
        path: of the value.
        note: words about it, for people.
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
    """The entries of all documents, within bounds.

    Args:
        limits: of what is uncertain.
        sample: how many documents are drawn at random.

    Attributes:
        counted: all entries, by kind, also those that are not kept.
    """

    limits: Limits
    sample: int = 0
    counted: Counter[str] = field(factory=Counter, init=False)
    _kept: dict[str, list[tuple[tuple[float, ...], Entry]]] = field(factory=dict, init=False)
    _drawn: list[int] = field(factory=list, init=False)
    _seen: int = field(default=0, init=False)
    _chance: Random = field(factory=lambda: Random(0), init=False)  # noqa: S311 - the same input makes the same report

    def add(self, number: int, document: DocumentView) -> None:
        """Take a document into account."""
        if document.status in ("failed", "held"):
            self._add(Entry(KINDS.index(document.status), 0.0, number, note=document.why or ""))
            return
        for position, read in enumerate(document.reads):
            if read.confidence is not None and self.limits.is_low(read):
                self._add(Entry(0, read.confidence, number, position, read.paper, read.path))
        if document.status == "done":
            for place, name in self.limits.missing(document.papers):
                self._add(Entry(1, 0.0, number, paper=place, path=name))
        for place, paper in enumerate(document.papers):
            for name, _ in paper.warnings:
                self._add(Entry(2, 0.0, number, paper=place, note=name))
        self._draw(number)

    def _add(self, entry: Entry) -> None:
        kind = KINDS[entry.kind]
        self.counted[kind] += 1
        kept = self._kept.setdefault(kind, [])
        # The greatest is on top of the heap, as Python has heaps of the least only.
        backwards = (-entry.confidence, float(-entry.document), float(-entry.position))
        if len(kept) < MOST.get(kind, MOST_OTHERS):
            heapq.heappush(kept, (backwards, entry))
        else:
            heapq.heappushpop(kept, (backwards, entry))

    def _draw(self, number: int) -> None:
        """Reservoir sampling: every document has the same chance, and only the sample is kept."""
        self._seen += 1
        if len(self._drawn) < self.sample:
            self._drawn.append(number)
            return
        place = self._chance.randrange(self._seen)
        if place < self.sample:
            self._drawn[place] = number

    def all_entries(self, kept: Sequence[Entry]) -> int:
        """Return how many entries there are in all, with those of the sample, of which `kept` are shown."""
        return self.counted.total() + sum(1 for entry in kept if KINDS[entry.kind] == "sample")

    def entries(self) -> list[Entry]:
        """Return what is kept, in the order in which it should be looked at."""
        found = [entry for kept in self._kept.values() for _, entry in kept]
        found += [Entry(KINDS.index("sample"), 0.0, number) for number in self._drawn]
        return sorted(found)
