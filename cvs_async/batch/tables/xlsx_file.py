"""Tables for offices: an Excel file with sheets of papers, line items, failures, and a summary."""

from __future__ import annotations

import datetime
import importlib
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Unpack

from attrs import evolve

from ..._text.json import sound
from ...errors import ConfigurationError, InvalidInputError
from ..outcome import Outcome
from .columns import COLUMNS, Column
from .layout import Layout, Shape
from .rows import Row, Table, plain
from .values import iso_time
from .whole_file import WholeFile

MOST_ROWS = 1_048_576
"""Maximum number of rows in an Excel sheet."""

LONGEST = 32_767
"""Maximum length of a text in an Excel cell."""

WIDTH = 18
"""Width of a column in characters."""

FIRST_DATE = datetime.date(1900, 3, 1)
"""First date that Excel counts correctly."""

_READ = ("done", "purged")
_STATUS, _OPERATION, _PAPER, _BILLED = (COLUMNS.index(name) for name in ("status", "operation", "paper", "billed"))


class Xlsx(WholeFile):
    """Excel file with four sheets: papers, line items, failed and held items, and a summary.

    The columns are those of `Csv`. Text always stays text: nothing is run as a formula, and leading zeros stay. Rows
    are written as a stream, in constant memory; a full sheet is continued on another. Text longer than an Excel cell is
    truncated, see `cut`. The sum of ``billed`` over papers and failures is the bill.

    Until it is finished the file has the suffix ``.part``, as for `Parquet`. Only its owner can read it.

    Args:
        path: of the file. If it exists, with or without ``.part``, it is refused.
        fields: selected fields, as for `Csv`; None selects all documented ones. Fields of line items are in the sheet
            of line items only. A sheet without a selected field of its own has all documented ones.
        shape: see `Shape`; `rows` and `raw` are not available.

    Attributes:
        cut: number of truncated texts.

    Raises:
        ConfigurationError: if XlsxWriter is not installed.
        InvalidInputError: if the fields or the shape are unusable.
    """

    def __init__(
        self, path: str | os.PathLike[str], fields: Sequence[str] | None = None, **shape: Unpack[Shape]
    ) -> None:
        super().__init__(path)
        if shape.get("rows", "paper") != "paper" or shape.get("raw"):
            raise InvalidInputError(
                "an Excel file has fixed sheets of papers and of line items, without a choice of rows"
            )
        self._xlsxwriter = _xlsxwriter()
        layout = Layout(fields=fields, has_twin=True, **shape)
        self.table = Table(layout)
        self._lines = Table(evolve(layout, rows="line"))
        self.cut = 0
        self._counts: Counter[tuple[str, str, str]] = Counter()

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Selected fields that no paper has had so far, probably misspelt; empty before the first paper."""
        names = {column.name for column in self.table.columns or ()}
        return (*self.table.unmatched, *(name for name in self._lines.unmatched if name not in names))

    def _start(self) -> None:
        # Rows are streamed to temporary files that only their owner can read.
        self._book = self._xlsxwriter.Workbook(self._file, {"constant_memory": True})
        self._bold = self._book.add_format({"bold": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._papers = _Sheet(self, "papers")
        self._items = _Sheet(self, "lines")
        self._failures = _Sheet(self, "failures")

    def _put(self, outcome: Outcome[Any]) -> None:
        self._check()
        try:
            self._add(self.table.add(outcome), self._lines.add(outcome))
        except OSError:
            self._broken = True
            raise

    def _add(self, papers: list[Row], lines: list[Row]) -> None:
        for row in papers:
            is_read = row[_STATUS] in _READ
            whose = str(row[_OPERATION]), str(row[_STATUS])
            self._counts[(*whose, "papers")] += row[_PAPER] is not None
            self._counts[(*whose, "documents")] += row[_PAPER] in (None, 1)
            self._counts[(*whose, "billed")] += int(str(row[_BILLED]))
            columns = self.table.columns or ()
            if is_read:
                self._papers.write(columns, row)
            else:
                self._failures.write(columns[: len(COLUMNS)], row[: len(COLUMNS)])
        for row in lines:
            if row[len(COLUMNS)] is not None:
                self._counts[(str(row[_OPERATION]), str(row[_STATUS]), "lines")] += 1
                # The charge of an item is in the sheet of papers.
                self._items.write(self._lines.columns or (), [*row[:_BILLED], None, *row[_BILLED + 1 :]])

    def _end(self) -> None:
        self._add(self.table.end(), self._lines.end())
        columns, of_lines = self.table.columns or (), self._lines.columns or ()
        head = columns[: len(COLUMNS)]
        for sheet, own in ((self._papers, columns), (self._items, of_lines), (self._failures, head)):
            if sheet.number == 0:
                sheet.begin(own)
        self._sum_up()
        try:
            self._book.close()
        except self._xlsxwriter.exceptions.XlsxWriterException as error:
            raise OSError(f"{self.path} cannot be written as .xlsx ({error}): write .csv or .parquet") from error

    def _abandon(self) -> None:
        with suppress(self._xlsxwriter.exceptions.XlsxWriterException):
            self._book.close()

    def _sum_up(self) -> None:
        sheet = self._book.add_worksheet("summary")
        names = ("documents", "papers", "lines", "billed")
        sheet.set_column(0, 1 + len(names), WIDTH)
        rows: list[list[object]] = [
            [operation, status, *(self._counts[operation, status, name] for name in names)]
            for operation, status in dict.fromkeys(key[:2] for key in self._counts)
        ]
        totals = [sum(count for (*_, counted), count in self._counts.items() if counted == name) for name in names]
        rows.append(["total", None, *totals])
        unread = self.table.unread + self._lines.unread
        rows += [[f"{name}: stays text", None, count] for name, count in unread.items()]
        for place, name in enumerate(("operation", "status", *names)):
            self.put(sheet, 0, place, name, self._bold)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                self.put(sheet, number, place, value)

    def put(self, sheet: Any, row: int, place: int, value: object, form: Any = None) -> None:
        """Write a cell."""
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, place, value)
        elif isinstance(value, int | float | Decimal):
            sheet.write_number(row, place, value)
        elif isinstance(value, datetime.date) and value >= FIRST_DATE:
            sheet.write_datetime(row, place, datetime.datetime.combine(value, datetime.time()), self._day)
        else:
            text = sound(plain(value) or "")
            self.cut += len(text) > LONGEST
            sheet.write_string(row, place, text[:LONGEST], form)


class _Sheet:
    """Sheets of one kind: a full sheet is continued on another.

    Attributes:
        number: number of sheets.
    """

    def __init__(self, owner: Xlsx, name: str) -> None:
        self.number = 0
        self._owner = owner
        self._name = name
        self._sheet: Any = owner._book.add_worksheet(name)
        self._row = 0

    def begin(self, columns: Sequence[Column]) -> None:
        """Write the headings, on a new sheet if there is already one."""
        if self.number:
            self._sheet = self._owner._book.add_worksheet(f"{self._name} {self.number + 1}")
        self.number += 1
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, max(len(columns) - 1, 0), WIDTH)
        for place, column in enumerate(columns):
            self._owner.put(self._sheet, 0, place, column.name, self._owner._bold)
        self._row = 1

    def write(self, columns: Sequence[Column], row: Row) -> None:
        """Write a row."""
        if self.number == 0 or self._row >= MOST_ROWS:
            self.begin(columns)
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            self._owner.put(self._sheet, self._row, place, iso_time(value) if column.kind == "time" else value)
        self._row += 1


def _xlsxwriter() -> Any:
    try:
        importlib.import_module("xlsxwriter.exceptions")
        return importlib.import_module("xlsxwriter")
    except ImportError:
        raise ConfigurationError("Excel files need XlsxWriter: pip install 'cvs_async[xlsx]'") from None
