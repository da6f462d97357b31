"""Notices that a journal's files are removed, replaced or cut while a batch writes to them.

SQLite does not: it goes on writing to files that nobody will find again, and the next run pays for everything again.
"""

from __future__ import annotations

import os
from pathlib import Path

from ._journal_schema import JournalError
from ._journal_wal import wal_path


class Watch:
    """Remembers the journal and its WAL as they were when it looked last.

    The -shm file is not watched: only readers need it, and SQLite makes it anew.

    Args:
        path: of the journal.
        least: bytes that the journal keeps at least. A checkpoint may shrink it to the size that its database has.
    """

    def __init__(self, path: Path, least: int) -> None:
        self._journal = _File(path, least)
        self._wal = _File(wal_path(path))

    def look(self) -> None:
        """Compare both files with what they were, and remember what they are.

        Raises:
            JournalError: if one of them is gone, is another file, or has become shorter.
        """
        self._journal.look()
        self._wal.look()


class _File:
    def __init__(self, path: Path, least: int | None = None) -> None:
        self._path = str(path)
        status = os.stat(path)
        self._identity = status.st_dev, status.st_ino
        self._size = status.st_size
        self._least = self._size if least is None else min(least, self._size)

    def look(self) -> None:
        try:
            status = os.stat(self._path)
        except OSError as error:
            raise self._harmed(
                "is gone" if isinstance(error, FileNotFoundError) else f"fails: {error.strerror}"
            ) from error
        if (status.st_dev, status.st_ino) != self._identity:
            raise self._harmed("was replaced by another file")
        if status.st_size < self._least:
            raise self._harmed(f"was cut from {self._size:,} to {status.st_size:,} bytes")
        if status.st_size != self._size:
            self._size = self._least = status.st_size

    def _harmed(self, what: str) -> JournalError:
        return JournalError(
            f"{self._path} {what} while the batch wrote to it: nothing more is sent; answers that came so far may be in"
            " the results only, so keep these, and put the journal and its -wal back before you run the batch again"
        )
