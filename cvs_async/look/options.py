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
        limits: of what is to be looked at.
        files: folders in which the documents are looked for.
        pictures: of documents to review, of all, or of none.
        parameters: of the calls, if they had any; they are needed to recognize a file as the one that was sent.
        sample: number of further documents to review, drawn at random.
        period: only documents of journals whose last request was sent in it, and only charges of these days.
        zone: time zone of days; None for that of `now`.
        prices: for a bill.
        redact: remove values, pictures, names, references, words of the vendor, and answers.
        lang: ``en`` or ``vi``.
        dpi: of the pictures that the service made of PDF pages, if it is known.
        yes: make all pictures, however many there are.
        now: time at which the report says it was made.
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
