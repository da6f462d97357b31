"""Results as tables of text, with one row for each field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import evolve, field, frozen

from .._codec.converter import unstructure
from .._codec.reply import Reply
from .._text.json import dumps
from .._text.paths import below
from ..models.fields import Box, Document, Field, Image, described
from ..models.general import Line, Page, TextItem
from ..models.pictures_in_json import is_encoded_picture
from ..models.recognized import Recognized
from ..models.tables import Cell

HIDDEN = "…"
"""Placeholder for a hidden value."""


@frozen
class SheetRow:
    """One value of a paper.

    Attributes:
        path: path from the paper, such as ``info.id``, as in the option ``--fields``.
        value: the value as text.
        confidence: from 0 to 1; None without one.
        box: in pixels; None without one.
        page: page number; None without one.
        is_open: whether reprs show the value, too.
        is_named: whether the path has only names of models, and none that the service sent.
    """

    path: str
    value: str = field(repr=False)
    confidence: float | None = None
    box: Box | None = None
    page: int | None = None
    is_open: bool = False
    is_named: bool = True

    def cells(self, *, values: bool) -> tuple[str, str, str, str, str]:
        """Return path, value, confidence, box and page as text. Without `values`, text from the document is hidden."""
        path, value = self.path, self.value
        if not (values or self.is_named):
            path = HIDDEN
        if not (values or self.is_open):
            value = HIDDEN
        return path, value, _numbers(self.confidence), _numbers(*self.box or ()), _numbers(self.page)


def _numbers(*numbers: float | None) -> str:
    return ", ".join(f"{number:g}" for number in numbers if number is not None)


@frozen
class Sheet:
    """A paper or another element of a result, with a row for each field that is not empty."""

    title: str
    rows: list[SheetRow]


HEADER = ("field", "value", "confidence", "box", "page")


def title_of(thing: object) -> str:
    """Return the title of all sheets: the class of a result; for a reply, operation, charge, requests and time."""
    if not isinstance(thing, Reply):
        return type(thing).__name__
    requests = "1 request"
    if thing.attempts != 1:
        requests = f"{thing.attempts} requests"
    return f"{thing.operation}: {thing.charge}, {requests}, {thing.elapsed:.2f} s"


def sheets_of(thing: object) -> list[Sheet]:
    """Return a sheet for each element of a reply's data, or one for a paper or page."""
    if isinstance(thing, Reply):
        return sheets_of(thing.data)
    if not isinstance(thing, list) or isinstance(thing, Page):
        return [_sheet(thing)]
    if len(thing) == 1:
        return [_sheet(thing[0])]
    return [_sheet(part, f"{number}. ") for number, part in enumerate(thing, 1)]


def _sheet(part: object, number: str = "") -> Sheet:
    rows = list(_rows(part, ""))
    if not isinstance(part, (Document, Page, Line, Field)):
        rows = [evolve(row, is_named=False) for row in rows]
    return Sheet(number + _name(part), rows)


def _name(part: object) -> str:
    if isinstance(part, Recognized):
        return part.type or type(part.info).__name__
    if isinstance(part, (Document, Page)):
        return type(part).__name__
    return "data"


def _rows(value: Any, path: str, *, is_open: bool = False) -> Iterator[SheetRow]:
    """Yield the rows of a value and of all values in it."""
    if value is None or value in (Field(), Cell()):
        return
    if isinstance(value, (Field, Cell, TextItem, Line, Image, Box)) and not getattr(value, "extra", None):
        yield _single(value, path)
    elif isinstance(value, Document):
        yield from _fields(value, path)
    elif isinstance(value, (Mapping, list)) and path.count(".") < DEEPEST:
        parts: Iterable[tuple[object, Any]] = enumerate(value)
        if isinstance(value, Mapping):
            parts = value.items()
        for name, part in parts:
            yield from _rows(part, below(path, name))
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
            yield from _rows(getattr(document, name), below(path, name), is_open=bool(attribute.repr))
    for row in _rows(document.extra, path):
        yield evolve(row, is_named=False)


DEEPEST = 20
"""Nesting depth below which values are shown as JSON."""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return described(Image(base64=value)) if is_encoded_picture(value) else value
    return dumps(unstructure(value))
