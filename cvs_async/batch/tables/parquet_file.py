"""Tables for programs: Parquet."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from ...errors import ConfigurationError
from ...models.fields import Box
from ..outcome import Outcome
from .columns import Column
from .layout import Layout, Shape
from .rows import Row, Table
from .series import series_of_all
from .whole_file import WholeFile

ROWS = 4096
TEXT = 1 << 25
"""Approximate maximum number of characters, and maximum number of rows, in a row group."""


class Parquet(WholeFile):
    """Parquet file with a row for each paper, and a row for each item that failed or is held.

    The columns are those of `Csv`, but typed: times, numbers, booleans, text. A field with a documented confidence, box
    and page has a column for each, after its value: ``info.total_amount`` is text, ``info.total_amount.confidence``
    a number from 0 to 1, ``info.total_amount.box`` a struct of left, top, right and bottom. With ``dates="iso"`` and
    ``amounts="number"`` values are dates and numbers; text that cannot be parsed is in an additional text column, such
    as ``info.total_amount.unread``.

    Such a file has its index at its end. Until then its name has the suffix ``.part``. If an error ends the batch, the
    rows written are kept under that name; if the process is killed the file is unreadable and must be recreated from
    the journal. The file is readable by its owner only, and locked while it is written.

    Args:
        path: of the file. If it exists, with or without ``.part``, it is refused.
        fields: selected fields, as for `Csv`; None selects all documented ones.
        shape: see `Shape`.

    Raises:
        ConfigurationError: if pyarrow is not installed.
        InvalidInputError: if the fields or the shape are unusable.
    """

    def __init__(
        self, path: str | os.PathLike[str], fields: Sequence[str] | None = None, **shape: Unpack[Shape]
    ) -> None:
        super().__init__(path)
        self._pyarrow, self._parquet = _pyarrow()
        self.table = Table(Layout(fields=fields, with_parts=True, **shape))
        self._writer: Any = None
        self._rows: list[Row] = []
        self._text = 0

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Selected fields that no paper has had so far, probably misspelt; empty before the first paper."""
        return self.table.unmatched

    def _start(self) -> None:
        if self.table.columns is not None:
            self._begin(self.table.columns)

    def _begin(self, columns: Sequence[Column]) -> None:
        """Write the schema of the file, once the columns are known."""
        self._series = series_of_all(columns)
        types = {
            "text": self._pyarrow.string(),
            "any": self._pyarrow.string(),
            "number": self._pyarrow.float64(),
            "amount": self._pyarrow.float64(),
            "whole": self._pyarrow.int64(),
            "flag": self._pyarrow.bool_(),
            "date": self._pyarrow.date32(),
            "time": self._pyarrow.timestamp("ms", tz="UTC"),
            "box": self._pyarrow.struct([(side, self._pyarrow.float64()) for side in Box._fields]),
        }
        self._schema = self._pyarrow.schema([(series.name, types[series.kind]) for series in self._series])
        self._writer = self._parquet.ParquetWriter(self._file, self._schema)

    def _put(self, outcome: Outcome[Any] | Mapping[str, Any]) -> None:
        self._check()
        self._add(self.table.add(outcome))

    def _add(self, rows: list[Row]) -> None:
        if self._writer is None and self.table.columns is not None:
            self._begin(self.table.columns)
        for row in rows:
            self._rows.append(row)
            self._text += sum(len(value) for value in row if type(value) is str)
            if len(self._rows) >= ROWS or self._text >= TEXT:
                self._flush()

    def _flush(self) -> None:
        """Write a row group."""
        columns = list(zip(*self._rows, strict=True))
        arrays = [
            self._pyarrow.array(series.values(columns[series.place]), type=field.type)
            for series, field in zip(self._series, self._schema, strict=True)
        ]
        try:
            self._writer.write_table(self._pyarrow.Table.from_arrays(arrays, schema=self._schema))
        except OSError:
            self._broken = True
            raise
        self._rows, self._text = [], 0

    def _end(self) -> None:
        self._add(self.table.end())
        if self._rows:
            self._flush()
        self._writer.close()

    def _abandon(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigurationError("Parquet files need pyarrow: pip install 'cvs_async[parquet]'") from None
