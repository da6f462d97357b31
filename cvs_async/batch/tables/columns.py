"""The columns of a table: those that every table has, and the documented fields of the operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ...api import OPERATIONS
from ...models.invoice import GoodsLabel
from ...models.recognized import Recognized
from .kinds import DATES, UNITS
from .values import Kind

if TYPE_CHECKING:
    from ...models.catalogue import FieldInfo

_HEAD: dict[str, Kind] = {
    "index": "whole",
    "source": "text",
    "id": "text",
    "key": "text",
    "operation": "text",
    "type": "text",
    "paper": "whole",
    "papers": "whole",
    "page": "whole",
    "status": "text",
    "charge": "text",
    "code": "whole",
    "error": "text",
    "sent_at": "time",
    "ended_at": "time",
    "min_confidence": "number",
    "billed": "whole",
}
COLUMNS = tuple(_HEAD)
"""The first columns of every table."""

WORDS = "*.*.*."
"""How the path of a piece of text begins, on a page that consists of blocks of lines of pieces."""


@frozen
class Column:
    """One column.

    Attributes:
        name: its heading.
        kind: what it holds.
        parts: where that is found in a paper, or in a line item.
        says: what the text of a documented field can be read as: ``date``, ``amount``, or just ``text``.
        units: what may stand beside the amounts of the column.
        path: of the field in the catalogue.
        has_confidence, has_box, has_page: whether that is documented beside the value.
        of_item: whether it is found in a line item, and not in a paper.
    """

    name: str
    kind: Kind = "text"
    parts: tuple[str, ...] = ()
    says: Kind = "text"
    units: frozenset[str | None] = frozenset()
    path: str = ""
    has_confidence: bool = False
    has_box: bool = False
    has_page: bool = False
    of_item: bool = False


HEAD = tuple(Column(name, kind) for name, kind in _HEAD.items())
LINE_HEAD = (*HEAD, Column("table"), Column("line", "whole"))
FIELD_HEAD = (*HEAD, Column("field"), Column("value"), Column("confidence", "number"), Column("box", "box"))
RAW = Column("raw")
NAME = Column("name")
"""The name of a person, however a paper splits or calls it."""
REST = Column("rest", parts=("rest",), of_item=True)
"""The texts of those cells of a row for which there is no column."""


@frozen
class Documented:
    """What is documented of some operations.

    Attributes:
        fields: the columns of a paper, in the order of the documents.
        items: the columns of a line item.
        tables: the lists of line items: their paths.
        nodes: the paths of everything that has fields of its own, or is a picture.
        is_complete: whether all of the operations have documents.
    """

    fields: tuple[Column, ...]
    items: tuple[Column, ...]
    tables: tuple[str, ...]
    nodes: frozenset[str] = field(repr=False)
    is_complete: bool


@cache
def documented(operations: tuple[str, ...]) -> Documented:
    """Return what is documented of operations; of one that the library does not know, its data as a whole."""
    known = [name for name in operations if name in OPERATIONS]
    leaves = [leaf for name in known for leaf in _leaves(_catalogue(name), _Place())]
    fields = [leaf.column for leaf in leaves if leaf.column and not leaf.table]
    items = [leaf.column for leaf in leaves if leaf.column and leaf.table]
    complete = len(known) == len(operations)
    if not complete:
        fields.append(Column("data"))
    return Documented(
        fields=_merged(fields, COLUMNS, "data."),
        items=_merged(items, tuple(column.name for column in LINE_HEAD), "item."),
        tables=tuple(dict.fromkeys(leaf.table for leaf in leaves if leaf.table)),
        nodes=frozenset(leaf.node for leaf in leaves if leaf.node),
        is_complete=complete,
    )


@cache
def documented_elsewhere(operations: tuple[str, ...]) -> frozenset[str]:
    """Return the paths of what is documented of the same types of papers, if only for other operations."""
    infos = [info for name in operations if name in OPERATIONS for info in _infos(_catalogue(name))]
    return frozenset(f"{info.path}.{own.path}" for info in infos for own in _fields_of_type(info))


def _catalogue(of: str | type[Any]) -> tuple[FieldInfo, ...]:
    from ...models.catalogue import fields_of  # which reads the models' sources: only for tables

    return fields_of(of)


def _infos(nodes: Iterable[FieldInfo]) -> Iterator[FieldInfo]:
    for node in nodes:
        if node.name == "info" and node.kind == "document":
            yield node
        yield from _infos(node.fields)


def _fields_of_type(info: FieldInfo) -> tuple[FieldInfo, ...]:
    if info.model is None:
        return ()
    return _catalogue(info.model)


# --- the catalogue as columns


@frozen
class _Place:
    """Where in the catalogue: how the paths begin, what of it is cut off, and the list of line items that it is in."""

    cut: str = ""
    table: str = ""


@frozen
class _Leaf:
    """A column, of a paper or of an item of the named table; or the path of what has no column."""

    column: Column | None = None
    table: str = ""
    node: str = ""


_KINDS: dict[str, Kind] = {
    "text": "text",
    "cell": "text",
    "number": "number",
    "whole number": "whole",
    "true or false": "flag",
}


def _leaves(nodes: Iterable[FieldInfo], place: _Place) -> Iterator[_Leaf]:
    for node in nodes:
        path = node.path.removeprefix(place.cut)
        if node.path.startswith(WORDS):
            yield from _words(node)
        elif node.kind in _KINDS:
            yield _Leaf(_column(node, path, place), place.table)
        elif node.kind == "document":
            yield _Leaf(node=path)
            yield from _document(node, path, place)
        elif node.model is Recognized:
            yield from _leaves(node.fields, _Place(cut=f"{node.path}.*."))
        elif node.kind in ("list", "table"):
            yield _Leaf(node=path)
            yield from _list(node, path, place)
        else:
            yield _Leaf(node=path)


def _words(node: FieldInfo) -> Iterator[_Leaf]:
    """The text of a page, and its lines."""
    if node.name == "text":
        yield _Leaf(Column("text", parts=("text",), path="text"))
        yield _Leaf(Column("text", parts=("text",), path=node.path, of_item=True), "text")
        return
    kind: Kind = "box" if node.name == "box" else "number"
    yield _Leaf(Column(node.name, kind, (node.name,), path=node.path, of_item=True), "text")


def _document(node: FieldInfo, path: str, place: _Place) -> Iterator[_Leaf]:
    if not place.table:
        yield from _leaves(node.fields, place)
        return
    # A cell of several values, in its row: the only such document.
    yield _Leaf(Column(path, parts=(*path.split("."), "value"), path=node.path, of_item=True), place.table)


def _list(node: FieldInfo, path: str, place: _Place) -> Iterator[_Leaf]:
    """The columns of line items; of a table without documented columns, all of it in one column of the paper."""
    if not node.fields:
        yield _Leaf(Column(path, parts=tuple(path.split(".")), path=node.path))
        yield _Leaf(REST, path)
        return
    cut = node.fields[0].path.removesuffix(node.fields[0].name)
    yield from _leaves(node.fields, _Place(cut=cut, table=path))
    if node.fields[0].name in set(GoodsLabel):
        yield _Leaf(REST, path)


def _column(node: FieldInfo, path: str, place: _Place) -> Column:
    return Column(
        path,
        _KINDS[node.kind],
        tuple(path.split(".")),
        says=_says(node),
        units=UNITS.get(node.name, frozenset()),
        path=node.path,
        has_confidence=node.has_confidence,
        has_box=node.has_box,
        has_page=node.has_page,
        of_item=bool(place.table),
    )


def _says(node: FieldInfo) -> Kind:
    if node.kind in ("text", "cell") and node.name in DATES:
        return "date"
    return "amount" if node.kind in ("text", "cell") and node.name in UNITS else "text"


def _merged(columns: Iterable[Column], taken: Sequence[str], prefix: str) -> tuple[Column, ...]:
    """One column of each name, in the order in which they first come.

    The type and the page of a paper are in the head of each table. Another field with such a name gets a prefix.
    """
    merged: dict[str, Column] = {}
    for column in columns:
        if column.name in ("type", "page"):
            continue
        if column.name in taken:
            column = evolve(column, name=prefix + column.name)
        known = merged.setdefault(column.name, column)
        merged[column.name] = evolve(
            known,
            kind=known.kind if known.kind == column.kind else "text",
            says=known.says if known.says == column.says and known.units == column.units else "text",
            has_confidence=known.has_confidence or column.has_confidence,
            has_box=known.has_box or column.has_box,
            has_page=known.has_page or column.has_page,
        )
    if REST.name in merged:
        merged[REST.name] = merged.pop(REST.name)
    return tuple(merged.values())
