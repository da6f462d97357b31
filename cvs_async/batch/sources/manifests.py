"""Sources that list their items: manifests with arguments for each item, and standard input."""

from __future__ import annotations

import csv
import json
import os
import stat
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from attrs import field, frozen

from ..._codec.inputs import is_url
from ..._codec.urls import unusable_url
from ...api import OPERATIONS
from ...errors import InvalidInputError
from ..worker_threads import WorkerThreads
from .base import Listed, in_thread
from .entries import Entry as Entry

T = TypeVar("T")
Row = dict[str, object]
Parse = Callable[[str], Row]
"""Parses a line into names and values, or raises `_BrokenLineError`."""
Line = tuple[int, bytes | None]
"""Number of a line in the file, from 1, and its content; None if it is too long."""

ONLY_INPUT = frozenset({"path", "url", "source"})
"""Names that the only input of an operation may have, beside its own."""

INPUTS = ONLY_INPUT.union(*(endpoint.images for endpoint in OPERATIONS.values()))
"""Names of columns with paths and URLs; other columns are keywords of the operation."""

ID = "id"
"""Name of the column with the user's ids."""

TEXTS = frozenset({"check_sum", "send_as", "type1"})
"""Keywords whose values are text, even if the text looks like a number."""

CHUNK = 1 << 16
LONGEST_LINE = 1 << 20

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BLANK = b" \t\r\n\v\f"


@frozen
class manifest(Listed):
    """A JSON Lines or CSV file that lists one item on each line, with its own arguments.

    A line of JSON is ``{"id": "A-17", "path": "scans/17.jpg", "get_thumb": true}``. A CSV file has the names in its
    first line, and commas, semicolons or tabs between cells, which contain no line breaks. An empty cell is ignored;
    the cell of a keyword is parsed as JSON if it is a number, true, false, a list or an object. Relative paths start at
    the manifest's folder. Text is UTF-8, with or without a byte order mark. Quotes around a path, as from Windows'
    "Copy as path", are removed, unless a file has them in its name.

    The file is read while the batch runs, in a thread, some lines at a time. An unusable line becomes an `Entry` with a
    `problem`, and only that item fails. Blank lines and rows of empty cells are skipped.

    Attributes:
        path: of the file: .csv; or .jsonl, .ndjson or .json with an object on each line.
        inputs: names of columns with paths and URLs.

    Raises:
        InvalidInputError: the file is missing, unreadable, of another kind, or has no usable header; while it is read,
            also if it has changed.
    """

    path: str | os.PathLike[str]
    inputs: Collection[str] = field(default=INPUTS, repr=False)

    def __attrs_post_init__(self) -> None:
        self._look()

    def __aiter__(self) -> AsyncGenerator[Entry]:
        return in_thread(self._entries())

    def count(self) -> int:
        """Return the present number of items. Reads the whole file, and blocks."""
        return sum(len(lines) for lines in self._lines(self._look()))

    @cached_property
    def _folder(self) -> Path:
        return Path(self.path).parent

    def _look(self) -> _Layout:
        path = Path(self.path)
        kind = path.suffix.lower()
        if kind not in (".csv", ".jsonl", ".ndjson", ".json"):
            raise InvalidInputError(f"manifest {path}: must be a .csv, .jsonl, .ndjson or .json file")
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise InvalidInputError(f"manifest {path}: is not a regular file")
            with path.open("rb") as file:
                head = file.read(CHUNK)
        except OSError as error:
            raise InvalidInputError(f"manifest {path}: {error.strerror or 'cannot be read'}") from error
        try:
            if kind == ".csv":
                return _csv_layout(head, self.inputs)
            return _json_layout(head)
        except _BrokenLineError as error:
            raise InvalidInputError(f"manifest {path}: {error}") from None

    def _entries(self) -> Iterator[list[Entry]]:
        layout = self._look()
        for lines in self._lines(layout):
            yield [self._entry(layout, *line) for line in lines]

    def _lines(self, layout: _Layout) -> Iterator[list[Line]]:
        splitter = _Splitter(layout.first_line, blank=layout.blank)
        for chunk in self._chunks(layout.begin):
            yield splitter.feed(chunk)
        yield splitter.end()

    def _chunks(self, offset: int) -> Iterator[bytes]:
        """Yield the file in pieces. It is closed between them, so that iteration may end at any point."""
        path, chunk = Path(self.path), b" "
        before: tuple[int, int] | None = None
        while chunk:
            try:
                with path.open("rb") as file:
                    status = os.fstat(file.fileno())
                    file.seek(offset)
                    chunk = file.read(CHUNK)
            except OSError as error:
                raise InvalidInputError(f"manifest {path}: {error.strerror or 'cannot be read'}") from error
            now = status.st_size, status.st_mtime_ns
            if before not in (None, now):
                raise InvalidInputError(f"manifest {path}: changed while it was being read; run the batch again")
            before, offset = now, offset + len(chunk)
            yield chunk

    def _entry(self, layout: _Layout, number: int, line: bytes | None) -> Entry:
        origin, reference = f"manifest {self.path}, line {number}", None
        try:
            values = layout.parse(_decoded(line))
            reference = _reference(values.pop(ID, None))
            return Entry(self._arguments(values), reference, origin=origin)
        except _BrokenLineError as error:
            problem = f"{error}; correct the line and run the batch again"
            return Entry(reference=reference, problem=problem, origin=origin)

    def _arguments(self, values: Row) -> Row:
        given = {name: value for name, value in values.items() if value is not None}
        inputs = {name: self._input(name, given.pop(name)) for name in list(given) if name in self.inputs}
        if not inputs:
            raise _BrokenLineError("names no input; give it a path or url")
        return inputs | given

    def _input(self, name: str, value: object) -> str | Path:
        if not isinstance(value, str) or not value:
            raise _BrokenLineError(f"its {name} is not text; write a path or URL")
        value = _without_quotes(value, self._folder)
        if is_url(value):
            return value
        if name == "url":
            raise _BrokenLineError("its url does not begin with http:// or https://")
        if why := unusable_url(value):
            raise _BrokenLineError(f"its {name} {why}")
        return self._folder / value


