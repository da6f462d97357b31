"""Detects that a journal's files are removed, replaced or cut while a batch writes to them.

SQLite does not detect that. It would go on writing to lost files, and the next run would pay for everything again.
"""

from __future__ import annotations

import os
from pathlib import Path

from .schema import JournalError
from .wal import wal_path


class Harmed(JournalError):
    """A file of a journal was removed, replaced or damaged by another program.

    Attributes:
        cut: it was truncated, so that more writing would do more damage.
        set_back: SQLite's index of the WAL was restored to an earlier state, so that the next write would overwrite
            committed data.
        journal_lost: the journal was removed or replaced, so that writes go to a file without a name.
    """

    def __init__(self, message: str, *, cut: bool = False, set_back: bool = False, journal_lost: bool = False) -> None:
        super().__init__(message)
        self.cut = cut
        self.set_back = set_back
        self.journal_lost = journal_lost

    @property
    def forbids_writing(self) -> bool:
        """Return whether even recording the results of requests in flight would destroy committed data."""
        return self.cut or self.set_back


class Watch:
    """Remembers identity and size of the journal and its WAL.

    The -shm file is not watched: only readers need its name, and SQLite makes a new one.

    Args:
        path: of the journal.
        least: minimum size of the journal in bytes. A checkpoint may shrink it to the size of its database.
    """

    def __init__(self, path: Path, least: int) -> None:
        self._journal = _File(path, least)
        self._wal = _File(wal_path(path))

    def look(self) -> None:
        """Compare both files with their last state, and remember the new one.

        Raises:
            Harmed: if one of them was removed, replaced or truncated.
        """
        self._journal.look()
        self._wal.look()


class _File:
    def __init__(self, path: Path, least: int | None = None) -> None:
        self._path = str(path)
        status = os.stat(path)
        self._identity = status.st_dev, status.st_ino
        self._size = status.st_size
        self._is_journal = least is not None
        self._least = min(self._size if least is None else least, self._size)

    def look(self) -> None:
        try:
            status = os.stat(self._path)
        except (FileNotFoundError, NotADirectoryError):
            raise self._harmed("was removed", journal_lost=self._is_journal) from None
        except OSError as error:
            raise self._harmed(f"cannot be reached ({error.strerror})") from error
        if (status.st_dev, status.st_ino) != self._identity:
            raise self._harmed("was replaced by another file", journal_lost=self._is_journal)
        if status.st_size < self._least:
            raise self._harmed(f"was cut from {self._size:,} to {status.st_size:,} bytes", cut=True)
        if status.st_size != self._size:
            self._size = self._least = status.st_size

    def _harmed(self, what: str, *, cut: bool = False, journal_lost: bool = False) -> Harmed:
        text = f"{self._path} {what} while a batch wrote to it: nothing more is sent; keep the results, because answers"
        return Harmed(f"{text} that came last may be nowhere else", cut=cut, journal_lost=journal_lost)
