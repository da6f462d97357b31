"""A document that several journals have, with the requests of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from attrs import frozen

from .charges import Moment, Name, once
from .records import CHARGE, ENDED_AT, NUMBER, SENT_AT, SESSION, Record, Row, State, is_answered, record_of

RUNNING, OTHER = 1, 0
"""Used in place of session numbers, which differ between journals: sent by a running writer, or not."""


@frozen(slots=False)
class Part:
    """The rows of a document in one journal.

    Attributes:
        journal: number of the journal.
        rows: one for each request, in order, or one without a request.
        names: of the document in that journal.
    """

    journal: int
    rows: Sequence[Row]
    names: Sequence[Name]

    @classmethod
    def of(cls, journal: int, rows: Sequence[Row], names: Sequence[Name], session: int | None) -> Part:
        """Make a part from the rows of a journal; `session` is that of its running writer, if there is one."""
        running = [session is not None and row[SESSION] == session for row in rows]
        return cls(journal, [_with(row, SESSION, int(own)) for row, own in zip(rows, running, strict=True)], names)

    @property
    def document(self) -> int:
        """Its number in the journal."""
        number: int = self.rows[0][0]
        return number

    @cached_property
    def requests(self) -> list[tuple[Row, str]]:
        """Its requests with their charges; ``in_flight`` for one whose answer a running writer awaits."""
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
        return Counter(record.state for record in self._records)

    @property
    def answered(self) -> int:
        """The number of journals in which it has a reply with an unknown charge."""
        return sum(map(is_answered, self._records))

    @property
    def costs(self) -> Counter[str]:
        """Its different requests by charge."""
        return Counter(cost for _, cost in self._requests)

    @property
    def costs_in_each(self) -> Counter[str]:
        """Requests of all journals by charge; a common request counts in each."""
        return Counter(cost for part in self.parts for _, cost in part.requests)

    @cached_property
    def record(self) -> Record:
        """The document with the requests of all journals. A billed answer takes precedence over later ones."""
        rows = sorted((row for row, _ in self._requests), key=lambda row: (row[CHARGE] == "billed", row[SENT_AT]))
        numbered = [_with(row, NUMBER, number) for number, row in enumerate(rows, 1)]
        return record_of(numbered or self.parts[0].rows, RUNNING)

    @property
    def holders(self) -> Iterator[Part]:
        """The journals that may have the answer, the likeliest first."""
        yield from (part for part in self.parts if any(row[SENT_AT] == self.record.sent_at for row in part.rows))
        if self.record.state == "billed":
            yield from (part for part in self.parts if any(cost == "billed" for _, cost in part.requests))

    @cached_property
    def _records(self) -> list[Record]:
        return [record_of(part.rows, RUNNING) for part in self.parts]

    @cached_property
    def _requests(self) -> list[tuple[Row, str]]:
        found = ((part.journal, request) for part in self.parts for request in part.requests)
        return once(found, _moment)


def _moment(request: tuple[Row, str]) -> Moment:
    row, cost = request
    return row[SENT_AT], row[ENDED_AT], cost == "billed"


def _with(row: Row, place: int, value: object) -> Row:
    return (*row[:place], value, *row[place + 1 :])
