"""Arguments of operations that are no pictures: what they may be, and where they go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from attrs import frozen

Place = Literal["query", "path", "body"]

RESERVED_METADATA = frozenset({"user", "encoding", "_id"})
"""Keys that the service uses itself (vendor document 001, face search)."""

LONGEST_SHOWN = 60
"""Characters of a value that a message quotes."""


@frozen
class Param:
    """One such argument.

    Attributes:
        name: the vendor's.
        check: gives the one form that all spellings of a value have, or raises ValueError with what is wrong:
            "must be ...". What it gives, it takes and gives again.
        places: where it goes; one argument may be wanted twice.
        required: whether the service wants it.
        default: what it is unless it is given; None is no default.
    """

    name: str
    check: Callable[[Any], Any]
    places: tuple[Place, ...] = ("query",)
    required: bool = True
    default: object = None


def boolean(value: Any) -> bool:
    """True or false, as a manifest or a command line may spell it."""
    word = value.strip().lower() if isinstance(value, str) else value
    if word in (True, "true", "yes", "1", "1.0"):
        return True
    if word in (False, "false", "no", "0", "0.0"):
        return False
    raise ValueError("must be true or false")


def flag(value: Any) -> str:
    """True or false, in the vendor's spelling."""
    return "true" if boolean(value) else "false"


def integer(minimum: int) -> Callable[[Any], int]:
    """A whole number, which a manifest may have as text or with a point."""

    def check(value: Any) -> int:
        number = _whole(value)
        if number is None or number < minimum:
            raise ValueError(f"must be a whole number of at least {minimum}, not {_shown(value)}")
        return number

    return check


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}(\.0*)?", value.strip()):
        return int(value.strip().partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else type(value).__name__


def one_of(*choices: str) -> Callable[[Any], str]:
    """One of a few words, in capital or small letters."""

    def check(value: Any) -> str:
        word = value.strip().lower() if isinstance(value, str) else None
        if word not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return word

    return check


def printable(value: Any) -> str:
    """Text without control characters, or a number."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not text.isprintable():
        raise ValueError("must be printable text")
    return text


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
    """A JSON object without the keys that the service reserves, as it is sent: all keys are text."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("must be a mapping with text for keys")
    if reserved := sorted(RESERVED_METADATA & set(value)):
        raise ValueError(f"must not hold {', '.join(reserved)}, which the service uses itself")
    try:
        sent = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
        sent.encode()  # half of a surrogate pair is text in Python only
        members: dict[str, Any] = json.loads(sent)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("must hold nothing but JSON values") from None
    return members
