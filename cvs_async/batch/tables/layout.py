"""Layout of a table, in the user's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict, get_args

from attrs import evolve, field, frozen

from ...errors import InvalidInputError
from .choosing import check_fields, check_names, choose, is_pattern, of_papers, part_column
from .columns import FIELD_HEAD, HEAD, LINE_HEAD, RAW, Column, documented

Rows: TypeAlias = Literal["paper", "document", "line", "field"]
Dates: TypeAlias = Literal["printed", "iso"]
Amounts: TypeAlias = Literal["printed", "number"]

_HEADS: dict[Rows, tuple[Column, ...]] = {"paper": HEAD, "document": HEAD, "line": LINE_HEAD, "field": FIELD_HEAD}


class Shape(TypedDict, total=False):
    """Keywords of all functions and sinks that make tables.

    Attributes:
        operation: of the results, one name or several; the columns are their documented fields. Answers that stay
            JSON have one column, ``data``, with each paper as JSON text. By default the
            operation of the first outcome. If it is given, wrong names of fields are refused at once.
        rows: ``paper`` (default): a row for each paper. ``document``: a row for each item; differing values of its
            papers are joined. ``line``: a row for each line item, such as a line of an invoice, with the selected
            fields of its paper and the selected fields of line items (all of them if none is selected). ``field``: a
            row for each value. An item without papers, line items or values has one row.
        dates: ``iso`` converts documented dates to ISO 8601 where they can be parsed.
        amounts: ``number`` converts amounts in VND, percentages and quantities to numbers where they can be parsed.
        raw: add a last column with each paper as JSON, or with the answer received in its place.
    """

    operation: str | Sequence[str] | None
    rows: Rows
    dates: Dates
    amounts: Amounts
    raw: bool


def _names(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    if isinstance(given, str):
        return (given,)
    return tuple(given)


@frozen(kw_only=True)
class Layout:
    """Layout of a table: the keywords of `Shape`, and the selected fields.

    Attributes:
        fields: selected names; None selects all documented fields.
        with_parts: whether confidence, box and page have columns of their own if no fields are selected.
        has_twin: whether papers and line items are in two tables, so that a selected field may be in the other one.

    Raises:
        InvalidInputError: if a keyword is invalid, or a selected field cannot exist in any paper.
    """

    fields: tuple[str, ...] | None = field(default=None, converter=_names)
    operation: tuple[str, ...] | None = field(default=None, converter=_names)
    rows: Rows = "paper"
    dates: Dates = "printed"
    amounts: Amounts = "printed"
    raw: bool = False
    with_parts: bool = False
    has_twin: bool = False

    def __attrs_post_init__(self) -> None:
        for name, kinds in (("rows", Rows), ("dates", Dates), ("amounts", Amounts)):
            if getattr(self, name) not in get_args(kinds):
                raise InvalidInputError(f"{name} must be one of {', '.join(get_args(kinds))}")
        if self.raw and self.rows not in ("paper", "document"):
            raise InvalidInputError(f"raw applies to rows of papers or documents, not to {self.rows}")
        if self.fields is None:
            return
        check_names(self.fields, self.operation)
        if self.operation:
            check_fields(self.chosen, self.operation, rows="line" if self.has_twin else self.rows)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Selected fields, without columns that the table has in any case."""
        anyway = {column.name for column in (*_HEADS[self.rows], *self._tail)}
        return tuple(name for name in self.fields or () if name not in anyway)

    @property
    def _tail(self) -> tuple[Column, ...]:
        if self.raw:
            return (RAW,)
        return ()

    @property
    def is_fixed(self) -> bool:
        """Return whether the columns are independent of the operation."""
        if self.operation is not None or self.rows == "field":
            return True
        depends = self.rows == "line" or self.has_twin
        return self.fields is not None and not depends and not any(map(is_pattern, self.fields))

    def columns(self, operations: tuple[str, ...] = ()) -> tuple[Column, ...]:
        """Return all columns, for these operations unless the layout names its own."""
        head = _HEADS[self.rows]
        if self.rows == "field":
            return head
        own = self._own(self.operation or operations)
        return (*head, *map(self._read, own), *self._tail)

    def _own(self, operations: tuple[str, ...]) -> list[Column]:
        """Return the selected columns of papers or line items, or all documented ones if none is selected."""
        known, of_lines = documented(operations), self.rows == "line"
        names = self.chosen
        if self.has_twin and not of_lines:
            names = of_papers(names, operations)
        own = choose(names, known, of_lines=of_lines)
        of_items = known.items or known.is_complete
        if of_lines and of_items and not any(column.of_item for column in own):
            return [*own, *self._whole(known.items)]
        if self.fields is None or (self.chosen and not names):
            return self._whole(known.fields)
        return own

    def _whole(self, columns: Sequence[Column]) -> list[Column]:
        return [part for column in columns for part in self._with_parts(column)]

    def _with_parts(self, column: Column) -> list[Column]:
        parts = [part for part in ("confidence", "box", "page") if self.with_parts and getattr(column, f"has_{part}")]
        return [column, *(part_column(column, part) for part in parts)]

    def _read(self, column: Column) -> Column:
        wanted = {"date": self.dates == "iso", "amount": self.amounts == "number"}
        if wanted.get(column.says):
            return evolve(column, kind=column.says)
        return column
