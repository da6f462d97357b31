"""Parse dates as Vietnamese papers print them."""

from __future__ import annotations

import datetime
import re

from .plain import is_mark, plain

_START, _END = r"(?<!\d)(?<!\d[./-])", r"(?![./-]?\d)"
_DAY = r"(?P<day>\d\d|(?<!\b[0-3] )\d)"
"""One or two digits. A single digit after another digit and a blank is the rest of a day that was read in two parts."""
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
"""Plausible years on papers. Others are misread or of another calendar."""


def parse_date(text: str | None) -> datetime.date | None:
    """Parse the one date in a text.

    Accepted are day, month and year with slashes, hyphens or dots; "ngày 14 tháng 11 năm 2023", with or without
    diacritics and the English words of bilingual papers; and ISO. Other text around it, such as a place or a time, is
    ignored.

    Returns:
        The date. None if there is no date or several, if it is not in the calendar, or if its year is implausible, such
        as 2563; also for "không thời hạn" (unlimited), which `is_unlimited` recognises.
    """
    found = _found(text)
    if len(found) != 1:
        return None
    return _day(*found.pop())


def is_impossible(text: str | None) -> bool:
    """Return whether the one date in a text is not in the calendar (30/02/1990), or has an implausible year."""
    found = _found(text)
    return len(found) == 1 and _day(*found.pop()) is None


def _found(text: str | None) -> set[tuple[int, int, int]]:
    """Return year, month and day of each distinct date in a text."""
    letters = _letters(text)
    return {(int(m["year"]), int(m["month"]), int(m["day"])) for form in _FORMS for m in form.finditer(letters)}


def _letters(text: str | None) -> str:
    """Return a text in the form that the patterns expect: `plain`, with single blanks and without marks of notes."""
    if not isinstance(text, str):
        return ""
    if not text.isascii():
        for mark in filter(is_mark, set(text)):
            text = text.replace(mark, " ")
    return " ".join(plain(text).split())


def _day(year: int, month: int, day: int) -> datetime.date | None:
    if year not in YEARS and year != datetime.MAXYEAR:  # 9999 means unlimited
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def is_unlimited(text: str | None) -> bool:
    """Return whether a text means that a paper never expires: "không thời hạn", "vô thời hạn"."""
    return _UNLIMITED.search(_letters(text)) is not None
