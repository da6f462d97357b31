"""Cropped pictures (vendor document 001, smart crop)."""

from __future__ import annotations

from attrs import field, frozen

from .fields import ENVELOPE, Document, renamed


@frozen(kw_only=True)
class Crop(Document):
    """Where the cropped picture is. Made from the whole answer.

    Attributes:
        url: of the result; not in the repr.
        invalid_code: a `CropWarning`; 0 is nothing to complain of; only of ``crop_person``.
        invalid_message: why, in words.
    """

    wire_envelope = ENVELOPE

    url: str | None = field(default=None, repr=False)
    invalid_code: int | None = renamed("invalidCode", default=None)
    invalid_message: str | None = renamed("invalidMessage", default=None)
