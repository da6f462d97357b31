"""Compared faces in API v1 (newer pages, v1, face matching)."""

from __future__ import annotations

from attrs import frozen

from .fields import Document, Image


@frozen(kw_only=True)
class V1CardMatching(Document):
    """Similarity of the face on an identity card and the face in a portrait."""

    matching: float | None = None
    """Similarity of the faces, in percent, 0 to 100 (độ giống nhau), such as ``83.2``."""
    img_cmt: Image | None = None
    """The face on the card, cut out (khuôn mặt trên giấy tờ)."""
    img_person: Image | None = None
    """The face in the portrait, cut out (khuôn mặt trong ảnh chân dung)."""
    valid: bool | None = None
    """False if the portrait is blurred, covered or suspected (ảnh hợp lệ), such as ``True``."""


@frozen(kw_only=True)
class V1FaceMatching(Document):
    """Similarity of the faces of two portraits."""

    matching: float | None = None
    """Similarity of the faces, in percent, 0 to 100 (độ giống nhau), such as ``71.0``."""
    img_person1: Image | None = None
    """The face in the first portrait, cut out (khuôn mặt trong ảnh thứ nhất)."""
    img_person2: Image | None = None
    """The face in the second portrait, cut out (khuôn mặt trong ảnh thứ hai)."""
    valid: bool | None = None
    """False if a portrait is blurred, covered or suspected (ảnh hợp lệ), such as ``True``."""
    match: int | None = None
    """1 surely the same person, 2 doubtful, 3 different persons; not v2's scale (kết luận), such as ``1``."""


@frozen(kw_only=True)
class V1LivenessMatching(Document):
    """Similarity of a card and three portraits of one living person."""

    matching: float | None = None
    """Similarity of the faces, in percent, 0 to 100 (độ giống nhau), such as ``90.5``."""
    valid: bool | None = None
    """True if nothing looks forged (ảnh hợp lệ), such as ``True``."""
    errors: str | None = None
    """Faults that were found, in the vendor's words (lỗi phát hiện được), such as ``left``."""
