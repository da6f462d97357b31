"""Cropped pictures (vendor document 001, smart crop)."""

from __future__ import annotations

from attrs import field, frozen

from .fields import ENVELOPE, Document, renamed


@frozen(kw_only=True)
class Crop(Document):
    """Location of the cropped picture. Built from the whole answer."""

    wire_envelope = ENVELOPE

    url: str | None = field(default=None, repr=False)
    """URL of the cropped picture (url của ảnh kết quả), such as ``https://example.com/1.jpg``."""
    invalid_code: int | None = renamed("invalidCode", default=None)
    """A `CropWarning`, 0 if valid; only from `crop_person` (mã cảnh báo), such as ``0``."""
    invalid_message: str | None = renamed("invalidMessage", default=None)
    """Reason why it is not valid; only from `crop_person` (thông báo), such as ``Successful``."""
