"""Files that appear whole or not at all: private, locked while they are written, and never over another file."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, TypeAlias

from ..errors import InvalidInputError

if sys.platform != "win32":
    import fcntl

OWNER_ONLY = 0o600

Place: TypeAlias = Callable[[Path, Path], Path]
"""Renames a draft to a target, and returns the name that it got."""


def open_private(path: str, flags: int) -> int:
    """Open a file, a new one readable for its owner only. Use it as the ``opener`` of `open`.

    It never waits for the reader of a pipe.
    """
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), OWNER_ONLY)


def make_private(path: Path) -> None:
    """Make an empty file that is readable for its owner only.

    Raises:
        FileExistsError: the name is taken.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def make_folder(path: Path) -> None:
    """Make a folder and its missing parents, for the owner only. An existing folder is not changed."""
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def lock(file: int, *, shared: bool = False) -> bool:
    """Lock an open file until it is closed. Return False if another opening of it has the lock.

    Return True also if it cannot be locked: on Windows, on some network drives, and if it is not a regular file.
    """
    if sys.platform == "win32" or not stat.S_ISREG(os.fstat(file).st_mode):
        return True
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def in_use(path: Path) -> InvalidInputError:
    """Return the error for a results file that another sink writes."""
    return InvalidInputError(f"{path} is being written by another sink or command: wait for it, or choose another name")


def lock_results(file: int, path: Path) -> None:
    """Lock an opened results file, so that no two writers mix their lines.

    Raises:
        InvalidInputError: another sink writes it, or it is a pipe.
    """
    if stat.S_ISFIFO(os.fstat(file).st_mode):
        raise InvalidInputError(f"{path} is a pipe, and not a file to write to: standard output can be piped on")
    if not lock(file):
        raise in_use(path)


def draft_path(target: Path) -> Path:
    """Return a new name for a draft of `target`: hidden, random, in the same folder."""
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def drafts_of(target: Path) -> Iterator[Path]:
    """Yield the paths that are named like a draft of `target`."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.part")
    with suppress(OSError), os.scandir(target.parent) as entries:  # a folder need not be readable to write to it
        for entry in entries:
            if pattern.fullmatch(entry.name):
                yield target.parent / entry.name


def is_being_written(target: Path, own: Path | None = None) -> bool:
    """Return whether a draft of `target`, other than `own`, is locked by its writer.

    A writer makes and locks its own draft before it calls this. So of two that begin
    at once at least one sees the other.
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
    """Return the status of a path, without following a link; None if it does not exist."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def sync(file: int, path: Path) -> None:
    """Flush an open regular file to the disk.

    Raises:
        OSError: it cannot be written, or was removed.
    """
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        return
    os.fsync(file)
    if not status.st_nlink:
        raise FileNotFoundError(errno.ENOENT, "was removed while it was written", str(path))


def sync_folder(path: Path) -> None:
    """Flush the names in a folder to the disk, if the system can."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def refusal(path: Path, error: OSError, advice: str = "choose another name, or append to it") -> InvalidInputError:
    """Return the error for a results file that cannot be made."""
    if os.path.isdir(path):
        return InvalidInputError(f"{path} is a folder, and not a file to write to")
    if isinstance(error, FileExistsError):
        return InvalidInputError(f"{path} exists, and is never written over: {advice}")
    return InvalidInputError(f"{path} cannot be written: {error.strerror}")


@contextmanager
def refusing_folder(name: object) -> Iterator[None]:
    """Raise InvalidInputError in place of an OSError about an output folder, which errors call `name`."""
    try:
        yield
    except FileExistsError:
        raise InvalidInputError(f"{name} is a file, not a folder") from None
    except OSError as error:
        raise InvalidInputError(f"{name} cannot be written: {error.strerror}") from error


class AtomicFile:
    """A file that gets its name when it is finished: ``with AtomicFile(path) as file: file.write(content)``.

    Until then it is a draft, readable for its owner only. If the block raises, the draft is removed.

    Args:
        target: its name when it is finished.
        place: renames a draft, and returns the name that it got; by default `move_to_new`.
        draft: name of the draft; by default hidden and random, in the same folder.

    Attributes:
        target: its name when it is finished; may be set until `commit`.
        place: as given; may be set until `commit`.
        draft: its name until then.

    Raises:
        OSError: on entering, if the draft cannot be made; on leaving, if it cannot be renamed.
    """

    def __init__(self, target: Path, *, place: Place | None = None, draft: Path | None = None) -> None:
        self.target = target
        self.draft = draft or draft_path(target)
        self.place = place or move_to_new
        self._file: IO[bytes] | None = None

    def __enter__(self) -> IO[bytes]:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.commit()
        finally:
            self.discard()

    def open(self) -> IO[bytes]:
        """Make the draft, and open it."""
        self._file = open(self.draft, "xb", opener=open_private)  # noqa: SIM115 - closed by `commit` and `discard`
        return self._file

    def commit(self) -> None:
        """Close the draft, and rename it. If that fails, the draft stays."""
        if self._file is not None:
            self._file.close()
        self.target = self.place(self.draft, self.target)

    def discard(self) -> None:
        """Close and remove the draft, unless it was renamed."""
        try:
            if self._file is not None:
                self._file.close()
        finally:
            with suppress(OSError):  # such as a name that is too long to exist
                self.draft.unlink(missing_ok=True)


def check_folder(folder: Path) -> None:
    """Check that files can be created in a folder.

    Raises:
        InvalidInputError: if they cannot.
    """
    probe = AtomicFile(folder / "picture")
    with refusing_folder(folder):
        probe.open()
        probe.discard()


def move_to_new(draft: Path, target: Path) -> Path:
    """Rename a draft in one step, and never over an existing file. Return the target.

    Raises:
        FileExistsError: the name is taken.
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
    return target


def move_to_free(draft: Path, target: Path) -> Path:
    """Rename a draft to the first of `free_names` that is not taken. Return that name."""
    for name in free_names(target):
        with suppress(FileExistsError):
            return move_to_new(draft, name)
    raise AssertionError("free names never end")


def free_names(path: Path) -> Iterator[Path]:
    """Yield a path, and alternatives in case it is taken: ``3-0-passport-2.jpg``."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def replace(draft: Path, target: Path) -> Path:
    """Rename a draft over an existing file, in one step, with the mode of that file. Return the target."""
    if target.exists():
        shutil.copymode(target, draft)
    return draft.replace(target)


def write_new(path: Path, content: bytes) -> None:
    """Write a whole file, readable for its owner only.

    Raises:
        InvalidInputError: the name is taken, or it cannot be written; then nothing is left of it.
    """
    try:
        with AtomicFile(path) as file:
            file.write(content)
    except OSError as error:
        raise refusal(path, error, "choose another name") from error
