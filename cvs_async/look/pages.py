"""The pictures of a document: photographs as they are, pages of PDFs drawn when they are asked for."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from attrs import frozen

from ..errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 200_000_000
"""Larger pictures are not opened: they would take gigabytes."""

MOST_PAGES = 2_000
"""Further pages of a document are left out."""

POINTS_AN_INCH = 72

ROTATED = (5, 6, 7, 8)
"""EXIF orientations in which width and height change places."""

TURNED = (2, 3, 4, *ROTATED)

_pdfium = threading.Lock()
"""pdfium is not safe in threads, not even with different documents."""


@frozen
class PageInfo:
    """One page, without its picture.

    Attributes:
        kind: ``picture``, or ``pdf``.
        width, height: of the upright page, in pixels; of a PDF page in points (1/72 inch).
        orientation: of a picture, as its EXIF data has it; 1 is upright.
        scan: width and height in pixels of the picture that fills a PDF page; None if there is none such.
    """

    kind: str
    width: float
    height: float
    orientation: int = 1
    scan: tuple[int, int] | None = None


class Pages:
    """The pages of one document, or of the several files of one call, one after another.

    Use it as a context manager. Sources are only read, and never changed.

    Args:
        source: a path, the bytes of a file, a picture of Pillow, or a list or tuple of these.

    Raises:
        InvalidInputError: when it is entered, if a file is missing or is no picture or PDF, or too large.
        ConfigurationError: if Pillow, or for PDFs pypdfium2, is not installed.
    """

    def __init__(self, source: object) -> None:
        several = isinstance(source, list | tuple)
        self._sources: list[Any] = list(source) if several else [source]  # type: ignore[call-overload]
        self._drawers: list[Callable[[int | None], Image.Image]] = []
        self._documents: list[Any] = []
        self.info: list[PageInfo] = []

    def __enter__(self) -> Self:
        try:
            for source in self._sources:
                self._add(source)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all files."""
        self._drawers.clear()
        with _pdfium:
            for document in self._documents:
                document.close()
            self._documents.clear()

    def __len__(self) -> int:
        return len(self.info)

    def picture(self, page: int, width: int | None = None) -> Image.Image:
        """Draw a page upright, in RGB.

        Args:
            page: from 0.
            width: of the picture, in pixels; without it a photograph keeps its size, and a PDF page has the size of
                the scan that fills it, else 150 dpi. Photographs are never enlarged.

        Raises:
            InvalidInputError: there is no such page, or it cannot be drawn.
        """
        if not 0 <= page < len(self._drawers):
            raise InvalidInputError(f"there is no page {page}: the document has {len(self.info)}, counted from 0")
        try:
            return self._drawers[page](width)
        except InvalidInputError:
            raise
        except Exception as error:  # whatever Pillow and pdfium raise for broken files
            raise InvalidInputError(f"page {page + 1} cannot be drawn: {type(error).__name__}") from None

    def _add(self, source: Any) -> None:
        name, content = _content(source)
        if hasattr(content, "getexif"):
            self._add_picture(content, name)
            self._drawers.append(partial(_upright, content))
        elif _is_pdf(content):
            self._add_pdf(content, name)
        else:
            with _opened(content, name) as picture:
                self._add_picture(picture, name)
            self._drawers.append(partial(_photograph, content, name))

    def _add_picture(self, picture: Any, name: str) -> None:
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise InvalidInputError(f"{name}: {width} x {height} pixels are too many to look at")
        orientation = _orientation(picture)
        if orientation in ROTATED:
            width, height = height, width
        self.info.append(PageInfo("picture", width, height, orientation))

    def _add_pdf(self, content: Any, name: str) -> None:
        pdfium = _import_pdfium()
        with _pdfium:
            try:
                document = pdfium.PdfDocument(content)
                self._documents.append(document)
                count = min(len(document), MOST_PAGES - len(self.info))
                infos = [_info_of(document, place) for place in range(count)]
            except pdfium.PdfiumError:
                raise InvalidInputError(
                    f"{name}: is no PDF that can be opened; it may be broken or encrypted"
                ) from None
        for place, info in enumerate(infos):
            self.info.append(info)
            self._drawers.append(partial(_drawn, document, place, info))


