"""Check dates on papers: against the calendar, against each other and against today."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ..models.birth import BirthCertificate
from ..models.dates import is_impossible
from ..models.fields import Document
from ..models.finding import Finding
from ._reading import date_of, text_of

EXPIRIES = ("due_date", "duedate", "valid_until")
"""Fields with the last day on which a paper is valid."""

PAST = (
    *("dob", "born", "father_dob", "mother_dob", "issue_date", "dateissue", "date", "regis_date", "date_of_change"),
    *("first_issue_date", "last_issue_date", "quotation_date", "credit_ranking_date", "ngay_cap"),
)
"""Fields whose date cannot be in the future."""

_OTHERS = ("estimated_delivery_date",)

ORDERS = (
    ("dob", "issue_date"),
    ("dob", "due_date"),
    ("issue_date", "due_date"),
    ("born", "dateissue"),
    ("born", "duedate"),
    ("dateissue", "duedate"),
    ("father_dob", "dob"),
    ("mother_dob", "dob"),
    ("first_issue_date", "last_issue_date"),
    ("regis_date", "date_of_change"),
    ("quotation_date", "estimated_delivery_date"),
)
"""Pairs of fields: the date in the second must not be before the one in the first."""

_OF_BIRTHS = ("dob", "regis_date")
"""The same, only for birth certificates. A company may be registered before the birth of its representative."""


def check_dates(document: Document, today: datetime.date | None) -> Iterator[Finding]:
    """Check a document's dates against the calendar, each other, and today."""
    for name in (*PAST, *EXPIRIES, *_OTHERS):
        if is_impossible(text_of(document, name)):
            yield Finding(name, "date_impossible", "the date is not in the calendar")
    orders = list(ORDERS)
    if isinstance(document, BirthCertificate):
        orders.append(_OF_BIRTHS)
    for earlier, later in orders:
        first, second = date_of(document, earlier), date_of(document, later)
        if first is not None and second is not None and second < first:
            yield Finding(later, "date_order", f"the date is before {earlier}")
    if today is not None:
        yield from _check_today(document, today)


def _check_today(document: Document, today: datetime.date) -> Iterator[Finding]:
    for name in PAST:
        date = date_of(document, name)
        if date is not None and date > today:
            yield Finding(name, "date_future", "the date is in the future")
    for name in EXPIRIES:
        date = date_of(document, name)
        if date is not None and date < today:
            yield Finding(name, "expired", "the paper has expired")
