"""Checks that a command does not write to files that it reads, before any of them is opened."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from .._codec.inputs import is_url
from ..batch.sinks import refusal
from ..errors import InvalidInputError

COMPANIONS = ("", "-wal", "-shm", "-journal", "-lock", "-new", "-cut")
"""Suffixes of the files that belong to a journal."""

PICTURES = ("/0-0-passport.jpg", "/0-0-passport.png", "/0-0-passport.bin")
"""Examples of names of pictures in their folder."""


def refuse_existing(out: Path) -> None:
    """Refuse a results file that exists.

    Raises:
        InvalidInputError: if it exists.
    """
    if os.path.lexists(out):
        raise refusal(out, FileExistsError(), "choose another name")


def refuse_used(thumbs: Path) -> None:
    """Refuse a picture folder that is not empty.

    Raises:
        InvalidInputError: if it is not empty.
    """
    if thumbs.is_dir() and any(thumbs.iterdir()):
        raise InvalidInputError(f"{thumbs} holds files: choose another folder for the pictures")


def refuse_overlap(
    journals: Sequence[Path],
    out: Path | None,
    thumbs: Path | None,
    *,
    manifest: Path | None = None,
    inputs: Iterable[str] = (),
) -> None:
    """Refuse to write to files that the command reads or keeps, or into folders that it reads.

    Raises:
        InvalidInputError: two of the files are the same, or results or pictures would be among the inputs.
    """
    files = [os.fspath(path) for path in inputs if not is_url(path)]
    kept = {mark for one in journals for mark in _marks_of_journal(one)}
    for file in files:
        if kept.intersection(_marks(Path(file))):
            raise InvalidInputError(f"{file} is the journal of this command, not an input: remove it")
    for path in (manifest, *map(Path, files)):
        kept.update(_marks(path))
    for path, what in ((out, "the results"), (thumbs, "the pictures")):
        marks = set(_marks(path))
        if kept.intersection(marks):
            raise InvalidInputError(f"{path} is read or kept by this command: choose another name for {what}")
        kept |= marks
    if out is not None and thumbs is not None and _real(out) in _real(thumbs).parents:
        raise InvalidInputError(f"{thumbs} cannot be a folder in the file {out}: choose another one for the pictures")
    for given in files:
        _refuse_read(given, (*journals, out), thumbs)


def _real(path: Path) -> PurePath:
    return PurePath(os.path.realpath(path))


def _marks_of_journal(journal: Path) -> Iterator[object]:
    for companion in COMPANIONS:
        yield from _marks(Path(f"{journal}{companion}"))
        yield from _marks(Path(os.path.realpath(journal) + companion))


def _marks(path: Path | None) -> Iterator[object]:
    """Yield values that all names of a file have in common; nothing for None."""
    if path is None:
        return
    yield os.path.realpath(path)
    try:
        status = path.stat()
    except OSError:
        return
    yield status.st_dev, status.st_ino


def _refuse_read(given: str, written: Iterable[Path | None], thumbs: Path | None) -> None:
    """Refuse to write into an input folder or pattern: the next run would find the file, send it and pay for it."""
    for path in written:
        if path is not None and _is_read(path, given, COMPANIONS):
            raise InvalidInputError(f"{path} is among the inputs ({given}): choose another folder for it")
    if thumbs is not None and _is_read(thumbs, given, PICTURES):
        raise InvalidInputError(
            f"{thumbs} is among the inputs ({given}), so its pictures would be sent too: choose another folder"
        )


def _is_read(path: Path, given: str, endings: Iterable[str]) -> bool:
    """Return whether an input folder or pattern would find the path with one of the endings."""
    root, pattern = _split(given)
    below = PurePath(os.path.realpath(root))
    if not pattern or not _real(path).is_relative_to(below):
        return False
    found = (PurePath(f"{_real(path)}{ending}") for ending in endings)
    return any(_matches(file.relative_to(below).parts, pattern) for file in found)


def _split(given: str) -> tuple[str, Sequence[str]]:
    """Split an input into the folder to search and the pattern below it; the pattern is empty for a single file."""
    if os.path.isdir(given):
        return given, ("**", "*.[jp][pn]g")
    if os.path.lexists(given):
        return given, ()
    parts = PurePath(given).parts
    fixed = next((place for place, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return os.path.join("", *parts[:fixed]), parts[fixed:]


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether a path matches; hidden names match only patterns that start with a dot."""
    if not pattern:
        return not names
    first, *rest = pattern
    if first == "**" and (not rest or _matches(names, rest)):
        return True
    if not names or (names[0].startswith(".") and not first.startswith(".")):
        return False
    if first == "**":
        return _matches(names[1:], pattern)
    return fnmatch.fnmatch(names[0], first) and _matches(names[1:], rest)
