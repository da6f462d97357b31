"""Connections to a journal, and safe access to its bytes beside them.

SQLite uses POSIX locks, and a process loses all its POSIX locks on a file as soon as it closes any descriptor of that
file. So this module tracks the files that the process has open through SQLite, and closes no other descriptor of such a
file while a connection is open. A forked child has SQLite's records of these locks, but not the locks, so it may not
use such a file at all.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from ..._system.files import kept_apart
from .schema import JournalError

_Identity: TypeAlias = tuple[int, int]
"""Device and inode number of a file."""

COMPANIONS = ("", "-wal", "-shm", "-journal", "-lock")
"""Endings that SQLite and the writer's lock append to a journal's name."""

_guard = threading.RLock()
_connections = Counter[_Identity]()
_inherited = set[_Identity]()
_held = set[int]()
_late: dict[_Identity, list[int]] = {}


@contextmanager
def opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """Open a connection without automatic transactions. `mode` is the query of SQLite's URI, such as ``mode=ro``.

    Raises:
        JournalError: the file was replaced meanwhile, or the parent of this process had it open.
    """
    with _registered(path) as identity:
        uri = f"{path.absolute().as_uri()}?{mode}"
        database = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30, check_same_thread=False)
        with closing(database):
            if identity_at(path) != identity:
                raise JournalError(f"{path} was replaced while it was being opened: try again")
            yield database


@contextmanager
def _registered(path: Path) -> Iterator[_Identity]:
    """Register a connection before it is opened, and remove it after it is closed."""
    identity = identity_at(path)
    with _guard:
        if identity in _inherited:
            raise JournalError(
                f"journal {path} was open when this process was forked, and SQLite cannot go on with it here:"
                " start the process before the journal is opened, or with the start method 'spawn'"
            )
        _connections[identity] += 1
    try:
        with kept_apart(*(f"{path}{companion}" for companion in COMPANIONS)):
            yield identity
    finally:
        with _guard:
            _connections[identity] -= 1
            if not _connections[identity]:
                del _connections[identity]
                for file in _late.pop(identity, ()):
                    os.close(file)


def first_bytes(path: Path, count: int) -> bytes | None:
    """Read the beginning of a file; None if this process has it open through SQLite."""
    with _guard:
        if identity_at(path) in _connections:
            return None
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return os.read(file, count)
        finally:
            os.close(file)


def hold(path: Path, flags: int) -> int:
    """Open a file to lock it. A forked child closes its copy of the descriptor, so that it does not keep the lock."""
    with _guard:
        file = os.open(path, flags, 0o600)
        _held.add(file)
        return file


def let_go(file: int) -> None:
    """Close a file that `hold` has opened; if SQLite has the same file open, when its last connection is closed."""
    with _guard:
        _held.discard(file)
        identity = _identity(os.fstat(file))
        if identity in _connections:
            _late.setdefault(identity, []).append(file)
        else:
            os.close(file)


def identity_at(path: Path) -> _Identity:
    """Return device and inode number of the file at a path."""
    return _identity(os.stat(path))


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _after_fork() -> None:
    for file in _held.union(*_late.values()):
        with suppress(OSError):
            os.close(file)  # without unlocking, because the parent shares the lock
    _inherited.update(_connections)
    for known in (_held, _late, _connections):
        known.clear()
    _guard.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_after_fork)
