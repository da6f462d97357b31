"""Faces: matching, liveness, face search (vendor document 001)."""

from __future__ import annotations

from attrs import Factory, field, frozen

from .fields import ENVELOPE, Document, Image, Paper, Unknown, renamed
from .recognized import Recognized


@frozen(kw_only=True)
class FaceMatching(Document):
    """Similarity of the faces in two pictures."""

    matching: float | None = None
    """Similarity of the faces in percent, 0 to 100 (độ giống nhau), such as ``88.4``."""
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
    """Reason why it is not valid (cảnh báo ảnh hưởng đến kết quả), such as ``Successful``."""


@frozen(kw_only=True)
class Liveness(Document):
    """Result of the check that three portraits show one living person."""

    matching_mid_left: float | None = None
    """Similarity of middle and left face in percent, 0 to 100 (độ giống của ảnh giữa và trái), such as ``91.2``."""
    matching_mid_right: float | None = None
    """Similarity of middle and right face in percent, 0 to 100 (độ giống của ảnh giữa và phải), such as ``90.1``."""
    valid: bool | None = None
    """True if the portraits show one living person (kết luận), such as ``True``."""
    invalid_code: int | None = renamed("invalidCode", default=None)
    """A `LivenessWarning`; 0 if nothing is wrong (mã cảnh báo), such as ``0``."""
    invalid_message: str | None = renamed("invalidMessage", default=None)
    """Reason why it is not valid (cảnh báo), such as ``Successful``."""


def _nothing_read() -> Recognized[Paper]:
    return Recognized(info=Unknown())


@frozen(kw_only=True)
class PersonWithCard(Document):
    """A person with an identity paper: the comparison of the faces, and the paper. Built from the whole answer."""

    wire_envelope = ENVELOPE
    wire_inside = "data"

    matching: FaceMatching = Factory(FaceMatching)
    """The comparison of the faces (so khớp khuôn mặt)."""
    ocr: Recognized[Paper] = Factory(_nothing_read)
    """The identity paper that was read (thông tin giấy tờ)."""


@frozen(kw_only=True)
class FaceImage(Document):
    """A picture in the store of faces. If the service returns its metadata, they are in `extra`."""

    id: str | None = None
    """Id of the picture (id của ảnh), such as ``481``."""
    url: str | None = field(default=None, repr=False)
    """URL of the picture (url của ảnh), such as ``https://example.com/481.jpg``."""
