"""Finding the files of a report, and checking that they are the ones that were sent."""

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
"""``sent``: the very file that was sent. ``maybe``: a file of its name. ``url``: never downloaded."""

MOST_LISTED = 500_000
"""Files below the folders of --files that are remembered by name."""

_ESCAPED = re.compile(r"\\u(dc[89a-f][0-9a-f])")
"""A byte of a name that is not UTF-8, as results have it."""

SEPARATOR = "; "
"""Between the names of several inputs of one item."""


@frozen
class FoundFile:
    """The files of one document.

    Attributes:
        paths: of its inputs, in their order; empty if one of them was not found.
        certainty: whether they are what was sent.
    """

    paths: tuple[Path, ...]
    certainty: Certainty


@define
class Finder:
    """Finds the files of documents.

    A name is looked for 1. in the working directory of the batch that has met it, if a journal says which, 2. as it is,
    3. in the working directories of all batches, 4. in the folders of the journals and results, 5. below the given
    folders, by its relative path and then by its last part, if that is unique there.

    Attributes:
        beside: folders of the journals and results.
        folders: given by the user.
        parameters: of the call, where the user knows them; they are part of a document's key.
        noted: what journals know: in which folders they were opened, and with which parameters.
        files: what journals know of a document by its key: its names, the session in which each was met, and size and
            time of each file.
    """

    beside: Sequence[Path]
    folders: Sequence[Path] = ()
    parameters: Mapping[str, object] = field(factory=dict)
    noted: Sequence[Session] = ()
    files: Callable[[str], Sequence[SourceFile]] = lambda _: ()
    _by_name: dict[str, Path | None] | None = field(default=None, init=False)

    def find(self, name: str, operation: str, key: str | None) -> FoundFile:
        """Return the files of a document, by the name that results have of it."""
        names = name.split(SEPARATOR)
        if any(map(is_url, names)):
            return FoundFile((), "url")
        met = [] if key is None else [file for file in self.files(key) if file.name == name]
        tried = dict[tuple[Path, ...], None]()
        for paths in self._candidates(names, [one.session for one in met if one.session is not None]):
            if paths in tried:
                continue
            if key is not None and (_is_as_noted(met, names, paths) or self._is_of(key, operation, paths, met)):
                return FoundFile(paths, "sent")
            tried[paths] = None
        return FoundFile(next(iter(tried)), "maybe") if tried else FoundFile((), "missing")

    def _candidates(self, names: Sequence[str], met_in: Sequence[Session]) -> Iterator[tuple[Path, ...]]:
        """The files that may be meant: another batch may have had the same names in another folder."""
        own = [Path(one.folder) for one in met_in if one.folder]
        opened_in = [Path(one.folder) for one in reversed(self.noted) if one.folder]
        folders = dict.fromkeys((*own, Path(), *opened_in, *self.beside, *self.folders))
        ways: list[Callable[[str], Path | None]] = [partial(_in, folder) for folder in folders]
        # Inputs of one item may be in different folders: then each is the first of its name.
        ways += [self._named, lambda name: next(filter(None, (_in(folder, name) for folder in folders)), None)]
        return (paths for look in ways if (paths := _all(names, look)) is not None)

    def _named(self, name: str) -> Path | None:
        """The only file below the given folders with the last part of a name."""
        if self._by_name is None:
            self._by_name = dict(_listed(self.folders))
        return self._by_name.get(os.path.basename(name))

    def _is_of(self, key: str, operation: str, paths: Sequence[Path], met: Sequence[SourceFile]) -> bool:
        """Return whether the key of these files is the document's.

        Tries the parameters of the batches that met it, of other batches, of the user, none, and get_thumb.
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
    """Return whether these are the unchanged files of a batch: in their place, with their sizes and times.

    In another place these prove nothing: files of one size, out of one archive, have one time, too.
    """
    try:
        states = [path.stat() for path in paths]
    except OSError:
        return False
    now = tuple(one.st_size for one in states), tuple(one.st_mtime_ns for one in states)
    for file in met:
        folder = Path() if file.session is None or file.session.folder is None else Path(file.session.folder)
        if file.sizes and (file.sizes, file.modified_ns) == now and _all(names, partial(_in, folder)) == tuple(paths):
            return True
    return False


def _all(names: Sequence[str], look: Callable[[str], Path | None]) -> tuple[Path, ...] | None:
    """The files of all inputs of an item; None if one of them is not there."""
    paths = tuple(path for name in names if (path := look(name)) is not None)
    return paths if len(paths) == len(names) else None


def _in(folder: Path, name: str) -> Path | None:
    """A file in a folder; names that are not UTF-8 are escaped in results."""
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
    """Every file below the folders by its name; None for names that are there twice."""
    seen = set[str]()
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                if len(seen) >= MOST_LISTED:
                    return
                yield name, None if name in seen else Path(place, name)
                seen.add(name)
