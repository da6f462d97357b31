"""Faces: matching, liveness, the store for searching (vendor document 001)."""

from __future__ import annotations

from attrs import Factory, field, frozen

from .fields import ENVELOPE, Document, Image, Paper, Unknown, renamed
from .recognized import Recognized


@frozen(kw_only=True)
class FaceMatching(Document):
    """How alike the faces in two pictures are."""

    matching: float | None = None
    """How alike the faces are, in percent, 0 to 100 (độ giống nhau), such as ``88.4``."""
    match: int | None = None
    """1 if `matching` is above 75, 0 from 65 to 75, -1 below (kết luận có cùng một người), such as ``1``."""
    face1: Image | None = None
    """The face on the identity paper (khuôn mặt trên giấy tờ)."""
    face2: Image | None = None
    """The face in the portrait (khuôn mặt trong ảnh chân dung)."""
    face1_score: float | None = None
    """Confidence that the first picture shows a face, 0 to 1 (độ tin cậy của khuôn mặt thứ nhất), such as ``0.99``."""
    face2_score: float | None = None
    """Confidence that the second picture shows a face, 0 to 1 (độ tin cậy của khuôn mặt thứ hai), such as ``0.97``."""
    valid: bool | None = None
    """False if the portrait is unfit or suspected; of `person_with_card` only (ảnh hợp lệ), such as ``True``."""
    invalid_code: int | None = renamed("invalidCode", default=None)
    """A `FaceWarning`; 0 if nothing is wrong (mã cảnh báo), such as ``0``."""
    invalid_message: str | None = renamed("invalidMessage", default=None)
    """Why it is not valid, in words (cảnh báo ảnh hưởng đến kết quả), such as ``Successful``."""


@frozen(kw_only=True)
class Liveness(Document):
    """Whether portraits from three sides show one living person."""

    matching_mid_left: float | None = None
    """How alike middle and left face are, in percent, 0 to 100 (độ giống của ảnh giữa và trái), such as ``91.2``."""
    matching_mid_right: float | None = None
    """How alike middle and right face are, in percent, 0 to 100 (độ giống của ảnh giữa và phải), such as ``90.1``."""
    valid: bool | None = None
    """The verdict: whether it is one living person (kết luận), such as ``True``."""
    invalid_code: int | None = renamed("invalidCode", default=None)
    """A `LivenessWarning`; 0 if nothing is wrong (mã cảnh báo), such as ``0``."""
    invalid_message: str | None = renamed("invalidMessage", default=None)
    """Why it is not valid, in words (cảnh báo), such as ``Successful``."""


def _nothing_read() -> Recognized[Paper]:
    return Recognized(info=Unknown())


@frozen(kw_only=True)
class PersonWithCard(Document):
    """A person who holds an identity paper: the faces compared, and the paper read. Made from the whole answer."""

    wire_envelope = ENVELOPE
    wire_inside = "data"

    matching: FaceMatching = Factory(FaceMatching)
    """The comparison of the faces (so khớp khuôn mặt)."""
    ocr: Recognized[Paper] = Factory(_nothing_read)
    """The identity paper that was read (thông tin giấy tờ)."""


@frozen(kw_only=True)
class FaceImage(Document):
    """A picture in the store of faces. Its metadata, where the service tells them, are in `extra`."""

    id: str | None = None
    """What the service calls the picture (id của ảnh), such as ``481``."""
    url: str | None = field(default=None, repr=False)
    """Where the picture is (url của ảnh), such as ``https://example.com/481.jpg``."""
