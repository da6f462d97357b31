"""Layout of a table, in the user's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict, get_args

from attrs import evolve, field, frozen

from ...errors import InvalidInputError
from .choosing import check_fields, check_names, choose, is_pattern, part_column
from .columns import FIELD_HEAD, HEAD, LINE_HEAD, RAW, Column, documented

Rows: TypeAlias = Literal["paper", "document", "line", "field"]
Dates: TypeAlias = Literal["printed", "iso"]
Amounts: TypeAlias = Literal["printed", "number"]

_HEADS: dict[Rows, tuple[Column, ...]] = {"paper": HEAD, "document": HEAD, "line": LINE_HEAD, "field": FIELD_HEAD}


class Shape(TypedDict, total=False):
    """Keywords of everything that makes tables.

    Attributes:
        operation: one operation name or several; their documented fields are the columns. The default is the operation
            of
            the first outcome. With it, wrong names of fields are refused at once.
        rows: ``paper`` (default): one for each paper; ``document``: one for each item, with differing values of its
            papers side by side; ``line``: one for each line item, such as a row of an invoice; ``field``: one for each
            value. In every case an item without rows gets one.
        dates: ``iso`` converts documented dates that can be parsed.
        amounts: ``number`` converts amounts in VND, percentages and quantities that can be parsed.
        raw: add a last column with each paper, or the answer received in its place, as JSON.
    """

    operation: str | Sequence[str] | None
    rows: Rows
    dates: Dates
    amounts: Amounts
    raw: bool


def _names(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(given)


@frozen(kw_only=True)
class Layout:
    """Layout of a table: the keywords of `Shape`, and the selected fields.

    Attributes:
        fields: selected names; None selects everything documented.
        with_parts: whether confidence and box have their own columns if no fields are selected.

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

    def __attrs_post_init__(self) -> None:
        for name, kinds in (("rows", Rows), ("dates", Dates), ("amounts", Amounts)):
            if getattr(self, name) not in get_args(kinds):
                raise InvalidInputError(f"{name} must be one of {', '.join(get_args(kinds))}")
        if self.raw and self.rows not in ("paper", "document"):
            raise InvalidInputError(f"raw applies to rows of papers or documents, not to {self.rows}")
        if self.fields is None:
            return
        check_names(self.fields, [*(column.name for column in _HEADS[self.rows]), *([RAW.name] if self.raw else [])])
        if self.operation:
            check_fields(self.fields, self.operation, rows=self.rows)

    @property
    def is_fixed(self) -> bool:
        """Return whether the columns are independent of the operation."""
        if self.operation is not None or self.rows == "field":
            return True
        return self.fields is not None and self.rows != "line" and not any(map(is_pattern, self.fields))

    def columns(self, operations: tuple[str, ...] = ()) -> tuple[Column, ...]:
        """Return all columns, for these operations unless the layout names its own."""
        head = _HEADS[self.rows]
        if self.rows == "field":
            return head
        known = documented(self.operation or operations)
        if self.fields is not None:
            own = choose(self.fields, known, of_lines=self.rows == "line")
        else:
            own = list(known.items if self.rows == "line" else known.fields)
            own = [column for one in own for column in self._with_parts(one)]
        return (*head, *map(self._read, own), *([RAW] if self.raw else []))

    def _with_parts(self, column: Column) -> list[Column]:
        parts = [part for part in ("confidence", "box", "page") if self.with_parts and getattr(column, f"has_{part}")]
        return [column, *(part_column(column, part) for part in parts)]

    def _read(self, column: Column) -> Column:
        wanted = {"date": self.dates == "iso", "amount": self.amounts == "number"}
        return evolve(column, kind=column.says) if wanted.get(column.says) else column
