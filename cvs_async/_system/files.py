"""Open files without blocking on pipes, read them completely, identify them, and refuse those written here."""

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
"""Device, inode, size, and times of the last write and change. It differs after a file was replaced or overwritten."""

# Do not wait for the writer of a pipe. Do not translate line ends on Windows.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class NoRegularFileError(OSError):
    """The path is a pipe, a socket or a device."""


class KeptFileError(OSError):
    """The path is a journal or a results file that this process writes."""


def open_regular(path: str | os.PathLike[str]) -> tuple[int, os.stat_result]:
    """Open a regular file for reading, and return its descriptor, which the caller must close, and its status.

    Raises:
        KeptFileError: this process writes the file.
        IsADirectoryError: it is a folder.
        NoRegularFileError: it is a pipe, a socket or a device.
        OSError: it cannot be opened.
    """
    name = os.fspath(path)
    if (name.endswith(_names) or (_folders and _is_below_folder(name))) and _is_kept(name):
        raise KeptFileError(errno.EACCES, "written by this process")
    try:
        descriptor = os.open(path, _READ)
    except PermissionError:
        if os.path.isdir(path):  # Windows does not open folders
            raise _folder() from None
        raise
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise _folder()
        if not stat.S_ISREG(status.st_mode):
            raise NoRegularFileError(errno.EINVAL, "not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status


def _folder() -> IsADirectoryError:
    return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def read_at_least(descriptor: int, least: int, most: int) -> bytes:
    """Read between `least` and `most` bytes, or to the end of the file. A single `os.read` may return fewer."""
    content = os.read(descriptor, most)
    while len(content) < least and (more := os.read(descriptor, most - len(content))):
        content += more
    return content


def stamp_of(status: os.stat_result) -> Stamp:
    """Return values that identify a file and its state."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def reason_of(error: Exception) -> str:
    """Return why a file cannot be read, as a predicate without its name."""
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, NoRegularFileError):
        return "is not a regular file"
    if isinstance(error, KeptFileError):
        return "is the journal or results file of this process, not an input"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return "cannot be read"


def without_name(error: OSError) -> OSError:
    """Return the error without the name of the file, which may be a base64 document passed as a path."""
    if error.errno is None:
        return OSError()
    return OSError(error.errno, error.strerror)


# --- files that this process writes

_lock = threading.Lock()
_kept = Counter[str]()
_names: tuple[str, ...] = ()
_folders: tuple[str, ...] = ()


@contextmanager
def kept_apart(*paths: str | os.PathLike[str]) -> Iterator[None]:
    """Refuse these files, and files in these folders, as inputs while the block runs.

    A list of files from ``find`` may contain the journal or results of the batch itself. A journal must be neither sent
    nor opened: SQLite loses its locks on a file when its process closes any descriptor of that file.
    """
    given = [os.fspath(path) for path in paths]
    known = set(given).union(map(os.path.realpath, given))
    _count(known, 1)
    try:
        yield
    finally:
        _count(known, -1)


def _count(paths: set[str], number: int) -> None:
    global _names, _folders  # replaced and never changed, because threads read them without the lock
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
    """Return the path of an existing file whose name has the same letters in another Unicode form; None without one.

    "Nguyễn" is stored differently by macOS (NFD), by most other programs (NFC), and by keyboards that write tone marks
    as separate characters. Each part of a path may have another form.
    """
    if path.isascii():
        return None
    separators = re.escape(os.sep + (os.altsep or ""))
    found = ""
    for part in re.findall(rf"[^{separators}]*[{separators}]*", path):
        spelling = next((other for other in _spellings(part) if os.path.lexists(found + other)), None)
        if part and spelling is None:
            return None
        found += spelling or ""
    if found == path:
        return None
    return found


def _spellings(part: str) -> Iterator[str]:
    yield part
    yield unicodedata.normalize("NFC", part)
    yield unicodedata.normalize("NFD", part)
    yield "".join(map(_tone_apart, re.findall(r".[\u0300-\u036f]*", unicodedata.normalize("NFD", part), re.DOTALL)))


def _tone_apart(letter: str) -> str:
    """Return a letter composed with its marks except for the tone, as keyboards for code page 1258 write it."""
    tones = "".join(mark for mark in letter if mark in _TONES)
    rest = "".join(mark for mark in letter if mark not in _TONES)
    return unicodedata.normalize("NFC", rest) + tones
