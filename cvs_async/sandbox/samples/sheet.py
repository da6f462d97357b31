"""Sheet for drawing papers, and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import attrs
from PIL import Image

from . import people
from .drawing import INK, LABEL, RED, Canvas, Color, Ink
from .truth import Page

__all__ = [
    "A4",
    "BARE",
    "CARD",
    "MOTTO",
    "PASSPORT",
    "STATE",
    "SURE",
    "VOID",
    "WHOLE",
    "Column",
    "Drawn",
    "Row",
    "Sheet",
    "Table",
    "TableInk",
    "cell",
    "parts",
    "triple",
]

Drawn = tuple[Image.Image, Page]
Row = tuple[str, str, str]
"""Name of a field, the label printed before it, its value."""

CARD, PASSPORT, A4 = (1000, 630), (1000, 704), (900, 1270)
STATE = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
VOID = "GIẤY TỜ MẪU · SPECIMEN · KHÔNG CÓ GIÁ TRỊ"

# Documented parts of a field beside its value, by kind of paper.
BARE: frozenset[str] = frozenset()
SURE = frozenset({"confidence"})
WHOLE = frozenset({"box", "confidence"})


class Sheet(Canvas):
    """Canvas that records the fields printed on it."""

    def __init__(self, size: tuple[int, int], tint: Color, chance: Random, documented: frozenset[str] = WHOLE) -> None:
        super().__init__(*size, tint, chance)
        self.info: dict[str, Any] = {}
        self._documented = documented

    def label(self, x: int, y: int, text: str, size: int = 18) -> Ink:
        """Print text that is not a field, in grey."""
        return self.text(x, y, text, size=size, color=LABEL)

    def field(self, name: str, x: int, y: int, value: str, **style: Any) -> None:
        """Print a value and record it under the vendor's name, with box and confidence if documented."""
        self.info.update(triple(name, self.text(x, y, value, **style), self._documented))

    def labelled(self, name: str, x: int, y: int, label: str, value: str, **style: Any) -> None:
        """Print a label, and to its right a value as in `field`."""
        ink = self.label(x, y, label)
        self.field(name, ink.box[2] + 12, y, value, **style)

    def rows(self, x: int, y: int, pitch: int, rows: Iterable[Row], **style: Any) -> None:
        """Print labels and values one below the other."""
        for place, (name, label, value) in enumerate(rows):
            self.labelled(name, x, y + pitch * place, label, value, **style)

    def heading(self, y: int) -> None:
        """Print the name and motto of the state, as on all its papers."""
        middle = self.image.width // 2
        self.text(middle, y, STATE, size=24, bold=True, align="m")
        motto = self.text(middle, y + 32, MOTTO, size=21, bold=True, align="m")
        self.draw.line((motto.box[0], y + 43, motto.box[2], y + 43), fill=INK, width=2)

    def signature(self, x: int, y: int, title: str, name: str) -> None:
        """Print a signature, with the name in blue handwriting."""
        self.block()
        self.text(x, y, title, size=20, bold=True, align="m")
        self.text(x, y + 76, name, size=22, color=(44, 62, 140), align="m")

    def sums(self, x: int, top: int, pitch: int, rows: Sequence[Row]) -> None:
        """Print sums below a table: labels that end at x, and values under its last column, the last one in bold."""
        self.block()
        for row, (name, label, value) in enumerate(rows, start=1):
            self.text(x, top + pitch * row, label, size=19, color=LABEL, align="r")
            self.field(name, 842, top + pitch * row, value, size=21, bold=row == len(rows), align="r")

    def void(self) -> None:
        """Print a note that this is not a real paper."""
        self.block()
        x, y = self.image.width // 2, self.image.height - 14
        self.text(x, y, VOID, size=15, bold=True, color=RED, align="m")

    def drawn(self, kind: str | None = None) -> Drawn:
        """Return the picture and its truth."""
        papers = [{"type": kind, "info": self.info}] if kind else []
        return self.image, Page(*self.image.size, papers, self.blocks())


@attrs.frozen
class Column:
    """Column of a table: the vendor's label, heading, right edge, alignment."""

    label: str
    heading: str
    right: int
    number: bool = True


@attrs.frozen
class TableInk:
    """Printed table: the ink of its headings and rows by label, without empty cells, and its lower edge."""

    heads: dict[str, Ink]
    rows: list[dict[str, Ink]]
    bottom: int

    @property
    def lines(self) -> list[dict[str, Ink]]:
        """Return the headings and the rows."""
        return [self.heads, *self.rows]


@attrs.frozen
class Table:
    """Position and columns of a table. Its row height is the same on all papers."""

    left: int
    top: int
    columns: tuple[Column, ...]

    ROW = 44

    @property
    def lefts(self) -> list[int]:
        """Return the left edges of the columns."""
        return [self.left, *(column.right for column in self.columns[:-1])]

    def drawn(self, sheet: Sheet, rows: Sequence[dict[str, str]]) -> TableInk:
        """Draw the table."""
        bottom = self.top + self.ROW * (len(rows) + 1)
        self._grid(sheet, bottom)
        sheet.block()
        heads = {
            column.label: sheet.text(
                (left + column.right) // 2, self.top + 28, column.heading, size=17, bold=True, align="m"
            )
            for left, column in zip(self.lefts, self.columns, strict=True)
        }
        inks = [self._row(sheet, self.top + self.ROW * row, values) for row, values in enumerate(rows, 1)]
        return TableInk(heads, inks, bottom)

    def _grid(self, sheet: Sheet, bottom: int) -> None:
        right = self.columns[-1].right
        sheet.draw.rectangle((self.left, self.top, right, self.top + self.ROW), fill=(228, 226, 214))
        for x in [*self.lefts, right]:
            sheet.draw.line((x, self.top, x, bottom), fill=LABEL)
        for y in range(self.top, bottom + 1, self.ROW):
            sheet.draw.line((self.left, y, right, y), fill=LABEL)

    def _row(self, sheet: Sheet, top: int, values: dict[str, str]) -> dict[str, Ink]:
        inks = {}
        for left, column in zip(self.lefts, self.columns, strict=True):
            if not (value := values[column.label]):
                continue
            if column.number:
                ink = sheet.text(column.right - 8, top + 28, value, size=18, align="r")
            else:
                ink = sheet.text(left + 8, top + 28, value, size=18)
            inks[column.label] = ink
        return inks


def triple(name: str, ink: Ink, documented: frozenset[str] = WHOLE) -> dict[str, Any]:
    """Return a field in wire format: its value, and its box and confidence if documented."""
    beside = {"box": ink.box, "confidence": ink.confidence}
    return {name: ink.text} | {f"{name}_{part}": value for part, value in beside.items() if part in documented}


def cell(ink: Ink) -> dict[str, Any]:
    """Return a cell of a table in wire format."""
    return {"value": ink.text, "score": ink.confidence, "box": ink.box}


def parts(name: str, place: people.Place) -> dict[str, str]:
    """Return the parts of an address, which the vendor answers without boxes."""
    return {f"{name}_{part}": value for part, value in attrs.asdict(place).items()}
