"""The true content of a sample, stored in the file's own metadata.

The truth is one line of ASCII JSON: in comment segments of a JPEG, in an iTXt chunk of a PNG, under
``/Keywords`` in a PDF. Reading it decodes no pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
from PIL import Image, JpegImagePlugin, PngImagePlugin
from pypdf import PdfReader

__all__ = ["Page", "Truth", "read_truth", "save_image", "save_pdf"]

_NAME = "cvs_async_truth"
_VERSION = 1
_MARK = _NAME.encode() + b":"
_SEGMENT = 65_533 - len(_MARK)  # remainder of a JPEG segment, whose 16-bit length includes itself
_QUALITY = 76
_PDF_DPI = 109  # makes a page of 900 x 1270 pixels an A4 sheet


@attrs.frozen
class Page:
    """One picture: its size in pixels, its papers and all its text, in the vendor's wire format.

    Attributes:
        papers: each ``{"type": "passport", "info": {...}}``.
        blocks: blocks of lines of texts, as in the answer of `ocr/document/general`.
    """

    width: int
    height: int
    papers: list[dict[str, Any]]
    blocks: list[list[list[dict[str, Any]]]]


@attrs.frozen
class Truth:
    """True content of a sample. `kind` is that of the `Sample`."""

    kind: str
    pages: tuple[Page, ...]


def save_image(image: Image.Image, path: Path, truth: Truth) -> None:
    """Save a picture with its truth, as JPEG or PNG according to the suffix."""
    match path.suffix.lower():
        case ".jpg" | ".jpeg":
            image.save(path, "JPEG", quality=_QUALITY, extra=_comments(_dump(truth).encode()))
        case ".png":
            chunks = PngImagePlugin.PngInfo()
            chunks.add_itxt(_NAME, _dump(truth))
            image.save(path, "PNG", pnginfo=chunks)
        case suffix:
            raise ValueError(f"a picture is saved as .jpg, .jpeg or .png, not as {suffix or 'a file without suffix'}")


def save_pdf(pages: Sequence[Image.Image], path: Path, truth: Truth) -> None:
    """Save pictures as the pages of a PDF with their truth."""
    first, *rest = pages
    first.save(
        path,
        "PDF",
        save_all=True,
        append_images=rest,
        resolution=_PDF_DPI,
        quality=_QUALITY,
        keywords=_dump(truth).encode(),
        # Without dates the same pages give the same bytes.
        creationDate=None,
        modDate=None,
    )


def read_truth(content: bytes) -> Truth | None:
    """Return the truth stored in a JPEG, PNG or PDF; None for files without it."""
    try:
        text = _pdf_text(content) if content.startswith(b"%PDF-") else _image_text(content)
        return _parse(text) if text else None
    except Exception:
        # Pillow, pypdf and json raise many kinds of errors on invalid data; all of them mean that there is no truth.
        return None


def _dump(truth: Truth) -> str:
    return json.dumps({_NAME: _VERSION, **attrs.asdict(truth)}, separators=(",", ":"))


def _parse(text: str) -> Truth | None:
    stored = json.loads(text)
    if stored[_NAME] != _VERSION:
        return None
    return Truth(stored["kind"], tuple(Page(**page) for page in stored["pages"]))


def _comments(data: bytes) -> bytes:
    """Return the data as JPEG comment segments, as many as needed."""
    parts = [_MARK + data[start : start + _SEGMENT] for start in range(0, len(data), _SEGMENT)]
    return b"".join(b"\xff\xfe" + (len(part) + 2).to_bytes(2, "big") + part for part in parts)


def _image_text(content: bytes) -> str:
    with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            segments = (data for name, data in image.applist if name == "COM" and data.startswith(_MARK))
            return b"".join(data.removeprefix(_MARK) for data in segments).decode()
        return str(image.info.get(_NAME, ""))


def _pdf_text(content: bytes) -> str:
    # Strict, because the lenient reader logs what it repairs.
    metadata = PdfReader(BytesIO(content), strict=True).metadata
    return str(metadata.get("/Keywords", "")) if metadata else ""
