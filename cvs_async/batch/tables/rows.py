"""Rows of outcomes, common to all tables and file formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from ..._text.json import sound
from ...models.pictures_in_json import without_pictures
from ..outcome import Outcome
from .choosing import patterns_of
from .columns import COLUMNS, NAME, RAW, Column, documented
from .kinds import DATES, UNITS
from .layout import Layout
from .reading import (
    Leaf,
    Values,
    as_document,
    confidences,
    first_page,
    items_of,
    least_confidence,
    leaves,
    name_of_person,
)
from .results import Result, result_of
from .values import UNTYPED, Kind, json_of, part_of, read, text_of

Row: TypeAlias = list[object]


class Table:
    """Makes rows of outcomes, or of the lines of a results file.

    The columns are determined by the first outcome that names its operation, unless the layout determines them.

    Args:
        layout: of the table.

    Attributes:
        columns: all of them; None until they are known.
        unread: by column, the number of values that stay text because they are not a date, amount or number.
        left_out: number of line items without a row.
        empty: number of papers without any of the fields.
    """

    def __init__(self, layout: Layout) -> None:
        self.columns: tuple[Column, ...] | None = None
        self.unread = Counter[str]()
        self.left_out = self.empty = 0
        self._layout = layout
        self._waiting: list[Result] = []
        self._paid = set[int]()
        self._papers = 0
        self._met = set[str]()
        if layout.is_fixed:
            self._fix(())

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Selected fields that no paper has had so far, probably misspelt; empty before the first paper."""
        chosen = self._layout.chosen
        if self.columns is None:
            return ()
        if self._layout.rows == "field":
            if not self._papers:
                return ()
            return tuple(name for name in chosen if name not in self._met)
        missing = {*self._values.unmatched, *self._item_values.unmatched}
        return tuple(name for name in chosen if name in missing)

    def add(self, outcome: Outcome[Any] | Mapping[str, Any]) -> list[Row]:
        """Return the rows of an outcome, and of earlier outcomes that waited for the columns."""
        result = result_of(outcome)
        if self.columns is not None:
            return self._rows(result)
        self._waiting.append(result)
        operation = result.head["operation"]
        if operation is None:
            return []
        return self._fix((str(operation),))

    def end(self) -> list[Row]:
        """Return the rows that still wait for the columns, which are determined now."""
        if self.columns is not None:
            return []
        return self._fix(())

    def _fix(self, operations: tuple[str, ...]) -> list[Row]:
        """Determine the columns. Return the rows that waited for them."""
        layout = self._layout
        self.columns = layout.columns(operations)
        own = [column for column in self.columns[len(COLUMNS) :] if column is not RAW]
        if layout.rows == "line":
            own = own[2:]
        self._items = [column for column in own if column.of_item]
        self._fields = list[Column]()
        if layout.rows != "field":
            self._fields = [column for column in own if not column.of_item]
        self._order = [*self._fields, *self._items]
        self._values, self._item_values = Values(self._fields), Values(self._items)
        known = documented(layout.operation or operations)
        self._tables = known.tables
        in_papers = {column.name for column in known.fields}
        self._left_out = [table for table in known.tables if table not in in_papers]
        self._is_json = not known.is_complete
        self._patterns = {name: patterns_of(name, known) for name in layout.chosen}
        self._places = list[int]()
        if self._items and self._fields:
            places = {column.name: place for place, column in enumerate(self._order)}
            self._places = [places[column.name] for column in own]
        make: dict[str, Callable[[Result], Iterator[Row]]] = {
            "paper": self._paper_rows,
            "document": self._document_rows,
            "line": self._line_rows,
            "field": self._field_rows,
        }
        self._make = make[layout.rows]
        self._width = len(self.columns)
        self.times = tuple(place for place, column in enumerate(self.columns) if column.kind == "time")
        waiting, self._waiting = self._waiting, []
        return [row for result in waiting for row in self._rows(result)]

    # --- rows

    def _rows(self, result: Result) -> list[Row]:
        rows = list(self._make(result)) or [self._alone(result)]
        if self._tables and self._layout.fields is None and self._layout.rows in ("paper", "document"):
            self.left_out += sum(1 for paper in result.papers for name in self._left_out for _ in items_of(paper, name))
        for row in rows:
            row[_BILLED] = 0
        rows[0][_BILLED] = self._billed(result)
        return rows

    def _billed(self, result: Result) -> int:
        """Return the billed requests of an item; 0 if an earlier run paid for it and an equal item has shown them."""
        if result.is_replayed and result.billed:
            mark = int(str(result.head["key"])[:16], 16)
            if mark in self._paid:
                return 0
            self._paid.add(mark)
        return result.billed

    def _alone(self, result: Result) -> Row:
        """Return the only row of an item without papers."""
        row = [*result.head.values(), *[None] * (self._width - len(COLUMNS))]
        if self._layout.raw:
            row[-1] = result.instead
        return row

    def _raw(self, whole: object) -> list[str]:
        """Return the cell of the column `raw`, if there is one."""
        if not self._layout.raw:
            return []
        return [json_of(whole)]

    def _paper_rows(self, result: Result) -> Iterator[Row]:
        for number, paper in enumerate(result.papers, start=1):
            values = self._read(self._values.of(paper), self._fields)
            self.empty += bool(values) and not any(value is not None for value in values)
            yield [*_head(result, paper, number), *values, *self._raw(paper)]

    def _document_rows(self, result: Result) -> Iterator[Row]:
        papers = result.papers
        if not papers:
            return
        rows = [self._read(self._values.of(paper), self._fields) for paper in papers]
        merged = [
            json_of(without_pictures(result.data)) if column.is_whole else _joined(values, column)
            for values, column in zip(zip(*rows, strict=True), self._fields, strict=True)
        ]
        self.unread.update(
            column.name
            for value, column in zip(merged, self._fields, strict=True)
            if isinstance(value, str) and column.kind not in UNTYPED
        )
        head = _head(result, papers[0], None)
        head[_TYPE] = _joined([type_of(paper) for paper in papers], None)
        found = [least for paper in papers if (least := least_confidence(paper)) is not None]
        head[_CONFIDENCE] = min(found, default=None)
        yield [*head, *merged, *self._raw(result.data)]

    def _line_rows(self, result: Result) -> Iterator[Row]:
        rows = list(self._rows_of_lines(result))
        if not rows and (len(result.papers) == 1 or self._is_json):
            return self._rows_without_lines(result)
        return iter(rows)

    def _rows_without_lines(self, result: Result) -> Iterator[Row]:
        for number, paper in enumerate(result.papers, start=1):
            fields = self._read(self._values.of(paper), self._fields)
            yield [*_head(result, paper, number), None, None, *self._ordered([*fields, *[None] * len(self._items)])]

    def _rows_of_lines(self, result: Result) -> Iterator[Row]:
        for number, paper in enumerate(result.papers, start=1):
            head = _head(result, paper, number)
            fields: Row | None = None
            for table in self._tables:
                for line, item in enumerate(items_of(paper, table), start=1):
                    if fields is None:
                        fields = self._read(self._values.of(paper), self._fields)
                    named = as_document(item, self._items)
                    head[_CONFIDENCE] = min(confidences(named), default=None)
                    values = [*fields, *self._read(self._item_values.of(named), self._items)]
                    yield [*head, table, line, *self._ordered(values)]

    def _ordered(self, values: Row) -> Row:
        """Return the values of fields and items in the order of their columns."""
        if not self._places:
            return values
        return [values[place] for place in self._places]

    def _field_rows(self, result: Result) -> Iterator[Row]:
        every = self._layout.fields is None
        for number, paper in enumerate(result.papers, start=1):
            self._papers += 1
            head = _head(result, paper, number)
            for leaf in leaves(paper):
                if leaf.path == "type" or not (every or self._is_chosen(leaf.path)):
                    continue
                row = [*head, leaf.path, self._as_text(leaf), leaf.confidence, leaf.box]
                if leaf.page is not None:
                    row[_PAGE] = leaf.page
                row[_CONFIDENCE] = leaf.confidence
                yield row
            if NAME.name in self._patterns and (name := name_of_person(paper)[1]) is not None:
                self._met.add(NAME.name)
                yield [*head, NAME.name, name, None, None]

    def _is_chosen(self, path: str) -> bool:
        """Return whether a field is chosen, and note by which names."""
        names = [name for name, patterns in self._patterns.items() if _is_any(path, patterns)]
        self._met.update(names)
        return bool(names)

    def _read(self, values: Row, columns: Sequence[Column]) -> Row:
        for place, column in enumerate(columns):
            value = values[place]
            if value is None:
                continue
            kind = column.kind
            values[place] = value = read(value, kind, column.units)
            if isinstance(value, str) and kind not in UNTYPED:
                self.unread[column.name] += 1
        return values

    def _as_text(self, leaf: Leaf) -> str | None:
        """Return the value of a field; dates and amounts in a uniform notation, if requested and possible."""
        kind: Kind = "text"
        if leaf.name in DATES and self._layout.dates == "iso":
            kind = "date"
        elif leaf.name in UNITS and self._layout.amounts == "number":
            kind = "amount"
        if kind == "text" or not isinstance(leaf.value, str):
            return text_of(leaf.value)
        value = read(leaf.value, kind, UNITS.get(leaf.name, frozenset()))
        if isinstance(value, str):
            self.unread[leaf.path] += 1
        return plain(value)


