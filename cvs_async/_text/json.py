"""JSON output for files, tables and commands. It never fails, because the answers in it were paid for.

Every JSON parser can read it: without NaN and Infinity, lone surrogates, and unlimited nesting.
"""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any, TypeVar, cast

T = TypeVar("T")

DEPTH = 200
"""Maximum depth of arrays and objects that are nested too deeply for Python's encoder."""

CUT = f"… more than {DEPTH} levels deep"
"""Replacement for content below the maximum depth."""


def dumps(value: object) -> str:
    """Return a value as JSON on one line. Objects that JSON does not know are converted to text."""
    try:
        return sound(_dumps(value))
    except (ValueError, TypeError, RecursionError):
        return sound(_dumps(plain(value)))


def pretty(value: object) -> str:
    """Return a value as indented JSON, in which fields and boxes take only one line."""
    return sound(_pretty(plain(value), "\n"))


def json_values(value: T) -> T:
    """Return the value itself if it can be written as JSON; else the nearest value that can, as `dumps` writes it."""
    try:
        _strict(value).encode()
    except (ValueError, TypeError, RecursionError):
        return cast(T, json.loads(dumps(value)))
    return value


def sound(text: str) -> str:
    """Replace lone surrogates by U+FFFD, so that the text can be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain(value: Any, depth: int = DEPTH) -> Any:
    """Convert to plain JSON values of limited depth: deeper content becomes `CUT`, NaN and infinity become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if not isinstance(value, (dict, list, tuple)):
        return str(value)
    if not depth:
        return CUT
    # Loops, because a comprehension needs a second level of Python's stack.
    if isinstance(value, dict):
        members = {}
        for name, part in value.items():
            members[str(name)] = plain(part, depth - 1)
        return members
    elements = []
    for part in value:
        elements.append(plain(part, depth - 1))
    return elements


_strict = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_dumps = partial(json.dumps, ensure_ascii=False, allow_nan=False, default=str)


def _pretty(value: Any, indent: str) -> str:
    deeper = indent + "  "
    parts = []
    if isinstance(value, dict) and any(map(_is_deep, value.values())):
        for name, part in value.items():
            parts.append(f"{deeper}{_dumps(name)}: {_pretty(part, deeper)}")
        return "{" + ",".join(parts) + indent + "}"
    if isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value):
        for part in value:
            parts.append(deeper + _pretty(part, deeper))
        return "[" + ",".join(parts) + indent + "]"
    return _dumps(value)


def _is_deep(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value)
    )
