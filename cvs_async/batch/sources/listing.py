"""Listing one folder for a source: what is skipped, what is passed over, and folders that cannot be listed."""

from __future__ import annotations

import fnmatch
import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from .entries import Entry

BINS = frozenset(
    {
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "lost+found",
        "recycler",
        "system volume information",
    }
)
"""Names of recycle bins, thumbnails and similar folders of network drives, in lower case, except hidden names."""

LONGEST_ENDING = 8
MOST_ENDINGS = 100
OTHERS = "others"
NO_ENDING = "without an ending"

SHOWN_ENDINGS = 5


def as_tuple(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return patterns as a tuple; a string is one pattern."""
    if isinstance(given, str):
        return (given,)
    return tuple(given)


def is_left_out(name: str) -> bool:
    """Return whether a name is that of a hidden file or folder, or of a recycle bin."""
    return name.startswith(".") or name.lower() in BINS


def is_excluded(path: Path, root: Path, patterns: Collection[str]) -> bool:
    """Return whether a pattern matches a name or, if the pattern has a slash, the path below a root."""
    if not patterns:
        return False
    below = _composed(path.relative_to(root).as_posix())
    plain = (_composed(pattern).rstrip("/") for pattern in patterns)
    return any(fnmatch.fnmatch(below if "/" in pattern else _composed(path.name), pattern) for pattern in plain)


def _composed(name: str) -> str:
    """Return a name with composed accents, as keyboards write them."""
    return unicodedata.normalize("NFC", name)


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """Return the entries of a folder, sorted by name.

    Raises:
        OSError: it cannot be listed.
    """
    with os.scandir(folder) as listed:
        return sorted(listed, key=lambda entry: entry.name)


def unlisted(folder: Path, error: OSError) -> Entry:
    """Return the item for a folder that cannot be listed."""
    return Entry(problem=f"cannot be listed: {error.strerror or error}", origin=f"folder {folder}")


def pass_over(passed_over: Counter[str], name: str) -> None:
    """Count a file that is not an item, by its ending. The number of different endings is bounded."""
    ending = os.path.splitext(name)[1].lower() or NO_ENDING
    is_usual = ending == NO_ENDING or len(ending) <= LONGEST_ENDING
    has_room = ending in passed_over or len(passed_over) < MOST_ENDINGS
    if not (is_usual and has_room):
        ending = OTHERS
    passed_over[ending] += 1


def passed_over_by(source: object) -> Counter[str]:
    """Return the files that the last reading of a source passed over, by ending; empty for other sources."""
    return Counter(getattr(source, "passed_over", None) or {})


def format_passed_over(passed_over: Counter[str]) -> str:
    """Return a text such as "41 files passed over: 41 .heic"."""
    count = passed_over.total()
    parts = [f"{number:,} {ending}" for ending, number in passed_over.most_common(SHOWN_ENDINGS)]
    if rest := count - sum(number for _, number in passed_over.most_common(SHOWN_ENDINGS)):
        parts.append(f"{rest:,} more")
    return f"{count:,} {'file' if count == 1 else 'files'} passed over: {', '.join(parts)}"