def _content(source: Any) -> tuple[str, Any]:
    """The name of a source for people, and its path, bytes or picture."""
    if isinstance(source, str | os.PathLike):
        path = Path(os.fspath(source))
        if not path.is_file():
            raise InvalidInputError(f"{path}: there is no such file")
        return str(path), path
    if isinstance(source, bytes | bytearray | memoryview):
        return f"{len(source)} bytes", bytes(source)
    if hasattr(source, "getexif"):
        return "the picture", source
    raise InvalidInputError(f"a {type(source).__name__} cannot be looked at: give a path, bytes or a picture of Pillow")


def _is_pdf(content: Any) -> bool:
    try:
        head = content[:1024] if isinstance(content, bytes) else _head(content)
    except OSError as error:
        raise InvalidInputError(f"{content}: {error.strerror}") from None
    return b"%PDF-" in head


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1024)


def _opened(content: Any, name: str) -> Any:
    image = import_pillow()
    try:
        return image.open(io.BytesIO(content) if isinstance(content, bytes) else content)
    except image.DecompressionBombError:
        raise InvalidInputError(f"{name}: has too many pixels to look at") from None
    except (OSError, ValueError, SyntaxError):
        raise InvalidInputError(f"{name}: is no picture or PDF that can be opened") from None


def _orientation(picture: Any) -> int:
    try:
        found = picture.getexif().get(0x0112, 1)
    except Exception:  # broken EXIF data of any kind
        return 1
    return found if found in TURNED else 1


def _photograph(content: Any, name: str, width: int | None) -> Image.Image:
    """Decode a photograph; a JPEG is decoded smaller from the start."""
    with _opened(content, name) as picture:
        if width is not None and picture.format == "JPEG":
            turned = _orientation(picture) in ROTATED
            full = picture.size[1] if turned else picture.size[0]
            if width < full:
                picture.draft("RGB", tuple(max(round(side * width / full), 1) for side in picture.size))
        return _upright(picture, width)


def _upright(picture: Any, width: int | None) -> Image.Image:
    from PIL import Image, ImageOps

    upright: Any = ImageOps.exif_transpose(picture)
    if upright.mode != "RGB":
        upright = upright.convert("RGB")
    if width is not None and width < upright.width:
        height = max(round(upright.height * width / upright.width), 1)
        upright = upright.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return upright.copy() if upright is picture else upright  # type: ignore[no-any-return]


def _scale(info: PageInfo, width: int | None) -> float:
    if width is not None:
        return width / max(info.width, 1)
    if info.scan is not None:
        return info.scan[0] / max(info.width, 1)
    return 150 / POINTS_AN_INCH


def _drawn(document: Any, place: int, info: PageInfo, width: int | None) -> Image.Image:
    scale = _scale(info, width)
    if info.width * info.height * scale * scale > MOST_PIXELS:
        raise InvalidInputError(f"page {place + 1} has too many pixels to look at")
    with _pdfium:
        page = document[place]
        try:
            picture: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
        finally:
            page.close()
    return picture


def _info_of(document: Any, place: int) -> PageInfo:
    page = document[place]
    try:
        width, height = page.get_size()
        return PageInfo("pdf", width, height, scan=_scan_of(page, width, height))
    finally:
        page.close()


def _scan_of(page: Any, width: float, height: float) -> tuple[int, int] | None:
    """The size of the one picture that fills a page, upright; None if the page is anything else."""
    import pypdfium2.raw as raw

    found = list(_some(page.get_objects(max_depth=2), 2))
    if len(found) != 1 or found[0].type != raw.FPDF_PAGEOBJ_IMAGE:
        return None
    left, bottom, right, top = found[0].get_bounds()
    if page.get_rotation() in (90, 270):
        width, height = height, width
    fills = right - left >= 0.97 * width and top - bottom >= 0.97 * height
    if not fills:
        return None
    size = found[0].get_px_size()
    return (size[1], size[0]) if page.get_rotation() in (90, 270) else (size[0], size[1])


def _some(objects: Any, count: int) -> Any:
    for _, found in zip(range(count), objects, strict=False):
        yield found


def import_pillow() -> Any:
    """Return Pillow's module of pictures.

    Raises:
        ConfigurationError: if it is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ConfigurationError("looking at documents needs Pillow: pip install 'cvs_async[look]'") from None
    return Image


def _import_pdfium() -> Any:
    try:
        import pypdfium2
    except ImportError:
        raise ConfigurationError("looking at PDFs needs pypdfium2: pip install 'cvs_async[look]'") from None
    return pypdfium2
