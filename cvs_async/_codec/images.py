"""Picture objects: recognise those of Pillow and numpy, and encode those of Pillow, without importing either."""

from __future__ import annotations

import io
from typing import Any, Protocol


class Picture(Protocol):
    """The parts of ``PIL.Image.Image`` that are used here."""

    @property
    def format(self) -> str | None:
        """Return the format of the file that it was read from; None if it was created or changed."""

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
        """Write it to a binary file."""

    def convert(self, mode: str) -> Picture:
        """Return it in another colour mode."""
        ...


def is_picture(value: object) -> bool:
    """Return whether the value is a `Picture`."""
    return hasattr(value, "format") and callable(getattr(value, "save", None))


def is_array(value: object) -> bool:
    """Return whether the value is an array of numbers, of numpy or a similar library."""
    return hasattr(value, "__array_interface__") or hasattr(value, "__array__")


def encoded(picture: Picture) -> bytes:
    """Encode a picture as JPEG with its original quality if it was read from a JPEG, else as PNG. Blocks.

    Raises:
        ValueError: with a predicate: "cannot be encoded".
    """
    try:
        if picture.format == "JPEG":
            return _saved(picture, "JPEG", quality="keep", **_as_it_was_read(picture))
        return _png(picture)
    except Exception as error:  # plugins of Pillow raise errors of any class, whose texts may quote the file
        raise ValueError(f"cannot be encoded as a picture ({type(error).__name__})") from None


def _png(picture: Picture) -> bytes:
    try:
        return _saved(picture, "PNG", **_as_it_was_read(picture))
    except OSError:  # a colour mode that PNG does not have, such as CMYK
        return _saved(picture.convert("RGB"), "PNG")


def _as_it_was_read(picture: Picture) -> dict[str, Any]:
    """Return the orientation to keep, as an option of `save`; empty for a changed picture, which may be rotated."""
    exif = getattr(picture, "info", {}).get("exif")
    if not exif or picture.format is None:
        return {}
    return {"exif": exif}


def _saved(picture: Picture, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()
