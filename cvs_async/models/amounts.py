"""Parse numbers and amounts of money as Vietnamese papers print them."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from attrs import frozen

from .dictionaries import DictConvertible
from .plain import is_mark

LONGEST = 100
"""Maximum length of a printed amount; longer texts are not parsed."""

_UNITS = {
    "%": "%",
    "đ": "VND",
    "₫": "VND",
    "đồng": "VND",
    "vnđ": "VND",
    "vnd": "VND",
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "€": "EUR",
    "eur": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "¥": "JPY",
    "jpy": "JPY",
    "cny": "CNY",
    "krw": "KRW",
}
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_PRINTED = re.compile(
    rf"(?P<before>{_UNIT})?\s*(?P<open>\()?\s*(?P<sign>[+\-\u2212])?\s*(?P<inside>{_UNIT})?\s*"
    rf"(?P<number>\d(?:[\d.,'\s]*\d)?)(?P<behind>[\-\u2212])?\s*(?P<within>{_UNIT})?\s*(?P<close>\))?\s*"
    rf"(?P<after>{_UNIT})?"
)

# A separator before groups of three digits separates thousands: "1.234" means 1234 on Vietnamese papers.
_GROUPED = re.compile(r"[1-9]\d{0,2}(?P<mark>[.,' ])\d{3}(?:(?P=mark)\d{3})*(?:(?!(?P=mark))[.,](?P<rest>\d+))?")
_GROUP_OR_DECIMALS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_PLAIN = re.compile(r"\d+(?:[.,](?P<rest>\d+))?")
_GROUPS_OR_DECIMALS = re.compile(r"[^.,]*[' ][^.,]*[.,]\d{3}")
"""Ambiguous numbers: 1'000.000 may be a million, or a thousand with three decimals."""
_CODE = re.compile(r"0\d{3,}(?:[.,]\d+)?|0\d+[.,]\d{3}")
"""Digits with leading zeros: a code, or a misread number."""
_REMARK = re.compile(r"\(\d{1,2}\)")
"""The number of a column or note."""

_SAME = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-", "ð": "đ", "Ð": "Đ"})
"""Characters that look like the expected ones, and their replacements."""


@frozen
class Amount(DictConvertible):
    """A number with its unit.

    Attributes:
        value: the number as printed: 8 for "8 %".
        unit: ISO code of the currency, such as ``VND``, or ``%``; None if not printed.
    """

    value: Decimal
    unit: str | None = None


def parse_amount(text: str | None) -> Amount | None:
    """Parse a text that consists of one amount.

    Accepted are the Vietnamese (1.234.567,89) and international (1,234,567.89) notation, blanks or apostrophes between
    groups, currencies before or after the number, percentages, and negative amounts with a minus sign or in brackets.
    A single separator before three digits separates thousands: 1.234 and 1,234 both mean 1234. In a percentage it is a
    decimal separator, as in 8.125%.

    The result is None for numbers of columns and notes, (1) to (99), for a percentage in brackets, for codes such as
    0123456789, and for ambiguous numbers: 012.345, 1'000.000, 1.000,000 đ.

    Returns:
        The amount; None for any other text.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    if not text.isascii() and any(map(is_mark, text)):
        return None
    same = unicodedata.normalize("NFKC", text.translate(_SAME)).strip().lower()
    found = _PRINTED.fullmatch(same)
    if found is None or (found["open"] is None) != (found["close"] is None) or _REMARK.fullmatch(same):
        return None
    units = {_UNITS[found[place]] for place in ("before", "inside", "within", "after") if found[place]}
    signs = [found[place] for place in ("sign", "open", "behind") if found[place]]
    value = _number(found["number"], is_rate=units == {"%"})
    if value is None or len(units) > 1 or len(signs) > 1 or (found["open"] and "%" in units):
        return None
    if "VND" in units and _is_mixed(found["number"]):
        return None
    if signs not in ([], ["+"]):
        value = -value
    return Amount(value, next(iter(units), None))


def parse_number(text: str | None) -> Decimal | None:
    """Parse a text that consists of one amount, and return its number without the unit; None for any other text."""
    amount = parse_amount(text)
    if amount is None:
        return None
    return amount.value


def _is_mixed(printed: str) -> bool:
    """Return whether a number has both separators, the last one before three digits.

    An amount in đồng has no thousandths, so one of the separators was misread.
    """
    return re.fullmatch(r"[^.,]+([.,][^.,]+)*([.,])\d{3}", printed) is not None and "." in printed and "," in printed


def _number(printed: str, *, is_rate: bool) -> Decimal | None:
    """Parse a number without sign in any notation."""
    compact = re.sub(r"\s*([.,'])\s*", r"\1", " ".join(printed.split()))
    if _CODE.fullmatch(compact) or _GROUPS_OR_DECIMALS.fullmatch(compact):
        return None
    found = _PLAIN.fullmatch(compact)
    if not (is_rate and _GROUP_OR_DECIMALS.fullmatch(compact)):
        found = _GROUPED.fullmatch(compact) or found
    if found is None:
        return None
    decimals = found["rest"] or ""
    whole = re.sub(r"\D", "", compact.removesuffix(decimals))
    return Decimal(f"{whole}.{decimals}")
