"""Pictures in answers that stay JSON, because the vendor does not publish their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .fields import Image, described

HEADS = ("/9j/", "iVBORw0KGgo")
"""First characters of a JPEG and of a PNG in base64."""

DEEPEST = 100
"""Maximum depth of JSON in which pictures are found."""


def with_pictures(data: object) -> Any:
    """Return the data of an answer with an `Image` for each text that is a picture, if the answer stays JSON.

    Models are returned as they are: they name their pictures.
    """
    return _replaced(data, Image, DEEPEST)


def without_pictures(data: object) -> Any:
    """Return the same with kind and size in place of each picture."""
    return _replaced(data, lambda text: described(Image(text)), DEEPEST)


def is_encoded_picture(text: str) -> bool:
    """Return whether text is base64 of a JPEG or PNG, perhaps after a prefix such as ``data:image/jpeg;base64,``."""
    encoded = text.partition(",")[2] if text.startswith("data:image/") else text
    if not encoded.startswith(HEADS):
        return False
    try:
        Image(encoded).decode()
    except ValueError:
        return False
    return True


def _replaced(data: object, replace: Callable[[str], object], depth: int) -> object:
    if isinstance(data, str) and is_encoded_picture(data):
        return replace(data)
    if depth and type(data) is dict:
        return {name: _replaced(value, replace, depth - 1) for name, value in data.items()}
    if depth and type(data) is list:
        return [_replaced(element, replace, depth - 1) for element in data]
    return data
