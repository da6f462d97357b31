"""Sources that are folders."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterator
from pathlib import Path

from attrs import field, frozen

from ..._codec.inputs import DOCUMENT_SUFFIXES
from ...errors import InvalidInputError
from .base import Listed, in_thread
from .entries import Entry
from .listing import as_tuple, entries_of, is_excluded, is_left_out, pass_over, unlisted

PICTURES = DOCUMENT_SUFFIXES - {".xml"}


@frozen
class folder(Listed):
    """The pictures and PDFs of a folder and the folders below it, in the order of their names.

    Folders are listed while the batch runs, in a thread, one at a time. Hidden files and folders are skipped, and so
    are recycle bins and thumbnails of network drives (`@eaDir`, `#recycle`, `$RECYCLE.BIN` and others), unless `path`
    itself is one. Links to files are followed, links to folders are not. A folder below `path` that cannot be listed
    becomes an `Entry` with a `problem`, and only that item fails.

    Attributes:
        path: of the folder.
        suffixes: of the files to read, in lower case, with their dots.
        exclude: patterns of file and folder names to skip, such as ``*_draft.pdf``. A pattern with a slash is matched
            against the path below the folder.
        passed_over: number of other files found by the last reading, by ending.

    Raises:
        InvalidInputError: while it is read, if the folder itself cannot be listed.
    """

    path: str | os.PathLike[str]
    suffixes: Collection[str] = PICTURES
    exclude: Collection[str] = field(default=(), converter=as_tuple, kw_only=True)
    passed_over: Counter[str] = field(factory=Counter, init=False, repr=False, eq=False)

    def __aiter__(self) -> AsyncGenerator[Path | Entry]:
        return in_thread(self._read(self.passed_over))

    def count(self) -> int:
        """Return the present number of items. Lists the whole folder, and blocks."""
        return sum(map(len, self._read(Counter())))

    def _read(self, passed_over: Counter[str]) -> Iterator[list[Path | Entry]]:
        passed_over.clear()
        waiting = [root := Path(self.path)]
        while waiting:
            place = waiting.pop()
            try:
                files, folders = self._list(place, root, passed_over)
            except OSError as error:
                if place is root:
                    raise InvalidInputError(f"folder {root}: {error.strerror or 'cannot be listed'}") from error
                yield [unlisted(place, error)]
                continue
            yield files
            waiting += reversed(folders)

    def _list(self, place: Path, root: Path, passed_over: Counter[str]) -> tuple[list[Path | Entry], list[Path]]:
        files, folders = list[Path | Entry](), list[Path]()
        for entry in entries_of(place):
            path, suffix = place / entry.name, os.path.splitext(entry.name)[1].lower()
            if is_left_out(entry.name) or is_excluded(path, root, self.exclude):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif entry.is_dir():
                    pass
                elif suffix in self.suffixes:
                    files.append(path)
                else:
                    pass_over(passed_over, entry.name)
            except OSError:  # such as a link to itself: opening or listing it reports why
                if suffix in self.suffixes:
                    files.append(path)
                else:
                    folders.append(path)
        return files, folders
