"""A document that several journals have: what all of them together know of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from attrs import frozen

from .charges import Moment, Name, once
from .schema import CHARGE, ENDED_AT, NUMBER, OPENING, SENT_AT, Record, Row, State, to_record

MINE, OTHER = 1, 0
"""In the place of the number of an opening, which differs between journals: whether a running writer has sent it."""


@frozen(slots=False)
class Part:
    """What one journal has of a document.

    Attributes:
        journal: which one.
        rows: one for each request, in their order, or one without a request.
        names: under which it was met there.
    """

    journal: int
    rows: Sequence[Row]
    names: Sequence[Name]

    @classmethod
    def of(cls, journal: int, rows: Sequence[Row], names: Sequence[Name], opening: int | None) -> Part:
        """Make a part of rows as a journal has them, and the number of the running writer's opening."""
        mine = [MINE if opening is not None and row[OPENING] == opening else OTHER for row in rows]
        return cls(journal, [_with(row, OPENING, own) for row, own in zip(rows, mine, strict=True)], names)

    @property
    def document(self) -> int:
        """Its number in the journal."""
        number: int = self.rows[0][0]
        return number

    @cached_property
    def requests(self) -> list[tuple[Row, str]]:
        """Its requests, and what each cost: ``in_flight`` for one that the running writer waits for."""
        return [(row, self._cost(row)) for row in self.rows if row[NUMBER] is not None]

    def _cost(self, row: Row) -> str:
        if row[CHARGE] is None and row[OPENING] == MINE and row is self.rows[-1]:
            return "in_flight"
        return str(row[CHARGE] or "unknown")


@frozen(slots=False)
class Shared:
    """A document that several journals have."""

    parts: Sequence[Part]

    @property
    def names(self) -> set[Name]:
        """The different names under which it was met."""
        return {name for part in self.parts for name in part.names}

    @property
    def states(self) -> Counter[State]:
        """How many journals have it in which state."""
        return Counter(to_record(part.rows, MINE).state for part in self.parts)

    @property
    def costs(self) -> Counter[str]:
        """Its different requests by what they cost."""
        return Counter(cost for _, cost in self._requests)

    @property
    def costs_in_each(self) -> Counter[str]:
        """The same, with those that several journals have counted in each."""
        return Counter(cost for part in self.parts for _, cost in part.requests)

    @cached_property
    def record(self) -> Record:
        """What is known of it. A paid answer counts before anything that came later."""
        rows = sorted((row for row, _ in self._requests), key=lambda row: (row[CHARGE] == "billed", row[SENT_AT]))
        numbered = [_with(row, NUMBER, number) for number, row in enumerate(rows, 1)]
        return to_record(numbered or self.parts[0].rows, MINE)

    @property
    def holders(self) -> Iterator[Part]:
        """The journals that may have the answer that the record is about, the likeliest first."""
        yield from (part for part in self.parts if any(row[SENT_AT] == self.record.sent_at for row in part.rows))
        if self.record.state == "billed":
            yield from (part for part in self.parts if any(cost == "billed" for _, cost in part.requests))

    @cached_property
    def _requests(self) -> list[tuple[Row, str]]:
        found = ((part.journal, request) for part in self.parts for request in part.requests)
        return once(found, _moment)


def _moment(request: tuple[Row, str]) -> Moment:
    row, cost = request
    return row[SENT_AT], row[ENDED_AT], cost == "billed"


def _with(row: Row, place: int, value: object) -> Row:
    return (*row[:place], value, *row[place + 1 :])
