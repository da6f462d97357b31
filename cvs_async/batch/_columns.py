"""The chosen fields of a table: parts of papers by their paths, such as ``info.id``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ..errors import InvalidInputError
from ..models.fields import Document, Field
from ..models.tables import Cell

NO_PAPER: Any = object()


class Paths:
    """The chosen fields of a table, and which of them were ever found.

    Raises:
        InvalidInputError: for names that cannot be columns.
    """

    def __init__(self, names: Sequence[str], taken: Sequence[str]) -> None:
        self.names = (names,) if isinstance(names, str) else tuple(names)
        self._parts = [name.split(".") for name in self.names]
        self._found = [False] * len(self.names)
        self._papers = 0
        for place, name in enumerate(self.names):
            if not all(name.split(".")):
                raise InvalidInputError(f"fields: {name!r} is no path of a field, such as info.id")
            if name in taken or name in self.names[:place]:
                raise InvalidInputError(f"fields: {name} is a column already")

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Those that no paper had; none while there was no paper."""
        if not self._papers:
            return ()
        return tuple(name for name, found in zip(self.names, self._found, strict=True) if not found)

    def values(self, paper: object) -> list[object]:
        """Those of a paper; None where it lacks them."""
        if paper is NO_PAPER:
            return [None] * len(self.names)
        self._papers += 1
        values = []
        for place, parts in enumerate(self._parts):
            found, value = find(paper, parts)
            self._found[place] = self._found[place] or found
            values.append(value)
        return values


def find(paper: object, parts: Sequence[str]) -> tuple[bool, object]:
    """Whether there is something at a path, and what it is; of a field or cell, its value."""
    value = paper
    for part in parts:
        found, value = part_of(value, part)
        if not found:
            return False, None
    return True, value.value if isinstance(value, Field | Cell) else value


def part_of(whole: object, name: str) -> tuple[bool, Any]:
    """Whether there is a part of this name, and what it is."""
    if isinstance(whole, Mapping):
        return name in whole, whole.get(name)
    if isinstance(whole, Document) and name not in _names(whole):
        return name in whole.extra, whole.extra.get(name)
    if isinstance(whole, list) and name.isdecimal():
        return (True, whole[int(name)]) if int(name) < len(whole) else (False, None)
    if name in _names(whole):
        return True, getattr(whole, name)
    return False, None


def _names(whole: object) -> frozenset[str]:
    """What a document, a field, or the text of a page has for parts."""
    kind = type(whole)
    if attrs.has(kind):
        return frozenset(attrs.fields_dict(kind))
    return frozenset(("text",) if isinstance(getattr(kind, "text", None), property) else ())
