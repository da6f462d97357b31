"""Parsers for dates on Vietnamese papers. Fields keep the printed text."""

from __future__ import annotations

import datetime
import re

from .plain import is_mark, plain

_START, _END = r"(?<!\d)(?<!\d[./-])", r"(?![./-]?\d)"
_DAY = r"(?P<day>\d\d|(?<!\b[0-3] )\d)"
"""Not the second digit of a day whose digits were read apart."""
_FORMS = [
    re.compile(rf"{_START}{_DAY}\s*(?P<by>[./-])\s*(?P<month>\d{{1,2}})\s*(?P=by)\s*(?P<year>\d{{4}}){_END}"),
    re.compile(rf"{_START}(?P<year>\d{{4}})(?P<by>[./-])(?P<month>\d{{1,2}})(?P=by)(?P<day>\d{{1,2}}){_END}"),
    re.compile(
        rf"(?<!\d){_DAY}\W{{0,9}}thang\W{{0,9}}(month\W{{0,9}})?(?P<month>\d{{1,2}})\W{{0,9}}"
        r"nam\W{0,9}(year\W{0,9})?(?P<year>\d{4})(?!\d)"
    ),
]
_UNLIMITED = re.compile(r"\b(khong|vo)\s*(co|xac dinh|gioi han)?\s*thoi\s*han")


YEARS = range(1800, 2200)
"""Those of papers and of people. Others are misread, or of another calendar."""


def parse_date(text: str | None) -> datetime.date | None:
    """Parse the one date in a text.

    Accepted are day, month and year with slashes, hyphens or dots; "ngày 14 tháng 11 năm 2023", with or without
    diacritics and the English words of bilingual papers; and ISO. Other text around it, such as a place or a time, is
    ignored.

    Returns:
        The date; None without one, if it is not in the calendar or of a year that no paper has, such as 2563, if
        there are several, and for "không thời hạn", which `is_unlimited` tells from nonsense.
    """
    found = _found(text)
    return _day(*found.pop()) if len(found) == 1 else None


def is_impossible(text: str | None) -> bool:
    """Return True if the one date in a text is not in the calendar (30/02/1990), or of a year that no paper has."""
    found = _found(text)
    return len(found) == 1 and _day(*found.pop()) is None


def _found(text: str | None) -> set[tuple[int, int, int]]:
    """Each year, month and day that a text names."""
    letters = _letters(text)
    return {(int(m["year"]), int(m["month"]), int(m["day"])) for form in _FORMS for m in form.finditer(letters)}


def _letters(text: str | None) -> str:
    """Return a text in the form that is looked through, in which blanks are single and notes have no marks."""
    if not isinstance(text, str):
        return ""
    if not text.isascii():
        text = "".join(" " if is_mark(letter) else letter for letter in text)
    return " ".join(plain(text).split())


def _day(year: int, month: int, day: int) -> datetime.date | None:
    if year not in YEARS and year != datetime.MAXYEAR:  # which stands for no end
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def is_unlimited(text: str | None) -> bool:
    """Return True if a text says that a paper never expires: "không thời hạn", "vô thời hạn"."""
    return _UNLIMITED.search(_letters(text)) is not None
