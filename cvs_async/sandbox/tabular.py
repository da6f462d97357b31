"""Tables in answers of the sandbox: those of samples, in their own form, and fabricated ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..models.tables import Cell
from .fabricate import ROWS, Source, fabricate

TABLE = "table"
"""Type of sample pages with one table and no paper of the vendor."""

COLUMNS = 3
"""Cells in a row of a fabricated table."""

Wire = dict[str, Any]
Rows = Sequence[Sequence[Any]]


def tables_on(papers: Sequence[Wire], source: Source) -> list[Wire]:
    """Return the tables of a page as `get_table` answers them, and a fabricated one for a page without any."""
    found = [table for paper in papers for table in _shown(paper["type"], paper["info"])]
    return found or [_fabricated(source)]


def _shown(kind: str, info: Wire) -> Iterator[Wire]:
    """Yield the tables of one paper. A table that the paper's own operation answers in another form is cells here."""
    if kind == TABLE:
        yield info
        return
    tables: Sequence[Rows]
    match info.get("table"), info.get("json"):
        case {"info_table": tables}, _:  # a list of expenses
            pass
        case _, [*tables]:  # a bank statement
            pass
        case [*rows], _:  # an invoice or a quotation
            tables = [[_cells_of(row) for row in rows]]
        case _:
            tables = []
    yield from ({"json": [[_bare(cell) for cell in row] for row in table]} for table in tables)


def _cells_of(row: Any) -> list[Wire]:
    """Return the cells of a row, which may be an object of fields."""
    if not isinstance(row, Mapping):
        return list(row)
    names = [name for name in row if f"{name}_box" in row]
    return [{"value": row[name], "score": row.get(f"{name}_confidence"), "box": row[f"{name}_box"]} for name in names]


def _bare(cell: Wire) -> Wire:
    return {name: cell.get(name) for name in ("value", "score", "box")}


def _fabricated(source: Source) -> Wire:
    return {"json": [[fabricate(Cell, source, f"{row}/{cell}") for cell in range(COLUMNS)] for row in range(ROWS)]}
