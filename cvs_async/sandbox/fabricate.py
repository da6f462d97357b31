"""Fabricated answers in the shape of a model, with values that depend on the content of the file."""

from __future__ import annotations

import hashlib
from types import NoneType
from typing import Any, get_args, get_origin

import attrs
from attrs import frozen

from .._codec.readers import wire_names
from ..models.fields import PAGE_BASE, PAPERS, Box, Document, Field, Image
from ..models.recognized import Recognized
from ..models.tables import Cell, Row

ROWS = 2
"""Length of fabricated lists."""

TYPE_NAMES = {cls: name for name, cls in PAPERS.items()}


@frozen
class Source:
    """Source of fabricated values: a page of a file, its number, and its picture if pictures are requested."""

    digest: str
    width: int
    height: int
    thumb: str | None = None
    page: int = PAGE_BASE

    def text(self, name: str) -> str:
        """Return a text."""
        return f"SANDBOX {self._seed(name)[:4].hex()}"

    def score(self, name: str) -> float:
        """Return a confidence."""
        return round(0.5 + self._seed(name)[4] / 512, 4)

    def box(self, name: str) -> list[int]:
        """Return a box on the page."""
        left, top = self._seed(name)[5] * self.width // 512, self._seed(name)[6] * self.height // 512
        return [left, top, left + self.width // 4, top + self.height // 16]

    def _seed(self, name: str) -> bytes:
        return hashlib.sha256(f"{self.digest}/{name}".encode()).digest()


def fabricate(cls: Any, source: Source, name: str = "") -> Any:
    """Return a model in wire format; None for a picture if none is requested."""
    if get_origin(cls) is list:
        items = [fabricate(get_args(cls)[0], source, f"{name}/{number}") for number in range(ROWS)]
        return [item for item in items if item is not None]
    if get_origin(cls) is Recognized or cls is Recognized:
        kind = get_args(cls)[0]
        return {"type": TYPE_NAMES.get(kind, name), "info": fabricate(kind, source, name)}
    if cls is Cell:
        return {"value": source.text(name), "score": source.score(name), "box": source.box(name)}
    if isinstance(cls, type) and issubclass(cls, Row):
        return [fabricate(a.type, source, f"{name}/{a.name}") for a in _attributes(cls)]
    if isinstance(cls, type) and issubclass(cls, Document):
        return _derive_document(cls, source, name)
    return _derive_scalar(cls, source, name)


def _derive_document(cls: type[Document], source: Source, name: str) -> dict[str, Any]:
    wire: dict[str, Any] = {}
    declared = {name for attribute in _attributes(cls) for name in wire_names(attribute)}
    for attribute in _attributes(cls):
        key = wire_names(attribute)[0]
        path = f"{name}/{key}"
        if get_origin(attribute.type) is Field:
            score, box = attribute.metadata.get("beside", (f"{key}_confidence", f"{key}_box"))
            wire |= {key: source.text(path), score: source.score(path), box: source.box(path)}
            if f"{key}_id" not in declared and score != "score":
                wire[f"{key}_id"] = source.page
        elif (value := fabricate(attribute.type, source, path)) is not None:
            wire[key] = value
    return wire


def _derive_scalar(cls: Any, source: Source, name: str) -> Any:
    kinds = [kind for kind in get_args(cls) or (cls,) if kind is not NoneType]
    if Image in kinds:
        return source.thumb
    if Box in kinds:
        return source.box(name)
    if float in kinds:
        return source.score(name)
    if int in kinds:
        return 0
    if str in kinds:
        return source.text(name)
    return None


def _attributes(cls: type[Document]) -> list[attrs.Attribute[Any]]:
    return [a for a in attrs.fields(attrs.resolve_types(cls)) if a.name != "extra"]
