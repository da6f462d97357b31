"""Drawing of boxes and labels on a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import evolve, frozen

from .._text.escape import escaped
from ..errors import ConfigurationError
from .frames import Placed
from .photographs import import_pillow
from .reads import Read

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

LONGEST = 60
"""Maximum number of characters of a name or value in a label."""

Labels: TypeAlias = Literal["none", "name", "value"]


@frozen
class Style:
    """Style of a box. Lines differ too, for readers who cannot distinguish the colours.

    Attributes:
        colour: such as ``#1a6fb5``.
        dash: length of a dash in line widths; 0 for a solid line.
        width: line width, in thousandths of the picture's longer side.
    """

    colour: str
    dash: int
    width: float


SURE = Style("#1a6fb5", 0, 1.2)
FAIR = Style("#a86200", 4, 1.6)
POOR = Style("#b71c1c", 0, 3.2)


def style_of(confidence: float | None, low: float) -> Style:
    """Return the style of a box: thick and red below the limit `low`, dashed and amber if not much above it."""
    if confidence is None or confidence >= (1 + low) / 2:
        return SURE
    if confidence < low:
        return POOR
    return FAIR


def pixels(box: Sequence[float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Convert a box in fractions to pixels of a picture of the given size."""
    width, height = size
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


class Painter:
    """Painter of boxes and labels.

    Args:
        picture: picture to draw on.
        low: limit of the confidence.
        labels: as for `overlay`.
    """

    def __init__(self, picture: Image.Image, low: float, labels: Labels) -> None:
        import_pillow()
        from PIL import Image, ImageDraw

        self._picture = picture
        self._draw: ImageDraw.ImageDraw = ImageDraw.Draw(picture)
        self._low = low
        self._labels = labels
        self._unit = max(picture.size) / 1000
        self._font = (
            None if labels == "none" else _font(max(round(13 * self._unit), 9), with_vietnamese=labels == "value")
        )
        self._cell = max(self._unit, 1.0)
        taken = Image.new("1", (int(picture.width / self._cell) + 1, int(picture.height / self._cell) + 1))
        self._taken = taken
        self._take: ImageDraw.ImageDraw = ImageDraw.Draw(taken)

    def paint(self, placed: Sequence[Placed]) -> None:
        """Draw all boxes, then labels where they cover no box and no other label."""
        boxes = [(one, pixels(one.box, self._picture.size)) for one in placed if one.box is not None]
        for one, box in boxes:
            self._take.rectangle(self._cells(box), fill=1)
            self._paint_box(box, style_of(one.read.confidence, self._low))
        if self._labels != "none":
            for one, box in sorted(boxes, key=_least_certain):  # labels of the least certain values have priority
                self._paint_label(one.read, box)

    def _paint_box(self, box: tuple[float, float, float, float], style: Style) -> None:
        width = max(round(style.width * self._unit), 1)
        left, top = max(box[0] - width, 0), max(box[1] - width, 0)
        right = min(box[2] + width, self._picture.width - 1)
        bottom = min(box[3] + width, self._picture.height - 1)
        if not style.dash:
            self._draw.rectangle((left, top, right, bottom), outline=style.colour, width=width)
            return
        dash = style.dash * width
        for begin, end in (((left, top), (right, top)), ((left, bottom), (right, bottom))):
            self._paint_dashes(begin, end, dash, style.colour, width)
        for begin, end in (((left, top), (left, bottom)), ((right, top), (right, bottom))):
            self._paint_dashes(begin, end, dash, style.colour, width)

    def _paint_dashes(
        self,
        begin: tuple[float, float],
        end: tuple[float, float],
        dash: float,
        colour: str,
        width: int,
    ) -> None:
        """Draw a dashed line, from left to right or from top to bottom."""
        at = begin
        while at[0] < end[0] or at[1] < end[1]:
            to = min(at[0] + dash, end[0]), min(at[1] + dash, end[1])
            self._draw.line((*at, *to), fill=colour, width=width)
            at = min(to[0] + dash, end[0]), min(to[1] + dash, end[1])

    def _paint_label(self, read: Read, box: tuple[float, float, float, float]) -> None:
        for text in self._texts(read):
            left, top, right, bottom = self._draw.textbbox((0, 0), text, font=self._font)
            width, height = right - left + 4, bottom - top + 4
            spot = self._spot(box, width, height)
            if spot is None:
                continue
            colour = style_of(read.confidence, self._low).colour
            frame = (spot[0], spot[1], spot[0] + width, spot[1] + height)
            self._draw.rectangle(frame, fill="#ffffff", outline=colour)
            self._draw.text((spot[0] + 2 - left, spot[1] + 2 - top), text, fill=colour, font=self._font)
            self._take.rectangle(self._cells(frame), fill=1)
            return

    def _texts(self, read: Read) -> list[str]:
        """Return the possible texts of a label, the longest first: a shorter one may find a place."""
        if self._labels == "value":
            texts = [_short(str("" if read.value is None else read.value))]
        else:
            texts = [label_of(evolve(read, path=path)) for path in (_row_and_name(read.path), _name(read.path))]
            texts.append(percent(read))
        return [text for text in dict.fromkeys(texts) if text]

    def _spot(self, box: tuple[float, float, float, float], width: float, height: float) -> tuple[float, float] | None:
        """Return the first free place: above, below, right, left of the box; None if all are covered."""
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
            spot = (left, top, left + width, top + height)
            if self._is_inside(spot) and self._is_free(spot):
                return left, top
        return None

    def _is_inside(self, spot: Sequence[float]) -> bool:
        return min(spot) >= 0 and spot[2] <= self._picture.width and spot[3] <= self._picture.height

    def _is_free(self, spot: Sequence[float]) -> bool:
        left, top, right, bottom = self._cells(spot)
        return self._taken.crop((left, top, right + 1, bottom + 1)).getbbox() is None

    def _cells(self, box: Sequence[float]) -> tuple[int, int, int, int]:
        """Return the first and last cells of a box in the map of covered places, which is coarse to be fast."""
        left, top, right, bottom = (int(side / self._cell) for side in box)
        return left, top, right, bottom


def label_of(read: Read) -> str:
    """Return a value's name and confidence, such as ``id 84 %``."""
    name = _short(read.path.removeprefix("info."))
    return f"{name} {percent(read)}".strip()


def _row_and_name(path: str) -> str:
    """Return the end of a path from its last row number, such as ``0.goods``; the whole path without one."""
    parts = path.split(".")
    rows = [place for place, part in enumerate(parts) if part.isdecimal()]
    return ".".join(parts[rows[-1] :]) if rows else path


def _name(path: str) -> str:
    return path.rpartition(".")[2]


def percent(read: Read) -> str:
    """Return a value's confidence, such as ``84 %``; "" without one."""
    return "" if read.confidence is None else f"{read.confidence * 100:.0f} %"


def _least_certain(one: tuple[Placed, object]) -> float:
    return 1.0 if one[0].read.confidence is None else one[0].read.confidence


def _short(text: str) -> str:
    """Return a text on one line, cut to the length of a label."""
    return escaped(text[:LONGEST])


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
