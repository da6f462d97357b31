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

from ..._json import sound
from ...errors import InvalidInputError
from ..atomic import lock_results, private, sync
from ..outcome import Outcome
from ..sinks import InThread, refusal
from .columns import Column
from .layout import Layout, Shape
from .rows import Row, Table, plain
from .values import iso_time

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet may take for a formula."""

_NUMBER = re.compile(r"(?=.*\d)[\d.,:/ \-]*(?:[eE]\d+|%)?")
"""What Excel may take for a number, a date or a time, and then shows as another one."""

BOM = b"\xef\xbb\xbf"


class Csv(InThread):
    """A CSV file with a row for each paper that was read, and one for each item that failed or is held.

    The first columns are `COLUMNS`. Then come the documented fields of the operation, or the chosen ones, by their
    paths in the reply's data: ``info.id`` is a value, ``info.id.confidence`` and ``info.id.box.left`` are parts of it,
    ``info.*`` all fields of a paper, ``info.*.confidence`` what the service says of each, ``info.table.0.1`` an element
    of lists, and ``name`` the name of a person, however a paper calls it. What a paper lacks is an empty cell; what is
    no single value is JSON.

    A sum of ``billed`` is the bill: only the first row of an item has what it cost.

    It is UTF-8 with a byte order mark, without which Excel garbles Vietnamese letters; other readers skip it, or
    want the encoding ``utf-8-sig``. Text that a spreadsheet might run as a formula has an apostrophe before it. Numbers
    of papers begin with zeros, so read the file as text: ``pandas.read_csv(path, dtype=str)``.

    A new file is readable for its owner only. The file is locked while it is written.

    Args:
        path: of the file. If it exists it is refused: its answers were paid for.
        fields: the chosen ones; None is all documented ones.
        append: go on with a file that exists, and has the same columns.
        delimiter: between cells; Excel opens files with the one that the country of the computer uses, which is
            ``;`` in Vietnam.
        excel: keep what Excel would take for a number or a date as it is printed, such as ``="00012"``, which only
            spreadsheets understand.
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
        """The chosen fields that no paper had so far, most likely misspelt; none while there was no paper."""
        return self.table.unmatched

    def _open(self) -> None:
        try:
            # Unbuffered, so that nothing is left to be written after an error.
            mode = "ab+" if self._append else "xb"
            self._file: IO[bytes] = open(self.path, mode, buffering=0, opener=private)  # noqa: SIM115 - _close closes it
        except OSError as error:
            raise refusal(self.path, error) from error
        try:
            lock_results(self._file.fileno(), self.path)
            if self.table.columns is not None:
                self._begin(self.table.columns)
            elif self._file.seek(0, os.SEEK_END):
                raise InvalidInputError(f"{self.path} has columns already: name the operation that they are of")
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
            raise InvalidInputError(f"{self.path} has other columns: choose another name, or the same fields")
        self._file.seek(-1, os.SEEK_END)
        if self._file.read(1) != b"\n":
            raise InvalidInputError(f"{self.path} ends within a row: mend it, or choose another name")

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
        """All of it, or nothing."""
        before = self._file.seek(0, os.SEEK_END)
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError:
            with suppress(OSError):  # it may be no file that can be made shorter
                self._file.truncate(before)
            raise

    def _close(self, all_is_well: bool) -> None:
        with self._file:
            self._add(self.table.end())
            sync(self._file.fileno(), self.path)


def _cell(value: object) -> object:
    """What stands in a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = sound(value)
        return f"'{text}" if text.startswith(FORMULA) else text
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int | float) else plain(value)


def _excel_cell(value: object) -> object:
    """The same for Excel: of text that it would change, a formula that gives this text.

    The formula holds nothing but digits and a few marks. An apostrophe would be shown, because Excel hides it only
    where it was typed.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value) and not value.startswith("-"):
        return f'="{value}"'
    return _cell(value)
