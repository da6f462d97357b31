"""A document that several journals have, and what they know of it together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from attrs import frozen

from .charges import Moment, Name, once
from .records import CHARGE, ENDED_AT, NUMBER, SENT_AT, SESSION, Record, Row, State, record_of

RUNNING, OTHER = 1, 0
"""Replace the session number, which differs between journals: whether a running writer has sent the request."""


@frozen(slots=False)
class Part:
    """The part of a document's records that is in one journal.

    Attributes:
        journal: which one.
        rows: one for each request, in their order, or one without a request.
        names: of it in that journal.
    """

    journal: int
    rows: Sequence[Row]
    names: Sequence[Name]

    @classmethod
    def of(cls, journal: int, rows: Sequence[Row], names: Sequence[Name], session: int | None) -> Part:
        """Make a part of the rows of a journal, and the number of the running writer's session."""
        sessions = [RUNNING if session is not None and row[SESSION] == session else OTHER for row in rows]
        return cls(journal, [_with(row, SESSION, own) for row, own in zip(rows, sessions, strict=True)], names)

    @property
    def document(self) -> int:
        """Its number in the journal."""
        number: int = self.rows[0][0]
        return number

    @cached_property
    def requests(self) -> list[tuple[Row, str]]:
        """Its requests, and what each cost: ``in_flight`` for one that a running writer waits for."""
        return [(row, self._cost(row)) for row in self.rows if row[NUMBER] is not None]

    def _cost(self, row: Row) -> str:
        if row[CHARGE] is None and row[SESSION] == RUNNING and row is self.rows[-1]:
            return "in_flight"
        return str(row[CHARGE] or "unknown")


@frozen(slots=False)
class Shared:
    """A document that several journals have."""

    parts: Sequence[Part]

    @property
    def names(self) -> set[Name]:
        """Its different names."""
        return {name for part in self.parts for name in part.names}

    @property
    def states(self) -> Counter[State]:
        """The number of journals that have it in each state."""
        return Counter(record_of(part.rows, RUNNING).state for part in self.parts)

    @property
    def costs(self) -> Counter[str]:
        """Its different requests by what they cost."""
        return Counter(cost for _, cost in self._requests)

    @property
    def costs_in_each(self) -> Counter[str]:
        """The same, but a request that several journals have counts in each."""
        return Counter(cost for part in self.parts for _, cost in part.requests)

    @cached_property
    def record(self) -> Record:
        """Everything known of it. A paid answer takes precedence over anything later."""
        rows = sorted((row for row, _ in self._requests), key=lambda row: (row[CHARGE] == "billed", row[SENT_AT]))
        numbered = [_with(row, NUMBER, number) for number, row in enumerate(rows, 1)]
        return record_of(numbered or self.parts[0].rows, RUNNING)

    @property
    def holders(self) -> Iterator[Part]:
        """The journals that may have the answer of the record, the likeliest first."""
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
