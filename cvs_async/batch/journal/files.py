"""A journal on the disk: recognised, made, upgraded and opened."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..._system.atomic import AtomicFile, make_private, sync_folder
from .lock import Lock, refuse_links, writer_of
from .loss import loss, refuse_left
from .open import first_bytes, opened
from .schema import APPLICATION_ID, SCHEMA, UPGRADES, VERSION, JournalError, translated
from .wal import read_wal, size_of, wal_path

HEADER = 100
"""Bytes at the beginning of a database, which identify it."""


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return the path without symbolic links, because SQLite puts its own files beside the real journal."""
    return Path(os.path.realpath(path))


# --- to recognise it


def is_journal(path: Path) -> bool:
    """Return whether there is a journal at a path; False for a missing or empty file.

    Raises:
        JournalError: another file is there, or the journal is of a newer version or has several names.
        OSError: it cannot be read.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise JournalError(f"{path} is not a regular file: choose another name for the journal")
    if not status.st_size:
        return False
    refuse_links(path, status)
    header = first_bytes(path, HEADER)
    if header is None:
        return True  # this process has it open as a journal
    if _application(header) != APPLICATION_ID:
        # The first page may be incomplete, because writing it was interrupted, and complete in the WAL.
        header = read_wal(wal_path(path)).first_page or header
    application = _application(header)
    if application is None:
        raise JournalError(f"{path} is not a journal: choose another name for the journal")
    if application != APPLICATION_ID:
        raise JournalError(f"{path} is a database of something else: choose another name for the journal")
    refuse_newer(path, int.from_bytes(header[60:64]))
    return True


def _application(header: bytes) -> int | None:
    """Return the application id of a database; None for a file that is not a database."""
    if not header.startswith(b"SQLite format 3\0"):
        return None
    return int.from_bytes(header[68:72])


def refuse_newer(path: Path, version: int) -> None:
    """Refuse a journal of a newer version.

    Raises:
        JournalError: it is newer.
    """
    if version > VERSION:
        raise JournalError(f"{path} was written by a newer version of cvs_async: update cvs_async to go on with it")


# --- to write to it


def open_to_write(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """Lock a journal, make it if it is missing, check it for damage, and open it. The stack closes and unlocks it.

    Raises:
        JournalError: if another process writes to it, it is damaged, of a newer version, or not a journal.
    """
    is_journal(path)  # raises before any file is made beside it
    lock = Lock(path)
    stack.callback(lock.close)
    if not is_journal(path):
        create(path)
    lock.hold_journal()
    if (lost := loss(path)) is not None:
        raise JournalError(lost.text)
    verify(path)
    upgrade(path)
    database = stack.enter_context(opened(path, "mode=rw"))
    lock.confirm()
    return database


def verify(path: Path) -> None:
    """Check a journal for damage, except in the answers. Takes some tenths of a second for a million documents.

    Raises:
        JournalError: if there is damage, or it is of a newer version.
    """
    with translated(path), opened(path, "mode=ro") as database:
        [(version,)] = database.execute("PRAGMA user_version").fetchall()
        refuse_newer(path, version)
        for table in ("sources", "requests", "journal"):
            if database.execute(f"PRAGMA quick_check({table})").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("database disk image is malformed")


def upgrade(path: Path) -> None:
    """Upgrade a journal of an older version, completely or not at all."""
    with translated(path), opened(path, "mode=rw") as database:
        [(version,)] = database.execute("PRAGMA user_version").fetchall()
        if version == VERSION:
            return
        database.execute("BEGIN IMMEDIATE")
        for number in range(version, VERSION):
            for statement in UPGRADES[number]:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")


def create(path: Path) -> None:
    """Make a new journal, readable for its owner only; SQLite gives its own files the same mode.

    It is made under another name, so that it appears complete or not at all.

    Raises:
        JournalError: the path was taken meanwhile, or the remains of a removed journal are there.
    """
    refuse_left(path)
    new = AtomicFile(path, place=_give_name, draft=path.with_name(f"{path.name}-new-{secrets.token_hex(4)}"))
    with new as file:
        file.close()  # POSIX gives up SQLite's locks when a descriptor of the file is closed
        with opened(new.draft, "mode=rw") as database:
            database.executescript(SCHEMA)
    sync_folder(path.parent)


def is_new(path: str | os.PathLike[str]) -> bool:
    """Return whether a batch would make a new journal at this path.

    Raises:
        JournalError: it would refuse the path.
    """
    path = real_path(path)
    with translated(path):
        if is_journal(path):
            return False
        refuse_left(path)
        return True


def existing(path: str | os.PathLike[str]) -> Path:
    """Return the real path of a journal.

    Raises:
        JournalError: it is missing.
    """
    real = real_path(path)
    with translated(real):
        if not is_journal(real):
            refuse_left(real)
            raise JournalError(f"there is no journal {os.fspath(path)}: look for another name or folder")
    return real


def _give_name(draft: Path, path: Path) -> Path:
    """Rename a new journal. Only an empty file is replaced."""
    try:
        make_private(path)
    except FileExistsError:
        if os.stat(path).st_size:
            raise JournalError(f"{path} was made by another program meanwhile: choose another name") from None
    return draft.replace(path)


def save_copy(database: sqlite3.Connection, path: Path) -> None:
    """Save the contents of an open journal, whose own file may have no name any more, in a new file."""
    make_private(path)
    try:
        database.execute("VACUUM INTO ?", (str(path),))
    except sqlite3.Error:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def kept_from_checkpoint(path: Path) -> Iterator[None]:
    """Prevent the checkpoint that SQLite makes when the last connection is closed, by keeping another one open.

    A checkpoint would copy the holes of a truncated WAL into the journal.
    """
    with opened(path, "mode=ro") as database:
        with suppress(sqlite3.Error):
            database.execute("SELECT opening FROM journal").fetchall()
        yield


# --- to read it


def open_to_read(path: Path, stack: ExitStack) -> tuple[sqlite3.Connection, bool]:
    """Return a connection that reads a journal, and whether it relies on the file not changing. The stack closes it.

    SQLite needs two small files beside a journal, even to read it. In a read-only folder, a journal without a WAL is
    opened as a file that does not change.

    Raises:
        JournalError: there is a WAL that cannot be recovered there, or the journal is of a newer version.
    """
    try:
        return _begun(path, "mode=ro", stack), False
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise
        if writer_of(path) is not None:
            raise
    if size_of(wal_path(path)):
        raise JournalError(
            f"journal {path} has a -wal, which cannot be recovered where nothing may be written:"
            " copy both files to a folder in which you may write, and read the copy"
        )
    return _begun(path, "mode=ro&immutable=1", stack), True


def _begun(path: Path, mode: str, stack: ExitStack) -> sqlite3.Connection:
    with ExitStack() as own:
        database = own.enter_context(opened(path, mode))
        [(version,)] = database.execute("PRAGMA user_version").fetchall()  # the first statement opens the WAL
        refuse_newer(path, version)
        stack.push(own.pop_all())
        return database


def tidy(path: Path) -> None:
    """Remove the two files that SQLite has put beside a journal, if they are empty and not in use."""
    wal = wal_path(path)
    with suppress(sqlite3.Error, OSError, JournalError):
        if wal.exists() and not size_of(wal) and writer_of(path) is None:
            with opened(path, "mode=rw") as database:  # SQLite removes them when the last connection is closed
                database.execute("PRAGMA user_version").fetchall()
