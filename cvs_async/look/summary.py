"""The figures of a report, added up document by document in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache

from attrs import define, field, frozen

from ..models.catalogue import fields_of
from ..models.fields import PAPERS
from .gathering import DocumentView, PaperView
from .reads import Read

FINE = 200
"""Number of bins for confidences from 0 to 1, for medians."""

SHOWN = 25
"""Number of bins in charts, for confidences from 0.5 to 1; the first one includes lower confidences."""

MOST_MOMENTS = 600
"""Maximum number of time steps; when there are more, steps get twice as long."""

MOST_NAMED = 20
"""Maximum number of documents named for each error."""

MOST_FIELDS = 2_000
"""Maximum number of columns counted: answers with arbitrary names must not fill the memory."""


@frozen
class Limits:
    """The limits below which values are reviewed.

    Attributes:
        low: limit of the confidence, 0 to 1.
        lows: limits of single columns, such as ``info.id``; ``info.`` may be omitted.
        required: columns that must not be empty.
    """

    low: float = 0.85
    lows: Mapping[str, float] = field(factory=dict)
    required: Collection[str] = ()

    def of(self, column: str) -> float:
        """Return the limit of a column."""
        if not self.lows:
            return self.low
        return self.lows.get(column, self.lows.get(column.removeprefix("info."), self.low))

    def is_low(self, read: Read) -> bool:
        """Return whether a value is below its limit."""
        return read.confidence is not None and read.confidence < self.of(read.column)

    def missing(self, document: DocumentView) -> list[tuple[int, str]]:
        """Return the required columns without a value, each with the index of its paper.

        1. A column is missing in a paper if the paper has it, in its values or its documented fields, and all values
           are empty.
        2. If no paper has the column, it is missing in the whole document: the index is -1.
        3. Documents that are not done miss no column.
        """
        found: list[tuple[int, str]] = []
        if document.status != "done":
            return found
        for name in self.required:
            values = {place: _values(paper, _short(name)) for place, paper in enumerate(document.papers)}
            having = [place for place, of_paper in values.items() if of_paper is not None]
            found += [(place, name) for place in having if all(value in (None, "") for value in values[place] or ())]
            if not having:
                found.append((-1, name))
        return found


def _values(paper: PaperView, column: str) -> list[object] | None:
    """Return the values of a column; None if the paper does not have the column."""
    values = [read.value for read in paper.reads if _short(read.column) == column]
    return values if values or column in _columns(paper.type) else None


@cache
def _columns(kind: str | None) -> frozenset[str]:
    """Return the documented columns of a kind of paper."""
    if kind not in PAPERS:
        return frozenset()
    return frozenset(_short(one.path) for one in fields_of(PAPERS[kind]))


def _short(column: str) -> str:
    return column.removeprefix("info.")


@define
class Bins:
    """Histogram of confidences."""

    count: int = 0
    least: float | None = None
    below: int = 0
    fine: list[int] = field(factory=lambda: [0] * FINE)

    def add(self, confidence: float, *, is_low: bool) -> None:
        """Count a confidence."""
        self.count += 1
        self.below += is_low
        if self.least is None or confidence < self.least:
            self.least = confidence
        self.fine[min(max(int(confidence * FINE), 0), FINE - 1)] += 1

    @property
    def median(self) -> float | None:
        """Return the median confidence, exact to half a percent; None without confidences."""
        seen = 0
        for place, number in enumerate(self.fine):
            seen += number
            if number and 2 * seen >= self.count:
                return (place + 0.5) / FINE
        return None

    @property
    def shown(self) -> list[int]:
        """Return the bins of a chart, from 0.5 to 1."""
        width = FINE // 2 // SHOWN
        upper = [sum(self.fine[begin : begin + width]) for begin in range(FINE // 2, FINE, width)]
        upper[0] += sum(self.fine[: FINE // 2])
        return upper


@define
class FieldFigures:
    """Counts of one column of one kind of paper."""

    read: int = 0
    empty: int = 0
    bins: Bins = field(factory=Bins)


@define
class ErrorFigures:
    """Count of one kind of error, and the numbers of its first documents."""

    count: int = 0
    named: list[int] = field(factory=list)


@define
class Summary:
    """All figures of a report.

    Attributes:
        limits: below which values are reviewed.
        documents, requests, billed: total numbers of documents, requests and billed requests.
        warnings: number of documents with warnings.
        status, charge, reasons: number of documents by status, charge, and reason of being held.
        billed_by: number of billed requests by operation.
        operations: operations of the documents, in the order of their first document.
        confidence: histogram of all confidences.
        fields: counts by type of paper and column.
        errors: counts by kind, code and charge.
        moments: number of answers by time step and charge.
        step: length of a time step, in seconds.
    """

    limits: Limits
    documents: int = 0
    requests: int = 0
    billed: int = 0
    warnings: int = 0
    status: Counter[str] = field(factory=Counter)
    charge: Counter[str] = field(factory=Counter)
    reasons: Counter[str] = field(factory=Counter)
    billed_by: Counter[str] = field(factory=Counter)
    operations: dict[str, None] = field(factory=dict)
    confidence: Bins = field(factory=Bins)
    fields: dict[tuple[str, str], FieldFigures] = field(factory=dict)
    errors: dict[tuple[str, str, str], ErrorFigures] = field(factory=dict)
    moments: dict[int, Counter[str]] = field(factory=dict)
    step: float = 1.0

    def add(self, number: int, document: DocumentView) -> None:
        """Count a document."""
        self.documents += 1
        self.requests += document.requests
        self.billed += document.billed
        self.billed_by[document.operation] += document.billed
        self.status[document.status] += 1
        self.charge[document.charge] += 1
        self.operations[document.operation] = None
        self.warnings += any(paper.warnings for paper in document.papers)
        if document.status == "held" and document.why:
            self.reasons[document.why] += 1
        if document.why is not None:
            self._add_error(number, document)
        if document.answered_at is not None:
            self._add_moment(document.answered_at, document.charge)
        for read in document.reads:
            self._add_read(read)

    def _add_error(self, number: int, document: DocumentView) -> None:
        code = ""
        if document.code is not None:
            code = str(document.code)[:20]
        error = self.errors.setdefault((document.why or "", code, document.charge), ErrorFigures())
        error.count += 1
        if len(error.named) < MOST_NAMED:
            error.named.append(number)

    def _add_moment(self, at: float, charge: str) -> None:
        self.moments.setdefault(int(at / self.step), Counter())[charge] += 1
        while len(self.moments) > MOST_MOMENTS:
            self.step *= 2
            halved: dict[int, Counter[str]] = {}
            for place, counts in self.moments.items():
                halved.setdefault(place // 2, Counter()).update(counts)
            self.moments = halved

    def _add_read(self, read: Read) -> None:
        place = (read.type or "", read.column)
        figures = self.fields.get(place)
        if figures is None:
            if len(self.fields) >= MOST_FIELDS:
                return
            figures = self.fields[place] = FieldFigures()
        if read.value in (None, ""):
            figures.empty += 1
        else:
            figures.read += 1
        if read.confidence is not None:
            is_low = self.limits.is_low(read)
            figures.bins.add(read.confidence, is_low=is_low)
            self.confidence.add(read.confidence, is_low=is_low)

    @property
    def rate(self) -> float | None:
        """Return the answers a second between the first and the last; None if their times are unknown."""
        if len(self.moments) < 2:
            return None
        span = (max(self.moments) - min(self.moments) + 1) * self.step
        return sum(counts.total() for counts in self.moments.values()) / span
