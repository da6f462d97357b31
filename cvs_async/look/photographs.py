"""Decoding of photographs and scans, upright and not larger than required."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
"""Formats that the service reads. Pillow knows more, some of which start other programs."""

ROTATED = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""

ORIENTATION = 0x0112
"""EXIF tag of the orientation."""


def import_pillow() -> Any:
    """Return the module ``PIL.Image``.

    Raises:
        ConfigurationError: if it is not installed.
    """
    try:
        # Importing the module of a format registers it in Pillow.
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
    """Open a picture file, given by path or bytes. No pixel is decoded yet.

    Raises:
        InvalidInputError: if it is not a picture, or has too many pixels.
        ConfigurationError: if Pillow is not installed.
    """
    image = import_pillow()
    try:
        if isinstance(content, bytes):
            content = io.BytesIO(content)
        return image.open(content, formats=FORMATS)
    except (image.DecompressionBombError, image.DecompressionBombWarning):
        raise InvalidInputError(f"{name}: has too many pixels to look at") from None
    except Exception:  # whatever Pillow raises for broken files
        raise InvalidInputError(f"{name}: is not a picture or PDF that can be opened") from None


def frames_in(picture: Any, most: int) -> int:
    """Return the number of pages: those of a TIFF, at most `most`; 1 for other files, even if they are animated."""
    if picture.format != "TIFF":
        return 1
    for frame in range(1, most):
        try:
            picture.seek(frame)
        except Exception:  # the end, or an error of a broken file
            return frame
    return max(most, 1)


def orientation_of(picture: Any) -> int:
    """Return the EXIF orientation of a picture, 1 to 8; 1 if it is missing or invalid."""
    try:
        found = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # broken EXIF data
        return 1
    return int(found) if found in range(1, 9) else 1


def decoded(content: Any, name: str, frame: int, width: int | None) -> Image.Image:
    """Decode a picture upright. A JPEG is decoded directly at a reduced size."""
    with opened(content, name) as picture:
        if frame:
            picture.seek(frame)
        size = _reduced(picture, orientation_of(picture), width)
        if size is not None and picture.format in ("JPEG", "MPO"):
            picture.draft("RGB", size)
        return upright(picture, width)


def upright(picture: Any, width: int | None) -> Image.Image:
    """Return an upright copy of a picture in RGB, without metadata, at most `width` pixels wide."""
    from PIL import Image

    orientation = orientation_of(picture)
    plain = _plain(picture)
    if (size := _reduced(plain, orientation, width)) is not None:
        plain = plain.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    turn = _turn_of(orientation)
    if turn is not None:
        plain = plain.transpose(turn)
    if plain.mode != "RGB":
        plain = plain.convert("RGB")
    if plain is picture:
        plain = plain.copy()
    plain.info = {}  # place and time of a photograph must not get into its drawing
    result: Image.Image = plain
    return result


def _reduced(picture: Any, orientation: int, width: int | None) -> tuple[int, int] | None:
    """Return the size in which the upright picture has the given width; None if it is not wider anyway."""
    full = picture.size[orientation in ROTATED]
    if width is None or width >= full:
        return None
    first, second = (max(round(side * width / full), 1) for side in picture.size)
    return first, second


def _plain(picture: Any) -> Any:
    """Return a picture in grey or RGB, with white for transparent pixels."""
    from PIL import Image

    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        white = Image.new("RGB", coloured.size, "white")
        white.paste(coloured, mask=coloured.getchannel("A"))
        return white
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert({"1": "L"}.get(picture.mode, "RGB"))


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
