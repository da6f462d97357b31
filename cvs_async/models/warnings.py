"""Meanings of the service's warning codes. The fields of papers are numbers, which are equal to these members.

An undocumented code is a member, too: ``CardWarning(99)`` has the name ``UNKNOWN_99``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class _Open(IntEnum):
    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = f"UNKNOWN_{value}", value
        return member


class CardWarning(_Open):
    """Warnings about identity papers: `Recognized.invalid_code`."""

    OK = 0
    SCREEN = 1
    PHOTOCOPY = 2
    MALFORMED_ID = 3
    MALFORMED_MRZ = 4
    CLIPPED_CORNER = 5
    CORNER_AT_MARGIN = 6


class FaceWarning(_Open):
    """Warnings about compared faces: `FaceMatching.invalid_code`."""

    OK = 0
    NO_CARD = 1
    PHOTOCOPY = 2
    TAMPERED_CARD = 3
    NO_FACE_ON_CARD = 4
    NO_FACE_IN_PORTRAIT = 5
    SEVERAL_FACES = 6
    SUNGLASSES = 7
    HAT = 8
    MASK = 9
    FRAUD_SUSPECTED = 10
    FACE_TOO_SMALL = 11
    FACE_AT_MARGIN = 12


class LivenessWarning(_Open):
    """Warnings about three portraits: `Liveness.invalid_code`."""

    OK = 0
    NO_FACE_MID = 1
    NO_FACE_LEFT = 2
    NO_FACE_RIGHT = 3
    MID_LEFT_DIFFER = 4
    MID_RIGHT_DIFFER = 5
    INVALID_MID = 6
    INVALID_LEFT = 7
    INVALID_RIGHT = 8


class CropWarning(_Open):
    """Warnings about cropped people: `Crop.invalid_code`."""

    OK = 0
    NO_FACE = 1
    SEVERAL_FACES = 2
    SUNGLASSES = 3
    HAT = 4
    MASK = 5
    TILTED = 6
    SCREEN = 7
    FACE_TOO_SMALL = 8