def plain(value: object) -> str | None:
    """Return a value as text: a date in ISO 8601, an amount with a decimal point, a box as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return json_of(value)


def _is_any(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) or path.startswith(f"{pattern}.") for pattern in patterns)


def _joined(values: Iterable[object], column: Column | None) -> object:
    """Return one value for several papers: the common one, the lowest confidence, the first box or page, or all of them
    joined as text.
    """
    different = list(dict.fromkeys(value for value in values if value is not None))
    if len(different) < 2:
        return next(iter(different), None)
    if column is not None and column.parts[-1:] == ("confidence",) and all(isinstance(v, float) for v in different):
        return min(different)  # type: ignore[type-var]
    if column is not None and (column.kind == "box" or column.parts[-1:] == ("page",)):
        return different[0]
    return "; ".join(plain(value) or "" for value in different)


# --- first columns


_TYPE, _PAPER, _PAGE, _CONFIDENCE, _BILLED = map(COLUMNS.index, ("type", "paper", "page", "min_confidence", "billed"))


def _head(result: Result, paper: object, number: int | None) -> Row:
    """Return the first columns of the rows of a paper."""
    head = [*result.head.values()]
    # for a person with a card, the type of the card
    head[_TYPE] = type_of(paper) or type_of(part_of(paper, "ocr")[1])
    head[_PAPER] = number
    head[_PAGE] = first_page(paper)
    head[_CONFIDENCE] = least_confidence(paper)
    return head


def type_of(paper: object) -> str | None:
    """Return the service's name for the kind of paper."""
    _, found = part_of(paper, "type")
    if not isinstance(found, str):
        return None
    return sound(found)
