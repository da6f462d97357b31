"""Sources that are glob patterns."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path, PurePath

from attrs import frozen

from .._inputs import is_url
from ..errors import InvalidInputError
from .sources import Listed, in_thread


@frozen
class matches(Listed):
    """The files whose paths match a glob pattern, such as ``scans/**/*.jpg``, sorted within each folder.

    ``**`` is any number of folders, none included; links to folders are not followed there. Hidden files and
    folders match only what begins with a dot itself. Folders are listed while the batch runs, off the event loop,
    one at a time. Where nothing matches there are no items, and the batch is an empty one: `count` tells before.

    Attributes:
        pattern: of the paths.

    Raises:
        InvalidInputError: if it is no usable pattern; also while it is read, if a folder cannot be listed.
    """

    pattern: str | os.PathLike[str]

    def __attrs_post_init__(self) -> None:
        _, parts = _split(self.pattern)
        if is_url(self.pattern) or not parts:
            raise InvalidInputError("a pattern is one of file names, such as scans/**/*.jpg")
        if ".." in parts:
            raise InvalidInputError("'..' cannot stand behind * or ? in a pattern")

    def __aiter__(self) -> AsyncGenerator[Path]:
        return in_thread(self._files())

    def count(self) -> int:
        """How many files there are now. Lists the folders to their end, and blocks meanwhile."""
        return sum(map(len, self._files()))

    def _files(self) -> Iterator[list[Path]]:
        root, parts = _split(self.pattern)
        waiting = [(root, _reached({0}, parts))]
        while waiting:
            files, folders = _match(*waiting.pop(), parts)
            yield files
            waiting += reversed(folders)


Places = frozenset[int]
"""The parts of a pattern that the next name may match. A set of them, so that no file is found in two ways."""


def _split(pattern: str | os.PathLike[str]) -> tuple[Path, tuple[str, ...]]:
    """The folder to begin in, and the parts of the pattern below it."""
    parts = PurePath(os.fspath(pattern)).parts
    fixed = next((place for place, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
    below = parts[max(fixed, 0) :]
    return Path(*parts[: max(fixed, 0)]), (*below, "*") if below[-1:] == ("**",) else below


def _reached(places: set[int], parts: Sequence[str]) -> Places:
    """With those behind a ``**`` that stands for no folder at all."""
    reached = set(places)
    for place, part in enumerate(parts):
        if place in reached and part == "**":
            reached.add(place + 1)
    return frozenset(reached)


def _match(folder: Path, places: Places, parts: Sequence[str]) -> tuple[list[Path], list[tuple[Path, Places]]]:
    """The files of a folder that match, and the folders in it where more may, with their places."""
    files, folders, last = list[Path](), list[tuple[Path, Places]](), len(parts) - 1
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                matched = {place for place in places if _fits(entry, parts[place])}
                if last in matched and entry.is_file():
                    files.append(folder / entry.name)
                further = {place if parts[place] == "**" else place + 1 for place in matched - {last}}
                if further and entry.is_dir():
                    folders.append((folder / entry.name, _reached(further, parts)))
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except OSError as error:
        raise InvalidInputError(f"folder {folder}: {error.strerror or 'cannot be listed'}") from error
    return files, folders


def _fits(entry: os.DirEntry[str], part: str) -> bool:
    if entry.name.startswith(".") and not part.startswith("."):
        return False
    return not entry.is_symlink() if part == "**" else fnmatch.fnmatch(entry.name, part)
