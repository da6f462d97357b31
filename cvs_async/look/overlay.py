"""Pages with boxes drawn on them, and cut-outs of single values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from .._codec.reply import Reply
from ..batch.tables.reading import papers_in
from ..errors import InvalidInputError
from .frames import NO_FRAME, Frame, Placed, State, place
from .pages import Pages
from .painting import Labels, Painter, pixels
from .reads import Read, read_fields

if TYPE_CHECKING:
    from PIL import Image

LOW = 0.85
"""Default limit: values with a lower confidence need a review."""

Show: TypeAlias = Literal["all", "low"]

Places: TypeAlias = tuple[list[Placed], dict[int, Frame]]
"""The result of `frames.place`."""

MARGIN = 0.4
"""Margin of a cut-out on each side, in heights of its box."""


def overlay(
    reply: Reply[Any],
    source: object,
    *,
    page: int = 0,
    low: float = LOW,
    labels: Labels = "name",
    show: Show = "all",
    dpi: float | None = None,
    width: int | None = None,
) -> Image.Image:
    """Draw the boxes of a reply on a page of its document.

    The source is not changed. Files are opened in another process, with a limit of 30 seconds for each page.
    ``image.info["frame"]`` is ``stated`` or ``assumed``, with a note: how it is known which picture the boxes refer to.
    ``image.info["page"]`` is the same for the page.

    Args:
        reply: reply of a call.
        source: its document: a path, bytes, a picture of Pillow, or a tuple of these.
        page: page to draw, from 0.
        low: boxes with a lower confidence are thick and red.
        labels: ``name`` labels boxes with name and confidence, ``value`` with the value, which needs the font of the
            extra ``sandbox``; ``none`` draws boxes only.
        show: ``low`` draws only boxes with a confidence below `low`.
        dpi: resolution of the pictures that the service made of PDF pages, if known.
        width: width of the result, in pixels. Default: that of the page.

    Raises:
        InvalidInputError: the file cannot be opened, the page does not exist, no value is known to be on it, or the
            boxes lie outside of it.
        ConfigurationError: a library is missing; the message names it.
    """
    for name, given, known in (("labels", labels, get_args(Labels)), ("show", show, get_args(Show))):
        if given not in known:
            raise InvalidInputError(f"{name} must be one of {', '.join(known)}, not {given!r}")
    with Pages(source) as pages:
        places = places_of(reply, pages, dpi)
        return drawn_on(pages, page, places, low=low, labels=labels, show=show, width=width)


def places_of(reply: Reply[Any], pages: Pages, dpi: float | None = None) -> Places:
    """Return the positions of all values of a reply in its document, and the frames of the pages."""
    papers = len(papers_in(reply.data))
    return place(read_fields(reply.data), pages.info, operation=reply.operation, dpi=dpi, papers=papers)


def drawn_on(
    pages: Pages,
    page: int,
    places: Places,
    *,
    low: float = LOW,
    labels: Labels = "name",
    show: Show = "all",
    width: int | None = None,
) -> Image.Image:
    """Draw the boxes on one page of an open document; see `overlay`."""
    pages.check(page)
    placed, frames = places
    frame = frames.get(page)
    drawn = boxed_on(placed, page)
    if not drawn:
        raise InvalidInputError(_why_nothing(placed, frame, page))
    picture = pages.picture(page, width)
    wanted = [one for one in drawn if show == "all" or is_low(one.read, low)]
    Painter(picture, low, labels).paint(wanted)
    picture.info["frame"] = describe_frame(frame)
    picture.info["page"] = page_state(drawn)
    return picture


def page_state(placed: Iterable[Placed]) -> State:
    """Return the weakest state among the values' pages."""
    states = {one.page_state for one in placed}
    return next((state for state in get_args(State)[::-1] if state in states), "none")


def boxed_on(placed: Iterable[Placed], page: int) -> list[Placed]:
    """Return the values with a box on a page."""
    return [one for one in placed if one.page == page and one.box is not None]


def page_note(placed: Sequence[Placed]) -> str:
    """Return a clause on how the page of values was assumed; "" if it is stated."""
    if page_state(placed) != "assumed":
        return ""
    if any(one.page_state == "assumed" and one.read.page is None for one in placed):
        return "the page is assumed from the position of the paper in the answer"
    return "the page is that of the answer, assumed to count from 0"


def cutouts(
    reply: Reply[Any], source: object, below: float = LOW, *, dpi: float | None = None
) -> Iterator[tuple[Read, Image.Image]]:
    """Yield each value with a low confidence and its cut-out of the document, the least certain first.

    A reply without boxes has no cut-outs.

    Args:
        reply: reply of a call.
        source: its document, as for `overlay`.
        below: limit of the confidence, 0 to 1.
        dpi: as for `overlay`.

    Raises:
        InvalidInputError, ConfigurationError: as for `overlay`.
    """
    with Pages(source) as pages:
        placed, _ = places_of(reply, pages, dpi)
        low = [one for one in placed if one.box is not None and is_low(one.read, below)]
        kept = _Kept(pages)
        for one in sorted(low, key=lambda one: one.read.confidence or 0.0):
            if one.page is not None:
                yield one.read, cut(kept.picture(one.page), one)


KEPT_PIXELS = 50_000_000
"""Maximum number of pixels of the pages kept for further cut-outs; the last page is always kept."""


class _Kept:
    """Cache of the pages drawn last: successive cut-outs may be on any page."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._drawn: dict[int, Image.Image] = {}

    def picture(self, page: int) -> Image.Image:
        picture = self._drawn.pop(page, None)
        if picture is None:
            picture = self._pages.picture(page)
        self._drawn[page] = picture
        while len(self._drawn) > 1 and sum(one.width * one.height for one in self._drawn.values()) > KEPT_PIXELS:
            del self._drawn[next(iter(self._drawn))]
        return picture


def is_low(read: Read, low: float) -> bool:
    """Return whether a value has a confidence below the limit."""
    return read.confidence is not None and read.confidence < low


def cut(picture: Image.Image, placed: Placed) -> Image.Image:
    """Cut a value out of its page, with a margin."""
    assert placed.box is not None  # noqa: S101 - checked by the caller
    left, top, right, bottom = pixels(placed.box, picture.size)
    margin = max((bottom - top) * MARGIN, 4)
    box = (
        max(int(left - margin), 0),
        max(int(top - margin), 0),
        min(int(right + margin) + 1, picture.width),
        min(int(bottom + margin) + 1, picture.height),
    )
    return picture.crop(box)


def describe_frame(frame: Frame | None) -> str:
    """Return the state and note of a frame, such as ``assumed: 150 dpi``."""
    frame = frame or NO_FRAME
    return ": ".join(filter(None, (frame.state, frame.note)))


def describe_boxes(frame: str, page_note: str) -> str:
    """Return a clause on how the positions of boxes are known, for the user."""
    return "; ".join(filter(None, (f"boxes in pixels of the page ({frame})", page_note)))


def _why_nothing(placed: Sequence[Placed], frame: Frame | None, page: int) -> str:
    if frame is not None:
        return f"the boxes lie outside of page {page + 1}: they refer to another picture"
    boxes = [one for one in placed if one.read.box is not None]
    if not boxes:
        return "the answer has no boxes: the vendor documents none for this operation, or none was read"
    if all(one.page is None for one in boxes):
        return "the answer does not say on which page its papers are"
    return f"no value is on page {page + 1}"
