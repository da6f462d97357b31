"""Outcomes as tables: one row for each paper, in CSV for spreadsheets and in Parquet for everything else."""

from __future__ import annotations

import csv
import importlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import attrs
from attrs import field, frozen

from .._converter import unstructure
from .._json import dumps, sound
from ..errors import ConfigurationError, InvalidInputError
from ..models.fields import Document, Field
from ._columns import NO_PAPER, Paths, part_of
from ._columns import find as find
from ._drafts import lock_results, make_private, move_to_new, private
from .outcome import Done, Outcome
from .sinks import InThread, refusal, to_record

COLUMNS = ("index", "source", "id", "status", "charge", "error", "type", "page")
"""The first columns of a CSV file."""

MORE_COLUMNS = (*COLUMNS[:5], "attempts", *COLUMNS[5:], "raw")
"""The first columns of a Parquet file."""

NUMBERS = frozenset({"index", "attempts", "page"})
"""The columns that hold numbers."""

FIELDS = ("info.id", "info.name")

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet may take for a formula."""

MOST = 1 << 31
"""No page has such a number, whatever an answer says."""

ROWS = 4096
TEXT = 1 << 25
"""A row group has at most so many rows, and about so many characters."""


class Csv(InThread):
    """A CSV file with a row for each paper that was read, and one for each item that failed or is held.

    The columns are index, source, id, status, charge, error, type, page, and the chosen fields. A field is
    named by its path in the reply's data: ``info.id`` is its value, ``info.id.confidence`` a part of it,
    ``info.table.0.1`` an element of lists; what the library has no name for is found by the vendor's. What a
    paper lacks is an empty cell; what is no single value is JSON.

    It is UTF-8 with a byte order mark, without which Excel garbles Vietnamese letters; other readers skip it, or
    want the encoding ``utf-8-sig``. Text that a spreadsheet might run as a formula has an apostrophe before it.

    A new file is readable for its owner only. The file is locked while it is written.

    Args:
        path: of the file. If it exists it is refused: its answers were paid for.
        fields: the chosen ones.
        append: go on with a file that exists, and has the same columns.
        delimiter: between cells; Excel opens files with the one that the country of the computer uses, which is
            ``;`` in Vietnam.

    Raises:
        InvalidInputError: if the fields or the delimiter are unusable.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fields: Sequence[str] = FIELDS,
        *,
        append: bool = False,
        delimiter: str = ",",
    ) -> None:
        super().__init__()
        if delimiter not in (",", ";", "\t"):
            raise InvalidInputError("delimiter must be a comma, a semicolon or a tab")
        self.path = Path(path)
        self._paths = Paths(fields, COLUMNS)
        self._append = append
        self._delimiter = delimiter

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The chosen fields that no paper had so far, most likely misspelt; none while there was no paper."""
        return self._paths.unmatched

    def _open(self) -> None:
        header = b"\xef\xbb\xbf" + self._encoded([(*COLUMNS, *self._paths.names)])
        try:
            # Unbuffered, so that nothing is left to be written after an error.
            mode = "ab+" if self._append else "xb"
            self._file: IO[bytes] = open(self.path, mode, buffering=0, opener=private)  # noqa: SIM115 - _close closes it
        except OSError as error:
            raise refusal(self.path, error) from error
        try:
            self._begin(header)
        except BaseException:
            self._file.close()
            raise

    def _begin(self, header: bytes) -> None:
        lock_results(self._file.fileno(), self.path)
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
        rows = [[*(row.head[name] for name in COLUMNS), *self._paths.values(row.paper)] for row in rows_of(outcome)]
        self._write(self._encoded(rows))

    def _encoded(self, rows: Iterable[Iterable[object]]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self._delimiter).writerows([_cell(value) for value in row] for row in rows)
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
            os.fsync(self._file.fileno())


class Parquet(InThread):
    """A Parquet file with a row for each paper that was read, and one for each item that failed or is held.

    The columns are index, source, id, status, charge, attempts, error, type, page, raw, and the chosen
    fields, as text, by their paths as in `Csv`. ``raw`` is the paper as JSON, or what came back instead of one.

    Such a file has its index at its end. Until then it is called like the file, with ``.part`` behind. If an error
    ends the batch, what was written is kept under that name; if the process is killed it cannot be read, and is to
    be made anew from the journal. The file is readable for its owner only, and locked while it is written.

    Args:
        path: of the file. If it exists, or one with ``.part`` behind, it is refused.
        fields: the chosen ones; none by default, since ``raw`` has them all.

    Raises:
        ConfigurationError: if pyarrow is not installed.
        InvalidInputError: if the fields are unusable.
    """

    def __init__(self, path: str | os.PathLike[str], fields: Sequence[str] | None = None) -> None:
        super().__init__()
        self._pyarrow, self._parquet = _pyarrow()
        self.path = Path(path)
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._paths = Paths(fields or (), MORE_COLUMNS)
        self._rows: list[tuple[object, ...]] = []
        self._text = 0
        self._broken = False

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The chosen fields that no paper had so far, most likely misspelt; none while there was no paper."""
        return self._paths.unmatched

    def _open(self) -> None:
        self._make()
        try:
            self._file = self._part.open("r+b")
        except OSError as error:
            raise refusal(self.path, error) from error
        try:
            lock_results(self._file.fileno(), self.path)
        except BaseException:
            self._file.close()
            raise
        numbers, text = self._pyarrow.int64(), self._pyarrow.string()
        names = (*MORE_COLUMNS, *self._paths.names)
        self._schema = self._pyarrow.schema([(name, numbers if name in NUMBERS else text) for name in names])
        self._writer = self._parquet.ParquetWriter(self._file, self._schema)

    def _make(self) -> None:
        if os.path.lexists(self.path):
            raise refusal(self.path, FileExistsError(), "choose another name")
        try:
            make_private(self._part)
        except FileExistsError:
            raise InvalidInputError(
                f"{self._part} is left from a run that was not finished: move it away, or delete it"
            ) from None
        except OSError as error:
            raise refusal(self.path, error) from error

    def _put(self, outcome: Outcome[Any]) -> None:
        self._check()
        for row in rows_of(outcome):
            raw = row.raw()
            head = (raw if name == "raw" else row.head[name] for name in MORE_COLUMNS)
            self._rows.append((*map(_parquet, head), *map(_text, self._paths.values(row.paper))))
            self._text += len(raw or "")
            if len(self._rows) >= ROWS or self._text >= TEXT:
                self._flush()

    def _flush(self) -> None:
        """Write a row group."""
        columns = zip(self._schema, zip(*self._rows, strict=True), strict=True)
        arrays = [self._pyarrow.array(values, type=column.type) for column, values in columns]
        try:
            self._writer.write_table(self._pyarrow.Table.from_arrays(arrays, schema=self._schema))
        except OSError:
            self._broken = True
            raise
        self._rows, self._text = [], 0

    def _close(self, all_is_well: bool) -> None:
        with self._file:
            try:
                self._finish()
            except OSError:
                with suppress(OSError):
                    self._writer.close()
                raise
        if all_is_well:
            self._give_name()

    def _give_name(self) -> None:
        try:
            move_to_new(self._part, self.path)
        except FileExistsError:
            raise FileExistsError(f"{self.path} was made meanwhile; the table is in {self._part}") from None

    def _finish(self) -> None:
        self._check()
        if self._rows:
            self._flush()
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _check(self) -> None:
        if self._broken:
            raise OSError(f"{self._part} could not be written")


