"""The pages of a document, drawn when they are asked for, in a worker process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from attrs import frozen

from ..errors import ConfigurationError, InvalidInputError
from . import workers
from .photographs import ROTATED, decoded, frames_in, import_pillow, opened, orientation_of, upright

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 200_000_000
"""Pages with more pixels are refused: they would take gigabytes of memory."""

MOST_PAGES = 2_000
"""Further pages of a document are left out."""

POINTS_AN_INCH = 72

SLACK = 0.03
"""Largest distance between the edges of a scan and of the page that it fills, as a fraction of the width or height."""

_pdfium = threading.Lock()
"""pdfium is not thread-safe, not even with different documents."""


@frozen
class PageInfo:
    """One page, without its picture.

    Attributes:
        kind: ``picture`` or ``pdf``.
        width, height: of the upright page: in pixels; in points (1/72 inch) for a PDF page, 0 if it is broken.
        orientation: EXIF orientation of a picture; 1 is upright.
        scan: width and height in pixels of the picture that fills a PDF page; None if no picture fills it.
    """

    kind: str
    width: float
    height: float
    orientation: int = 1
    scan: tuple[int, int] | None = None


class Pages:
    """The pages of one document, or of the files of one call in sequence. Use it as a context manager.

    Files are opened in a worker process, which is ended if it takes too long or crashes. They are never changed.

    Args:
        source: a path, the bytes of a file, a picture of Pillow, or a list or tuple of these. A picture of Pillow is
            decoded in this process.
        seconds: time limit for opening a file and for drawing a page; None works in this process, without a limit.

    Raises:
        InvalidInputError: on entering, if a file is missing, too large, or not a picture or PDF.
        ConfigurationError: on entering, if Pillow, or pypdfium2 for a PDF, is not installed.
    """

    def __init__(self, source: object, *, seconds: float | None = workers.SECONDS) -> None:
        several = isinstance(source, list | tuple)
        self._sources: list[Any] = list(source) if several else [source]  # type: ignore[call-overload]
        self._drawers: list[Callable[[int | None], Image.Image]] = []
        self._documents: list[_Pdf | _Photograph] = []
        self._seconds = seconds
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
        for document in self._documents:
            document.close()
        self._documents.clear()

    def __len__(self) -> int:
        return len(self.info)

    def picture(self, page: int, width: int | None = None) -> Image.Image:
        """Draw a page upright, in RGB.

        Args:
            page: from 0.
            width: of the result, in pixels; photographs are never enlarged. By default a photograph keeps its size, and
                a PDF page has the size of the scan that fills it, or 150 dpi without one.

        Raises:
            InvalidInputError: the page does not exist, or cannot be drawn.
        """
        self.check(page)
        if width is not None and not (isinstance(width, int) and width >= 1):
            raise InvalidInputError(f"width must be a whole number of pixels, at least 1, not {width!r}")
        try:
            return self._drawers[page](width)
        except workers.GivenUpError as error:
            raise workers.GivenUpError(f"page {page + 1}: {error}") from None
        except InvalidInputError:
            raise
        except Exception as error:  # whatever Pillow and pdfium raise for broken files
            raise InvalidInputError(f"page {page + 1} cannot be drawn: {type(error).__name__}") from None

    def check(self, page: int) -> None:
        """Check that a page exists.

        Raises:
            InvalidInputError: the page does not exist.
        """
        if not (isinstance(page, int) and 0 <= page < len(self.info)):
            raise InvalidInputError(f"there is no page {page!r}: the document has {len(self.info)}, counted from 0")

    def _add(self, source: Any) -> None:
        name, content = _content(source)
        if isinstance(content, bytes | Path):
            self._add_file(content, name)
        else:
            self._add_page(_info_of_picture(content), partial(upright, content), name)

    def _add_file(self, content: bytes | Path, name: str) -> None:
        import_pillow()
        most = MOST_PAGES - len(self.info)
        draw: Callable[[int, PageInfo, int | None], Image.Image]
        if self._seconds is None:
            document = _open(content, name)
            self._documents.append(document)
            infos, draw = document.infos(most), document.drawn
        else:
            call = partial(workers.shared.call, seconds=self._seconds)
            try:
                infos = call(_infos_in, content, name, most)
            except workers.GivenUpError as error:
                raise workers.GivenUpError(f"{name}: {error}") from None
            draw = partial(call, _drawn_in, content, name)
        for place, info in enumerate(infos):
            self._add_page(info, partial(draw, place, info), name)

    def _add_page(self, info: PageInfo, drawer: Callable[[int | None], Image.Image], name: str) -> None:
        if info.kind == "picture" and info.width * info.height > MOST_PIXELS:
            raise InvalidInputError(f"{name}: {info.width:g} x {info.height:g} pixels are too many to look at")
        self.info.append(info)
        self._drawers.append(drawer)


def _content(source: Any) -> tuple[str, Any]:
    """Return the name of a source for messages, and its path, bytes or picture."""
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


def _scale(info: PageInfo, width: int | None) -> float:
    if width is not None:
        return width / max(info.width, 1)
    if info.scan is not None:
        return info.scan[0] / max(info.width, 1)
    return 150 / POINTS_AN_INCH


def _open(content: bytes | Path, name: str) -> _Pdf | _Photograph:
    return _Pdf(content, name) if _is_pdf(content) else _Photograph(content, name)


def _infos_in(content: bytes | Path, name: str, most: int) -> list[PageInfo]:
    """Describe the pages of a file. Runs in a worker."""
    with closing(_open(content, name)) as document:
        return document.infos(most)


def _drawn_in(content: bytes | Path, name: str, place: int, info: PageInfo, width: int | None) -> Image.Image:
    """Draw a page of a file. Runs in a worker."""
    with closing(_open(content, name)) as document:
        return document.drawn(place, info, width)


@frozen
class _Photograph:
    """A picture file, opened anew for each use."""

    content: bytes | Path
    name: str

    def close(self) -> None:
        pass

    def infos(self, most: int) -> list[PageInfo]:
        infos = []
        with opened(self.content, self.name) as picture:
            for frame in range(frames_in(picture, most)):
                picture.seek(frame)
                infos.append(_info_of_picture(picture))
        return infos

    def drawn(self, place: int, _: PageInfo, width: int | None) -> Image.Image:
        return decoded(self.content, self.name, place, width)


def _info_of_picture(picture: Any) -> PageInfo:
    width, height = picture.size
    orientation = orientation_of(picture)
    if orientation in ROTATED:
        width, height = height, width
    return PageInfo("picture", width, height, orientation)


class _Pdf:
    """An open PDF."""

    def __init__(self, content: bytes | Path, name: str) -> None:
        self._name = name
        with _pdfium, self._refused():
            self._document = _import_pdfium().PdfDocument(content)
            self._document.init_forms()  # otherwise values of form fields are not drawn

    def close(self) -> None:
        with _pdfium:
            self._document.close()

    def infos(self, most: int) -> list[PageInfo]:
        with _pdfium, self._refused():
            return [_info_of_page(self._document, place) for place in range(min(len(self._document), most))]

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except ConfigurationError:
            raise
        except Exception:  # whatever the library raises for broken files
            raise InvalidInputError(
                f"{self._name}: is not a PDF that can be opened; it may be broken or encrypted"
            ) from None

    def drawn(self, place: int, info: PageInfo, width: int | None) -> Image.Image:
        scale = _scale(info, width)
        if info.width * info.height * scale * scale > MOST_PIXELS:
            raise InvalidInputError(f"page {place + 1} has too many pixels to look at")
        with _pdfium:
            page = self._document[place]
            try:
                picture: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
            finally:
                page.close()
        return picture


def _info_of_page(document: Any, place: int) -> PageInfo:
    try:
        page = document[place]
    except Exception:  # other pages may be intact
        return PageInfo("pdf", 0, 0)
    try:
        width, height = page.get_size()
        return PageInfo("pdf", width, height, scan=_scan_of(page))
    finally:
        page.close()


def _scan_of(page: Any) -> tuple[int, int] | None:
    """Return the displayed size in pixels of the only picture of a page; None if it does not fill the page."""
    import pypdfium2.raw as raw

    found = list(islice(page.get_objects(max_depth=2), 2))
    if len(found) != 1 or found[0].type != raw.FPDF_PAGEOBJ_IMAGE:
        return None
    visible = page.get_bbox()  # the crop box: a scan that it crops is larger than the page
    allowed = [SLACK * abs(visible[axis + 2] - visible[axis]) for axis in (0, 1)] * 2
    edges = zip(found[0].get_bounds(), visible, allowed, strict=True)
    if any(abs(edge - wanted) > slack for edge, wanted, slack in edges):
        return None
    matrix = found[0].get_matrix()
    is_sideways = abs(matrix.b) > abs(matrix.a)
    width, height = found[0].get_px_size()
    return (height, width) if is_sideways != (page.get_rotation() in (90, 270)) else (width, height)


def _import_pdfium() -> Any:
    try:
        import pypdfium2
    except ImportError:
        raise ConfigurationError("looking at PDFs needs pypdfium2: pip install 'cvs_async[look]'") from None
    return pypdfium2
