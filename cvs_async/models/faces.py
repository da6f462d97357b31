"""Faces: matching, liveness, the store for searching (vendor document 001)."""

from __future__ import annotations

from attrs import Factory, field, frozen

from .fields import ENVELOPE, Document, Image, Paper, Unknown, renamed
from .recognized import Recognized


@frozen(kw_only=True)
class FaceMatching(Document):
    """How alike the faces in two pictures are.

    Attributes:
        matching: a percentage, 0 to 100.
        match: 1 if `matching` is above 75, 0 from 65 to 75, -1 below.
        face1: the face on the identity paper.
        face2: the face in the portrait.
        valid: False if the portrait is blurred, covered or suspected; only in ``person_with_card``.
        invalid_code: a `FaceWarning`; 0 is nothing to complain of.
        invalid_message: why, in words.
    """

    matching: float | None = None
    match: int | None = None
    face1: Image | None = None
    face2: Image | None = None
    valid: bool | None = None
    invalid_code: int | None = renamed("invalidCode", default=None)
    invalid_message: str | None = renamed("invalidMessage", default=None)


@frozen(kw_only=True)
class Liveness(Document):
    """Whether portraits from three sides show one living person.

    Attributes:
        matching_mid_left: how alike the middle and left faces are, a percentage, 0 to 100.
        matching_mid_right: the middle and the right ones, likewise.
        valid: the verdict.
        invalid_code: a `LivenessWarning`; 0 is nothing to complain of.
        invalid_message: why, in words.
    """

    matching_mid_left: float | None = None
    matching_mid_right: float | None = None
    valid: bool | None = None
    invalid_code: int | None = renamed("invalidCode", default=None)
    invalid_message: str | None = renamed("invalidMessage", default=None)


def _nothing_read() -> Recognized[Paper]:
    return Recognized(info=Unknown())


@frozen(kw_only=True)
class PersonWithCard(Document):
    """A person who holds an identity paper: the faces compared, and the paper read. Made from the whole answer."""

    wire_envelope = ENVELOPE
    wire_inside = "data"

    matching: FaceMatching = Factory(FaceMatching)
    ocr: Recognized[Paper] = Factory(_nothing_read)


@frozen(kw_only=True)
class FaceImage(Document):
    """A picture in the store of faces. Its metadata, where the service tells them, are in `extra`.

    Attributes:
        id: what the service calls it.
        url: where it is; not in the repr.
    """

    id: str | None = None
    url: str | None = field(default=None, repr=False)
