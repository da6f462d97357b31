"""Files of results: private, locked while they are written, and never in the place of somebody else's file."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import InvalidInputError

if sys.platform != "win32":
    import fcntl

OWNER_ONLY = 0o600


def private(path: str, flags: int) -> int:
    """Open a file; one that is made is readable for its owner only. To be given to `open` as its ``opener``.

    It never waits for whoever reads a pipe.
    """
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), OWNER_ONLY)


def make_private(path: Path) -> None:
    """Make an empty file that is readable for its owner only.

    Raises:
        FileExistsError: if there is something.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def make_folder(path: Path) -> None:
    """Make a folder, with those above it that are missing, for its owner only. One that exists stays as it is."""
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def lock(file: int, *, shared: bool = False) -> bool:
    """Lock an open file until it is closed; False if another opening of it has the lock.

    True also where nothing can be locked: on Windows, on some network drives, and what is no regular file.
    """
    if sys.platform == "win32" or not stat.S_ISREG(os.fstat(file).st_mode):
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def in_use(path: Path) -> InvalidInputError:
    """The error for a results file that somebody else writes."""
    return InvalidInputError(f"{path} is being written by another sink or command: wait for it, or choose another name")


def lock_results(file: int, path: Path) -> None:
    """Lock an opened results file, so that no two writers mix their lines.

    Raises:
        InvalidInputError: if somebody else writes it, or it is a pipe.
    """
    if stat.S_ISFIFO(os.fstat(file).st_mode):
        raise InvalidInputError(f"{path} is a pipe, and not a file to write to: standard output can be piped on")
    if not lock(file):
        raise in_use(path)


def draft_path(target: Path) -> Path:
    """A new name for what will be `target`: hidden, random, in the same folder."""
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def drafts_of(target: Path) -> Iterator[Path]:
    """What is called like a draft of `target`."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.part")
    with suppress(OSError), os.scandir(target.parent) as entries:  # a folder need not be readable to write to it
        for entry in entries:
            if pattern.fullmatch(entry.name):
                yield target.parent / entry.name


def is_being_written(target: Path, own: Path | None = None) -> bool:
    """Whether another than `own` is a draft of `target` that somebody writes, which a lock on it shows.

    A writer makes and locks its own draft before it asks. So of two that begin at once at least one sees the other.
    """
    return any(_is_locked(draft) for draft in drafts_of(target) if draft != own)


def _is_locked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not lock(file, shared=True)
    finally:
        os.close(file)


def status_of(path: Path) -> os.stat_result | None:
    """What is there, without following a link; None where nothing is."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def move_to_new(draft: Path, target: Path) -> None:
    """Give a draft its name, in one step, and never over something.

    Raises:
        FileExistsError: if there is something.
    """
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as that of most USB sticks
        make_private(target)
        try:
            draft.replace(target)
        except OSError:
            target.unlink()
            raise
    else:
        draft.unlink()


def sync(file: int, path: Path) -> None:
    """Bring what was written to an open file to the disk; a device has none.

    Raises:
        OSError: if it cannot be written, or has no name any more.
    """
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        return
    os.fsync(file)
    if not status.st_nlink:
        raise FileNotFoundError(errno.ENOENT, "was removed while it was written", str(path))


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def refusal(path: Path, error: OSError, advice: str = "choose another name, or append to it") -> InvalidInputError:
    """Why a file of results cannot be made."""
    if os.path.isdir(path):
        return InvalidInputError(f"{path} is a folder, and not a file to write to")
    if isinstance(error, FileExistsError):
        return InvalidInputError(f"{path} exists, and is never written over: {advice}")
    return InvalidInputError(f"{path} cannot be written: {error.strerror}")


def write_new(path: Path, content: bytes) -> None:
    """Write a whole file, readable for its owner only.

    Raises:
        InvalidInputError: if there is something, or it cannot be written; then nothing is left of it.
    """
    try:
        file = os.fdopen(private(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb")
    except OSError as error:
        raise refusal(path, error, "choose another name") from error
    try:
        with file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise refusal(path, error, "choose another name") from error
