"""Parsers for numbers and amounts of money as Vietnamese papers print them. Fields keep the text."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from attrs import frozen

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

# A separator that only forms groups of three digits separates thousands: "1.234" is 1234 in Vietnam, where papers that
# mean one and a quarter print "1,234" with another number of decimals, or a zero before the separator.
_GROUPED = re.compile(r"[1-9]\d{0,2}(?P<mark>[.,' ])\d{3}(?:(?P=mark)\d{3})*(?:(?!(?P=mark))[.,](?P<rest>\d+))?")
_GROUP_OR_DECIMALS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_PLAIN = re.compile(r"\d+(?:[.,](?P<rest>\d+))?")
_GROUPS_OR_DECIMALS = re.compile(r"[^.,]*[' ][^.,]*[.,]\d{3}")
"""1'000.000 is a million where people write, a thousand where machines do."""
_CODE = re.compile(r"0\d{3,}(?:[.,]\d+)?|0\d+[.,]\d{3}")
"""Zeros before it are those of a code, or of a number that was misread."""
_REMARK = re.compile(r"\(\d{1,2}\)")
"""The number of a column or note."""


_SAME = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-", "ð": "đ", "Ð": "Đ"})
"""Look-alikes that are printed in place of other characters: apostrophes, hyphens, the letter of the currency."""


@frozen
class Amount:
    """A number with its unit.

    Attributes:
        value: the number; of a percentage the printed number, so that "8 %" has the value 8.
        unit: ISO code of the currency, such as ``VND``, or ``%``; None if not printed.
    """

    value: Decimal
    unit: str | None = None


def parse_amount(text: str | None) -> Amount | None:
    """Parse a text that consists of one amount.

    Accepted are Vietnamese (1.234.567,89) and international (1,234,567.89) notation, blanks and apostrophes between
    groups, currencies before or after the number, percentages, and negative amounts with a minus sign or in brackets.
    A single separator before three digits separates thousands: 1.234 and 1,234 are both 1234. In a percentage it is
    a decimal separator, as in an interest rate of 8.125%.

    No amounts are the numbers of columns and notes, (1) to (99), a percentage in brackets, codes such as 0123456789,
    and what may be another number by a thousand times: 012.345, 1'000.000, 1.000,000 đ.

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
    negative = signs not in ([], ["+"])
    return Amount(-value if negative else value, next(iter(units), None))


def parse_number(text: str | None) -> Decimal | None:
    """Parse a text that consists of one number, as `parse_amount` does, and drop the unit."""
    amount = parse_amount(text)
    return None if amount is None else amount.value


def _is_mixed(printed: str) -> bool:
    """Return True if both marks occur, the last before three digits and perhaps misread: no đồng has thousandths."""
    return re.fullmatch(r"[^.,]+([.,][^.,]+)*([.,])\d{3}", printed) is not None and "." in printed and "," in printed


def _number(printed: str, *, is_rate: bool) -> Decimal | None:
    """Parse a number without sign in any notation."""
    compact = re.sub(r"\s*([.,'])\s*", r"\1", " ".join(printed.split()))
    if _CODE.fullmatch(compact) or _GROUPS_OR_DECIMALS.fullmatch(compact):
        return None
    has_decimals = is_rate and _GROUP_OR_DECIMALS.fullmatch(compact) is not None
    found = (None if has_decimals else _GROUPED.fullmatch(compact)) or _PLAIN.fullmatch(compact)
    if found is None:
        return None
    rest = found["rest"] or ""
    whole = compact[: found.start("rest")] if rest else compact
    return Decimal(re.sub(r"\D", "", whole) + (f".{rest}" if rest else ""))
