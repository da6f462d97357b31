"""Picture objects: those of Pillow, which are encoded without importing it, and arrays, which are not."""

from __future__ import annotations

import io
from typing import Any, Protocol


class Picture(Protocol):
    """Protocol of a ``PIL.Image.Image``."""

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
    """Return a picture as a file: a JPEG with its own quality if it was read from one, else a lossless PNG. Blocks.

    Raises:
        ValueError: with a predicate: "cannot be encoded".
    """
    try:
        return _jpeg(picture) if picture.format == "JPEG" else _png(picture)
    except Exception as error:  # Pillow raises whatever its plugins raise; their texts may quote the file
        raise ValueError(f"cannot be encoded as a picture ({type(error).__name__})") from None


def _jpeg(picture: Picture) -> bytes:
    return _saved(picture, "JPEG", quality="keep", **_as_it_was_read(picture))


def _png(picture: Picture) -> bytes:
    try:
        return _saved(picture, "PNG", **_as_it_was_read(picture))
    except OSError:  # colour modes that PNG does not have, such as those of printers
        return _saved(picture.convert("RGB"), "PNG")


def _as_it_was_read(picture: Picture) -> dict[str, Any]:
    """Return the properties of the file to keep: its orientation. A changed picture may already have been rotated."""
    exif = getattr(picture, "info", {}).get("exif")
    return {"exif": exif} if exif and picture.format is not None else {}


def _saved(picture: Picture, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()
