"""Where the items of a batch come from."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread
from attrs import frozen

from .._inputs import DOCUMENT_SUFFIXES, describe
from ..errors import InvalidInputError

PICTURES = DOCUMENT_SUFFIXES - {".xml"}

Source = Iterable[Any] | AsyncIterable[Any]
"""Inputs as an operation takes them, tuples of them for operations with several; pulled as they are needed."""


@frozen
class folder:
    """The pictures and PDFs of a folder and the folders below it, in the order of their names.

    It is listed while the batch runs, off the event loop, one folder at a time. Hidden files and folders are
    left out.

    Attributes:
        path: of the folder.
        suffixes: of the files that are wanted, in small letters, with their dots.
    """

    path: str | os.PathLike[str]
    suffixes: Collection[str] = PICTURES

    async def __aiter__(self) -> AsyncGenerator[Path]:
        waiting = [Path(self.path)]
        while waiting:
            files, folders = await anyio.to_thread.run_sync(self._list, waiting.pop())
            for file in files:
                yield file
            waiting += reversed(folders)

    def count(self) -> int:
        """How many files there are now. Lists the folder to its end, and blocks meanwhile."""
        total, waiting = 0, [Path(self.path)]
        while waiting:
            files, folders = self._list(waiting.pop())
            total += len(files)
            waiting += folders
        return total

    def _list(self, path: Path) -> tuple[list[Path], list[Path]]:
        try:
            entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
        except OSError as error:
            raise InvalidInputError(f"folder {path}: {error.strerror or 'cannot be listed'}") from error
        files = [entry for entry in entries if entry.suffix.lower() in self.suffixes and entry.is_file()]
        return files, [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]


def iterate(source: object) -> AsyncIterator[Any]:
    """Pull items one by one.

    Raises:
        InvalidInputError: if this is one input rather than a source of inputs.
    """
    single = isinstance(source, (str, bytes, bytearray, os.PathLike)) or hasattr(source, "read")
    if not single and isinstance(source, AsyncIterable):
        return aiter(source)
    if not single and isinstance(source, Iterable):
        return _from_sync(iter(source))
    raise InvalidInputError(
        f"a batch reads a source of inputs, and {describe(source)} is none; "
        "give a list, any iterable or async iterable, or folder(...)"
    )


async def _from_sync(items: Iterator[Any]) -> AsyncGenerator[Any]:
    try:
        for item in items:
            yield item
    finally:
        if close := getattr(items, "close", None):
            close()
