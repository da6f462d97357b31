"""The lock of a journal: only one process writes to it, even if two know it under different names."""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .open import hold, let_go
from .schema import JournalError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PATIENCE = 20
"""Attempts to take a lock, 10 ms apart. A reader that looks for a writer has the lock briefly, and so has a new child
process."""


class Lock:
    """The right to write to a journal. It ends with the process, and a forked child does not inherit it.

    There are two locks:

    1. On a file beside the journal, which contains the process id of its owner.
    2. On Linux, whose locks can belong to a descriptor, also on one byte behind the end of the journal. It protects the
       journal if the file beside it is removed. A lock on the whole journal would keep SQLite out on network and BSD
       file systems.

    Args:
        path: of the journal, without symbolic links.

    Raises:
        JournalError: if another process has it, or the file system cannot lock.
        OSError: if the file beside the journal cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = os.getpid()
        self._journal: int | None = None
        self._beside = self._take_beside()

    def _take_beside(self) -> int:
        path = lock_path(self._path)
        for _ in range(PATIENCE):
            file = hold(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            try:
                _refuse_foreign(path, file)
                self._take(partial(_try_lock, file, exclusive=True), partial(_owner, file))
                if _is_at(path, file):
                    os.ftruncate(file, 0)
                    os.write(file, b"%d\n" % self._process)
                    return file
            except BaseException:
                let_go(file)
                raise
            let_go(file)  # it was removed in between, so another process may have locked a new one
        raise JournalError(f"{path} is removed again and again: keep other programs away from it")

    def hold_journal(self) -> None:
        """Lock the journal itself, once it exists.

        Raises:
            JournalError: if it has several names, another process has it, or it is replaced meanwhile.
        """
        self._journal = hold(self._path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        refuse_links(self._path, os.fstat(self._journal))
        self._take(self._try_journal, lambda: "another process, whose lock file was removed")
        self.confirm()

    def _try_journal(self) -> bool:
        return self._journal is None or _try_byte(self._journal)

    def _take(self, attempt: Callable[[], bool], owner: Callable[[], str]) -> None:
        try:
            for _ in range(PATIENCE):
                if attempt():
                    return
                time.sleep(0.01)
        except OSError as error:
            raise JournalError(
                f"journal {self._path} cannot be locked: {error.strerror}; keep the journal on a local disk"
            ) from error
        raise JournalError(
            f"journal {self._path} is in use by {owner()}: wait until it ends, or choose another journal"
        )

    def confirm(self) -> None:
        """Check that the locked files are still the ones at the paths.

        Raises:
            JournalError: if they are not.
        """
        for path, file in ((lock_path(self._path), self._beside), (self._path, self._journal)):
            if file is not None and not _is_at(path, file):
                raise JournalError(f"{path} was replaced while the journal was being opened: try again")

    def close(self) -> None:
        """Release both locks."""
        if os.getpid() != self._process:
            return  # a forked child has closed its copies already
        if self._journal is not None:
            _release_byte(self._journal)
            let_go(self._journal)
        os.ftruncate(self._beside, 0)
        let_go(self._beside)


def lock_path(path: Path) -> Path:
    """Return the path of the file beside a journal that its writer locks."""
    return path.with_name(path.name + "-lock")


def writer_of(path: Path) -> int | None:
    """Return the id of the process that has the journal open to write; None if no process has."""
    try:
        file = os.open(lock_path(path), os.O_RDONLY)
    except OSError:
        return None
    try:
        if _try_lock(file, exclusive=False):
            return None
        return int(os.read(file, 20) or 0) or None
    except (OSError, ValueError):
        return None
    finally:
        os.close(file)


def refuse_links(path: Path, status: os.stat_result) -> None:
    """Refuse a journal that has several names: each would have its own WAL and lock.

    Raises:
        JournalError: it has several.
    """
    if status.st_nlink > 1:
        raise JournalError(
            f"journal {path} has {status.st_nlink} names (hard links), and what is written under one is not seen under"
            f" the others: remove the others (find -samefile {path.name} shows them), or copy it, together with its"
            " -wal if there is one, to a new name"
        )


def _refuse_foreign(path: Path, file: int) -> None:
    """Refuse to write the process id into a file that is not a lock file."""
    status = os.fstat(file)
    if stat.S_ISREG(status.st_mode) and status.st_nlink <= 1 and status.st_size <= 20:
        content = b""
        if sys.platform != "win32":
            content = os.pread(file, 20, 0)
        if not content.strip(b"\0\n") or content.strip(b"\0\n").isdigit():
            return
    raise JournalError(f"{path} would be the lock file of the journal, but is something else: choose another journal")


def _owner(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    return f"process {os.read(file, 20).decode('ascii', 'replace').strip() or 'unknown'}"


def _is_at(path: Path, file: int) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(file))


_BUSY = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)

# Far behind the process id, because what is locked on Windows cannot be read by others.
_LOCKED_BYTE = 1 << 30


def _try_lock(file: int, *, exclusive: bool) -> bool:
    """Lock a file beside a journal; return False if another process has locked it.

    Raises:
        OSError: if the file system cannot lock.
    """
    try:
        if sys.platform == "win32":
            os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            finally:
                os.lseek(file, 0, os.SEEK_SET)
        else:
            kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _BUSY:
            raise
        return False
    return True


# Behind the end of any database, so that SQLite never locks it.
_JOURNAL_BYTE = 1 << 50


def _try_byte(file: int) -> bool:
    """Lock a journal; return False if another process has locked it.

    Raises:
        OSError: if the file system cannot lock.
    """
    if sys.platform == "linux":
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK))
        except OSError as error:
            if error.errno == errno.EINVAL:
                return True  # a system without these locks
            if error.errno not in _BUSY:
                raise
            return False
    return True


def _release_byte(file: int) -> None:
    if sys.platform == "linux":
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK))
        except OSError:
            return


def _flock(kind: int) -> bytes:
    """Pack C's ``struct flock``."""
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, _JOURNAL_BYTE, 1, 0)