@frozen
class _Layout:
    """Layout of a manifest: offset and number of the first item's line, parser, and characters of blank lines."""

    begin: int
    first_line: int
    parse: Parse
    blank: bytes = _BLANK


class _BrokenLineError(Exception):
    """An unusable line. The text continues a sentence that begins with the line: "names no input"."""


def _json_layout(head: bytes) -> _Layout:
    begin = _bom_length(head)
    if head[begin:].lstrip().startswith(b"["):
        raise _BrokenLineError("is one JSON list; a manifest has one object on each line, as from jq -c '.[]'")
    return _Layout(begin, 1, _json_row)


def _csv_layout(head: bytes, inputs: Collection[str]) -> _Layout:
    line = 1
    header, rest = _first_line(head[_bom_length(head) :])
    delimiter = max(",;\t", key=header.count)
    if header[:4].lower() == "sep=" and len(header) == 5:  # written by Excel
        delimiter, line = header[4], 2
        header, rest = _first_line(rest)
    names = [name.strip().lower() for name in _cells(header, delimiter)]  # spreadsheets often write Path and ID
    if not all(names) or len(set(names)) < len(names):
        raise _BrokenLineError("its first line must name every column, and each name once")
    if not set(names) & set(inputs):
        raise _BrokenLineError("its first line names no column of inputs, such as path or url")
    blank = _BLANK + b'"' + delimiter.encode()
    return _Layout(len(head) - len(rest), line + 1, _csv_rows(names, delimiter, inputs), blank)


def _bom_length(head: bytes) -> int:
    if head.startswith(_BOM):
        return len(_BOM)
    return 0


def _first_line(head: bytes) -> tuple[str, bytes]:
    line, _, rest = head.partition(b"\n")
    return _decoded(line), rest


