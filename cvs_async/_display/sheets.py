"""Results as rows for display: a field a row, for terminals and notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from attrs import evolve, field, frozen

from .._codec.converter import unstructure
from .._codec.reply import Reply
from .._text.json import dumps
from ..models.fields import Box, Document, Field, Image, described
from ..models.general import Line, Page, TextItem
from ..models.recognized import Recognized
from ..models.tables import Cell

HIDDEN = "…"
"""Placeholder for a hidden value."""


@frozen
class SheetRow:
    """Value at one place.

    Attributes:
        path: from the paper, as in a table's ``--fields``, such as ``info.id``.
        value: as text.
        confidence: from 0 to 1; None if there is no confidence.
        box: likewise.
        page: likewise.
        is_open: whether a repr shows the value too.
        is_named: whether the path consists only of the library's own names, not of parts of the answer.
    """

    path: str
    value: str = field(repr=False)
    confidence: float | None = None
    box: Box | None = None
    page: int | None = None
    is_open: bool = False
    is_named: bool = True

    def cells(self, *, values: bool) -> tuple[str, str, str, str, str]:
        """Return path, value, confidence, box and page as text; parts from a document only if requested."""
        numbers = (self.confidence, self.page)
        confidence, page = ("" if number is None else f"{number:g}" for number in numbers)
        box = "" if self.box is None else ", ".join(f"{side:g}" for side in self.box)
        path = self.path if values or self.is_named else HIDDEN
        return path, self.value if values or self.is_open else HIDDEN, confidence, box, page


@frozen
class Sheet:
    """A paper, or another element of a result, with its rows that are not empty."""

    title: str
    rows: list[SheetRow]


HEADER = ("field", "value", "confidence", "box", "page")


def title_of(thing: object) -> str:
    """Return the title above the sheets: for a reply, its charge."""
    if not isinstance(thing, Reply):
        return type(thing).__name__
    requests = "1 request" if thing.attempts == 1 else f"{thing.attempts} requests"
    return f"{thing.operation}: {thing.charge}, {requests}, {thing.elapsed:.2f} s"


def sheets_of(thing: object) -> list[Sheet]:
    """Return a sheet for each element of a reply's data, or one for a paper or page."""
    data = thing.data if isinstance(thing, Reply) else thing
    parts = data if isinstance(data, list) and not isinstance(data, Page) else [data]
    several = len(parts) > 1
    return [
        Sheet(f"{number}. {_name(part)}" if several else _name(part), list(_rows_of(part)))
        for number, part in enumerate(parts, 1)
    ]


def _name(part: object) -> str:
    if isinstance(part, Recognized):
        return f"{part.type or type(part.info).__name__}"
    return type(part).__name__ if isinstance(part, (Document, Page)) else "data"


def _rows_of(part: Any) -> Iterator[SheetRow]:
    is_named = isinstance(part, (Document, Page, Line, Field))
    for row in _rows(part, ""):
        yield row if is_named else evolve(row, is_named=False)


def _rows(value: Any, path: str, *, is_open: bool = False) -> Iterator[SheetRow]:
    """Yield the rows of a part of an answer; open if a repr of the document shows it too."""
    if value is None or value in (Field(), Cell()):
        return
    if isinstance(value, (Field, Cell, TextItem, Line, Image, Box)) and not getattr(value, "extra", None):
        yield _single(value, path)
    elif isinstance(value, Document):
        yield from _fields(value, path)
    elif isinstance(value, (Mapping, list)) and path.count(".") < DEEPEST:
        names = value if isinstance(value, Mapping) else range(len(value))
        for name, part in ((name, value[name]) for name in names):
            yield from _rows(part, _below(path, name))
    else:
        yield SheetRow(path, _text(value), is_open=is_open)


def _single(value: Any, path: str) -> SheetRow:
    """Return the row of a single value."""
    match value:
        case Field():
            return SheetRow(path, _text(value.value), value.confidence, value.box, value.page)
        case Cell():
            return SheetRow(path, _text(value.value), value.score, value.box)
        case TextItem():
            return SheetRow(path, _text(value.text), value.confidence, value.box)
        case Image():
            return SheetRow(path, described(value), is_open=True)
        case Box():
            return SheetRow(path, "", box=value)
    return SheetRow(path, value.text)


def _fields(document: Document, path: str) -> Iterator[SheetRow]:
    for name, attribute in attrs.fields_dict(type(document)).items():
        if name != "extra":
            yield from _rows(getattr(document, name), _below(path, name), is_open=bool(attribute.repr))
    for row in _rows(document.extra, path):
        yield evolve(row, is_named=False)


DEEPEST = 20
"""Nesting depth below which values are shown as JSON."""


def _below(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(unstructure(value))
