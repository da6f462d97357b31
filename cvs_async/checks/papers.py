"""`check_paper`: all checks of a document and of the documents in it."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from .._codec.reply import HasReply, Reply
from .._text.paths import below
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
"""Digits of intermediate results: enough for the exact product of two printed amounts and a percentage of it."""


def check_paper(
    paper: Document | Sequence[Document] | Reply[Any] | HasReply | PersonCard | Sequence[PersonCard],
    *,
    today: datetime.date | None = None,
) -> list[Finding]:
    """Find contradictions in the data of a paper. Free: nothing is sent.

    Fields that are missing or cannot be parsed are not checked. A finding means that a paper needs review, not that it
    is forged: the service may have misread it.

    ====================  ==============================================================================
    kind                  what is wrong
    ====================  ==============================================================================
    ``number_form``       the number of an identity paper does not consist of 12 (or 9) digits
    ``province``          a 12-digit number begins with an unknown province code; ``000`` is for specimens
    ``birth_year``        its century and year of birth differ from the date of birth
    ``sex``               the sex in it differs from the printed one
    ``check_digit``       a check digit of the machine-readable zone (ICAO 9303) is wrong, if the answer
                          has it; `check_zone` checks the lines of a zone
    ``date_impossible``   a date is not in the calendar, or of a year that no paper has, such as 2563
    ``date_order``        two dates are in the wrong order, such as issued before birth
    ``date_future``       a date of birth or issue is after `today`
    ``expired``           the paper expired before `today`; "không thời hạn" never expires
    ``amount``            lines, tax and total of an invoice or quotation do not add up, beyond rounding
    ``balance``           a balance in a bank statement does not follow from the adjacent row
    ====================  ==============================================================================

    Args:
        paper: a document, with all documents in it; a list of documents; a reply, or an outcome of a batch that has
            one; a card joined by `pair`.
        today: the date for ``expired`` and ``date_future``, which are not checked without it.

    Returns:
        The findings in the order of the fields. Their paths start at the document; in a list with the position
        (``0.info.id``), in a joined card with the side (``front.info.id``).

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
    """Yield the documents in a value with their paths, except cells, which are checked with their rows."""
    match value:
        case Cell():
            return
        case Document():
            yield path, value
        case Reply():
            yield from _inside(path, value.data, levels)
        case object(reply=Reply() as reply):
            yield from _inside(path, reply, levels)
        case PersonCard():
            for side in ("front", "back"):
                yield from _inside(below(path, side), getattr(value, side), levels)
        case list() | tuple() if levels:
            for place, element in enumerate(value):
                yield from _inside(below(path, place), element, levels - 1)
