"""The values of a reply, each with its confidence, box and page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve, field, frozen

from ..batch.tables.reading import Leaf, leaves, papers_in
from ..batch.tables.rows import type_of
from ..batch.tables.values import box_of, find
from ..models.fields import Box

NOT_READ = frozenset(
    {"type", "valid", "valid_message", "invalid_code", "invalid_message", "pages.*", "info.table.page_table.*"}
)
"""Columns of the service's opinion of a paper and of its pages, which are not printed on it."""

_TABLE = re.compile(r"info\.table\.tables\.(\d+)\.")
"""Beginning of the paths in a table of a list of expenses."""

MOST = 1_000.0
"""Larger numbers are not confidences, and may be too large for a float."""

OF_WHOLE = ("confidence", "mrz_confidence")
"""Fields whose value is the confidence of a whole machine-readable zone."""


@frozen
class Read:
    """A value that was read, and its position.

    Attributes:
        paper: index of the paper in the reply's data.
        type: type of the paper, such as ``invoice``; None if the answer does not have it.
        path: path from the paper to the value, such as ``info.table.3.unit_price``.
        column: the path with ``*`` for row numbers, such as ``info.table.*.unit_price``.
        value: the value; not in the repr.
        confidence: 0 to 1; None if the answer does not have it.
        box: [left, top, right, bottom] in pixels of the picture that the service read; None likewise.
        page: page, from 0; None likewise.
    """

    paper: int
    type: str | None
    path: str
    column: str
    value: object = field(repr=False)
    confidence: float | None = None
    box: Box | None = None
    page: int | None = None


def read_fields(data: object) -> Iterator[Read]:
    """Yield every value in a reply's data, in the order of the documents.

    Args:
        data: data of a reply, or of a line of a results file. In papers of unknown types, a name with ``_confidence``
            and ``_box`` beside it is one value.
    """
    for number, paper in enumerate(papers_in(data)):
        yield from reads_of_paper(number, paper)


def reads_of_paper(number: int, paper: object) -> Iterator[Read]:
    """Yield every value in one paper."""
    kind = type_of(paper)
    for leaf in _folded(leaf for leaf in leaves(paper) if column_of(leaf.path) not in NOT_READ):
        page = leaf.page if isinstance(leaf.page, int) else _page_of(leaf.path, paper)
        column, box = column_of(leaf.path), box_of(leaf.box)
        yield Read(number, kind, leaf.path, column, leaf.value, _confidence(leaf), box, page)


def _page_of(path: str, paper: object) -> int | None:
    """Return the page of a value without one of its own: that of its table, or the only page of its paper.

    A page of a table that is not one of the paper's is not used.
    """
    _, found = find(paper, ("pages",))
    pages = found if isinstance(found, list) else []
    if table := _TABLE.match(path):
        _, page = find(paper, ("info", "table", "page_table", table[1]))
        if isinstance(page, int) and (page in pages or not pages):
            return page
    if len(pages) != 1 or not isinstance(pages[0], int):
        return None
    return pages[0]


def _confidence(leaf: Leaf) -> float | None:
    confidence: object = leaf.confidence
    if leaf.name in OF_WHOLE and isinstance(leaf.value, float):
        confidence = leaf.value
    if isinstance(confidence, float) and math.isfinite(confidence):
        return confidence
    return None


def column_of(path: str) -> str:
    """Return a path with ``*`` for row numbers."""
    return ".".join("*" if part.isdecimal() else part for part in path.split("."))


def _folded(found: Iterable[Leaf]) -> Iterator[Leaf]:
    """Join each value in `extra` with the confidence and box beside it."""
    kept = list(found)
    by_path = {leaf.path: leaf for leaf in kept if ".extra." in f".{leaf.path}"}
    if not by_path:
        yield from kept
        return
    parts = {f"{path}{end}" for path in by_path for end in ("_confidence", "_box") if f"{path}{end}" in by_path}
    for leaf in kept:
        if leaf.path in parts:
            continue
        if leaf.path not in by_path:
            yield leaf
            continue
        confidence = _value(by_path.get(f"{leaf.path}_confidence"))
        box = box_of(_value(by_path.get(f"{leaf.path}_box")))
        number = leaf.confidence
        if isinstance(confidence, int | float) and abs(confidence) <= MOST:
            number = float(confidence)
        yield evolve(leaf, confidence=number, box=box or leaf.box)


def _value(leaf: Leaf | None) -> Any:
    return None if leaf is None else leaf.value
