"""Files of this machine: opening them without waiting, reading them to their end, knowing them again."""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator

Stamp = tuple[int, int, int, int, int]
"""Device, inode, size, and when it was written and changed: differs where a file was replaced or written over."""

# Not to wait for whoever writes into a pipe; Windows would change the ends of lines.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class NoRegularFileError(OSError):
    """It is a pipe, a socket or a device."""


def open_regular(path: str | os.PathLike[str]) -> tuple[int, os.stat_result]:
    """Open a file for reading: its descriptor, which the caller closes, and its status. Never waits for a pipe.

    Raises:
        IsADirectoryError: it is a folder.
        NoRegularFileError: it is anything else that cannot be read to an end.
        OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, _READ)
    except PermissionError:
        if os.path.isdir(path):  # which Windows does not open
            raise _folder() from None
        raise
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise _folder()
        if not stat.S_ISREG(status.st_mode):
            raise NoRegularFileError(errno.EINVAL, "no regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status


def _folder() -> IsADirectoryError:
    return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def read_at_least(descriptor: int, least: int, most: int) -> bytes:
    """Read `least` bytes, or all until the end of the file, and up to `most`. One read may give less than asked for."""
    content = os.read(descriptor, most)
    while len(content) < least and (more := os.read(descriptor, most - len(content))):
        content += more
    return content


def stamp_of(status: os.stat_result) -> Stamp:
    """What tells a file from another one, and from itself after it was changed."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def reason_of(error: Exception) -> str:
    """Why a file cannot be read, without its name."""
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, NoRegularFileError):
        return "is no regular file"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return "cannot be read"


def without_name(error: OSError) -> OSError:
    """The same error without the name of the file, which may be a document in base64 that was taken for a path."""
    return OSError(error.errno, error.strerror) if error.errno is not None else OSError()


# --- names

_TONES = "\u0300\u0301\u0303\u0309\u0323"
"""The five tone marks of Vietnamese."""


def same_name(path: str) -> str | None:
    """The path of a file whose name looks the same, its accents put together in another way; None if there is none.

    The same "Nguyễn" is written differently by macOS (NFD), by most other programs (NFC), and by keyboards that set
    tone marks apart from their letters. Each part of the path may differ in its own way.
    """
    if path.isascii():
        return None
    found = ""
    for part in re.findall(r"[^/\\]*[/\\]*" if os.name == "nt" else r"[^/]*/*", path):
        spelling = next((other for other in _spellings(part) if os.path.lexists(found + other)), None)
        if part and spelling is None:
            return None
        found += spelling or ""
    return None if found == path else found


def _spellings(part: str) -> Iterator[str]:
    yield part
    yield unicodedata.normalize("NFC", part)
    yield unicodedata.normalize("NFD", part)
    yield "".join(map(_tone_apart, re.findall(r".[\u0300-\u036f]*", unicodedata.normalize("NFD", part), re.DOTALL)))


def _tone_apart(letter: str) -> str:
    """A letter with its marks composed, but for its tone: as code page 1258 and its keyboards have it."""
    tones = "".join(mark for mark in letter if mark in _TONES)
    rest = "".join(mark for mark in letter if mark not in _TONES)
    return unicodedata.normalize("NFC", rest) + tones
