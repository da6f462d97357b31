"""Sources that are glob patterns."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from pathlib import Path, PurePath

from attrs import define, field, frozen

from ..._codec.inputs import is_url
from ...errors import InvalidInputError
from .base import Listed, in_thread
from .entries import Entry
from .listing import as_tuple, entries_of, is_excluded, is_left_out, pass_over, unlisted


@frozen
class matches(Listed):
    """The files whose paths match a glob pattern, such as ``scans/**/*.jpg``, sorted within each folder.

    ``**`` matches any number of folders, also zero, without following links to folders. Hidden files and folders, and
    recycle bins and thumbnails of network drives, match only patterns that begin with the same character. Folders are
    listed while the batch runs, in a thread, one at a time. A folder that cannot be listed becomes an `Entry` with a
    `problem`, and only that item fails. A pattern without matches makes an empty batch; check with `count`.

    Attributes:
        pattern: of the paths.
        exclude: patterns of names to skip, as for `folder`. A pattern with a slash is matched against the path below
            the last folder without wildcards.
        passed_over: number of files in matching folders that do not match the last part of the pattern, by ending.

    Raises:
        InvalidInputError: the pattern is not usable; while it is read, if its first folder cannot be listed.
    """

    pattern: str | os.PathLike[str]
    exclude: Collection[str] = field(default=(), converter=as_tuple, kw_only=True)
    passed_over: Counter[str] = field(factory=Counter, init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        _, parts = _split(self.pattern)
        if is_url(self.pattern) or not parts:
            raise InvalidInputError("a pattern is one of file names, such as scans/**/*.jpg")
        if ".." in parts:
            raise InvalidInputError("'..' cannot stand behind * or ? in a pattern")

    def __aiter__(self) -> AsyncGenerator[Path | Entry]:
        return in_thread(self._read(self.passed_over))

    def count(self) -> int:
        """Return the present number of items. Lists all folders, and blocks."""
        return sum(map(len, self._read(Counter())))

    def _read(self, passed_over: Counter[str]) -> Iterator[list[Path | Entry]]:
        passed_over.clear()
        root, parts = _split(self.pattern)
        waiting = [(root, _reached({0}, parts))]
        while waiting:
            place, places = waiting.pop()
            try:
                found = _Found()
                for entry in entries_of(place):
                    if not is_excluded(place / entry.name, root, self.exclude):
                        found.take(entry, place / entry.name, places, parts, passed_over)
            except OSError as error:
                if place is not root:
                    yield [unlisted(place, error)]
                elif not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                    raise InvalidInputError(f"folder {root}: {error.strerror or 'cannot be listed'}") from error
                continue
            yield found.files
            waiting += reversed(found.folders)


Places = frozenset[int]
"""Indexes of the parts of a pattern that the next name may match. A set, so that no file is found twice."""


def _split(pattern: str | os.PathLike[str]) -> tuple[Path, tuple[str, ...]]:
    """Return the folder before the first wildcard, and the parts of the pattern below it."""
    parts = PurePath(os.fspath(pattern)).parts
    fixed = next((place for place, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
    below = parts[max(fixed, 0) :]
    if below[-1:] == ("**",):
        below = (*below, "*")
    return Path(*parts[: max(fixed, 0)]), below


def _reached(places: set[int], parts: Sequence[str]) -> Places:
    """Add the places after each ``**``, because it may match zero folders."""
    reached = set(places)
    for place, part in enumerate(parts):
        if place in reached and part == "**":
            reached.add(place + 1)
    return frozenset(reached)


@define
class _Found:
    """Matches in one folder: files, and folders that may contain matches, with their places."""

    files: list[Path | Entry] = field(factory=list)
    folders: list[tuple[Path, Places]] = field(factory=list)

    def take(
        self, entry: os.DirEntry[str], path: Path, places: Places, parts: Sequence[str], passed_over: Counter[str]
    ) -> None:
        """Sort an entry of the folder, whose name may match the parts at these places.

        1. A folder that matches a part before the last one may contain matches.
        2. A file that matches the last part is an item.
        3. Another file, if the last part may match here, is counted as passed over.
        """
        last = len(parts) - 1
        matched = {place for place in places if _fits(entry, parts[place])}
        further = {place if parts[place] == "**" else place + 1 for place in matched - {last}}
        try:
            is_folder = entry.is_dir()
        except OSError:  # such as a link to itself: opening or listing it reports why
            is_folder = last not in matched
        if is_folder and further:
            self.folders.append((path, _reached(further, parts)))
        if is_folder:
            return
        if last in matched:
            self.files.append(path)
        elif last in places and not is_left_out(entry.name):
            pass_over(passed_over, entry.name)


def _fits(entry: os.DirEntry[str], part: str) -> bool:
    if is_left_out(entry.name) and not part.startswith(entry.name[0]):
        return False
    if part == "**":
        return not entry.is_symlink()
    return fnmatch.fnmatch(entry.name, part)
