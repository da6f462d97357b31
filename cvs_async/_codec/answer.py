"""Parse the JSON of an answer: tolerantly, because it was paid for, and within bounds, because it is not trusted.

There are three differences to `json.loads`: NaN and infinite numbers become null, so that a saved answer is valid JSON;
strings may contain unescaped control characters; integers with too many digits for Python become text. A large answer
is parsed in pieces, so that other threads can run in between.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from json.decoder import JSONArray, JSONObject  # type: ignore[attr-defined]
from json.scanner import make_scanner
from typing import Any, TypeAlias, cast

_Scan: TypeAlias = Callable[[str, int], tuple[Any, int]]

MOST_NODES = 1 << 21
"""Maximum number of values in an answer, as counted by `count_nodes`: twice that of a hundred full pages of text.

A word in `ocr.document.general` has 15 values and a full page about 600 words, so a hundred pages have 0.9 million.
Two million values need at most 0.2 GB as plain JSON.
"""

MOST_ELEMENTS = 1 << 18
"""Maximum number of list elements in an answer, without boxes: four times the words of a hundred full pages.

Each may become an object of half a kilobyte, which the garbage collector has to track.
"""

AT_ONCE = 1 << 16
"""Maximum number of values that are parsed at once, in C. This takes 2 to 8 ms, in which no other thread runs."""

WINDOWS = (1 << 8, 1 << 12, 1 << 16)
"""Sizes of the pieces, in characters. An array or object that is larger is parsed element by element."""

HEAD = 1 << 16
"""Number of bytes at the beginning of an unreadable answer that are searched for its code."""


def count_nodes(content: bytes) -> int:
    """Return an upper bound on the number of values in an answer: its brackets, colons and commas, also in strings."""
    return sum(map(content.count, (b"[", b"{", b",", b":")))


def count_elements(answer: object) -> int:
    """Return the total number of elements of all lists, except boxes: lists of four numbers."""
    count, waiting = 0, [answer]
    while waiting:
        value = waiting.pop()
        parts: Iterable[Any] = ()
        if isinstance(value, dict):
            parts = value.values()
        elif isinstance(value, list):
            parts = value
        inner = [part for part in parts if type(part) in (list, dict)]
        waiting += inner
        if isinstance(value, list) and (inner or len(value) != BOX):
            count += len(value)
    return count


BOX = 4


def text_of(content: bytes) -> str:
    """Decode an answer to text. Its encoding is detected, because the declared charset is often wrong."""
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode(encoding, "replace")


def parse(text: str, nodes: int = 0) -> dict[str, Any] | None:
    """Return the JSON object in a text; None if the text is not a JSON object.

    Args:
        text: the answer.
        nodes: the result of `count_nodes`; 0 for a small answer, which is not counted.
    """
    decoder, patient = _DECODER, _PATIENT
    if nodes > AT_ONCE:
        decoder, patient = _IN_PIECES, _IN_PIECES_PATIENT
    elif len(text) > AT_ONCE:  # few values, but perhaps long integers, which C would convert for seconds
        decoder = _PATIENT
    try:
        answer = decoder.decode(text)
    except json.JSONDecodeError:
        return None
    except ValueError:  # an integer with thousands of digits
        answer = _parse_patiently(patient, text)
    except RecursionError:
        return None
    if not isinstance(answer, dict):
        return None
    return answer


def _parse_patiently(decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError):
        return None


def members(text: str, nodes: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each complete member of the outermost object, including duplicate names.

    Stop where the text is truncated or no longer JSON. NaN and infinite numbers stay floats here.
    """
    decoder = _EXACT
    if nodes > AT_ONCE:
        decoder = _IN_PIECES_EXACT
    try:
        position = _after(text, 0, "{")
        while True:
            name, position = decoder.raw_decode(text, _skip(text, position))
            value, position = decoder.raw_decode(text, _skip(text, _after(text, position, ":")))
            position = _skip(text, position)
            ended = text[position : position + 1]
            if ended not in (",", "}") or not isinstance(name, str):
                return
            yield name, value
            if ended == "}":
                return
            position += 1
    except (ValueError, RecursionError):
        return


def _after(text: str, position: int, expected: str) -> int:
    position = _skip(text, position)
    if not text.startswith(expected, position):
        raise ValueError
    return position + 1


def _skip(text: str, position: int) -> int:
    found = _WHITE.match(text, position)
    if found is None:
        return position
    return found.end()


_WHITE = re.compile(r"[ \t\n\r]*")


def whole_number(raw: object) -> int | str | None:
    """Return a whole number from an int or a text of ASCII digits; None for anything else.

    A number with more than `_DIGITS` digits is returned as text.
    """
    if raw == "0":  # the usual case
        return 0
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if not isinstance(raw, str):
        return None
    # Without a regular expression, which could take seconds on a text of megabytes.
    text = raw.strip(" \t\n\r")
    digits = text[text.startswith(("+", "-")) :]
    if not (digits.isascii() and digits.isdecimal()):
        return None
    digits = digits.lstrip("0") or "0"
    short = len(digits) <= _DIGITS
    if text.startswith("-"):
        digits = f"-{digits}"
    if short:
        return int(digits)
    return digits


_DIGITS = 640
"""Maximum number of digits that are converted: the lowest limit that `sys.set_int_max_str_digits` can set."""


# --- decoders


class _Pieces(json.JSONDecoder):
    """Parses small values in C and large ones in Python, so that other threads can run.

    The C scanner blocks other threads until the end of a value. Therefore it gets only a window of the text: an array
    or object that ends inside the window is parsed at once; a larger one is parsed element by element, each in the same
    way.
    """

    def __init__(self, **hooks: Any) -> None:
        super().__init__(**hooks)
        self._in_c: _Scan = make_scanner(self)  # type: ignore[arg-type]  # the stubs are wrong
        self.scan_once = self._scan

    def _scan(self, text: str, index: int) -> tuple[Any, int]:
        kind = text[index : index + 1]
        if kind not in ("[", "{"):
            return self._in_c(text, index)
        for size in WINDOWS:
            try:
                value, end = self._in_c(text[index : index + size], 0)
            except (ValueError, StopIteration, RecursionError):
                continue  # larger than the window, or broken
            return value, index + end
        where = text, index + 1
        if kind == "[":
            return cast(tuple[Any, int], JSONArray(where, self._scan))
        return cast(tuple[Any, int], JSONObject(where, self.strict, self._scan, None, None))


def _finite(digits: str) -> float | None:
    number = float(digits)
    if math.isfinite(number):
        return number
    return None


def _null(_: str) -> None:
    """Replace NaN and Infinity, which are not JSON, by null."""


def _integer(digits: str) -> int | str:
    if len(digits) > _DIGITS:
        return digits
    return int(digits)


_HOOKS: dict[str, Any] = {"parse_float": _finite, "parse_constant": _null, "strict": False}
_DECODER, _IN_PIECES = json.JSONDecoder(**_HOOKS), _Pieces(**_HOOKS)
_HOOKS["parse_int"] = _integer  # slow: a function call for each integer
_PATIENT, _IN_PIECES_PATIENT = json.JSONDecoder(**_HOOKS), _Pieces(**_HOOKS)
_EXACT, _IN_PIECES_EXACT = (kind(parse_int=_integer, strict=False) for kind in (json.JSONDecoder, _Pieces))
