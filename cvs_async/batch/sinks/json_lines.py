"""The sink that writes JSON Lines."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiofiles
import anyio
import anyio.to_thread

from ..._system.atomic import lock_results, open_private, refusal, sync
from ..._system.stdout import check_stdout, is_terminal
from ..._text.escape import escaped
from ..._text.json import dumps, json_values
from ...errors import InvalidInputError
from ..outcome import Outcome

if TYPE_CHECKING:
    from aiofiles.threadpool.binary import AsyncFileIO, AsyncIndirectBufferedIOBase


class JsonLines:
    """A UTF-8 file with one line for each outcome, a JSON object.

    Lines are written in a thread. The operating system has a line when `write` returns; the disk has all when the sink
    is left. A new file is readable for its owner only. The file is locked while it is open. On a terminal, control
    characters and marks of direction are escaped as JSON allows.

    Args:
        path: of the file; None is standard output.
        append: append to an existing file. By default it is refused, because its answers were paid for.

    Attributes:
        path: of the file; None for standard output.

    Raises:
        InvalidInputError: on entering, if the file exists, cannot be made, is written by another sink or process, or
            (with `append`) ends within a line; or if standard output is closed.
    """

    def __init__(self, path: str | os.PathLike[str] | None, *, append: bool = False) -> None:
        self.path = None if path is None else Path(path)
        self._append = append
        self._is_shown = False
        self._file: AsyncFileIO | AsyncIndirectBufferedIOBase | None = None

    async def __aenter__(self) -> Self:
        if self.path is None:
            check_stdout()
            self._is_shown = is_terminal()
            self._file = aiofiles.stdout_bytes
            return self
        try:
            # Unbuffered, so that nothing is left to be written after an error.
            file = await aiofiles.open(self.path, "ab" if self._append else "xb", buffering=0, opener=open_private)
        except OSError as error:
            raise await anyio.to_thread.run_sync(refusal, self.path, error) from error
        try:
            await anyio.to_thread.run_sync(_begin, file.fileno(), self.path)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await file.close()
            raise
        self._file = file
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is None or self.path is None:
            return
        with anyio.CancelScope(shield=True):
            try:
                await anyio.to_thread.run_sync(sync, file.fileno(), self.path)
            finally:
                await file.close()

    async def write(self, outcome: Outcome[Any] | Mapping[str, Any]) -> None:
        """Add the line of one outcome, or of its record.

        Raises:
            OSError: it cannot be written, for example because the disk is full; earlier lines stay in the file.
        """
        if self._file is None:
            raise RuntimeError("write inside of: async with JsonLines(...) as sink")
        make = _shown_line if self._is_shown else _line
        line = await anyio.to_thread.run_sync(make, outcome)
        with anyio.CancelScope(shield=True):  # a line is written whole or not at all
            await self._whole(self._file, line)

    async def _whole(self, file: AsyncFileIO | AsyncIndirectBufferedIOBase, line: bytes) -> None:
        written = 0
        try:
            while written < len(line):
                written += await file.write(line[written:])
            if self.path is None:  # standard output is buffered
                await file.flush()
        except OSError:
            if self.path is not None:
                with suppress(OSError):  # not every file can be made shorter
                    await file.truncate(await file.seek(0, os.SEEK_END) - written)
            raise


def _begin(file: int, path: Path) -> None:
    """Lock the file, and make sure that it ends with a complete line."""
    lock_results(file, path)
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return
    try:
        with path.open("rb") as written:
            written.seek(-1, os.SEEK_END)
            ends = written.read(1)
    except OSError as error:
        raise refusal(path, error) from error
    if ends != b"\n":
        raise InvalidInputError(f"{path} ends within a line: repair it, or choose another name")


def _json(outcome: Outcome[Any] | Mapping[str, Any]) -> str:
    if isinstance(outcome, Mapping):
        return dumps(json_values(dict(outcome)))
    return outcome.to_json()


def _line(outcome: Outcome[Any] | Mapping[str, Any]) -> bytes:
    return _json(outcome).encode() + b"\n"


def _shown_line(outcome: Outcome[Any] | Mapping[str, Any]) -> bytes:
    """Return the line of an outcome, with characters that control a terminal escaped."""
    return escaped(_json(outcome)).encode() + b"\n"
