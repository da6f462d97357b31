"""Where the items of a batch come from."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread
from attrs import frozen

from .._inputs import DOCUMENT_SUFFIXES, describe
from ..errors import InvalidInputError

T = TypeVar("T")

PICTURES = DOCUMENT_SUFFIXES - {".xml"}

Source = Iterable[Any] | AsyncIterable[Any]
"""Inputs as an operation takes them, tuples of them for operations with several; pulled as they are needed."""


class Listed:
    """Base of sources that only point to their items: nothing is lost if more of one is read than is sent."""

    __slots__ = ()


@frozen
class folder(Listed):
    """The pictures and PDFs of a folder and the folders below it, in the order of their names.

    It is listed while the batch runs, off the event loop, one folder at a time. Hidden files and folders are
    left out.

    Attributes:
        path: of the folder.
        suffixes: of the files that are wanted, in small letters, with their dots.
    """

    path: str | os.PathLike[str]
    suffixes: Collection[str] = PICTURES

    def __aiter__(self) -> AsyncGenerator[Path]:
        return in_thread(self._files())

    def count(self) -> int:
        """How many files there are now. Lists the folder to its end, and blocks meanwhile."""
        return sum(map(len, self._files()))

    def _files(self) -> Iterator[list[Path]]:
        waiting = [Path(self.path)]
        while waiting:
            files, folders = self._list(waiting.pop())
            yield files
            waiting += reversed(folders)

    def _list(self, path: Path) -> tuple[list[Path], list[Path]]:
        try:
            with os.scandir(path) as listed:
                entries = sorted((entry for entry in listed if entry.name[0] != "."), key=lambda entry: entry.name)
        except OSError as error:
            raise InvalidInputError(f"folder {path}: {error.strerror or 'cannot be listed'}") from error
        files = [path / entry.name for entry in entries if self._wanted(entry)]
        return files, [path / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]

    def _wanted(self, entry: os.DirEntry[str]) -> bool:
        return os.path.splitext(entry.name)[1].lower() in self.suffixes and entry.is_file()


async def in_thread(groups: Iterator[Sequence[T]]) -> AsyncGenerator[T]:
    """Take groups of items in a thread, and hand on one item at a time."""
    while (group := await anyio.to_thread.run_sync(next, groups, None)) is not None:
        for item in group:
            yield item


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


def may_be_read_ahead(source: object) -> bool:
    """Whether a source has its items still after they were read. Of a queue, or anything unknown, none may be lost."""
    return isinstance(source, (Listed, Sequence))


def is_read_once(source: object) -> bool:
    """Whether a source can be read but once, as generators can."""
    begin = getattr(source, "__aiter__", None) or getattr(source, "__iter__", None)
    return begin is None or begin() is source


async def _from_sync(items: Iterator[Any]) -> AsyncGenerator[Any]:
    try:
        for item in items:
            yield item
    finally:
        if close := getattr(items, "close", None):
            close()
