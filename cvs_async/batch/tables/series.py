"""Columns of rows as typed series, for column formats and data frames."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from ...models.fields import Box
from .columns import Column
from .values import Kind, text_of

_FROM_TEXT = ("date", "amount")
"""Kinds of columns whose values are printed as text that cannot always be parsed."""


@frozen
class Series:
    """A typed column.

    Attributes:
        name: its heading.
        kind: kind of its values.
        place: of its values in a row.
        convert: converts a value; returns None for values that do not fit.
    """

    name: str
    kind: Kind
    place: int = -1
    convert: Callable[[Any], Any] = field(default=text_of, repr=False)

    def values(self, cells: Iterable[object]) -> list[Any]:
        """Return the converted value of each cell."""
        convert = self.convert
        return [None if cell is None else convert(cell) for cell in cells]


def series_of_all(columns: Iterable[Column]) -> list[Series]:
    """Return the series of a table. Dates and amounts that cannot be parsed are in a separate series."""
    return [one for place, column in enumerate(columns) for one in _series(place, column)]


def _series(place: int, column: Column) -> Iterator[Series]:
    yield Series(column.name, column.kind, place, _CONVERT[column.kind])
    if column.kind in _FROM_TEXT:
        yield Series(f"{column.name}.unread", "text", place, _unread)


def _unread(cell: object) -> str | None:
    return text_of(cell) if isinstance(cell, str) else None


def _number(cell: object) -> float | None:
    return float(cell) if isinstance(cell, int | float | Decimal) else None


def _time(cell: object) -> datetime.datetime | None:
    return datetime.datetime.fromtimestamp(cell, datetime.UTC) if isinstance(cell, int | float) else None


def _box(cell: object) -> dict[str, float] | None:
    return {side: float(value) for side, value in cell._asdict().items()} if isinstance(cell, Box) else None


def _of(kind: type) -> Callable[[object], Any]:
    return lambda cell: cell if isinstance(cell, kind) else None


_CONVERT: dict[Kind, Callable[[Any], Any]] = {
    "text": text_of,
    "any": text_of,
    "number": _number,
    "amount": _number,
    "whole": _of(int),
    "flag": _of(bool),
    "date": _of(datetime.date),
    "time": _time,
    "box": _box,
}
