"""SQL statements about many keys or rows at once, for the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from .records import COLUMNS, KEY, Row

T = TypeVar("T")

_JOINED = f"SELECT {COLUMNS} FROM sources d LEFT JOIN requests r ON r.document = d.id WHERE d.document = d.id"  # noqa: S608
MANY = 16
FOLLOWING = f"{_JOINED} AND d.id >= ? AND d.id < ?"
SIZES = (256, 64, 16, 4, 1)
"""Numbers of keys or rows in one statement: hundreds at once take half the time of single ones."""
ROWS = 64
"""Maximum number of rows in one insertion: older versions of SQLite accept at most 999 values."""
FIND = {size: f"{_JOINED} AND d.key IN ({', '.join('?' * size)})" for size in SIZES}
COUNTS = {
    size: f"""
SELECT d.key, d.id, count(r.number), total(r.charge = 'billed') FROM sources d LEFT JOIN requests r ON r.document = d.id
WHERE d.document = d.id AND d.key IN ({", ".join("?" * size)}) GROUP BY d.id
"""  # noqa: S608
    for size in SIZES
}
DUPLICATE = "SELECT 1 FROM sources WHERE document = ? AND document <> id AND name = ? AND reference IS ?"
# Beside max(), the other columns are those of the row with the greatest number.
LAST = """
SELECT d.id, max(r.number), r.opening, r.check_sum, r.sent_at, r.charge, total(r.charge = 'billed')
FROM sources d JOIN requests r ON r.document = d.id WHERE d.key = ? AND d.document = d.id
"""
EXISTS = "SELECT 1 FROM requests WHERE document = ? AND number = ? AND charge IS ?"
CONTENT = "SELECT content FROM contents JOIN sources d USING (document) WHERE d.key = ? AND d.document = d.id"
OUTPUTS_BETWEEN = "SELECT * FROM outputs WHERE path >= ? AND path < ?"


def find(database: sqlite3.Connection, keys: Sequence[bytes], following: int) -> dict[bytes, list[Row]]:
    """Return the rows of the known keys, for `record_of`.

    A batch that is run again mostly claims in the order of the first run. So many keys are first looked up by id, from
    `following` on, which is three times as fast as by key; 0 skips that.
    """
    found: dict[bytes, list[Row]] = {}
    if following and len(keys) >= MANY:
        _collect(found, database.execute(FOLLOWING, (following, following + len(keys))))
    for some in chunks(list(dict.fromkeys(key for key in keys if key not in found))):
        _collect(found, database.execute(FIND[len(some)], some))
    return found


def _collect(found: dict[bytes, list[Row]], rows: Iterable[Row]) -> None:
    for row in rows:
        if known := found.get(row[KEY]):
            known.append(row)
        else:
            found[row[KEY]] = [row]


def chunks(values: Sequence[T], most: int = SIZES[0]) -> Iterator[Sequence[T]]:
    """Split values into as few pieces as possible, each with one of the `SIZES`."""
    start = 0
    while start < len(values):
        size = next(size for size in SIZES if size <= min(len(values) - start, most))
        yield values[start : start + size]
        start += size


def insert(database: sqlite3.Connection, into: str, rows: Sequence[Row]) -> None:
    """Insert rows; `into` is for example ``INTO sources`` or ``OR REPLACE INTO sources``."""
    for some in chunks(rows, ROWS):
        database.execute(_insertion(into, len(some), len(some[0])), [value for row in some for value in row])


@lru_cache
def _insertion(into: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT {into} VALUES {', '.join([row] * rows)}"  # noqa: S608
