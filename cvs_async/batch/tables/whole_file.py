"""Base of sinks whose files are readable only when finished, such as those with an index at their end."""

from __future__ import annotations

import os
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from ..._system.atomic import AtomicFile, lock_results, sync
from ...errors import InvalidInputError
from ..sinks import InThread, refusal


class WholeFile(InThread):
    """Base of sinks whose file has the suffix ``.part`` until it is finished.

    Args:
        path: of the file.

    Attributes:
        path: of the file.
        is_whole: whether it is finished and readable.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self.path = Path(path)
        self.is_whole = False
        self._new = AtomicFile(self.path, draft=self.path.with_name(f"{self.path.name}.part"))
        self._is_draft = False
        self._broken = False
        self._file: IO[bytes]

    def as_draft(self) -> Self:
        """Make the sink write to its path, an existing empty file that the caller renames later."""
        self._new.draft, self._is_draft = self.path, True
        return self

    @abstractmethod
    def _start(self) -> None:
        """Start writing to `_file`."""

    @abstractmethod
    def _end(self) -> None:
        """Write remaining rows and the end of the file."""

    @abstractmethod
    def _abandon(self) -> None:
        """Release resources after an error."""

    def _open(self) -> None:
        self._file = self._open_file()
        try:
            lock_results(self._file.fileno(), self.path)
            self._start()
        except BaseException:
            self._file.close()
            raise

    def _open_file(self) -> IO[bytes]:
        if not self._is_draft and os.path.lexists(self.path):
            raise refusal(self.path, FileExistsError(), "choose another name")
        try:
            return self.path.open("r+b") if self._is_draft else self._new.open()
        except FileExistsError:
            part = self._new.draft
            raise InvalidInputError(f"{part} remains from an unfinished run: move it away or delete it") from None
        except OSError as error:
            raise refusal(self.path, error) from error

    def _close(self, all_is_well: bool) -> None:
        with self._file:
            try:
                self._check()
                self._end()
                self._file.flush()
                sync(self._file.fileno(), self._new.draft)
            except OSError:
                with suppress(OSError):
                    self._abandon()
                raise
        self.is_whole = True
        if all_is_well and not self._is_draft:
            self._give_name()

    def _give_name(self) -> None:
        try:
            self._new.commit()
        except FileExistsError:
            raise FileExistsError(
                f"{self.path} was created by another process; the table is in {self._new.draft}"
            ) from None

    def _check(self) -> None:
        """Refuse to continue with a file that could not be written."""
        if self._broken:
            raise OSError(f"{self._new.draft} could not be written")
