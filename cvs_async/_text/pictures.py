"""Pictures among the texts of an answer without declared types."""

from __future__ import annotations

_BEGINNINGS = ("/9j/", "iVBORw0KGgo", "data:image/")
"""Beginnings of JPEG and PNG files in base64, and of a prefix before it."""

SHORTEST = 100
"""Minimum number of characters of a picture."""


def is_picture(text: str) -> bool:
    """Return whether a text is a JPEG or PNG file in base64."""
    return len(text) >= SHORTEST and text.startswith(_BEGINNINGS)
