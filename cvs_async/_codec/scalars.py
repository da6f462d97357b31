"""Single values as the vendor sends them, with variations: a number in a string, a box as an object."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from ..models.fields import Box, Image

FLOATS = 1 << 53
"""Bound up to which an integer and its float are the same number."""

Understand = Callable[[Any], Any]
"""Function that converts a wire value; None if it does not fit."""


def text(raw: Any) -> str | None:
    if isinstance(raw, str):
        return raw
    return str(raw) if isinstance(raw, (int, float)) else None


def lines(raw: Any) -> str | None:
    """Text; of a list of texts, one a line."""
    if not isinstance(raw, list):
        return text(raw)
    texts = [text(each) for each in raw]
    return "\n".join(each for each in texts if each is not None) if texts and None not in texts else None


def number(raw: Any) -> float | None:
    if type(raw) is float:  # the common case
        return raw if math.isfinite(raw) else None
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def integer(raw: Any) -> int | None:
    if type(raw) is int and -FLOATS < raw < FLOATS:  # the common case
        return raw
    value = number(raw)
    return int(value) if value is not None and value.is_integer() else None


def boolean(raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    return {"true": True, "false": False}.get(raw.strip().lower()) if isinstance(raw, str) else None


_make_box: Callable[[type[Box], list[Any]], Box] = tuple.__new__
"""`Box._make` without its checks, in a third of the time."""


def box(raw: Any) -> Box | None:
    if type(raw) is list and len(raw) == 4:
        left, top, right, bottom = raw
        if type(left) is type(top) is type(right) is type(bottom) is int and 0 <= left | top | right | bottom < FLOATS:
            return _make_box(Box, raw)  # as nearly all are
    if isinstance(raw, Mapping):
        return box([raw.get(side) for side in Box._fields])
    if not isinstance(raw, (list, tuple)) or len(raw) != 4:
        return None
    sides = [side for side in map(number, raw) if side is not None]
    return Box(*(int(side) if side.is_integer() else side for side in sides)) if len(sides) == 4 else None


def image(raw: Any) -> Image | None:
    return Image(raw) if isinstance(raw, str) and raw else None


def is_more(raw: Any) -> bool:
    """Return whether a wire value has more content than the value converted from it: a box with other keys."""
    return isinstance(raw, dict) and len(raw) > len(Box._fields)


_SCALARS: dict[Any, Understand] = {
    str | None: text,
    str: text,
    float | None: number,
    int | None: integer,
    int: integer,
    bool | None: boolean,
    Box | None: box,
    Image | None: image,
    Image: image,
}


def understanding(type_: Any) -> Understand | None:
    """Return the function that converts a scalar, or lists of scalars; None for other types."""
    if get_origin(type_) is not list:
        return _SCALARS.get(type_)
    (element,) = get_args(type_)
    understand = understanding(element)
    return None if understand is None else _all(understand, nullable=type(None) in get_args(element))


def _all(understand: Understand, *, nullable: bool) -> Understand:
    """Convert a list if all elements fit: a single value is a list of one."""

    def read(raw: Any) -> list[Any] | None:
        values = []
        for item in raw if isinstance(raw, list) else [raw]:
            value = None if is_more(item) else understand(item)
            if value is None and not (nullable and item is None):
                return None
            values.append(value)
        return values

    return read
