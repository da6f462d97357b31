"""Tables for spreadsheets: CSV."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Unpack

from ..._system.atomic import lock_results, open_private, sync
from ..._text.json import sound
from ...errors import InvalidInputError
from ..outcome import Outcome
from ..sinks import InThread, refusal
from .columns import Column
from .layout import Layout, Shape
from .rows import Row, Table, plain
from .values import iso_time

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters of a cell that a spreadsheet may take for a formula."""

_NUMBER = re.compile(r"(?=.*\d)[\d.,:/ \-]*(?:[eE]\d+|%)?")
"""Texts that Excel may take for a number, a date or a time, and then display differently."""

BOM = b"\xef\xbb\xbf"


class Csv(InThread):
    """CSV file with a row for each paper, and a row for each item that failed or is held.

    The first columns are `COLUMNS`, followed by the documented or selected fields, by their paths in the reply's data:
    ``info.id`` is a value, ``info.id.confidence`` and ``info.id.box.left`` are parts of it, ``info.*`` all fields of
    a paper, ``info.*.confidence`` the confidence of each, ``info.table.0.1`` an element of lists, and ``name`` the name
    of a person in any paper. Missing values are empty cells; lists and objects are JSON.

    The sum of ``billed`` is the bill: only the first row of an item has its charge.

    The file is UTF-8 with a byte order mark, without which Excel garbles Vietnamese letters; some readers need the
    encoding ``utf-8-sig``. Text that a spreadsheet might run as a formula is prefixed with an apostrophe. Document
    numbers have leading zeros, so read the file as text: ``pandas.read_csv(path, dtype=str)``.

    A new file is readable by its owner only. The file is locked while it is written.

    Args:
        path: of the file. An existing file is refused: its answers were paid for.
        fields: selected fields; None selects all documented ones.
        append: append to an existing file with the same columns.
        delimiter: between cells; Excel expects the one of the computer's country, which is ``;`` in Vietnam.
        excel: keep text that Excel would take for a number or a date, as in ``="00012"``; only spreadsheets understand
            it.
        shape: see `Shape`.

    Raises:
        InvalidInputError: if the fields, the delimiter or the shape are unusable.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fields: Sequence[str] | None = None,
        *,
        append: bool = False,
        delimiter: str = ",",
        excel: bool = False,
        **shape: Unpack[Shape],
    ) -> None:
        super().__init__()
        if delimiter not in (",", ";", "\t"):
            raise InvalidInputError("delimiter must be a comma, a semicolon or a tab")
        self.path = Path(path)
        self.table = Table(Layout(fields=fields, **shape))
        self._append = append
        self._delimiter = delimiter
        self._cell = _excel_cell if excel else _cell
        self._begun = False

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Selected fields that no paper has had so far, probably misspelt; empty before the first paper."""
        return self.table.unmatched

    def _open(self) -> None:
        try:
            # Unbuffered, so that nothing remains to be written after an error.
            mode = "ab+" if self._append else "xb"
            self._file: IO[bytes] = open(self.path, mode, buffering=0, opener=open_private)  # noqa: SIM115 - _close closes it
        except OSError as error:
            raise refusal(self.path, error) from error
        try:
            lock_results(self._file.fileno(), self.path)
            if self.table.columns is not None:
                self._begin(self.table.columns)
            elif self._file.seek(0, os.SEEK_END):
                raise InvalidInputError(f"{self.path} already has columns: name their operation")
        except BaseException:
            self._file.close()
            raise

    def _begin(self, columns: Iterable[Column]) -> None:
        self._begun = True
        header = BOM + self._encoded([[column.name for column in columns]])
        if not self._file.seek(0, os.SEEK_END):
            self._write(header)
            return
        self._file.seek(0)
        if self._file.read(len(header)) != header:
            raise InvalidInputError(f"{self.path} has different columns: choose another name, or the same fields")
        self._file.seek(-1, os.SEEK_END)
        if self._file.read(1) != b"\n":
            raise InvalidInputError(f"{self.path} ends within a row: repair it, or choose another name")

    def _put(self, outcome: Outcome[Any]) -> None:
        self._add(self.table.add(outcome))

    def _add(self, rows: list[Row]) -> None:
        columns = self.table.columns
        if columns is None:
            return
        if not self._begun:
            self._begin(columns)
        for row in rows:
            for place in self.table.times:
                row[place] = iso_time(row[place])
        self._write(self._encoded(rows))

    def _encoded(self, rows: Iterable[Iterable[object]]) -> bytes:
        text, cell = io.StringIO(newline=""), self._cell
        csv.writer(text, delimiter=self._delimiter).writerows([cell(value) for value in row] for row in rows)
        return text.getvalue().encode("utf-8", "replace")

    def _write(self, content: bytes) -> None:
        """Write all of it or nothing."""
        before = self._file.seek(0, os.SEEK_END)
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError:
            with suppress(OSError):  # it may not be a file that can be truncated
                self._file.truncate(before)
            raise

    def _close(self, all_is_well: bool) -> None:
        with self._file:
            self._add(self.table.end())
            sync(self._file.fileno(), self.path)


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet runs as a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = sound(value)
        if text.startswith(FORMULA):
            return f"'{text}"
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    return plain(value)


def _excel_cell(value: object) -> object:
    """Return a cell for Excel: text that it would change becomes a formula with this text as its result.

    The formula contains only digits and a few marks. An apostrophe would be visible, because Excel hides it only where
    it was typed.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value) and not value.startswith("-"):
        return f'="{value}"'
    return _cell(value)
