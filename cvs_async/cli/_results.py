"""Where the commands put outcomes: a file whose name says of what kind it is, and a folder of pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import anyio.to_thread

from ..batch import JsonLines, Outcome
from ..batch.sinks import refusal
from ..batch.tables import FIELDS, Csv, Parquet
from ..batch.thumbnails import Thumbnails
from ..errors import InvalidInputError
from ._progress import Sink

PART = ".part"


class Results:
    """The results of a command; entered like a sink.

    Args:
        out: .csv, .parquet, or else JSON Lines; None is standard output.
        fields: the columns of a table.
        append: go on with a file that exists.
        draft: write to the name with ``.part`` behind, and give the file its name in the end. One that exists is
            replaced, if `whole` was set, or if what was written is more than what is there.
        thumbs: the folder of pictures.

    Attributes:
        whole: to be set when everything is written.
        path: of the file; None for standard output.

    Raises:
        InvalidInputError: if this cannot be done; also on entering.
        OSError: from `write`, if it cannot be written, with the name of the file.
    """

    def __init__(
        self,
        out: Path | None,
        fields: Sequence[str] | None = None,
        *,
        append: bool = False,
        draft: bool = False,
        thumbs: Path | None = None,
    ) -> None:
        self.whole = False
        self.path = out
        self._target = out.resolve() if draft and out is not None else None
        self._draft = None if self._target is None else self._target.with_name(self._target.name + PART)
        self._sink = _sink(self._draft or out, out, fields, append)
        self._thumbs = None if thumbs is None else Thumbnails(thumbs, append=draft or append)
        self._folder = thumbs
        self._stack = AsyncExitStack()

    @property
    def remarks(self) -> list[str]:
        """What is to be said in the end."""
        said = [f"No paper has a field {name}." for name in getattr(self._sink, "unmatched", ())]
        if self._thumbs is not None and self._thumbs.skipped:
            said.append(f"{self._thumbs.skipped} pictures could not be decoded.")
        if self._draft is not None and self._draft.exists():
            said.append(f"{self.path} is as it was: it has more than {self._draft.name}, which is what came now.")
        return said

    async def __aenter__(self) -> Self:
        if self._draft is not None:
            await anyio.to_thread.run_sync(self._clear, self._draft)
        async with AsyncExitStack() as stack:
            if self._thumbs is not None:
                await stack.enter_async_context(self._thumbs)
            await stack.enter_async_context(self._sink)
            self._stack = stack.pop_all()
        if self._draft is not None:
            await anyio.to_thread.run_sync(self._copy_mode)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._stack.__aexit__(kind, error, traceback)
            if self._draft is not None:
                await anyio.to_thread.run_sync(self._place, self._draft)

    async def write(self, outcome: Outcome[Any]) -> None:
        """Add one outcome."""
        await _write(self._sink, outcome, self.path or "standard output")
        if self._thumbs is not None:
            await _write(self._thumbs, outcome, self._folder)

    def _clear(self, draft: Path) -> None:
        """Away with what a run that was killed has left; a table that is not finished has one more ending."""
        if draft.is_dir():
            raise refusal(draft, IsADirectoryError())
        try:
            draft.unlink(missing_ok=True)
            draft.with_name(draft.name + PART).unlink(missing_ok=True)
        except OSError as error:
            raise refusal(draft, error) from error

    def _copy_mode(self) -> None:
        """Nobody may read it who could not before."""
        if self._target is not None and self._draft is not None and self._target.exists() and self._draft.exists():
            shutil.copymode(self._target, self._draft)

    def _place(self, draft: Path) -> None:
        if self._target is None or not draft.exists():
            return
        if self.whole or not self._target.exists() or draft.stat().st_size > self._target.stat().st_size:
            os.replace(draft, self._target)


def refuse_existing(out: Path) -> None:
    """A file that is there is refused.

    Raises:
        InvalidInputError: if there is something.
    """
    if os.path.lexists(out):
        raise refusal(out, FileExistsError(), "choose another name")


def _sink(path: Path | None, name: Path | None, fields: Sequence[str] | None, append: bool) -> Sink:
    kind = "" if name is None else name.suffix.lower()
    if path is None or kind not in (".csv", ".parquet"):
        if fields is not None:
            raise InvalidInputError("--fields goes with a .csv or .parquet file")
        return JsonLines(path, append=append)
    if kind == ".csv":
        return Csv(path, FIELDS if fields is None else fields, append=append)
    if append:
        raise InvalidInputError("a .parquet file cannot be appended to: choose another name")
    return Parquet(path, fields)


async def _write(sink: Sink, outcome: Outcome[Any], name: object) -> None:
    try:
        await sink.write(outcome)
    except OSError as error:
        error.filename = str(name)
        raise
