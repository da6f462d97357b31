"""Canvas that draws text and records the position of its ink."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from random import Random
from typing import Any, Literal

import attrs
from font_source_sans_pro import SourceSansPro, SourceSansProBold  # pyright: ignore[reportAttributeAccessIssue]
from PIL import Image, ImageDraw, ImageFont

__all__ = ["INK", "LABEL", "RED", "Canvas", "Color", "Ink"]

Color = tuple[int, int, int]
Align = Literal["l", "m", "r"]

INK: Color = (24, 28, 44)
LABEL: Color = (72, 80, 102)
RED: Color = (176, 28, 40)
GOLD: Color = (240, 196, 60)
BRONZE: Color = (150, 120, 50)

_WATERMARK = "SPECIMEN · MẪU"
_MARGIN = 4  # around the letters on a tile: accents and overhangs may exceed the box that the font reports


@attrs.frozen
class Ink:
    """Drawn text; `box` is left, top, right and bottom of its ink in pixels."""

    text: str
    box: list[int]
    confidence: float

    def wire(self) -> dict[str, Any]:
        """Return this text in the format of `ocr/document/general`."""
        left, top, right, bottom = self.box
        box = {"left": left, "right": right, "top": top, "bottom": bottom}
        return {"text": self.text, "confidence": self.confidence, "box": box}


class Canvas:
    """Picture with a watermark. Text that would exceed it raises an error, so that none is cut off."""

    def __init__(self, width: int, height: int, tint: Color, chance: Random) -> None:
        self.image = _background(width, height, tint).copy()
        self.draw = ImageDraw.Draw(self.image)
        self._chance = chance
        self._blocks: list[dict[int, list[Ink]]] = [{}]

    def block(self) -> None:
        """Start a new block of text."""
        self._blocks.append({})

    def blocks(self) -> list[list[list[dict[str, Any]]]]:
        """Return all text in wire format; texts on one baseline of a block form a line."""
        return [
            [[ink.wire() for ink in sorted(inks, key=lambda ink: ink.box[0])] for _, inks in sorted(block.items())]
            for block in self._blocks
            if block
        ]

    def text(
        self,
        x: int,
        y: int,
        text: str,
        *,
        size: int = 22,
        bold: bool = False,
        color: Color = INK,
        align: Align = "l",
        width: int | None = None,
    ) -> Ink:
        """Draw text on the baseline y; x is its left, middle or right. With a width it is wrapped."""
        face = _font(size, bold)
        lines = list(_wrapped(text, face, width)) if width else [text]
        pitch = round(size * 1.35)
        return _joined(
            text, [self._line(x, y + row * pitch, line, face, color, align) for row, line in enumerate(lines)]
        )

    def spaced(self, x: int, y: int, text: str, *, pitch: int, size: int) -> Ink:
        """Draw text on the baseline y with a fixed `pitch` between letters, as in a machine-readable zone."""
        face = _font(size, False)
        tile = Image.new("L", (pitch * len(text), size * 2))
        pen = ImageDraw.Draw(tile)
        for column, letter in enumerate(text):
            pen.text((pitch * column + pitch // 2, size), letter, 255, face, anchor="ms")
        return self._stamp(tile, x, y - size, y, text, INK)

    def portrait(self, left: int, top: int, right: int, bottom: int) -> None:
        """Draw the outline of a person in place of a photo."""
        width, middle = right - left, (left + right) // 2
        photo = Image.new("RGB", (width, bottom - top), (206, 216, 226))
        pen, center = ImageDraw.Draw(photo), middle - left
        head, shoulders, neck = width * 0.21, width * 0.40, (bottom - top) * 0.40
        pen.ellipse((center - shoulders, neck + head * 1.35, center + shoulders, neck * 4), fill=(126, 140, 158))
        pen.ellipse((center - head, neck - head * 1.3, center + head, neck + head), fill=(146, 158, 174))
        # Let the watermark shine through, so that it is complete on cards too.
        below = self.image.crop((left, top, right, bottom))
        self.image.paste(Image.blend(below, photo, 0.7), (left, top))
        self.draw.rectangle((left, top, right, bottom), outline=LABEL, width=2)

    def emblem(self, x: int, y: int, radius: int) -> None:
        """Draw a red disc with a golden star, centred at x, y."""
        self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=RED, outline=GOLD, width=3)
        self.draw.polygon(_star(x, y, radius * 0.7), fill=GOLD)

    def stamp(self, x: int, y: int, radius: int) -> None:
        """Draw the rings and the star of a red stamp, centred at x, y."""
        for ring, width in ((radius, 4), (radius * 2 // 3, 2)):
            self.draw.ellipse((x - ring, y - ring, x + ring, y + ring), outline=RED, width=width)
        self.draw.polygon(_star(x, y, radius * 0.45), fill=RED)

    def chip(self, x: int, y: int) -> None:
        """Draw the contacts of a chip."""
        self.draw.rounded_rectangle((x, y, x + 130, y + 100), 14, fill=GOLD, outline=BRONZE, width=3)
        for offset in (33, 66):
            self.draw.line((x, y + offset, x + 130, y + offset), fill=BRONZE, width=2)
        self.draw.rectangle((x + 43, y + 20, x + 87, y + 80), fill=GOLD, outline=BRONZE, width=2)

    def fingerprint(self, x: int, y: int) -> None:
        """Draw rings in place of a fingerprint."""
        self.draw.rectangle((x, y, x + 120, y + 160), outline=LABEL, width=2)
        for ring in range(6, 56, 9):
            self.draw.ellipse((x + ring, y + 5 + ring, x + 120 - ring, y + 155 - ring), outline=RED)

    def confidence(self) -> float:
        """Return a plausible confidence."""
        return round(self._chance.uniform(0.93, 0.998), 4)

    def _line(self, x: int, y: int, text: str, face: ImageFont.FreeTypeFont, color: Color, align: Align) -> Ink:
        left, top, right, bottom = (round(edge) for edge in face.getbbox(text, anchor=align + "s"))
        origin = (_MARGIN - left, _MARGIN - top)
        tile = Image.new("L", (right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN))
        ImageDraw.Draw(tile).text(origin, text, 255, face, anchor=align + "s")
        return self._stamp(tile, x - origin[0], y - origin[1], y, text, color)

    def _stamp(self, tile: Image.Image, x: int, y: int, baseline: int, text: str, color: Color) -> Ink:
        """Print the letters of a tile whose corner is at x, y."""
        ink = tile.getbbox()
        if ink is None:
            raise ValueError(f"{text!r} draws no ink")
        box = [x + ink[0], y + ink[1], x + ink[2], y + ink[3]]
        if min(box) < 0 or box[2] > self.image.width or box[3] > self.image.height:
            raise ValueError(f"{text!r} at {box} exceeds a picture of {self.image.size}")
        self.image.paste(color, (x, y), tile)
        drawn = Ink(text, box, self.confidence())
        self._blocks[-1].setdefault(baseline, []).append(drawn)
        return drawn


def _star(x: int, y: int, radius: float) -> list[tuple[float, float]]:
    """Return the corners of a star with five points."""
    reaches = (radius, radius * 0.4) * 5
    angles = [math.pi * turn / 5 for turn in range(10)]
    return [(x + r * math.sin(a), y - r * math.cos(a)) for r, a in zip(reaches, angles, strict=True)]


def _joined(text: str, inks: list[Ink]) -> Ink:
    """Join several lines into one text with the lowest of their confidences."""
    lefts, tops, rights, bottoms = zip(*(ink.box for ink in inks), strict=True)
    return Ink(text, [min(lefts), min(tops), max(rights), max(bottoms)], min(ink.confidence for ink in inks))


def _wrapped(text: str, face: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}".lstrip()
        if line and face.getlength(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    # Use the basic layout, which every Pillow has, so that pictures do not depend on the machine's libraries.
    path = SourceSansProBold if bold else SourceSansPro
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8)
def _background(width: int, height: int, tint: Color) -> Image.Image:
    """Return tinted paper with fine waves and the watermark."""
    image = Image.new("RGB", (width, height), tint)
    pen = ImageDraw.Draw(image)
    shade = _mixed(tint, INK, 0.09)
    # Cards have dense waves, as printed ones do; on office paper they would make large files.
    for start in range(-30, height + 30, 11 if width > height else 24):
        pen.line(list(_wave(start, width)), fill=shade)
    for row in range(1, 1 + max(1, height // 420)):
        _watermark(image, (width // 2, height * row // (1 + max(1, height // 420))), _mixed(tint, RED, 0.34))
    return image


def _wave(start: int, width: int) -> Iterator[tuple[float, float]]:
    for x in range(0, width + 8, 8):
        yield x, start + 14 * math.sin(x / 53 + start / 29) + 5 * math.sin(x / 17)


def _watermark(image: Image.Image, center: tuple[int, int], color: Color) -> None:
    face = _font(image.width // 9, True)
    _, _, right, bottom = face.getbbox(_WATERMARK)
    stencil = Image.new("L", (round(right) + 10, round(bottom) + 10))
    ImageDraw.Draw(stencil).text((5, 5), _WATERMARK, 255, face)
    turned = stencil.rotate(24, Image.Resampling.BICUBIC, expand=True)
    image.paste(color, (center[0] - turned.width // 2, center[1] - turned.height // 2), turned)


def _mixed(base: Color, other: Color, share: float) -> Color:
    red, green, blue = (round(one + (two - one) * share) for one, two in zip(base, other, strict=True))
    return red, green, blue