def _json_row(line: str) -> Row:
    try:
        row = json.loads(line, parse_constant=_no_json, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise _BrokenLineError(f"is not JSON ({error.msg}, column {error.colno})") from None
    except (ValueError, RecursionError):
        raise _BrokenLineError("is not usable JSON") from None
    if not isinstance(row, dict):
        raise _BrokenLineError('is not a JSON object, such as {"path": "scan.jpg"}')
    return row


def _object(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _BrokenLineError("has a name twice")
    return row


def _no_json(_: str) -> NoReturn:
    raise ValueError


def _csv_rows(names: Sequence[str], delimiter: str, inputs: Collection[str]) -> Parse:
    texts = TEXTS.union(inputs, [ID])

    def parse(line: str) -> Row:
        cells = _cells(line, delimiter)
        if len(cells) != len(names):
            raise _BrokenLineError(f"has {len(cells)} cells, and the first line has {len(names)}")
        filled = ((name, cell) for name, cell in zip(names, cells, strict=True) if cell.strip())
        return {name: cell if name in texts else _cell_value(cell) for name, cell in filled}

    return parse


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise _BrokenLineError(f"is not a line of CSV ({error})") from None


def _cell_value(cell: str) -> object:
    """Parse a cell as JSON; text and null stay as they are. Spreadsheets write TRUE and FALSE in capitals."""
    word = cell.strip().lower()
    if word in ("true", "false"):
        return word == "true"
    try:
        value = json.loads(cell, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return cell
    if value is None or isinstance(value, str):
        return cell
    return value


def _reference(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _BrokenLineError("its id is neither text nor a number")
    return str(value).encode("utf-8", "replace").decode()


def _decoded(line: bytes | None) -> str:
    if line is None:
        raise _BrokenLineError(f"is longer than {LONGEST_LINE} bytes")
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise _BrokenLineError("is not in UTF-8; save the file as UTF-8") from None


def _without_quotes(path: str, folder: Path) -> str:
    """Remove quotes around a path or URL, unless a file has them in its name. May block."""
    quoted = len(path) > 2 and path[0] == path[-1] == '"'
    if quoted and not os.path.lexists(folder / path):
        return path[1:-1]
    return path


class _Splitter:
    """Splits pieces of a file into lines, without blank ones. Keeps at most `LONGEST_LINE` bytes in memory.

    Args:
        number: of the first line.
        end: the character at the end of each line.
        blank: characters of blank lines.
    """

    def __init__(self, number: int = 1, end: bytes = b"\n", blank: bytes = _BLANK) -> None:
        self._number = number
        self._end = end
        self._blank = blank
        self._rest = b""
        self._too_long = False

    def feed(self, chunk: bytes) -> list[Line]:
        """Return the lines that end in this piece."""
        *whole, rest = chunk.split(self._end)
        lines = [line for line in map(self._finish, whole) if line is not None]
        self._keep(rest)
        return lines

    def end(self) -> list[Line]:
        """Return the last line, if no end of line follows it."""
        line = self._finish(b"")
        if line is None:
            return []
        return [line]

    def _keep(self, piece: bytes) -> None:
        self._rest += piece
        if self._too_long or len(self._rest) > LONGEST_LINE:
            self._too_long, self._rest = True, b""

    def _finish(self, piece: bytes) -> Line | None:
        self._keep(piece)
        number, line, too_long = self._number, self._rest, self._too_long
        self._number, self._rest, self._too_long = number + 1, b"", False
        if too_long:
            return number, None
        if number == 1 and self._end == b"\n":
            line = line.removeprefix(_BOM)
        if not line.strip(self._blank):
            return None
        return number, line


NUL_ADVICE = "holds a NUL character; for a list that `find -print0` makes give --null"


async def standard_input(descriptor: int = 0, *, null: bool = False) -> AsyncGenerator[str | Entry]:
    """Yield the paths and URLs from standard input, one on each line, without blank lines.

    Lines are read in a thread, as they arrive. Waiting for the next one can be cancelled; the thread then stays behind,
    because it cannot be woken while it reads from a terminal or a pipe. A byte order mark at the beginning is skipped,
    and quotes around a path are removed, unless a file has them in its name. A line that cannot be a path becomes an
    `Entry` with a `problem`.

    Args:
        descriptor: of the open file to read.
        null: paths end with a NUL character instead of a new line, as from ``find -print0``, and are not changed.

    Raises:
        InvalidInputError: while it is read, if reading fails, or if the text begins as UTF-16.
    """
    splitter = _Splitter()
    if null:
        splitter = _Splitter(end=b"\0", blank=b"")
    chunk, first, has_nul = b" ", True, False
    async with WorkerThreads(1) as threads:
        while chunk:
            try:
                chunk = await threads.run(partial(os.read, descriptor, CHUNK))
            except OSError as error:
                raise InvalidInputError(f"standard input: {error.strerror or 'cannot be read'}") from error
            if first and b"\0" in chunk and chunk.startswith(_UTF_16):
                raise InvalidInputError("standard input: is not in UTF-8; save the list as UTF-8")
            first, has_nul = False, has_nul or b"\0" in chunk
            for number, line in splitter.feed(chunk) if chunk else splitter.end():
                if line is None or (not null and b"\0" in line):
                    problem = NUL_ADVICE if has_nul and not null else "is not a path; give a path or URL a line"
                    yield Entry(problem=problem, origin=f"standard input, line {number}")
                    continue
                path = os.fsdecode(line if null else line.rstrip(b"\r"))
                if path.startswith('"') and not null:
                    path = await threads.run(partial(_without_quotes, path, Path()))
                yield path
