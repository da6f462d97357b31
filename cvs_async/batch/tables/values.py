"""Single values in answers: found by their paths, and converted for the columns of a table."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast

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
"""Bound on whole numbers in a table: columns of numbers are signed with 64 bits."""

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
    return whole.get("value") if isinstance(whole, dict) and is_plain_field(whole) else whole


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
        return (True, whole[int(name)]) if int(name) < len(whole) else (False, None)
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
    return ("text",) if isinstance(getattr(kind, "text", None), property) else ()


_NAMES: dict[type[Any], frozenset[str]] = {}


def text_of(value: object) -> str | None:
    """Return text unchanged and everything else as JSON; half of a surrogate pair is not text."""
    if value is None:
        return None
    return sound(value if isinstance(value, str) else json_of(value))


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
    fitting = _amount(value, units) if kind == "amount" else _FITTING[kind](value)
    return text_of(value) if fitting is None else fitting


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def whole(value: object) -> int | None:
    """Return a whole number that fits into a column."""
    fits = isinstance(value, int) and not isinstance(value, bool) and -MOST <= value < MOST
    return cast(int, value) if fits else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _any(value: object) -> object:
    return value if isinstance(value, int | float) else None


def _date(value: object) -> datetime.date | None:
    return parse_date(value) if isinstance(value, str) else None


def _amount(value: object, units: frozenset[str | None]) -> Decimal | None:
    amount = parse_amount(value) if isinstance(value, str) else None
    return amount.value if amount is not None and amount.unit in units else None


def box_of(value: object) -> Box | None:
    """Return a box, also from plain JSON; None for anything else."""
    if isinstance(value, Box):
        return value
    if not isinstance(value, list) or len(value) != len(Box._fields):
        return None
    return None if any(_float(side) is None for side in value) else Box(*value)


_FITTING: dict[Kind, Callable[[object], object]] = {
    "any": _any,
    "number": _float,
    "time": _float,
    "whole": whole,
    "flag": _flag,
    "box": box_of,
    "date": _date,
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
    return None if parsed.tzinfo is None else parsed.timestamp()
