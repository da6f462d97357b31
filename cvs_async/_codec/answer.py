"""Reads the JSON of an answer: as much as possible, since it is paid for, and within bounds, since it is not trusted.

Three things differ from `json.loads`: numbers that are not finite are null, because an answer that is written to a file
must be JSON; control characters may stand in strings as they are; integers with more digits than Python converts are
text. An answer with many values is read in pieces, between which other threads run.
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
"""The most values of an answer, in brackets, colons and commas: twice those of a hundred full pages of text.

A word of `ocr.document.general` has fifteen of them and a full page some six hundred words, so that a hundred pages
have 0.9 million. Two million take at most 0.2 GB as plain JSON.
"""

MOST_ELEMENTS = 1 << 18
"""The most elements of lists, boxes aside: four times the words of a hundred full pages.

Each may become an object of a model, which takes half a kilobyte and the garbage collector's time.
"""

AT_ONCE = 1 << 16
"""An answer with more of them is read in pieces. C reads as many in 2 to 8 ms, and nothing else runs meanwhile."""

WINDOWS = (1 << 8, 1 << 12, 1 << 16)
"""Sizes of these pieces, in characters: what fits into none of them is taken apart."""

HEAD = 1 << 16
"""Bytes at the beginning of an answer in which its code is looked for where the whole of it cannot be read."""


def count_nodes(content: bytes) -> int:
    """Return an upper bound on the values of an answer; punctuation within strings counts too."""
    return sum(map(content.count, (b"[", b"{", b",", b":")))


def count_elements(answer: object) -> int:
    """Return how many elements all lists have together, without lists of four numbers, which are boxes."""
    count, waiting = 0, [answer]
    while waiting:
        value = waiting.pop()
        parts: Iterable[Any] = ()
        if isinstance(value, (dict, list)):
            parts = value.values() if isinstance(value, dict) else value
        inner = [part for part in parts if type(part) in (list, dict)]
        waiting += inner
        if isinstance(value, list) and (inner or len(value) != BOX):
            count += len(value)
    return count


BOX = 4


def text_of(content: bytes) -> str:
    """Return an answer as text. The declared charset is not trusted, and a byte order mark is allowed."""
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode(encoding, "replace")


def parse(text: str, nodes: int = 0) -> dict[str, Any] | None:
    """Return the JSON object; None if the text is not one.

    Args:
        text: of the answer.
        nodes: how many values it has, as far as they were counted.
    """
    decoder, patient = (_IN_PIECES, _IN_PIECES_PATIENT) if nodes > AT_ONCE else (_DECODER, _PATIENT)
    if nodes <= AT_ONCE < len(text):  # a long text of few values: long integers would take C seconds in one go
        decoder = _PATIENT
    try:
        answer = decoder.decode(text)
    except json.JSONDecodeError:
        return None
    except ValueError:  # an integer with thousands of digits
        answer = _parse_patiently(patient, text)
    except RecursionError:
        return None
    return answer if isinstance(answer, dict) else None


def _parse_patiently(decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError):
        return None


def members(text: str, nodes: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each complete member of the outermost object; repeated names are repeated.

    Ends where the text is cut off or is not JSON any more. Numbers that are not finite are floats here.
    """
    decoder = _IN_PIECES_EXACT if nodes > AT_ONCE else _EXACT
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
    """Return a whole number, also from ASCII digits in text; as text if Python does not convert it; else None."""
    if raw == "0":  # as most answers have it
        return 0
    if isinstance(raw, int):
        return None if isinstance(raw, bool) else raw
    if not isinstance(raw, str):
        return None
    # No regular expression: it would take seconds for a text as long as an answer may be.
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
"""Digits that are converted, whatever the limit of `sys.set_int_max_str_digits`."""


# --- decoders


class _Pieces(json.JSONDecoder):
    """Reads what is small in C, and the rest in Python, where other threads may run.

    The scanner in C goes on to the end of a value without letting anything else run. So it is given a bounded window of
    the text: if an array or object ends in there it is read at once. If it does not, it is read element by element,
    each of them in the same way.
    """

    def __init__(self, **hooks: Any) -> None:
        super().__init__(**hooks)
        self._in_c: _Scan = make_scanner(self)  # type: ignore[arg-type]  # in the stubs it takes itself
        self.scan_once = self._scan

    def _scan(self, text: str, index: int) -> tuple[Any, int]:
        kind = text[index : index + 1]
        if kind not in ("[", "{"):
            return self._in_c(text, index)
        for size in WINDOWS:
            try:
                value, end = self._in_c(text[index : index + size], 0)
            except (ValueError, StopIteration, RecursionError):
                continue  # it is larger, or it is broken, which the last attempt finds
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
    """NaN and Infinity are not JSON."""


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


_HOOKS: dict[str, Any] = {"parse_float": _finite, "parse_constant": _null, "strict": False}
_DECODER, _IN_PIECES = json.JSONDecoder(**_HOOKS), _Pieces(**_HOOKS)
_HOOKS["parse_int"] = _integer  # a call for each integer is much, so only where it is needed
_PATIENT, _IN_PIECES_PATIENT = json.JSONDecoder(**_HOOKS), _Pieces(**_HOOKS)
_EXACT, _IN_PIECES_EXACT = (kind(parse_int=_integer, strict=False) for kind in (json.JSONDecoder, _Pieces))
