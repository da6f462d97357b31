"""What the command line names as the items of a batch."""

from __future__ import annotations

import asyncio
import glob
import os
from collections.abc import AsyncGenerator, Collection, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .._endpoint import Endpoint
from .._inputs import is_url
from ..batch import folder, manifest, matches, standard_input
from ..batch.sources import PICTURES, Listed
from ..errors import InvalidInputError

STDIN = "-"


@frozen
class Items(Listed):
    """Files, folders, patterns, URLs and standard input, one after another; or the lines of a manifest.

    Attributes:
        endpoint: the operation that reads them; if it has several inputs, they are taken in groups.
        paths: the words of the command line.
        listed: the manifest, instead of paths.
        ready: set it once there is a place for the results; nothing is read before.
    """

    endpoint: Endpoint[Any]
    paths: Sequence[str] = ()
    listed: manifest | None = None
    ready: asyncio.Event = field(factory=asyncio.Event)

    async def __aiter__(self) -> AsyncGenerator[Any]:
        await self.ready.wait()
        if self.listed is not None:
            async for entry in self.listed:
                yield entry
            return
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
        """How many there are now; None where nobody can know. Blocks meanwhile."""
        if self.listed is not None:
            return self.listed.count()
        if STDIN in self.paths:
            return None
        several = (self._several(path) for path in self.paths)
        return sum(1 if found is None else found.count() for found in several) // len(self.endpoint.images)

    async def _inputs(self) -> AsyncGenerator[Any]:
        for path in self.paths:
            if path == STDIN:
                async for line in standard_input():
                    yield line
            elif (found := self._several(path)) is None:
                yield path
            else:
                empty = isinstance(found, matches)
                async for file in found:
                    empty = False
                    yield file
                if empty:
                    raise InvalidInputError(f"nothing matches {path}")

    def _several(self, path: str) -> folder | matches | None:
        """What stands for more than one file; never so for operations that read several."""
        if len(self.endpoint.images) > 1 or is_url(path):
            return None
        if os.path.isdir(path):
            return folder(path, _suffixes(self.endpoint))
        if glob.has_magic(path) and not os.path.lexists(path):
            return matches(path)
        return None


def open_items(endpoint: Endpoint[Any], paths: Sequence[str], listed: Path | None) -> Items:
    """The items of the command line.

    Raises:
        InvalidInputError: if there are none, or they do not go together.
    """
    if listed is not None:
        if paths:
            raise InvalidInputError("give paths or --manifest, and not both")
        return Items(endpoint, (), manifest(listed))
    if not paths:
        raise InvalidInputError("give paths, - for standard input, or --manifest")
    if paths.count(STDIN) > 1:
        raise InvalidInputError("standard input can be read once only")
    width = len(endpoint.images)
    if STDIN not in paths and len(paths) % width:
        raise InvalidInputError(f"{endpoint.name} reads {', '.join(endpoint.images)}: give a multiple of {width} files")
    return Items(endpoint, paths)


def _suffixes(endpoint: Endpoint[Any]) -> Collection[str]:
    return {".xml"} if endpoint.path.endswith("-xml") else PICTURES
