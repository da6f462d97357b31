"""Columns of rows as typed series, for column formats and data frames."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from ...models.fields import Box
from .columns import Column
from .values import Kind, only, text_of, whole

_FROM_TEXT = ("date", "amount")
"""Kinds of values that papers have as text, which cannot always be parsed."""


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
    """Return the series of a table. After each of dates or amounts comes one of the texts that cannot be parsed."""
    return [one for place, column in enumerate(columns) for one in _series(place, column)]


def _series(place: int, column: Column) -> Iterator[Series]:
    yield Series(column.name, column.kind, place, _CONVERT[column.kind])
    if column.kind in _FROM_TEXT:
        yield Series(f"{column.name}.unread", "text", place, _unread)


def _time(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _sides(box: Box) -> dict[str, float]:
    return {side: float(value) for side, value in box._asdict().items()}


_number = only(int | float | Decimal, float)
_unread = only(str, text_of)

_CONVERT: dict[Kind, Callable[[Any], Any]] = {
    "text": text_of,
    "any": text_of,
    "number": _number,
    "amount": _number,
    "whole": whole,
    "flag": only(bool),
    "date": only(datetime.date),
    "time": only(int | float, _time),
    "box": only(Box, _sides),
}
