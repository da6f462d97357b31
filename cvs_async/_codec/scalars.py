"""Conversion of single wire values in all their variations: a number in a string, a box as an object.

Each function returns None for a value that does not fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from ..models.fields import Box, Image

FLOATS = 1 << 53
"""Lower bound of integers that a float cannot represent exactly."""

Understand = Callable[[Any], Any]
"""Function that converts a wire value; its result is None if the value does not fit."""


def text(raw: Any) -> str | None:
    """Convert a text or a number to text."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, (int, float)):
        return str(raw)
    return None


def lines(raw: Any) -> str | None:
    """Convert a text, or a list of texts to one text with a line for each."""
    if not isinstance(raw, list):
        return text(raw)
    texts = [line for each in raw if (line := text(each)) is not None]
    if not texts or len(texts) < len(raw):
        return None
    return "\n".join(texts)


def number(raw: Any) -> float | None:
    """Convert a number or a numeric string to a finite float."""
    if type(raw) is float and math.isfinite(raw):  # the common case
        return raw
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(value):
        return None
    return value


def integer(raw: Any) -> int | None:
    if type(raw) is int and -FLOATS < raw < FLOATS:  # the common case
        return raw
    value = number(raw)
    if value is None or not value.is_integer():
        return None
    return int(value)


_BOOLEANS = {"true": True, "false": False}


def boolean(raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        return _BOOLEANS.get(raw.strip().lower())
    return None


_make_box: Callable[[type[Box], list[Any]], Box] = tuple.__new__
"""`Box._make` without its checks: three times as fast."""


def box(raw: Any) -> Box | None:
    if type(raw) is list and len(raw) == 4:
        left, top, right, bottom = raw
        if type(left) is type(top) is type(right) is type(bottom) is int and 0 <= left | top | right | bottom < FLOATS:
            return _make_box(Box, raw)  # the common case
    if isinstance(raw, Mapping):
        return box([raw.get(side) for side in Box._fields])
    if not isinstance(raw, (list, tuple)) or len(raw) != 4:
        return None
    sides = [side for side in map(number, raw) if side is not None]
    if len(sides) < 4:
        return None
    return Box(*map(_whole, sides))


def _whole(side: float) -> float:
    if side.is_integer():
        return int(side)
    return side


def image(raw: Any) -> Image | None:
    if isinstance(raw, str) and raw:
        return Image(raw)
    return None


def is_more(raw: Any) -> bool:
    """Return whether a wire value has content that its conversion drops: a box with more keys than its sides."""
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
    """Return the function that converts values of a type, or lists of them; None if it is not a type of scalars."""
    if get_origin(type_) is not list:
        return _SCALARS.get(type_)
    (element,) = get_args(type_)
    understand = understanding(element)
    if understand is None:
        return None
    return _all(understand, nullable=type(None) in get_args(element))


def _all(understand: Understand, *, nullable: bool) -> Understand:
    """Return a function that converts a list if all of its elements fit. A single value counts as a list of one."""

    def read(raw: Any) -> list[Any] | None:
        if not isinstance(raw, list):
            raw = [raw]
        values = []
        for item in raw:
            value = understand(item)
            if is_more(item) or (value is None and not (nullable and item is None)):
                return None
            values.append(value)
        return values

    return read
