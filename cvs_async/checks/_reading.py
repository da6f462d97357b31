"""Read fields of any document by name. The result is None for a missing field and for a field of another type."""

from __future__ import annotations

import datetime
from typing import Literal

from ..models.dates import parse_date
from ..models.fields import Document, Field
from ..models.plain import plain

Sex = Literal["male", "female"]

_SEXES: dict[str, Sex] = {"nam": "male", "m": "male", "male": "male", "nu": "female", "f": "female", "female": "female"}


def text_of(document: Document, name: str) -> str | None:
    """Return the value of a text field."""
    match getattr(document, name, None):
        case Field(value=str() as text):
            return text
    return None


def date_of(document: Document, name: str) -> datetime.date | None:
    """Return the value of a date field."""
    return parse_date(text_of(document, name))


def sex_of(document: Document, name: str) -> Sex | None:
    """Return the sex in a field: a word in Vietnamese or English, or a letter."""
    return _SEXES.get(plain(text_of(document, name)).strip())
