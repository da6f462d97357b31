"""Arguments of operations that are no pictures: what they may be, and where they go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from attrs import frozen

Place = Literal["query", "path", "body"]

RESERVED_METADATA = frozenset({"user", "encoding", "_id"})
"""Keys that the service uses itself (vendor document 001, face search)."""


@frozen
class Param:
    """One such argument.

    Attributes:
        name: the vendor's.
        check: gives what goes over the wire, or raises ValueError with what is wrong: "must be ...".
        places: where it goes; one argument may be wanted twice.
        required: whether the operation can do without it.
    """

    name: str
    check: Callable[[Any], Any]
    places: tuple[Place, ...] = ("query",)
    required: bool = True


def integer(minimum: int) -> Callable[[Any], int]:
    """A whole number."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise ValueError(f"must be a whole number of at least {minimum}, not {value!r}")
        return value

    return check


def one_of(*choices: str) -> Callable[[Any], str]:
    """One of a few words."""

    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(value)

    return check


def identifier(value: Any) -> int | str:
    """An id as the service gave it: it becomes a part of a path, so it holds nothing that parts paths."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value or any(mark in value for mark in "/\\?#") or value in (".", ".."):
        raise ValueError("must be an id as the service gives them: a number, or text without slashes")
    return value


def identifiers(value: Any) -> list[int | str]:
    """Some ids, at least one."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ValueError("must be a list of ids")
    ids = [identifier(each) for each in value]
    if not ids:
        raise ValueError("must hold at least one id")
    return ids


def metadata(value: Any) -> dict[str, Any]:
    """A JSON object without the keys that the service reserves."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("must be a mapping with text for keys")
    if reserved := sorted(RESERVED_METADATA & set(value)):
        raise ValueError(f"must not hold {', '.join(reserved)}, which the service uses itself")
    try:
        json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("must hold nothing but JSON values") from None
    return dict(value)
