"""JSON output: one way for every file, table and command, which never fails on a paid answer.

The output is JSON for any reader: no NaN or Infinity, no halves of surrogate pairs, no unlimited nesting.
"""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any, TypeVar, cast

T = TypeVar("T")

DEPTH = 200
"""Levels of arrays and objects written if there are more than Python's encoder can handle."""

CUT = f"… more than {DEPTH} levels deep"
"""Replacement for deeper content."""


def dumps(value: object) -> str:
    """Return a value as JSON on one line. Values that are not JSON, as in a user's own type, are written as text."""
    try:
        return sound(_dumps(value))
    except (ValueError, TypeError, RecursionError):
        return sound(_dumps(plain(value)))


def pretty(value: object) -> str:
    """Return a value as JSON with a line for each field rather than for each number."""
    return sound(_pretty(plain(value), "\n"))


def json_values(value: T) -> T:
    """Return the value if it is plain JSON that can be encoded, else the content of its `dumps`."""
    try:
        _strict(value).encode()
    except (ValueError, TypeError, RecursionError):
        return cast(T, json.loads(dumps(value)))
    return value


def sound(text: str) -> str:
    """Return a text that can be encoded, with U+FFFD for each half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain(value: Any, depth: int = DEPTH) -> Any:
    """Return the same in plain JSON values of limited depth: `CUT` replaces deeper content, null numbers that are
    not finite.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if not isinstance(value, (dict, list, tuple)):
        return str(value)
    if not depth:
        return CUT
    # Loops, because comprehensions would use twice the levels of Python's stack.
    if isinstance(value, dict):
        members = {}
        for name, part in value.items():
            members[name if isinstance(name, str) else str(name)] = plain(part, depth - 1)
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
