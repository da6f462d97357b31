"""Where the commands put outcomes: a file whose name says of what kind it is, and a folder of pictures."""

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

from .._files import kept_apart
from ..batch import JsonLines, Outcome
from ..batch import _drafts as drafts
from ..batch.journal import Journal, JournalError
from ..batch.tables import Csv, Parquet, Shape, Xlsx, check_lines
from ..batch.thumbnails import Thumbnails
from ..errors import InvalidInputError
from ._pictures import Pictures
from ._progress import Sink
from ._remade import Remade

JSON_LINES = ("", ".jsonl", ".ndjson", ".json")
"""The endings of files with a JSON object a line."""


RowsOption = Annotated[
    str,
    typer.Option(
        "--rows", help="What a row of a table is: paper, document (one each), line (of an invoice, …) or field."
    ),
]
DatesOption = Annotated[str, typer.Option("--dates", help="Dates in a table: printed, or iso, where they can be read.")]
AmountsOption = Annotated[
    str, typer.Option("--amounts", help="Amounts in a table: printed, or number, where they can be read.")
]
RawOption = Annotated[bool, typer.Option("--raw", help="A last column of a table: each paper as JSON.")]
DelimiterOption = Annotated[
    str | None, typer.Option("--delimiter", help="Between the cells of a .csv: , or ; or tab.", metavar="CHARACTER")
]
ExcelOption = Annotated[
    bool, typer.Option("--excel", help='Keep leading zeros and dates in Excel: ="00012" in the .csv.')
]


@frozen(kw_only=True)
class TableOptions:
    """What the user says of a table; None and False where nothing was said.

    Attributes:
        operation: whose results they are.
        delimiter, excel: of CSV only.
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
        """The keywords of all tables; they are checked where they are used."""
        names = ("operation", "rows", "dates", "amounts", "raw")
        return cast(Shape, {name: getattr(self, name) for name in names})

    def refuse(self, names: Iterable[str], kind: str) -> None:
        """Refuse options that go with other kinds of files only.

        Raises:
            InvalidInputError: naming one that was given.
        """
        for name in names:
            if getattr(self, name) != getattr(_NOTHING_SAID, name):
                raise InvalidInputError(f"--{name} goes with {kind}")


_NOTHING_SAID = TableOptions()


class Results:
    """The results of a command; entered like a sink.

    Args:
        out: .csv, .parquet, .xlsx, or JSON Lines; None is standard output.
        table: what was said of a table.
        append: go on with a file that exists.
        draft: write under a hidden, random name, and give the file its own in the end: if `whole` was set, or if what
            was written is more than what is there. What is there is replaced only if it was made with this journal.
        thumbs: the folder of pictures.

    Attributes:
        notes: the journal of the batch, if it is to note what is made, and to say what may be replaced; to be set
            before this is entered, and open as long as it is.
        whole: to be set when everything is written.
        path: of the file; None for standard output.

    Raises:
        InvalidInputError: if this cannot be done; also on entering.
        OSError: from `write`, if it cannot be written, with the name of the file.
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
        """What is to be said in the end."""
        said = [f"No paper has a field {name}." for name in getattr(self._sink, "unmatched", ())]
        if (table := getattr(self._sink, "table", None)) is not None:
            said += [f"{number:,} values of {name} stay text." for name, number in table.unread.most_common()]
            if cut := getattr(self._sink, "cut", 0):
                said.append(f"{cut:,} texts were longer than a cell of Excel, and were cut.")
            if table.empty:
                said.append(f"{table.empty:,} papers have none of these fields: --rows field has all that they have.")
            if table.left_out and not isinstance(self._sink, Xlsx):
                said.append(f"{table.left_out:,} line items are not in this table: --rows line has a row for each.")
        if self._thumbs is not None and self._thumbs.skipped:
            said.append(f"{self._thumbs.skipped} pictures could not be decoded.")
        if self._remade is not None and self._remade.is_left:
            said.append(f"{self.path} is as it was: it has more than {self._remade.path.name}, which is what came now.")
        return said

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
        """Add one outcome; `record` is written of it where it was corrected."""
        await _write(self._sink, outcome if record is None else record, self.path or "standard output")
        if self._thumbs is not None:
            await _write(self._thumbs, outcome, self._folder)


def named(out: Path | None) -> Path | None:
    """The results file that the user names; None for standard output, which ``-`` and ``/dev/stdout`` are too."""
    return None if out in (Path("-"), Path("/dev/stdout")) else out


def _refuse_written(out: Path) -> None:
    """Refuse a file that another command makes anew."""
    if drafts.is_being_written(Path(os.path.realpath(out))):
        raise drafts.in_use(out)


def _sink(out: Path | None, table: TableOptions, *, append: bool = False, draft: Path | None = None) -> Sink:
    """What writes a file of this name; to an empty draft of it, if there is one."""
    kind = "" if out is None else out.suffix.lower()
    if kind not in (*JSON_LINES, ".csv", ".parquet", ".xlsx"):
        raise InvalidInputError(
            f"{out}: there are no results in {kind} files: write .jsonl, .parquet, .xlsx,"
            " or .csv, which every spreadsheet opens"
        )
    if kind in JSON_LINES:
        table.refuse(("fields", "dates", "amounts"), "a .csv, .parquet or .xlsx file; JSON Lines have every field")
        table.refuse(("rows", "raw"), "a .csv or .parquet file")
        table.refuse(("delimiter", "excel"), "a .csv file")
        return JsonLines(draft or out, append=append or draft is not None)
    assert out is not None  # noqa: S101 - it has an ending
    if table.rows == "line" and table.operation:
        check_lines(table.operation)
    if kind == ".csv":
        delimiter = DELIMITERS.get(table.delimiter or ",", table.delimiter or ",")
        append = append or draft is not None
        return Csv(draft or out, table.fields, append=append, delimiter=delimiter, excel=table.excel, **table.shape)
    table.refuse(("delimiter", "excel"), "a .csv file")
    if append:
        raise InvalidInputError(f"a {kind} file cannot be appended to: choose another name")
    if kind == ".xlsx":
        table.refuse(
            ("rows", "raw"), "a .csv or .parquet file, while .xlsx has a sheet of papers and one of line items"
        )
    make = Xlsx if kind == ".xlsx" else Parquet
    return (
        make(out, table.fields, **table.shape) if draft is None else make(draft, table.fields, **table.shape).as_draft()
    )


DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}
"""Delimiters by name, since not every shell lets a tab through."""


async def _write(sink: Sink, outcome: Outcome[Any] | Mapping[str, Any], name: object) -> None:
    try:
        await sink.write(cast(Outcome[Any], outcome))  # all that take records take outcomes
    except OSError as error:
        error.filename = str(name)
        raise
