"""The page and the position of each value. Pure.

The vendor's documents leave two questions open. Only this module answers them, each with a `State`:

- the *page rule*: on which page of the document a value is;
- the *frame rule*: to which picture the pixels of a box refer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from attrs import frozen

from ..errors import InvalidInputError
from ..models.fields import PAGES_OF_UNKNOWN_BASE, Box
from .pages import POINTS_AN_INCH, PageInfo
from .reads import Read

State: TypeAlias = Literal["stated", "assumed", "none"]
"""``stated``: by the answer or the vendor's document. ``assumed``: by a rule. ``none``: unknown."""

USUAL_DPI = (72, 100, 150, 200, 300)

BY_POSITION = frozenset({"ocr.document.general", "ocr.document.get_label_claim", "ocr.document.bank_statement"})
"""Operations with one element of data for each page, according to the vendor's document 001."""

BY_KIND = frozenset({"ocr.employee_profile"})
"""Operations whose papers are sorted by type: their order does not give the page."""

TOLERANCE = 2.0
"""Number of pixels by which a box may extend beyond its picture."""


@frozen
class Placed:
    """A value with its position on a page.

    Attributes:
        read: the value.
        page: from 0; None if the page is unknown.
        page_state: how the page is known.
        box: [left, top, right, bottom] in fractions of the upright page, 0 to 1; None if there is nothing to draw.
    """

    read: Read
    page: int | None
    page_state: State
    box: tuple[float, float, float, float] | None


@frozen
class Frame:
    """The picture that the boxes on one page refer to.

    Attributes:
        state: how the picture is known; ``none``: the boxes fit into no picture of the page.
        width, height: of that picture, in pixels.
        turned: EXIF orientation of that picture, if the boxes refer to it as stored; 1 if they refer to it upright.
        note: what was assumed, for the user.
    """

    state: State
    width: float
    height: float
    turned: int = 1
    note: str | None = None


NO_FRAME = Frame("none", 0, 0)


def place(
    reads: Iterable[Read],
    pages: Sequence[PageInfo],
    *,
    operation: str | None = None,
    dpi: float | None = None,
    papers: int = 0,
) -> tuple[list[Placed], dict[int, Frame]]:
    """Find the page and the position of every value.

    Args:
        reads: the values of one reply.
        pages: the pages of its document.
        operation: such as ``ocr.claims``: some operations answer page by page.
        dpi: resolution of the pictures that the service makes of PDF pages, if known.
        papers: number of papers in the reply, including those without values.

    Returns:
        The values with their positions, and the frame of each page that has boxes.

    Raises:
        InvalidInputError: the dpi is not a positive number.
    """
    if dpi is not None and not (math.isfinite(dpi) and dpi > 0):
        raise InvalidInputError(f"dpi must be a positive number, not {dpi!r}")
    kept = list(reads)
    papers = max([papers, *(read.paper + 1 for read in kept)])
    found = [(read, *page_of(read, papers, len(pages), operation)) for read in kept]
    boxes: dict[int, list[Box]] = {}
    for read, page, _ in found:
        if page is not None and read.box is not None and is_box(read.box):
            boxes.setdefault(page, []).append(read.box)
    frames = {page: frame_of(pages[page], of_page, dpi) for page, of_page in boxes.items()}
    return [Placed(read, page, state, _box(read, page, frames)) for read, page, state in found], frames


def page_of(read: Read, papers: int, pages: int, operation: str | None) -> tuple[int | None, State]:
    """Return the page of a value, from 0, and how it is known.

    1. The value has a page number. It is assumed if the document has several pages and the vendor does not document
       whether pages count from 0 or 1.
    2. The document has only one page.
    3. The operation answers page by page: by position. It is assumed if there are fewer papers than pages.
    4. There are as many papers as pages: by position, assumed.
    5. Otherwise the page is unknown.
    """
    if read.page is not None:
        if not 0 <= read.page < pages:
            return None, "none"
        return read.page, _stated(pages == 1 or operation not in PAGES_OF_UNKNOWN_BASE)
    if pages == 1:
        return 0, "stated"
    if operation in BY_POSITION and papers <= pages:
        return read.paper, _stated(papers == pages)
    if papers == pages and operation not in BY_KIND:
        return read.paper, "assumed"
    return None, "none"


