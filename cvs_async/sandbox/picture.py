"""Inspection of an uploaded file: readability, page sizes, and the truth of a sample."""

from __future__ import annotations

import base64
import hashlib
import io
from collections import OrderedDict
from threading import Lock

import pypdf
from attrs import frozen
from PIL import Image, ImageOps

from .samples.truth import Truth, read_truth

REMEMBERED = 1024
THUMB_SIDE = 480


class UnreadableError(Exception):
    """The file is neither a readable picture nor a readable PDF."""


@frozen
class Picture:
    """Facts about a file.

    Attributes:
        digest: SHA-256 of the content, in hex.
        pages: width and height of each page in pixels; one entry for a picture.
        is_pdf: whether it is a PDF.
        truth: the truth of a sample document; None for other files.
    """

    digest: str
    pages: tuple[tuple[int, int], ...]
    is_pdf: bool
    truth: Truth | None


class Reader:
    """Inspects files and caches recent results, so that the same file is decoded once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Picture] = OrderedDict()
        self._lock = Lock()

    def look(self, content: bytes) -> Picture:
        """Inspect a file.

        Raises:
            UnreadableError: if it is not a complete picture or PDF.
        """
        digest = hashlib.sha256(content).hexdigest()
        with self._lock:
            if digest in self._known:
                self._known.move_to_end(digest)
                return self._known[digest]
        is_pdf = content.startswith(b"%PDF-")
        pages = _pdf_pages(content) if is_pdf else (_image_size(content),)
        picture = Picture(digest, pages, is_pdf, read_truth(content))
        with self._lock:
            self._known[digest] = picture
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return picture

    def note(self, content: bytes) -> Picture:
        """Return the facts about a file that is not a picture, without decoding it."""
        return Picture(hashlib.sha256(content).hexdigest(), (), False, None)


class Gallery:
    """Recent pictures of the sandbox by the names in their URLs."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def put(self, content: bytes) -> str:
        """Store a picture and return its name."""
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.jpg"
        with self._lock:
            self._pictures[name] = content
            if len(self._pictures) > REMEMBERED:
                self._pictures.popitem(last=False)
        return name

    def get(self, name: str) -> bytes | None:
        """Return a stored picture."""
        return self._pictures.get(name)


def cropped(content: bytes, width: int, height: int) -> bytes:
    """Return a JPEG of exactly this size, cut from the middle of a picture."""
    with Image.open(io.BytesIO(content)) as image:
        fitted = ImageOps.fit(image.convert("RGB"), (width, height))
    target = io.BytesIO()
    fitted.save(target, "JPEG", quality=85)
    return target.getvalue()


def thumbnail(content: bytes, page: int) -> str | None:
    """Return a small JPEG of one page in base64; None for a PDF page without a picture."""
    if content.startswith(b"%PDF-"):
        images = pypdf.PdfReader(io.BytesIO(content)).pages[page].images
        if not images:
            return None
        content = images[0].data
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB")
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    target = io.BytesIO()
    small.save(target, "JPEG", quality=80)
    return base64.b64encode(target.getvalue()).decode("ascii")


def _image_size(content: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return image.size
    except Exception as error:  # Pillow's decoders may raise any exception
        raise UnreadableError from error


def _pdf_pages(content: bytes) -> tuple[tuple[int, int], ...]:
    try:
        pages = pypdf.PdfReader(io.BytesIO(content), strict=True).pages
        sizes = tuple((int(page.mediabox.width), int(page.mediabox.height)) for page in pages)
    except Exception as error:  # pypdf may raise many kinds of exceptions on broken files
        raise UnreadableError from error
    if not sizes:
        raise UnreadableError
    return sizes
