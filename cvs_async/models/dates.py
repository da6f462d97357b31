"""Parsers for dates on Vietnamese papers. Fields keep the printed text."""

from __future__ import annotations

import datetime
import re

from .plain import plain

_START, _END = r"(?<!\d)(?<!\d[./-])", r"(?![./-]?\d)"
_FORMS = [
    re.compile(
        rf"{_START}(?P<day>\d{{1,2}})\s*(?P<by>[./-])\s*(?P<month>\d{{1,2}})\s*(?P=by)\s*(?P<year>\d{{4}}){_END}"
    ),
    re.compile(rf"{_START}(?P<year>\d{{4}})(?P<by>[./-])(?P<month>\d{{1,2}})(?P=by)(?P<day>\d{{1,2}}){_END}"),
    re.compile(
        r"(?<!\d)(?P<day>\d{1,2})\W{0,9}thang\W{0,9}(month\W{0,9})?(?P<month>\d{1,2})\W{0,9}"
        r"nam\W{0,9}(year\W{0,9})?(?P<year>\d{4})(?!\d)"
    ),
]
_UNLIMITED = re.compile(r"\b(khong|vo)\s*(co|xac dinh|gioi han)?\s*thoi\s*han")


def parse_date(text: str | None) -> datetime.date | None:
    """Parse the one date in a text.

    Accepted are day, month and year with slashes, hyphens or dots; "ngày 14 tháng 11 năm 2023", with or without
    diacritics and the English words of bilingual papers; and ISO. Other text around it, such as a place or a time, is
    ignored.

    Returns:
        The date; None if the text has no date or several, if the date does not exist in the calendar, and for
        "không thời hạn", which `is_unlimited` recognises.
    """
    found = _found(text)
    return _day(*found.pop()) if len(found) == 1 else None


def is_impossible(text: str | None) -> bool:
    """Return whether the one date in a text does not exist in the calendar, such as 30/02/1990."""
    found = _found(text)
    return len(found) == 1 and _day(*found.pop()) is None


def _found(text: str | None) -> set[tuple[int, int, int]]:
    """Return each year, month and day in a text."""
    letters = plain(text)
    return {(int(m["year"]), int(m["month"]), int(m["day"])) for form in _FORMS for m in form.finditer(letters)}


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def is_unlimited(text: str | None) -> bool:
    """Return whether a text says that a paper never expires: "không thời hạn", "vô thời hạn"."""
    return _UNLIMITED.search(plain(text)) is not None