class DraftedParquet(Parquet):
    """A Parquet file in an empty one that was made for it, and whose name is the caller's care.

    Attributes:
        is_whole: whether it was finished, and can be read.
    """

    def __init__(self, path: Path, fields: Sequence[str] | None = None) -> None:
        super().__init__(path, fields)
        self._part = path
        self.is_whole = False

    def _make(self) -> None:
        """It is there."""

    def _give_name(self) -> None:
        """It has one."""

    def _finish(self) -> None:
        super()._finish()
        self.is_whole = True


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigurationError("Parquet files need pyarrow: pip install 'cvs_async[parquet]'") from None


@frozen
class TableRow:
    """What a row of a table is made of: the outcome's own columns, and a paper if there is one."""

    head: Mapping[str, object]
    paper: Any = field(default=NO_PAPER, repr=False)
    instead: Any = field(default=None, repr=False)

    def raw(self) -> str | None:
        """The paper as JSON, or what came back instead."""
        content = self.instead if self.paper is NO_PAPER else self.paper
        return content if content is None or isinstance(content, str) else _json(content)


def rows_of(outcome: Outcome[Any]) -> Iterator[TableRow]:
    """A row for each paper; one without for an outcome that has none."""
    record = to_record(outcome, data=False)
    source, error = record["source"], record.get("error")
    head = {name: record.get(name) for name in MORE_COLUMNS} | {
        "source": "; ".join(source) if isinstance(source, list) else source,
        "error": f"{error['kind']}: {error['text']}" if error else None,
    }
    papers = papers_of(outcome)
    for paper in papers:
        yield TableRow(head | {"type": type_of(paper), "page": _page_of(paper)}, paper)
    if not papers:
        yield TableRow(head | {"type": None, "page": None}, instead=record.get("raw"))


def papers_of(outcome: Outcome[Any]) -> Sequence[Any]:
    """What was read, one by one."""
    if not isinstance(outcome, Done) or outcome.reply.data is None:
        return ()
    data = outcome.reply.data
    return data if isinstance(data, list) else (data,)


def type_of(paper: object) -> str | None:
    """What the service calls the kind of paper."""
    _, found = part_of(paper, "type")
    return found if isinstance(found, str) else None


def _page_of(paper: object) -> int | None:
    """The page that the first field tells which tells one."""
    for part in (paper, part_of(paper, "info")[1]):
        if isinstance(part, Document):
            for value in map(part.__getattribute__, attrs.fields_dict(type(part))):
                if isinstance(value, Field) and value.page is not None and abs(value.page) < MOST:
                    return value.page
    return None


def _cell(value: object) -> object:
    """What stands in a spreadsheet."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = _text(value) or ""
    return f"'{text}" if text.startswith(FORMULA) else text


def _parquet(value: object) -> object:
    return value if isinstance(value, int) else _text(value)


def _text(value: object) -> str | None:
    """Text as it is, everything else as JSON; half of a surrogate pair is no text."""
    if value is None:
        return None
    text = value if isinstance(value, str) else _json(value)
    return sound(text)


def _json(value: object) -> str:
    return dumps(unstructure(value))
