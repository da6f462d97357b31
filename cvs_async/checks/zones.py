"""Check machine-readable zones by their check digits (ICAO 9303): TD1 on cards, TD3 on passports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..models.dates import parse_date
from ..models.fields import Document
from ..models.finding import Finding
from ..models.identity import ChipIdCardBack, Passport
from ._reading import text_of

_LINE = re.compile("[A-Z0-9<]+")
_DATES = ("dob", "due_date")
_NUMBERS: dict[type[Document], tuple[tuple[str, int], ...]] = {
    ChipIdCardBack: (("document_number", 9),),
    Passport: (("id", 9), ("person_number", 14)),
}
"""Fields of numbers with a check digit, and their widths in the zone."""

_WIDTHS = {90: 30, 88: 44}
"""Length of each line by the total length of the zone."""


def check_digit(text: str) -> str:
    """Return the check digit of a text, with the weights 7, 3, 1 and the values 0 for ``<`` and 10 to 35 for A to Z.

    Raises:
        ValueError: if the text has characters other than A to Z, 0 to 9 and ``<``.
    """
    if not re.fullmatch("[A-Z0-9<]*", text):
        raise ValueError("a machine-readable zone consists of A to Z, 0 to 9 and <")
    values = (int(letter, 36) for letter in text.replace("<", "0"))
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def check_zone(lines: str | Sequence[str]) -> list[Finding]:
    """Check the check digits in a machine-readable zone, given as its lines or as one text.

    A TD1 zone has three lines of 30 characters, a TD3 zone two of 44; anything else gives no finding. The path of a
    finding is ``document_number``, ``dob``, ``due_date``, ``person_number``, or ``zone`` for the composite digit.
    """
    if isinstance(lines, str):
        whole = "".join(lines.split())
        width = _WIDTHS.get(len(whole), len(whole) or 1)
        lines = [whole[begin : begin + width] for begin in range(0, len(whole), width)]
    rows = ["".join(line.split()).upper() for line in lines if isinstance(line, str) and line.strip()]
    if not all(map(_LINE.fullmatch, rows)):
        return []
    match [len(row) for row in rows]:
        case [30, 30, 30]:
            parts = _td1(*rows[:2])
        case [44, 44]:
            parts = _td3(rows[1])
        case _:
            return []
    return [_wrong(path) for path, text, digit in parts if digit != check_digit(text)]


Part = tuple[str, str, str]
"""Path, text, and check digit of a part of a zone."""


def _td1(first: str, second: str) -> Iterator[Part]:
    if first[14] != "<":  # else the number is longer than its place, and continues in the optional data
        yield "document_number", first[5:14], first[14]
    yield "dob", second[:6], second[6]
    yield "due_date", second[8:14], second[14]
    yield "zone", first[5:] + second[:7] + second[8:15] + second[18:29], second[29]


def _td3(second: str) -> Iterator[Part]:
    yield "document_number", second[:9], second[9]
    yield "dob", second[13:19], second[19]
    yield "due_date", second[21:27], second[27]
    if second[28:42].strip("<") or second[42] != "<":  # the check digit of a missing number is 0 or a filler
        yield "person_number", second[28:42], second[42]
    yield "zone", second[:10] + second[13:20] + second[21:43], second[43]


def check_digits(document: Document) -> Iterator[Finding]:
    """Check the check digits that answers have beside some fields of a zone: ``dob_checksum``, undocumented."""
    numbers = next((_NUMBERS[cls] for cls in type(document).__mro__ if cls in _NUMBERS), None)
    if numbers is None:
        return
    dates = [(name, _zone_date(text_of(document, name))) for name in _DATES]
    texts = [(name, _zone_number(text_of(document, name), width)) for name, width in numbers]
    for name, text in dates + texts:
        digit = _digit(document.extra.get(f"{name}_checksum"))
        if text is not None and digit is not None and digit != check_digit(text):
            yield _wrong(name)


def _digit(given: object) -> str | None:
    if type(given) is int and given in range(10):
        return str(given)
    if isinstance(given, str) and re.fullmatch("[0-9]", given):
        return given
    return None


def _zone_date(text: str | None) -> str | None:
    date = parse_date(text)
    if date is None:
        return None
    return f"{date:%y%m%d}"


def _zone_number(text: str | None, width: int) -> str | None:
    number = (text or "").strip().upper().ljust(width, "<")
    if not text or len(number) != width or not _LINE.fullmatch(number):
        return None
    return number


def _wrong(path: str) -> Finding:
    return Finding(path, "check_digit", "the check digit in the machine-readable zone does not fit the value")
