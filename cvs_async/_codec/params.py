"""Non-file parameters: validation, and whether they go into the query, the path or the body."""

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
"""Maximum number of characters of a value quoted in a message."""


@frozen
class Param:
    """A non-file parameter.

    Attributes:
        name: the vendor's name.
        check: normalises a value, or raises ValueError with a predicate: "must be ...". It is idempotent.
        places: places in the request; a parameter may have two.
        required: whether the service requires it.
        default: value if it is not given; None if there is no default.
    """

    name: str
    check: Callable[[Any], Any]
    places: tuple[Place, ...] = ("query",)
    required: bool = True
    default: object = None


def boolean(value: Any) -> bool:
    """Parse a boolean as spelled in a manifest or on a command line."""
    word = value
    if isinstance(value, str):
        word = value.strip().lower()
    if word in (True, "true", "yes", "1", "1.0"):
        return True
    if word in (False, "false", "no", "0", "0.0"):
        return False
    raise ValueError("must be true or false")


def integer(minimum: int) -> Callable[[Any], int]:
    """Return a parser for whole numbers, which a manifest may have as text or with a decimal point."""

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
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return None


def _shown(value: object) -> str:
    text = repr(value)
    if len(text) > LONGEST_SHOWN:
        return type(value).__name__
    return text


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return a parser for one of several words in any case."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value.strip().lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value.strip().lower()

    return check


def printable(value: Any) -> str:
    """Check for text without control characters, or a number."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not text.isprintable():
        raise ValueError("must be printable text")
    return text


def identifier(value: Any) -> int | str:
    """Check an id from the service: it becomes a part of a path, so it must not contain path separators."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value or any(mark in value for mark in "/\\?#") or value in (".", ".."):
        raise ValueError("must be an id from the service: a number, or text without slashes")
    return value


def numeric_identifier(value: Any) -> int | str:
    """Check an id, and convert text that spells a number to it, because the service has answered the number."""
    checked = identifier(value)
    if isinstance(checked, str) and re.fullmatch(r"0|[1-9][0-9]{0,17}", checked):
        return int(checked)
    return checked


def numeric_identifiers(value: Any) -> list[int | str]:
    """Check a list of ids that is not empty, each by `numeric_identifier`."""
    return [numeric_identifier(each) for each in identifiers(value)]


def identifiers(value: Any) -> list[int | str]:
    """Check a list of ids that is not empty."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ValueError("must be a list of ids")
    ids = [identifier(each) for each in value]
    if not ids:
        raise ValueError("must contain at least one id")
    return ids


def metadata(value: Any) -> dict[str, Any]:
    """Check a JSON object without the keys reserved by the service, and convert its keys to text."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("must be a mapping with text for keys")
    if reserved := sorted(RESERVED_METADATA & set(value)):
        raise ValueError(f"must not contain {', '.join(reserved)}, which the service reserves")
    try:
        sent = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
        sent.encode()  # raises for half of a surrogate pair
        members: dict[str, Any] = json.loads(sent)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("must contain only JSON values") from None
    return members


def text_metadata(value: Any) -> dict[str, str]:
    """Check metadata as `metadata` does, for operations whose values are documented as text."""
    members = metadata(value)
    wrong = sorted(name for name, member in members.items() if not isinstance(member, str))
    if wrong:
        raise ValueError(f"must have text for values, such as '30': {_shown(wrong[0])} is not text")
    return members
