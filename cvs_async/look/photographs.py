"""Photographs and scans: opened, turned upright, and decoded no larger than they are wanted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
"""Formats that the service reads. Pillow knows more, and starts another program for some of them."""

ROTATED = (5, 6, 7, 8)
"""EXIF orientations in which width and height change places."""

ORIENTATION = 0x0112
"""The EXIF tag."""


def import_pillow() -> Any:
    """Return Pillow's module of pictures.

    Raises:
        ConfigurationError: if it is not installed.
    """
    try:
        # Pillow knows a format once its module is imported.
        from PIL import (  # noqa: F401
            BmpImagePlugin,
            GifImagePlugin,
            Image,
            JpegImagePlugin,
            PngImagePlugin,
            TiffImagePlugin,
            WebPImagePlugin,
        )
    except ImportError:
        raise ConfigurationError("looking at documents needs Pillow: pip install 'cvs_async[look]'") from None
    return Image


def opened(content: Any, name: str) -> Any:
    """Open a file with a picture, by path or bytes; no pixel is decoded yet.

    Raises:
        InvalidInputError: if it is not a picture, or has too many pixels.
        ConfigurationError: if Pillow is not installed.
    """
    image = import_pillow()
    try:
        return image.open(io.BytesIO(content) if isinstance(content, bytes) else content, formats=FORMATS)
    except (image.DecompressionBombError, image.DecompressionBombWarning):
        raise InvalidInputError(f"{name}: has too many pixels to look at") from None
    except Exception:  # whatever Pillow raises for broken files
        raise InvalidInputError(f"{name}: is not a picture or PDF that can be opened") from None


def frames_in(picture: Any, most: int) -> int:
    """Return how many pages a file has: those of a TIFF, else one. What moves, or has a preview, is one page."""
    if picture.format != "TIFF":
        return 1
    for frame in range(1, most):
        try:
            picture.seek(frame)
        except Exception:  # the end, or whatever Pillow raises for broken files
            return frame
    return max(most, 1)


def orientation_of(picture: Any) -> int:
    """Return the EXIF orientation of a picture, 1 to 8; 1 if it has none that is valid."""
    try:
        found = picture.getexif().get(ORIENTATION, 1)
        return int(found) if found in range(1, 9) else 1
    except Exception:  # broken EXIF data of any kind
        return 1


def decoded(content: Any, name: str, frame: int, width: int | None) -> Image.Image:
    """Decode a picture upright; a JPEG is decoded smaller from the start."""
    with opened(content, name) as picture:
        if frame:
            picture.seek(frame)
        if width is not None and picture.format in ("JPEG", "MPO"):
            full = picture.size[1] if orientation_of(picture) in ROTATED else picture.size[0]
            if width < full:
                picture.draft("RGB", tuple(max(round(side * width / full), 1) for side in picture.size))
        return upright(picture, width)


def upright(picture: Any, width: int | None) -> Image.Image:
    """Return a copy of a picture, upright, in RGB, not wider than wanted, and without its metadata."""
    from PIL import Image

    orientation = orientation_of(picture)
    plain = _plain(picture)
    full = plain.height if orientation in ROTATED else plain.width
    if width is not None and width < full:
        size = tuple(max(round(side * width / full), 1) for side in plain.size)
        plain = plain.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    turn = _turn_of(orientation)
    if turn is not None:
        plain = plain.transpose(turn)
    if plain.mode != "RGB":
        plain = plain.convert("RGB")
    result: Image.Image = plain.copy() if plain is picture else plain
    result.info = {}  # place and time of a photograph must not get into a drawing of it
    return result


def _plain(picture: Any) -> Any:
    """In grey or RGB; what is transparent is white, as paper is."""
    from PIL import Image

    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        white = Image.new("RGB", coloured.size, "white")
        white.paste(coloured, mask=coloured.getchannel("A"))
        return white
    if picture.mode in ("1", "L"):
        return picture.convert("L") if picture.mode == "1" else picture
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _turn_of(orientation: int) -> Image.Transpose | None:
    from PIL import Image

    turns = Image.Transpose
    return {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }.get(orientation)
