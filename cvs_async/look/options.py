"""The options of a report."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from attrs import field, frozen

from .._text.period import Period
from ..batch.prices import Prices
from .summary import Limits

Pictures: TypeAlias = Literal["review", "all", "none"]


@frozen(kw_only=True)
class ReportOptions:
    """The options of a report.

    Attributes:
        limits: limits below which values are reviewed.
        files: folders to search for documents.
        pictures: documents with pictures: ``review`` for those to review.
        parameters: parameters of the calls, needed to recognise files as those that were sent.
        sample: number of additional documents to review, drawn at random.
        period: only documents whose last request was sent on these days, and only charges of these days. For journals.
        zone: time zone of days; None for that of `now`.
        prices: prices for a bill.
        redact: whether to remove values, pictures, names, references, messages and answers.
        lang: language, ``en`` or ``vi``.
        dpi: resolution of the pictures that the service made of PDF pages, if known.
        yes: whether to make pictures of any number of pages.
        now: time printed on the page.
    """

    limits: Limits = field(factory=Limits)
    files: Sequence[Path] = ()
    pictures: Pictures = "review"
    parameters: Mapping[str, object] = field(factory=dict)
    sample: int = 0
    period: Period = field(factory=Period)
    zone: datetime.tzinfo | None = None
    prices: Prices | None = None
    redact: bool = False
    lang: str = "en"
    dpi: float | None = None
    yes: bool = False
    now: datetime.datetime = field(factory=lambda: datetime.datetime.now().astimezone())

    @property
    def zone_of_days(self) -> datetime.tzinfo:
        """Return the time zone of days."""
        return self.zone or self.now.tzinfo or datetime.UTC
