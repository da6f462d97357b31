"""Face operations of the sandbox: the likeness of two pictures is the likeness of their patterns of light."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from ..errors import InvalidIdError, NoContentError
from .intake import Refusal

SIDE = 8
SAME = 75.0
PERHAPS = 65.0


def fingerprint(content: bytes) -> tuple[bool, ...]:
    """Return which of 64 squares of a picture are brighter than its mean."""
    if content.startswith(b"%PDF-"):
        raise Refusal(NoContentError)
    with Image.open(io.BytesIO(content)) as image:
        squares = list(image.convert("L").resize((SIDE, SIDE)).tobytes())
    mean = sum(squares) / len(squares)
    return tuple(square > mean for square in squares)


def likeness(one: Sequence[bool], other: Sequence[bool]) -> float:
    """Return a likeness from 0 to 100."""
    same = sum(a == b for a, b in zip(one, other, strict=True))
    return round(100 * same / len(one), 2)


def _verdict(matching: float) -> int:
    if matching > SAME:
        return 1
    if matching >= PERHAPS:
        return 0
    return -1


def match(contents: Sequence[bytes]) -> dict[str, Any]:
    """Return the answer of face matching (vendor document 001)."""
    matching = likeness(fingerprint(contents[0]), fingerprint(contents[1]))
    return {
        "matching": str(matching),
        "match": str(_verdict(matching)),
        "invalidCode": "0",
        "invalidMessage": "Successful",
    }


def verify(contents: Sequence[bytes]) -> dict[str, Any]:
    """Return the answer of the liveness check for the left, mid and right pictures."""
    left, mid, right = map(fingerprint, contents)
    to_left, to_right = likeness(mid, left), likeness(mid, right)
    code, message = 0, "Successful"
    if to_left < PERHAPS:
        code, message = 4, "The mid image and the left image do not match"
    elif to_right < PERHAPS:
        code, message = 5, "The mid image and the right image do not match"
    return {
        "matching_mid_left": str(to_left),
        "matching_mid_right": str(to_right),
        "valid": str(code == 0),
        "invalidCode": str(code),
        "invalidMessage": message,
    }


class FaceStore:
    """Stored pictures of face search, each with id, url and metadata."""

    def __init__(self) -> None:
        self._images: dict[str, dict[str, Any]] = {}
        self._fingerprints: dict[str, tuple[bool, ...]] = {}
        self._ids = itertools.count(100_001)

    def add(self, content: bytes, url: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Store a picture and return its information."""
        shape, image_id = fingerprint(content), str(next(self._ids))
        self._images[image_id] = {"id": image_id, "url": url, "metadata": metadata}
        self._fingerprints[image_id] = shape
        return self._images[image_id]

    def page(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Return a page of the pictures, in order of arrival."""
        return list(itertools.islice(self._images.values(), offset, offset + limit))

    def search(self, content: bytes) -> list[dict[str, Any]]:
        """Return the pictures of the same face, best match first."""
        shape = fingerprint(content)
        found = [(likeness(shape, other), image_id) for image_id, other in self._fingerprints.items()]
        return [self._images[image_id] for alike, image_id in sorted(found, reverse=True) if alike > SAME]

    def update(self, image_id: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the metadata of a picture."""
        self._images[image_id] = self._known(image_id) | {"metadata": metadata}
        return self._images[image_id]

    def delete(self, ids: Sequence[str]) -> None:
        """Delete pictures: all of them, or none if any is unknown."""
        for image_id in ids:
            self._known(image_id)
        for image_id in ids:
            self._images.pop(image_id, None)
            self._fingerprints.pop(image_id, None)

    def _known(self, image_id: str) -> dict[str, Any]:
        if image_id not in self._images:
            raise Refusal(InvalidIdError)
        return self._images[image_id]


def as_stored(result: Any) -> Any:
    """Return a result of the store as API v2 has it: metadata stand beside id and url."""
    if isinstance(result, list):
        return [as_stored(one) for one in result]
    if result is None:
        return None
    return {**result["metadata"], "id": result["id"], "url": result["url"]}