def _stated(is_stated: bool) -> State:
    return "stated" if is_stated else "assumed"


def frame_of(page: PageInfo, boxes: Sequence[Box], dpi: float | None = None) -> Frame:
    """Return the picture to which the boxes on a page refer. If they do not all fit into it, the state is ``none``.

    1. A photograph that is stored upright: this picture.
    2. A photograph with another EXIF orientation: the upright picture if all boxes fit, else the stored one; assumed.
    3. A PDF page, and the resolution is known: the page at this resolution.
    4. A PDF page that a scan fills, and all boxes fit: the scan; assumed.
    5. Any other PDF page: the page at the lowest usual resolution into which all boxes fit; assumed.
    """
    if page.kind == "picture":
        return _frame_of_photograph(page, boxes)
    scale = POINTS_AN_INCH
    if dpi is not None:
        width, height = page.width * dpi / scale, page.height * dpi / scale
        return Frame(_stated_or_none(boxes, width, height), width, height, note=f"{dpi:g} dpi")
    if page.scan is not None and _fit(boxes, *page.scan):
        return Frame("assumed", *page.scan, note="pixels of the scan in the PDF")
    for usual in USUAL_DPI:
        width, height = page.width * usual / scale, page.height * usual / scale
        if _fit(boxes, width, height):
            return Frame("assumed", width, height, note=f"{usual} dpi")
    return Frame("none", page.width, page.height)


def _frame_of_photograph(page: PageInfo, boxes: Sequence[Box]) -> Frame:
    width, height = page.width, page.height
    if page.orientation == 1:
        return Frame(_stated_or_none(boxes, width, height), width, height)
    if _fit(boxes, width, height):
        return Frame("assumed", width, height, note="pixels of the upright picture")
    if page.orientation >= 5:
        width, height = height, width
    if _fit(boxes, width, height):
        return Frame("assumed", width, height, page.orientation, "pixels of the picture as stored")
    return Frame("none", page.width, page.height)


def _stated_or_none(boxes: Sequence[Box], width: float, height: float) -> State:
    return "stated" if _fit(boxes, width, height) else "none"


def is_box(box: Box) -> bool:
    """Return whether a box is finite and has an area."""
    try:
        return all(map(math.isfinite, box)) and box.left < box.right and box.top < box.bottom
    except OverflowError:  # an integer larger than any float
        return False


def _fit(boxes: Iterable[Box], width: float, height: float) -> bool:
    return min(width, height) > 0 and all(
        box.left >= -TOLERANCE
        and box.top >= -TOLERANCE
        and box.right <= width + TOLERANCE
        and box.bottom <= height + TOLERANCE
        for box in boxes
    )


def _box(read: Read, page: int | None, frames: dict[int, Frame]) -> tuple[float, float, float, float] | None:
    if page is None or read.box is None or not is_box(read.box):
        return None
    frame = frames[page]
    if frame.state == "none":
        return None
    left, top, right, bottom = read.box
    corners = [upright(x / frame.width, y / frame.height, frame.turned) for x, y in ((left, top), (right, bottom))]
    (x1, y1), (x2, y2) = corners
    return _within(min(x1, x2)), _within(min(y1, y2)), _within(max(x1, x2)), _within(max(y1, y2))


def _within(fraction: float) -> float:
    return min(max(fraction, 0.0), 1.0)


def upright(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Return the position in the upright picture of a point in the stored one, both as fractions."""
    match orientation:
        case 2:
            return 1 - x, y
        case 3:
            return 1 - x, 1 - y
        case 4:
            return x, 1 - y
        case 5:
            return y, x
        case 6:
            return 1 - y, x
        case 7:
            return 1 - y, 1 - x
        case 8:
            return y, 1 - x
    return x, y
