"""Single values out of answers: found by their paths, and made into what a column of a table holds."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast

import attrs

from ..._converter import unstructure
from ..._json import dumps, sound
from ...models.amounts import parse_amount
from ...models.dates import parse_date
from ...models.fields import Box, Document, Field
from ...models.tables import Cell

Kind: TypeAlias = Literal["text", "any", "number", "whole", "flag", "box", "time", "date", "amount"]
"""What a column holds; ``any`` is what is not documented, and ``time`` a moment, in seconds since 1970."""

UNTYPED = ("text", "any")
"""The kinds of columns that everything fits into."""

MOST = 1 << 63
"""No whole number of a table is so large: columns of numbers have 64 bits, with a sign."""

_PARTS = frozenset({"value", "confidence", "box", "page", "score", "label", "corrected"})
_SURE = frozenset({"value", "confidence", "score"})


def find(paper: object, parts: Sequence[str]) -> tuple[bool, object]:
    """Return whether there is something at a path, and what it is; of a field or cell, its value."""
    value = paper
    for part in parts:
        found, value = part_of(value, part)
        if not found:
            return False, None
    return True, value_of(value)


def value_of(whole: object) -> object:
    """Return the value of a field or cell, also of one in plain JSON; anything else as it is."""
    if isinstance(whole, Field | Cell):
        return whole.value
    return whole.get("value") if isinstance(whole, dict) and is_plain_field(whole) else whole


def is_plain_field(whole: Mapping[str, object]) -> bool:
    """Whether an object is a field or a cell in plain JSON, of which empty parts may have been left out."""
    parts = set(whole)
    if "score" in parts:  # a cell, which keeps in `extra` what is no part of one
        parts -= {"extra"}
    return parts <= _PARTS and not _SURE.isdisjoint(whole) and not isinstance(whole.get("value"), list)


def part_of(whole: object, name: str) -> tuple[bool, Any]:
    """Return whether there is a part of this name, and what it is; the score of a cell is its confidence, too."""
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
    """What a document, a field, a box, or the text of a page has for parts."""
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
    """Return text as it is, everything else as JSON; half of a surrogate pair is no text."""
    if value is None:
        return None
    return sound(value if isinstance(value, str) else json_of(value))


def json_of(value: object) -> str:
    """Return a part of an answer as JSON on one line."""
    return dumps(unstructure(value))


def read(value: object, kind: Kind, units: frozenset[str | None]) -> object:
    """Return what a column of a kind holds for a value; where it does not fit, the value as text.

    Args:
        value: found in an answer; None is nothing.
        kind: of the column.
        units: beside an amount of this column; one with another unit does not fit, as its number alone would mislead.
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
    """Return a box, also one in plain JSON; None if it is none."""
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
    """Return a moment as ISO 8601 in UTC, with milliseconds."""
    if not isinstance(seconds, int | float):
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")


def seconds_of(moment: object) -> float | None:
    """Return a moment in seconds since 1970, also one in ISO 8601 with its time zone; None if it is none."""
    if not isinstance(moment, str):
        return _float(moment)
    try:
        parsed = datetime.datetime.fromisoformat(moment)
    except ValueError:
        return None
    return None if parsed.tzinfo is None else parsed.timestamp()
