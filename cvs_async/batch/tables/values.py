"""Single values in answers: found by their paths, and converted for the columns of a table."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, TypeAlias

import attrs

from ..._codec.converter import unstructure
from ..._text.json import dumps, sound
from ...models.amounts import parse_amount
from ...models.dates import parse_date
from ...models.fields import Box, Document, Field
from ...models.tables import Cell

Kind: TypeAlias = Literal["text", "any", "number", "whole", "flag", "box", "time", "date", "amount"]
"""Kind of values in a column; ``any`` is undocumented content, ``time`` a time in seconds since 1970."""

UNTYPED = ("text", "any")
"""Kinds of columns that accept any value."""

MOST = 1 << 63
"""Bound of whole numbers in a table, whose columns have signed 64-bit numbers."""

_PARTS = frozenset({"value", "confidence", "box", "page", "score", "label", "corrected"})
_SURE = frozenset({"value", "confidence", "score"})


def find(paper: object, parts: Sequence[str]) -> tuple[bool, object]:
    """Return whether there is something at a path, and its value; for a field or cell, its own value."""
    value = paper
    for part in parts:
        found, value = part_of(value, part)
        if not found:
            return False, None
    return True, value_of(value)


def value_of(whole: object) -> object:
    """Return the value of a field or cell, also in plain JSON; anything else unchanged."""
    if isinstance(whole, Field | Cell):
        return whole.value
    if isinstance(whole, dict) and is_plain_field(whole):
        return whole.get("value")
    return whole


def is_plain_field(whole: Mapping[str, object]) -> bool:
    """Return whether an object is a field or a cell in plain JSON, possibly without its empty parts."""
    parts = set(whole)
    if "score" in parts:  # a cell keeps in `extra` what does not belong to it
        parts -= {"extra"}
    return parts <= _PARTS and not _SURE.isdisjoint(whole) and not isinstance(whole.get("value"), list)


def part_of(whole: object, name: str) -> tuple[bool, Any]:
    """Return whether there is a part of this name, and its value; the score of a cell counts as its confidence."""
    if name == "confidence" and (isinstance(whole, Cell) or (isinstance(whole, dict) and "score" in whole)):
        name = "score"
    if isinstance(whole, Mapping):
        extra = whole.get("extra")
        if name not in whole and isinstance(extra, Mapping):  # a document in plain JSON
            whole = extra
        return name in whole, whole.get(name)
    if isinstance(whole, list) and name.isdecimal():
        place = int(name)
        if place < len(whole):
            return True, whole[place]
        return False, None
    kind: type[Any] = type(whole)
    if name in _names(kind):
        return True, getattr(whole, name)
    if isinstance(whole, Document):
        return name in whole.extra, whole.extra.get(name)
    return False, None


def _names(kind: type[Any]) -> frozenset[str]:
    """Return the names of the parts of a document, a field, a box, or the text of a page."""
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = frozenset(_parts(kind))
    return names


def _parts(kind: type[Any]) -> Iterable[str]:
    if attrs.has(kind):
        return attrs.fields_dict(kind)
    if kind is Box:
        return Box._fields
    if isinstance(getattr(kind, "text", None), property):
        return ("text",)
    return ()


_NAMES: dict[type[Any], frozenset[str]] = {}


def text_of(value: object) -> str | None:
    """Return text as it is, without halves of surrogate pairs, and anything else as JSON; None stays None."""
    if value is None:
        return None
    if not isinstance(value, str):
        value = json_of(value)
    return sound(value)


def json_of(value: object) -> str:
    """Return a part of an answer as JSON on one line."""
    return dumps(unstructure(value))


def read(value: object, kind: Kind, units: frozenset[str | None]) -> object:
    """Return the value for a column of a kind; a value that does not fit is returned as text.

    Args:
        value: found in an answer; None is a missing value.
        kind: of the column.
        units: allowed beside an amount of this column; an amount with another unit does not fit, because its number
            alone would mislead.
    """
    if value is None:
        return None
    if kind == "text":
        return text_of(value)
    if kind == "amount":
        fitting: object = _amount(value, units)
    else:
        fitting = _FITTING[kind](value)
    if fitting is None:
        return text_of(value)
    return fitting


def only(kinds: type | UnionType, convert: Callable[[Any], Any] = lambda value: value) -> Callable[[object], Any]:
    """Return a function that converts values of these types, and returns None for all others."""
    return lambda value: convert(value) if isinstance(value, kinds) else None


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not math.isfinite(number):
        return None
    return number


def whole(value: object) -> int | None:
    """Return a whole number that fits into a column."""
    if not isinstance(value, int) or isinstance(value, bool) or not -MOST <= value < MOST:
        return None
    return value


def _amount(value: object, units: frozenset[str | None]) -> Decimal | None:
    if not isinstance(value, str):
        return None
    amount = parse_amount(value)
    if amount is None or amount.unit not in units:
        return None
    return amount.value


def box_of(value: object) -> Box | None:
    """Return a box, also from plain JSON; None for anything else."""
    if isinstance(value, Box):
        return value
    if not isinstance(value, list) or len(value) != len(Box._fields):
        return None
    if any(_float(side) is None for side in value):
        return None
    return Box(*value)


_FITTING: dict[Kind, Callable[[object], object]] = {
    "any": only(int | float),
    "number": _float,
    "time": _float,
    "whole": whole,
    "flag": only(bool),
    "box": box_of,
    "date": only(str, parse_date),
}


def iso_time(seconds: object) -> str | None:
    """Return a time as ISO 8601 in UTC, with milliseconds."""
    if not isinstance(seconds, int | float):
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")


def seconds_of(moment: object) -> float | None:
    """Return a time in seconds since 1970, also from ISO 8601 with a time zone; None for anything else."""
    if not isinstance(moment, str):
        return _float(moment)
    try:
        parsed = datetime.datetime.fromisoformat(moment)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        return None
    return parsed.timestamp()
