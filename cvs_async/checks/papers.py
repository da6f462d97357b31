"""All checks of a document."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from .._codec.reply import Reply
from ..batch.outcome import Done
from ..models.fields import Document
from ..models.finding import Finding
from ..models.pairing import PersonCard
from ..models.picking import LEVELS
from ..models.tables import Cell
from .dates import check_dates
from .numbers import check_number
from .sums import check_sums
from .zones import check_digits

_EXACT = 400
"""Precision of intermediate results in digits: enough for the product of two printed amounts and a percentage of it."""


def check_paper(
    paper: Document | Sequence[Document] | Reply[Any] | Done[Any] | PersonCard | Sequence[PersonCard],
    *,
    today: datetime.date | None = None,
) -> list[Finding]:
    """Find contradictions in the data of a paper. Free: nothing is sent.

    No value is changed and nothing is raised. A field that is missing or unreadable gives no finding. A finding means
    that a paper needs review, not that it is forged: the service may have misread it.

    ====================  ==============================================================================
    kind                  what is wrong
    ====================  ==============================================================================
    ``number_form``       the number of an identity paper has other characters, or not 12 (or 9) digits
    ``province``          a 12-digit number begins with an unknown province code; ``000`` is for specimens
    ``birth_year``        its century and year of birth differ from the date of birth
    ``sex``               the sex in it differs from the printed one
    ``check_digit``       a check digit of the machine-readable zone (ICAO 9303) is wrong, if the answer
                          has it; `check_zone` checks the lines of a zone
    ``date_impossible``   a date is not in the calendar, or of a year that no paper has, such as 2563
    ``date_order``        issued before birth, expired before issue, and the like
    ``date_future``       a date of birth or issue is after `today`
    ``expired``           the paper expired before `today`; "không thời hạn" never expires
    ``amount``            an invoice's or quotation's lines, tax and total do not add up, beyond rounding
    ``balance``           a bank statement's balance does not follow from the row before
    ====================  ==============================================================================

    Args:
        paper: an element of a reply's data, its `info`, or any other document; what is inside of it is checked too.
            Of a list, as of a reply with one, paths begin with the place in it: ``0.info.id``; of what `pair` has
            joined, with the side: ``front.info.id``.
            Of an outcome they are those of its reply.
        today: what dates are compared with; without it, ``expired`` and ``date_future`` are not looked for.

    Returns:
        The findings in the order of the fields; none if nothing contradicts itself.

    Raises:
        TypeError: `today` is not a date.
    """
    if today is not None and not isinstance(today, datetime.date):
        raise TypeError("today must be a datetime.date, such as datetime.date.today()")
    if isinstance(today, datetime.datetime):
        today = today.date()  # a date cannot be compared with a datetime
    with decimal.localcontext(decimal.Context(prec=_EXACT, traps=[])):
        return [finding for path, inner in _inside("", paper) for finding in _findings(path, inner, today)]


def _findings(path: str, document: Document, today: datetime.date | None) -> Iterator[Finding]:
    for finding in _walk(document, today):
        yield finding.below(path)


def _walk(document: Document, today: datetime.date | None) -> Iterator[Finding]:
    yield from check_number(document, today)
    yield from check_digits(document)
    yield from check_dates(document, today)
    yield from check_sums(document)
    for attribute in attrs.fields(type(document)):
        if attribute.name == "extra":
            continue
        for path, inner in _inside(attribute.name, getattr(document, attribute.name)):
            yield from _findings(path, inner, today)


def _inside(path: str, value: Any, levels: int = LEVELS) -> Iterator[tuple[str, Document]]:
    """The documents in a value. Cells are looked at with their rows."""
    match value:
        case Cell():
            return
        case Document():
            yield path, value
        case Reply():
            yield from _inside(path, value.data, levels)
        case Done():
            yield from _inside(path, value.reply, levels)
        case PersonCard():
            for side in ("front", "back"):
                yield from _inside(_below(path, side), getattr(value, side), levels)
        case list() | tuple() if levels:
            for place, element in enumerate(value):
                yield from _inside(_below(path, place), element, levels - 1)


def _below(path: str, part: object) -> str:
    return f"{path}.{part}" if path else str(part)
