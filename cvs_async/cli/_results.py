"""Outputs of the commands: a file whose extension selects the format, and a folder of pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self, cast

import anyio
import anyio.to_thread
import typer
from attrs import frozen

from .._system import atomic
from .._system.files import kept_apart
from ..batch import JsonLines, Outcome
from ..batch.journal import Journal, JournalError
from ..batch.sinks.thumbnails import Thumbnails
from ..batch.tables import Csv, Parquet, Shape, Xlsx, check_lines
from ..errors import InvalidInputError
from ._pictures import Pictures
from ._progress import Sink
from ._remade import Remade

JSON_LINES = ("", ".jsonl", ".ndjson", ".json")
"""Extensions of files with one JSON object a line."""


RowsOption = Annotated[
    str,
    typer.Option(
        "--rows", help="Rows of a table: one for each paper, document, field, or line of invoices.", metavar="KIND"
    ),
]
DatesOption = Annotated[
    str,
    typer.Option("--dates", help="Dates in a table: as printed, or iso if they can be parsed.", metavar="FORMAT"),
]
AmountsOption = Annotated[
    str,
    typer.Option(
        "--amounts", help="Amounts in a table: as printed, or number if they can be parsed.", metavar="FORMAT"
    ),
]
RawOption = Annotated[bool, typer.Option("--raw", help="Add a last column to a table: the paper as JSON.")]
DelimiterOption = Annotated[
    str | None, typer.Option("--delimiter", help="Delimiter of a .csv file: , or ; or tab.", metavar="CHAR")
]
ExcelOption = Annotated[
    bool, typer.Option("--excel", help='Write ="00012" in a .csv file, to keep leading zeros and dates in Excel.')
]


@frozen(kw_only=True)
class TableOptions:
    """Options for tables, see their help texts.

    Attributes:
        operation: operations of the results.
    """

    fields: Sequence[str] | None = None
    operation: tuple[str, ...] | None = None
    rows: str = "paper"
    dates: str = "printed"
    amounts: str = "printed"
    raw: bool = False
    delimiter: str | None = None
    excel: bool = False

    @property
    def shape(self) -> Shape:
        """Return the keywords shared by all tables; they are checked where they are used."""
        names = ("operation", "rows", "dates", "amounts", "raw")
        return cast(Shape, {name: getattr(self, name) for name in names})

    def refuse(self, names: Iterable[str], kind: str) -> None:
        """Refuse options that apply only to other kinds of files.

        Raises:
            InvalidInputError: if one of them was given.
        """
        for name in names:
            if getattr(self, name) != getattr(_NOTHING_SAID, name):
                raise InvalidInputError(f"--{name} applies to {kind}")


_NOTHING_SAID = TableOptions()


class Results:
    """Outputs of a command. Enter it like a sink.

    Args:
        out: results file; None for standard output.
        table: options for tables.
        append: whether to append to an existing file.
        draft: whether to write under a hidden name, and rename the file at the end. An existing file is replaced only
            if the same journal made it, and if the new one is complete (`whole`) or longer.
        thumbs: folder for pictures.

    Attributes:
        notes: open journal that knows which files may be replaced. Set it before entering.
        whole: set it when all results are written.
        path: path of the results file; None for standard output.

    Raises:
        InvalidInputError: the options do not fit together, or, on entering, a file may not be written.
        OSError: from `write`, with the name of the file.
    """

    def __init__(
        self,
        out: Path | None,
        table: TableOptions = _NOTHING_SAID,
        *,
        append: bool = False,
        draft: bool = False,
        thumbs: Path | None = None,
    ) -> None:
        self.notes: Journal | None = None
        self.whole = False
        self.path = out
        self._table = table
        self._append = append
        self._draft = draft and out is not None
        self._folder = thumbs
        self._sink = _sink(out, table, append=append)
        self._remade: Remade | None = None
        self._thumbs: Pictures | Thumbnails | None = None
        self._stack = AsyncExitStack()

    @property
    def remarks(self) -> list[str]:
        """Return remarks to print at the end."""
        sentences = [f"No paper has a field {name}." for name in getattr(self._sink, "unmatched", ())]
        if (table := getattr(self._sink, "table", None)) is not None:
            sentences += [f"{number:,} values of {name} stay text." for name, number in table.unread.most_common()]
            if cut := getattr(self._sink, "cut", 0):
                sentences.append(f"{cut:,} texts were longer than an Excel cell and were truncated.")
            if table.empty:
                papers = "paper has" if table.empty == 1 else "papers have"
                whole = "a .jsonl file" if isinstance(self._sink, Xlsx) else "--rows field"
                sentences.append(f"{table.empty:,} {papers} none of these fields: {whole} has every value.")
            if table.left_out and not isinstance(self._sink, Xlsx):
                sentences.append(
                    f"{table.left_out:,} line items are not in this table: --rows line has a row for each."
                )
        if self._thumbs is not None and self._thumbs.skipped:
            sentences.append(f"{self._thumbs.skipped} pictures could not be decoded.")
        if self._remade is not None and self._remade.is_left:
            sentences.append(f"{self.path} is unchanged: it has more than the new results in {self._remade.path.name}.")
        return sentences

    async def __aenter__(self) -> Self:
        if self._draft and self.path is not None:
            self._remade = Remade(self.path, self.notes)
            self._sink = _sink(self.path, self._table, draft=self._remade.path)
        try:
            async with AsyncExitStack() as stack:
                await self._begin(stack)
                self._stack = stack.pop_all()
        except BaseException:
            if self._remade is not None:
                self._remade.discard()
            raise
        return self

    async def _begin(self, stack: AsyncExitStack) -> None:
        if self._remade is not None:
            await self._remade.begin()
            stack.enter_context(kept_apart(self._remade.path))
        elif self.path is not None:
            await anyio.to_thread.run_sync(_refuse_written, self.path)
        if self._folder is not None:
            goes_on = self.notes is not None or self._append
            self._thumbs = Pictures(self._folder, self.notes) if goes_on else Thumbnails(self._folder)
            await stack.enter_async_context(self._thumbs)
        await stack.enter_async_context(self._sink)
        stack.enter_context(kept_apart(*(path for path in (self.path, self._folder) if path is not None)))
        if self._remade is not None:
            await self._remade.claim()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self._stack.__aexit__(kind, error, traceback)
                if self._remade is not None and getattr(self._sink, "is_whole", True):
                    await self._remade.end(whole=self.whole)
            except (OSError, JournalError):
                if error is None:
                    raise
            finally:
                if self._remade is not None:
                    self._remade.close()

    async def write(self, outcome: Outcome[Any], record: Mapping[str, Any] | None = None) -> None:
        """Add one outcome; `record` has its contents if values were corrected."""
        await _write(self._sink, outcome if record is None else record, self.path or "standard output")
        if self._thumbs is not None:
            await _write(self._thumbs, outcome, self._folder)


def named(out: Path | None) -> Path | None:
    """Return the results file; None for standard output, also named ``-`` or ``/dev/stdout``."""
    if out in (Path("-"), Path("/dev/stdout")):
        return None
    return out


def _refuse_written(out: Path) -> None:
    """Refuse a file that another command is rewriting."""
    if atomic.is_being_written(Path(os.path.realpath(out))):
        raise atomic.in_use(out)


def _sink(out: Path | None, table: TableOptions, *, append: bool = False, draft: Path | None = None) -> Sink:
    """Return the sink that writes a file or its draft in the format of the file's extension."""
    kind = (out or Path()).suffix.lower()
    target, continues = draft or out, append or draft is not None
    if kind not in (*JSON_LINES, ".csv", ".parquet", ".xlsx"):
        raise InvalidInputError(
            f"{out}: {kind} is not a results format: write .jsonl, .parquet, .xlsx,"
            " or .csv, which every spreadsheet opens"
        )
    if kind in JSON_LINES:
        table.refuse(("fields", "dates", "amounts"), "a .csv, .parquet or .xlsx file; JSON Lines have every field")
        table.refuse(("rows", "raw"), "a .csv or .parquet file")
        table.refuse(("delimiter", "excel"), "a .csv file")
        return JsonLines(target, append=continues)
    assert target is not None  # noqa: S101 - it has an extension
    if table.rows == "line" and table.operation:
        check_lines(table.operation)
    if kind == ".csv":
        delimiter = DELIMITERS.get(table.delimiter or ",", table.delimiter or ",")
        return Csv(target, table.fields, append=continues, delimiter=delimiter, excel=table.excel, **table.shape)
    table.refuse(("delimiter", "excel"), "a .csv file")
    if append:
        raise InvalidInputError(f"a {kind} file cannot be appended to: choose another name")
    sink: Xlsx | Parquet
    if kind == ".xlsx":
        table.refuse(
            ("rows", "raw"), "a .csv or .parquet file, while .xlsx has a sheet of papers and one of line items"
        )
        sink = Xlsx(target, table.fields, **table.shape)
    else:
        sink = Parquet(target, table.fields, **table.shape)
    return sink if draft is None else sink.as_draft()


DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}
"""Delimiters by name, because some shells do not pass a tab."""


async def _write(sink: Sink, outcome: Outcome[Any] | Mapping[str, Any], name: object) -> None:
    try:
        await sink.write(cast(Outcome[Any], outcome))  # sinks of records also accept outcomes
    except OSError as error:
        error.filename = str(name)
        raise
