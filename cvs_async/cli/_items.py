"""Items of a batch, as named on the command line."""

from __future__ import annotations

import asyncio
import glob
import os
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .._codec.endpoint import Endpoint
from .._codec.inputs import is_url
from ..batch import Entry, folder, manifest, matches, standard_input
from ..batch.sources import PICTURES, Listed
from ..batch.sources.listing import unlisted
from ..batch.worker_threads import WorkerThreads
from ..errors import InvalidInputError

STDIN = "-"
LOOKED_AT = 64
"""Number of paths checked for being folders in one thread call."""


@frozen
class Items(Listed):
    """Files, folders, patterns, URLs and standard input in sequence, or the lines of a manifest.

    Attributes:
        endpoint: operation that reads them; if it has several inputs, files are taken in groups.
        paths: arguments of the command line.
        listed: manifest to use instead of paths.
        exclude: patterns of names to omit in folders and patterns.
        null: whether paths on standard input end with NUL.
        ready: event that is set once results can be written; nothing is read before.
    """

    endpoint: Endpoint[Any]
    paths: Sequence[str] = ()
    listed: manifest | None = None
    exclude: Sequence[str] = ()
    null: bool = False
    ready: asyncio.Event = field(factory=asyncio.Event)
    _read: list[folder | matches] = field(factory=list, init=False)

    @property
    def passed_over(self) -> Counter[str]:
        """Return the number of files that were skipped in folders and patterns, by extension."""
        return sum((found.passed_over for found in self._read), Counter[str]())

    @property
    def nothing_found(self) -> str:
        """Return the message for a run without any item."""
        if self.listed is not None or STDIN in self.paths:
            return "Nothing to read: no line names a file or URL."
        known = ", ".join(sorted(_suffixes(self.endpoint)))
        name = self.endpoint.name
        return f"Nothing to read: from folders, {name} takes files with these extensions: {known}."

    async def __aiter__(self) -> AsyncGenerator[Any]:
        await self.ready.wait()
        if self.listed is not None:
            async for entry in self.listed:
                yield entry
            return
        self._read.clear()
        group: list[Any] = []
        async for one in self._inputs():
            group.append(one)
            if len(group) == len(self.endpoint.images):
                yield tuple(group) if len(group) > 1 else one
                group.clear()
        if group:
            raise InvalidInputError(
                f"{self.endpoint.name} reads {', '.join(self.endpoint.images)}, and the last one has {len(group)} only"
            )

    def count(self) -> int | None:
        """Count the items; return None if the number cannot be known. Blocks."""
        if self.listed is not None:
            return self.listed.count()
        if STDIN in self.paths:
            return None
        return sum(map(self._count, self.paths)) // len(self.endpoint.images)

    def _count(self, path: str) -> int:
        found = self._several(path)
        if found is None:
            return 1
        try:
            count = found.count()
        except InvalidInputError:
            count = 0
        return count or int(isinstance(found, matches))  # a pattern without matches is one item

    async def _inputs(self) -> AsyncGenerator[Any]:
        async with WorkerThreads(1) as threads:
            for place in range(0, len(self.paths), LOOKED_AT):
                some = self.paths[place : place + LOOKED_AT]
                for path, found in zip(some, await threads.run(partial(self._look, some)), strict=True):
                    if path == STDIN:
                        async for line in standard_input(null=self.null):
                            yield line
                    elif found is None:
                        yield path
                    else:
                        async for file in self._found(path, found):
                            yield file

    async def _found(self, path: str, found: folder | matches) -> AsyncGenerator[Path | Entry]:
        """Yield the files of a folder or pattern. If it is empty, report the folder or pattern itself.

        Raises:
            InvalidInputError: if this is the only path; otherwise it becomes a failed item.
        """
        alone, empty = len(self.paths) == 1, isinstance(found, matches)
        self._read.append(found)
        try:
            async for file in found:
                empty = False
                yield file
        except InvalidInputError as error:
            if alone or not isinstance(error.__cause__, OSError):
                raise
            yield unlisted(Path(path), error.__cause__)
            return
        if empty and alone:
            raise InvalidInputError(f"nothing matches {path}")
        if empty:
            yield Entry(origin=path, problem="nothing matches it")

    def _look(self, paths: Sequence[str]) -> list[folder | matches | None]:
        """Return the folder or pattern that each path names, None for others.

        Blocks; on an unreachable network drive, forever.
        """
        return list(map(self._several, paths))

    def _several(self, path: str) -> folder | matches | None:
        """Return the folder or pattern that a path names; None for others and for operations with several inputs."""
        if path == STDIN or len(self.endpoint.images) > 1 or is_url(path):
            return None
        if os.path.isdir(path):
            return folder(path, _suffixes(self.endpoint), exclude=self.exclude)
        if glob.has_magic(path) and not os.path.lexists(path):
            return matches(path, exclude=self.exclude)
        return None


def open_items(
    endpoint: Endpoint[Any],
    paths: Sequence[str],
    listed: Path | None,
    exclude: Sequence[str] = (),
    null: bool = False,
) -> Items:
    """Return the items named on the command line.

    Raises:
        InvalidInputError: if nothing is named, or the arguments do not fit together.
    """
    if null and STDIN not in paths:
        raise InvalidInputError("--null applies to standard input: give - as a path")
    if listed is not None:
        if paths:
            raise InvalidInputError("give paths or --manifest, not both")
        return Items(endpoint, (), manifest(listed))
    if not paths:
        raise InvalidInputError("give paths, - for standard input, or --manifest")
    if paths.count(STDIN) > 1:
        raise InvalidInputError("standard input can be read only once")
    width = len(endpoint.images)
    if STDIN not in paths and len(paths) % width:
        raise InvalidInputError(f"{endpoint.name} reads {', '.join(endpoint.images)}: give a multiple of {width} files")
    return Items(endpoint, paths, exclude=exclude, null=null)


def _suffixes(endpoint: Endpoint[Any]) -> Collection[str]:
    return {".xml"} if endpoint.path.endswith("-xml") else PICTURES
