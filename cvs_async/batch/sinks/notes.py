"""Notes of the files that a batch has made. Its journal keeps them, and only noted files are ever replaced."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ..._system.atomic import status_of
from ..journal.records import Output, identity_of


def same(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    """Return whether two statuses are of the same unchanged file, or both None."""
    return _marks(one) == _marks(other)


def _marks(status: os.stat_result | None) -> tuple[str, int | None, int | None] | None:
    if status is None:
        return None
    return identity_of(status), status.st_size, status.st_mtime_ns


def output_of(target: Path, status: os.stat_result) -> Output:
    """Return the note of a finished file that has, or will get, the name `target`."""
    return Output(str(target), identity_of(status), status.st_size, status.st_mtime_ns)


def note_of_draft(path: Path) -> Output:
    """Return the note of an unfinished file or folder."""
    return Output(str(path), identity_of(path.lstat()))


def is_left_behind(note: Output) -> bool:
    """Return whether a note is of a draft that still exists."""
    status = status_of(Path(note.path))
    return note.size is None and status is not None and identity_of(status) == note.identity


def is_known(status: os.stat_result, notes: Iterable[Output]) -> bool:
    """Return whether a regular file is unchanged since one of these notes."""
    noted = [(note.identity, note.size, note.modified_ns) for note in notes]
    return stat.S_ISREG(status.st_mode) and _marks(status) in noted
