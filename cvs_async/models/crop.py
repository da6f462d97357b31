"""Cropped pictures (vendor document 001, smart crop)."""

from __future__ import annotations

from attrs import field, frozen

from .fields import ENVELOPE, Document, renamed


@frozen(kw_only=True)
class Crop(Document):
    """Where the cropped picture is. Made from the whole answer."""

    wire_envelope = ENVELOPE

    url: str | None = field(default=None, repr=False)
    """Where the cropped picture is (url của ảnh kết quả), such as ``https://example.com/1.jpg``."""
    invalid_code: int | None = renamed("invalidCode", default=None)
    """A `CropWarning`, 0 if nothing is wrong; of `crop_person` only (mã cảnh báo), such as ``0``."""
    invalid_message: str | None = renamed("invalidMessage", default=None)
    """Why it is not valid, in words; of `crop_person` only (thông báo), such as ``Successful``."""
