"""Comparison of our requests with the vendor's list, joined by check_sum in a temporary private database."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import attrs
from attrs import define, field

from ..batch.journal import Charges
from ._vendor import DAMAGED, normal, read_vendor

Match: TypeAlias = Literal["both", "different", "ours only", "theirs only", "free"]
MATCHES: tuple[Match, ...] = get_args(Match)

MEANINGS: dict[Match, str] = {
    "both": "billed as often on both sides",
    "different": "billed more often on one side, or unknown to us",
    "ours only": "billed or unknown, not in their file",
    "theirs only": "in their file only",
    "free": "free, and not in their file",
}

_SCHEMA = """
CREATE TABLE ours (check_sum TEXT, charges TEXT);
CREATE TABLE theirs (check_sum TEXT, billed INTEGER, free INTEGER);
CREATE TABLE elsewhen (check_sum TEXT);
"""

_ELSEWHEN = """
SELECT count(*) FROM (
    SELECT check_sum FROM theirs INTERSECT SELECT check_sum FROM elsewhen EXCEPT SELECT check_sum FROM ours
)
"""


@define
class Pair:
    """All requests with one check_sum.

    Attributes:
        check_sum: normalised check_sum; "" for requests without one, which are never joined.
        ours: our `Charges` as dictionaries; usually one, of one document and day.
        lines: number of lines in the vendor's list.
        their_billed, their_free: number of requests in these lines.
    """

    check_sum: str
    ours: list[dict[str, Any]] = field(factory=list, repr=False)
    lines: int = 0
    their_billed: int = 0
    their_free: int = 0

    @property
    def billed(self) -> int:
        """Return the number of requests recorded as billed."""
        return sum(one["billed"] for one in self.ours)

    @property
    def unknown(self) -> int:
        """Return the number of requests whose charge is unknown."""
        return sum(one["unknown"] for one in self.ours)

    @property
    def free(self) -> int:
        """Return the number of requests recorded as free."""
        return sum(sum(one["free"].values()) for one in self.ours)

    @property
    def match(self) -> Match:
        """Return how the two sides compare."""
        if not self.ours:
            return "theirs only"
        if self.lines:
            is_same = self.billed == self.their_billed and not self.unknown
            return "both" if is_same else "different"
        if self.billed or self.unknown:
            return "ours only"
        return "free"


@define
class Sums:
    """Totals over the pairs of one match."""

    check_sums: int = 0
    billed: int = 0
    unknown: int = 0
    their_billed: int = 0

    def add(self, pair: Pair) -> None:
        """Add a pair to the totals."""
        self.check_sums += 1
        self.billed += pair.billed
        self.unknown += pair.unknown
        self.their_billed += pair.their_billed


@define
class Comparison:
    """Result of a comparison.

    Attributes:
        sums: totals by match.
        nameless: number of the vendor's lines without a check_sum.
        damaged: number of the vendor's check_sums that a spreadsheet converted to numbers.
        settled: number of requests with an unknown charge that the vendor has billed.
        elsewhen: number of check_sums that are ``theirs only`` because our requests are outside the period.
    """

    sums: defaultdict[Match, Sums] = field(factory=lambda: defaultdict(Sums))
    nameless: int = 0
    damaged: int = 0
    settled: int = 0
    elsewhen: int = 0

    def add(self, pair: Pair) -> None:
        """Add a pair to the result."""
        self.sums[pair.match].add(pair)
        self.damaged += pair.match == "theirs only" and DAMAGED.fullmatch(pair.check_sum) is not None
        self.settled += min(pair.unknown, max(pair.their_billed - pair.billed, 0))

    @property
    def remarks(self) -> list[str]:
        """Return remarks to print beside the numbers."""
        sentences = []
        if unknown := self.sums["different"].unknown:
            sentences.append(
                f"Unknown requests that are in the vendor's file: {unknown:,}; billed of them: {self.settled:,}."
            )
        if left := self.sums["ours only"].unknown:
            sentences.append(f"Unknown requests that are not in the vendor's file: {left:,}.")
        if self.elsewhen:
            sentences.append(
                f"check_sums that are theirs only, but that these journals have on other days: {self.elsewhen:,}."
            )
        if self.nameless:
            sentences.append(f"Lines of the vendor's file without a check_sum, which are ignored: {self.nameless:,}.")
        if self.damaged:
            sentences.append(
                "check_sums of the vendor's file that a spreadsheet converted to numbers such as 1.2E+15:"
                f" {self.damaged:,}. Export that column as text."
            )
        return sentences


class Joined:
    """Comparison of our charges with the vendor's list, in constant memory.

    Raises:
        InvalidInputError: from `read`, as from `read_vendor`.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.comparison = Comparison()

    def read(self, path: Path) -> None:
        """Read the vendor's list."""
        for line in read_vendor(path):
            if not line.check_sum:
                self.comparison.nameless += 1
                continue
            row = (line.check_sum, line.billed, line.free)
            self._database.execute("INSERT INTO theirs VALUES (?, ?, ?)", row)

    def add(self, charges: Charges) -> None:
        """Add charges of one of our documents."""
        row = (normal(charges.check_sum), json.dumps(attrs.asdict(charges)))
        self._database.execute("INSERT INTO ours VALUES (?, ?)", row)

    def add_elsewhen(self, charges: Charges) -> None:
        """Add charges of a document outside the period."""
        self._database.execute("INSERT INTO elsewhen VALUES (?)", (normal(charges.check_sum),))

    def pairs(self) -> Iterator[Pair]:
        """Yield a pair for each check_sum of either side, sorted."""
        ours = self._database.execute("SELECT check_sum, charges, 0, 0 FROM ours ORDER BY 1")
        theirs = self._database.execute("SELECT check_sum, NULL, billed, free FROM theirs ORDER BY 1")
        self.comparison.elsewhen = self._database.execute(_ELSEWHEN).fetchone()[0]
        rows = merge(ours, theirs, key=lambda row: row[0])
        for check_sum, same in groupby(rows, key=lambda row: row[0]):
            for pair in _joined(check_sum, same):
                self.comparison.add(pair)
                yield pair


def _joined(check_sum: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[Pair]:
    """Group rows with the same check_sum into one pair; rows without one stay separate."""
    pair = Pair(check_sum)
    for _, charges, billed, free in rows:
        if charges is not None and not check_sum:
            yield Pair(check_sum, [json.loads(charges)])
        elif charges is not None:
            pair.ours.append(json.loads(charges))
        else:
            pair.lines += 1
            pair.their_billed += billed
            pair.their_free += free
    if check_sum:
        yield pair


@contextmanager
def joining() -> Iterator[Joined]:
    """Open a private temporary database for a comparison."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.executescript(_SCHEMA)
        database.execute("BEGIN")
        yield Joined(database)
