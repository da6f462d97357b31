"""Files of this machine: opening them without waiting, reading them to their end, knowing them again."""

from __future__ import annotations

import errno
import os
import re
import stat
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

Stamp = tuple[int, int, int, int, int]
"""Device, inode, size, and when it was written and changed: differs where a file was replaced or written over."""

# Not to wait for whoever writes into a pipe; Windows would change the ends of lines.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class NoRegularFileError(OSError):
    """It is a pipe, a socket or a device."""


class KeptFileError(OSError):
    """It is a journal or a results file that this process writes."""


def open_regular(path: str | os.PathLike[str]) -> tuple[int, os.stat_result]:
    """Open a file for reading: its descriptor, which the caller closes, and its status. Never waits for a pipe.

    Raises:
        KeptFileError: this process writes it.
        IsADirectoryError: it is a folder.
        NoRegularFileError: it is anything else that cannot be read to an end.
        OSError: it cannot be opened.
    """
    name = os.fspath(path)
    if (name.endswith(_names) or (_folders and _is_below_folder(name))) and _is_kept(name):
        raise KeptFileError(errno.EACCES, "written by this process")
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
    if isinstance(error, KeptFileError):
        return "is written by this very process, as its journal or results, and no input"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return "cannot be read"


def without_name(error: OSError) -> OSError:
    """The same error without the name of the file, which may be a document in base64 that was taken for a path."""
    return OSError(error.errno, error.strerror) if error.errno is not None else OSError()


# --- files that this process writes

_lock = threading.Lock()
_kept = Counter[str]()
_names: tuple[str, ...] = ()
_folders: tuple[str, ...] = ()


@contextmanager
def kept_apart(*paths: str | os.PathLike[str]) -> Iterator[None]:
    """Meanwhile refuse these files, and those below these folders, as inputs.

    A list of files that is made by ``find`` names them too. A journal has everybody's answers in it. And SQLite loses
    its locks on a file as soon as its process closes any descriptor of that file.
    """
    given = [os.fspath(path) for path in paths]
    known = set(given).union(map(os.path.realpath, given))
    _count(known, 1)
    try:
        yield
    finally:
        _count(known, -1)


def _count(paths: set[str], number: int) -> None:
    global _names, _folders  # replaced as a whole: threads read them without the lock
    with _lock:
        for path in paths:
            _kept[path] += number
            if not _kept[path]:
                del _kept[path]
        _names = tuple({os.path.basename(path) or path for path in _kept})
        _folders = tuple(path for path in _kept if os.path.isdir(path))


def _is_below_folder(path: str) -> bool:
    return any(f"{os.path.basename(folder)}{os.sep}" in path for folder in _folders)


def _is_kept(path: str) -> bool:
    real = os.path.realpath(path)
    return real in _kept or any(real.startswith(f"{folder}{os.sep}") for folder in _folders)


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
