"""Boxes and labels, painted on a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

from ..errors import ConfigurationError
from .frames import Placed
from .pages import import_pillow
from .reads import Read

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

Labels: TypeAlias = Literal["none", "name", "value"]


@frozen
class Style:
    """How a box is drawn: by colour and by line, for those who do not see the colour.

    Attributes:
        colour: as ``#rrggbb``.
        dash: length of a dash in line widths; 0 for a solid line.
        width: of the line, in thousandths of the picture's longer side.
    """

    colour: str
    dash: int
    width: float


SURE = Style("#1a6fb5", 0, 1.2)
FAIR = Style("#a86200", 4, 1.6)
POOR = Style("#b71c1c", 0, 3.2)


def style_of(confidence: float | None, low: float) -> Style:
    """Return how a box is drawn: thick and red below the limit, dashed and amber in the lower half above it."""
    if confidence is None or confidence >= (1 + low) / 2:
        return SURE
    return POOR if confidence < low else FAIR


def pixels(box: Sequence[float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return a box in pixels of a picture of this size."""
    width, height = size
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


class Painter:
    """Draws boxes and labels on a picture.

    Args:
        picture: drawn upon.
        low: the limit of confidence.
        labels: as of `overlay`.
    """

    def __init__(self, picture: Image.Image, low: float, labels: Labels) -> None:
        import_pillow()
        from PIL import ImageDraw

        self._picture = picture
        self._draw: ImageDraw.ImageDraw = ImageDraw.Draw(picture)
        self._low = low
        self._labels = labels
        self._unit = max(picture.size) / 1000
        self._font = (
            None if labels == "none" else _font(max(round(13 * self._unit), 9), with_vietnamese=labels == "value")
        )
        self._taken: list[tuple[float, float, float, float]] = []

    def paint(self, placed: Sequence[Placed]) -> None:
        """Draw all boxes, then the labels, which stand outside of the boxes where there is room."""
        boxes = [(one, pixels(one.box, self._picture.size)) for one in placed if one.box is not None]
        self._taken = [box for _, box in boxes]
        for one, box in boxes:
            self._paint_box(box, style_of(one.read.confidence, self._low))
        if self._labels != "none":
            for one, box in boxes:
                self._paint_label(one.read, box)

    def _paint_box(self, box: tuple[float, float, float, float], style: Style) -> None:
        width = max(round(style.width * self._unit), 1)
        left, top, right, bottom = box[0] - width, box[1] - width, box[2] + width, box[3] + width
        if not style.dash:
            self._draw.rectangle((left, top, right, bottom), outline=style.colour, width=width)
            return
        dash = style.dash * width
        for begin, end in (((left, top), (right, top)), ((left, bottom), (right, bottom))):
            self._paint_dashes(begin, end, dash, style.colour, width, horizontal=True)
        for begin, end in (((left, top), (left, bottom)), ((right, top), (right, bottom))):
            self._paint_dashes(begin, end, dash, style.colour, width, horizontal=False)

    def _paint_dashes(
        self,
        begin: tuple[float, float],
        end: tuple[float, float],
        dash: float,
        colour: str,
        width: int,
        *,
        horizontal: bool,
    ) -> None:
        axis = 0 if horizontal else 1
        at = begin[axis]
        while at < end[axis]:
            to = min(at + dash, end[axis])
            line = (at, begin[1], to, begin[1]) if horizontal else (begin[0], at, begin[0], to)
            self._draw.line(line, fill=colour, width=width)
            at += 2 * dash

    def _paint_label(self, read: Read, box: tuple[float, float, float, float]) -> None:
        text = label_of(read) if self._labels == "name" else str(read.value or "")[:60]
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=self._font)
        width, height = right - left + 4, bottom - top + 4
        spot = self._spot(box, width, height)
        if spot is None:
            return
        style = style_of(read.confidence, self._low)
        self._draw.rectangle(
            (spot[0], spot[1], spot[0] + width, spot[1] + height), fill="#ffffff", outline=style.colour
        )
        self._draw.text((spot[0] + 2 - left, spot[1] + 2 - top), text, fill=style.colour, font=self._font)
        self._taken.append((spot[0], spot[1], spot[0] + width, spot[1] + height))

    def _spot(self, box: tuple[float, float, float, float], width: float, height: float) -> tuple[float, float] | None:
        """The first place beside the box that covers nothing: above, below, right, left; None if there is none."""
        gap = 2 + 4 * self._unit
        places = (
            (box[0], box[1] - height - gap),
            (box[0], box[3] + gap),
            (box[2] + gap, box[1]),
            (box[0] - width - gap, box[1]),
            (box[2] - width, box[1] - height - gap),
            (box[2] - width, box[3] + gap),
        )
        for left, top in places:
            inside = (
                left >= 0 and top >= 0 and left + width <= self._picture.width and top + height <= self._picture.height
            )
            if inside and not any(_overlap((left, top, left + width, top + height), taken) for taken in self._taken):
                return left, top
        return None

    def _is_inside(self, spot: Sequence[float]) -> bool:
        return min(spot) >= 0 and spot[2] <= self._picture.width and spot[3] <= self._picture.height


def label_of(read: Read) -> str:
    """Return a value's name and confidence: ``id 84 %``."""
    name = read.path.removeprefix("info.")
    return name if read.confidence is None else f"{name} {read.confidence * 100:.0f} %"


def _overlap(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _font(size: int, *, with_vietnamese: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    try:
        from font_source_sans_pro import SourceSansProBold  # pyright: ignore[reportAttributeAccessIssue]
    except ImportError:
        if with_vietnamese:
            raise ConfigurationError(
                "labels with values need a font with Vietnamese letters: pip install 'cvs_async[sandbox]'"
            ) from None
        return ImageFont.load_default(size)
    return ImageFont.truetype(SourceSansProBold, size)
