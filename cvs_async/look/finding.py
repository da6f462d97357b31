"""Search for the files of documents, and check that they are the ones that were sent."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen

from .._codec.inputs import choose_form, is_url, open_inputs
from ..api import OPERATIONS
from ..batch.journal import Session, SourceFile
from ..batch.keys import key_of, question_of
from ..errors import CVSError

Certainty: TypeAlias = Literal["sent", "maybe", "missing", "url"]
"""``sent``: the same contents as were sent. ``maybe``: a file with the same name. ``url``: sent as a URL."""

MOST_LISTED = 500_000
"""Maximum number of files in the folders of --files that are indexed by name."""

_ESCAPED = re.compile(r"\\u(dc[89a-f][0-9a-f])")
"""Escaped byte of a file name that is not UTF-8, as written to results."""

SEPARATOR = "; "
"""Separator between the names of an item's inputs."""


@frozen
class FoundFile:
    """The files of one document.

    Attributes:
        paths: of its inputs, in order; empty if one of them was not found.
        certainty: whether they are the files that were sent.
    """

    paths: tuple[Path, ...]
    certainty: Certainty


@define
class Finder:
    """Search for the files of documents, in this order of places.

    1. The working directory of the batch that read the name, if a journal has it.
    2. This working directory.
    3. The working directories of all batches.
    4. The folders of the journals and results.
    5. The folders given by the user: first by relative path, then by file name, if it is unique below them.

    Attributes:
        beside: folders of the journals and results.
        folders: folders given by the user.
        parameters: parameters of the calls, if known to the user; they are part of a document's key.
        noted: sessions of the journals, with their working directories and parameters.
        files: returns the journals' notes on a document by its key: names, sessions, sizes and modification times.
    """

    beside: Sequence[Path]
    folders: Sequence[Path] = ()
    parameters: Mapping[str, object] = field(factory=dict)
    noted: Sequence[Session] = ()
    files: Callable[[str], Sequence[SourceFile]] = lambda _: ()
    _by_name: dict[str, Path | None] | None = field(default=None, init=False)

    def find(self, name: str, operation: str, key: str | None) -> FoundFile:
        """Find the files of a document by its name in results."""
        names = name.split(SEPARATOR)
        if any(map(is_url, names)):
            return FoundFile((), "url")
        met: list[SourceFile] = []
        if key is not None:
            met = [file for file in self.files(key) if file.name == name]
        tried = dict[tuple[Path, ...], None]()
        for paths in self._candidates(names, [one.session for one in met if one.session is not None]):
            if paths in tried:
                continue
            if key is not None and (_is_as_noted(met, names, paths) or self._is_of(key, operation, paths, met)):
                return FoundFile(paths, "sent")
            tried[paths] = None
        for paths in tried:
            return FoundFile(paths, "maybe")
        return FoundFile((), "missing")

    def _candidates(self, names: Sequence[str], met_in: Sequence[Session]) -> Iterator[tuple[Path, ...]]:
        """Yield candidates. There may be several: batches may have read the same name in different folders."""
        own = [Path(one.folder) for one in met_in if one.folder]
        opened_in = [Path(one.folder) for one in reversed(self.noted) if one.folder]
        folders = dict.fromkeys((*own, Path(), *opened_in, *self.beside, *self.folders))
        ways: list[Callable[[str], Path | None]] = [partial(_in, folder) for folder in folders]
        # The inputs of an item may be in different folders: then the first file of each name is taken.
        ways += [self._named, lambda name: next(filter(None, (_in(folder, name) for folder in folders)), None)]
        return (paths for look in ways if (paths := _all(names, look)) is not None)

    def _named(self, name: str) -> Path | None:
        """Return the only file with this file name below the folders given by the user."""
        if self._by_name is None:
            self._by_name = dict(_listed(self.folders))
        return self._by_name.get(os.path.basename(name))

    def _is_of(self, key: str, operation: str, paths: Sequence[Path], met: Sequence[SourceFile]) -> bool:
        """Return whether these files have the document's key.

        The key depends on the parameters. Tried are those of the batches that read the name, of other batches, none,
        get_thumb, and those of the user.
        """
        endpoint = OPERATIONS.get(operation)
        if endpoint is None or len(endpoint.images) != len(paths):
            return False
        sessions = [*(one.session for one in met if one.session is not None), *self.noted]
        of_sessions = [dict(one.parameters) for one in sessions if one.operation == operation]
        tried: list[dict[str, Any]] = []
        for parameters in (*of_sessions, {}, {"get_thumb": True}, dict(self.parameters)):
            if parameters in tried:
                continue
            tried.append(parameters)
            try:
                inputs: dict[str, Any] = dict(zip(endpoint.images, paths, strict=True))
                asked = endpoint.completed(parameters)
                form = choose_form(endpoint, inputs, "auto")
                if key_of(question_of(operation, asked), open_inputs(endpoint, inputs, form)) == key:
                    return True
            except CVSError:
                continue
        return False


def _is_as_noted(met: Sequence[SourceFile], names: Sequence[str], paths: Sequence[Path]) -> bool:
    """Return whether these are the files of a batch, by place, size and modification time.

    In another place, size and time prove nothing: files from the same archive may have the same time.
    """
    try:
        states = [path.stat() for path in paths]
    except OSError:
        return False
    now = tuple(one.st_size for one in states), tuple(one.st_mtime_ns for one in states)
    for file in met:
        folder = Path((file.session and file.session.folder) or "")
        if file.sizes and (file.sizes, file.modified_ns) == now and _all(names, partial(_in, folder)) == tuple(paths):
            return True
    return False


def _all(names: Sequence[str], look: Callable[[str], Path | None]) -> tuple[Path, ...] | None:
    """Return the files of all inputs of an item; None if one is missing."""
    paths = [look(name) for name in names]
    return None if None in paths else tuple(filter(None, paths))


def _in(folder: Path, name: str) -> Path | None:
    """Return a file in a folder, by its name as escaped in results or not; None if it does not exist."""
    for spelled in dict.fromkeys((name, _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name))):
        if _is_file(folder / spelled):
            return folder / spelled
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _listed(folders: Sequence[Path]) -> Iterator[tuple[str, Path | None]]:
    """Yield the file name and path of each file below the folders; None as path of a name that was met before."""
    seen = set[str]()
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                if len(seen) >= MOST_LISTED:
                    return
                yield name, None if name in seen else Path(place, name)
                seen.add(name)
