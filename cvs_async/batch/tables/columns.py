"""Columns of a table: the ones common to all tables, and the documented fields of the operations."""

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
"""First columns of every table."""

WORDS = "*.*.*."
"""Path prefix of a piece of text on a page of blocks of lines of pieces."""


@frozen
class Column:
    """A column.

    Attributes:
        name: its heading.
        kind: kind of its values.
        parts: path of the value in a paper, or in a line item.
        says: how the text of a documented field can be parsed: ``date``, ``amount``, or only ``text``.
        units: units allowed beside the amounts of the column.
        path: of the field in the catalogue.
        has_confidence, has_box, has_page: whether that is documented beside the value.
        of_item: whether the value is in a line item rather than in a paper.
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

    @property
    def is_whole(self) -> bool:
        """Return whether the values are whole papers, as JSON."""
        return self.name == DATA.name and not self.parts


HEAD = tuple(Column(name, kind) for name, kind in _HEAD.items())
LINE_HEAD = (*HEAD, Column("table"), Column("line", "whole"))
FIELD_HEAD = (*HEAD, Column("field"), Column("value"), Column("confidence", "number"), Column("box", "box"))
RAW = Column("raw")
NAME = Column("name")
"""Name of a person, whatever fields a paper has for it."""
DATA = Column("data")
"""A paper as JSON, of operations whose answers stay JSON."""
REST = Column("rest", parts=("rest",), of_item=True)
"""Texts of the cells of a row that have no column."""


@frozen
class Documented:
    """Documented fields of some operations.

    Attributes:
        fields: the columns of a paper, in documented order.
        items: the columns of a line item.
        tables: paths of the lists of line items.
        nodes: paths of everything that has nested fields or is a picture.
        is_complete: whether the answers of all operations are documented.
    """

    fields: tuple[Column, ...]
    items: tuple[Column, ...]
    tables: tuple[str, ...]
    nodes: frozenset[str] = field(repr=False)
    is_complete: bool

    def selectable(self, *, of_lines: bool) -> tuple[Column, ...]:
        """Return the columns that can be selected for rows of papers, or of line items."""
        if of_lines:
            return (*self.items, *self.fields)
        return self.fields


@cache
def documented(operations: tuple[str, ...]) -> Documented:
    """Return the documented fields of operations. If the fields of one are not documented, its data is one column."""
    known = [name for name in operations if is_documented(name)]
    leaves = [leaf for name in known for leaf in _leaves(_catalogue(name), _Place())]
    fields = [leaf.column for leaf in leaves if leaf.column and not leaf.table]
    items = [leaf.column for leaf in leaves if leaf.column and leaf.table]
    complete = len(known) == len(operations)
    if not complete:
        fields.append(DATA)
    return Documented(
        fields=_merged(fields, COLUMNS, "data."),
        items=_merged(items, tuple(column.name for column in LINE_HEAD), "item."),
        tables=tuple(dict.fromkeys(leaf.table for leaf in leaves if leaf.table)),
        nodes=frozenset(leaf.node for leaf in leaves if leaf.node),
        is_complete=complete,
    )


def is_documented(operation: str) -> bool:
    """Return whether the fields of an operation's answers are documented. Other answers stay JSON."""
    endpoint = OPERATIONS.get(operation)
    return endpoint is not None and endpoint.returns is not None


@cache
def documented_elsewhere(operations: tuple[str, ...]) -> frozenset[str]:
    """Return the paths documented for the same types of papers, even if only for other operations."""
    infos = [info for name in operations if name in OPERATIONS for info in _infos(_catalogue(name))]
    return frozenset(f"{info.path}.{own.path}" for info in infos for own in _fields_of_type(info))


def _catalogue(of: str | type[Any]) -> tuple[FieldInfo, ...]:
    from ...models.catalogue import fields_of  # reads the models' sources: only needed for tables

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
    """Place in the catalogue: path prefix, the prefix to remove, and the enclosing list of line items."""

    cut: str = ""
    table: str = ""


@frozen
class _Leaf:
    """Column of a paper or of an item of the named table, or the path of a node without a column."""

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
    """Yield the text of a page, and its lines."""
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
    # A cell with several values, in its row: the only such document.
    yield _Leaf(Column(path, parts=(*path.split("."), "value"), path=node.path, of_item=True), place.table)


def _list(node: FieldInfo, path: str, place: _Place) -> Iterator[_Leaf]:
    """Yield the columns of line items; a table without documented columns becomes one column of the paper."""
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
    if node.kind in ("text", "cell") and node.name in UNITS:
        return "amount"
    return "text"


def _merged(columns: Iterable[Column], taken: Sequence[str], prefix: str) -> tuple[Column, ...]:
    """Return one column of each name, in order of first occurrence.

    The type and the page of a paper are first columns of each table. Another field with such a name gets a prefix.
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
