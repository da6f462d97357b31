"""Results file that is rewritten as a whole under a hidden name and never replaces a file of another origin."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import anyio.to_thread

from .._system import atomic
from ..batch.journal import Journal, JournalError, Output
from ..batch.sinks import refusal
from ..batch.sinks.notes import is_known, is_left_behind, note_of_draft, output_of, same
from ..errors import InvalidInputError


class Remade:
    """File that gets its name, through links, when it is finished. It replaces only what this journal made there.

    Args:
        out: the file, as the user names it.
        notes: the open journal, which records the files made with it. Without it only an empty file is replaced.

    Attributes:
        path: of the draft: a private file with a random name in the same folder.
    """

    def __init__(self, out: Path, notes: Journal | None) -> None:
        self._out = out
        self._notes = notes
        self._target = Path(os.path.realpath(out))
        self._file = atomic.AtomicFile(self._target, place=self._place)
        self.path = self._file.draft
        self._replaced: os.stat_result | None = None
        self._guard: int | None = None

    @property
    def is_left(self) -> bool:
        """Return whether the draft still exists under its own name."""
        return self.path.exists()

    async def begin(self) -> None:
        """Create the empty draft.

        Raises:
            InvalidInputError: if a file exists that was not made with this journal, another process is writing it, or
                no file can be created.
        """
        notes = [] if self._notes is None else await self._notes.outputs(str(self._target))
        self._replaced = await anyio.to_thread.run_sync(self._judge, notes)
        note = await anyio.to_thread.run_sync(self._make)
        if self._notes is not None:
            await self._notes.made([note])

    async def claim(self) -> None:
        """Ensure that no other process writes the file, once the draft is locked; remove remains of killed runs.

        Raises:
            InvalidInputError: if another process is writing it.
        """
        await anyio.to_thread.run_sync(self._refuse_second)
        if self._notes is None:
            return
        beginning = str(self._target.with_name(f".{self._target.name}."))
        for note in await self._notes.outputs(beginning, prefix=True):
            await anyio.to_thread.run_sync(self._clear, note)

    async def end(self, *, whole: bool) -> None:
        """Give the finished draft its name, if it is complete or has more than the existing file.

        Raises:
            OSError: if the rename fails; the draft stays.
            JournalError: if the journal cannot note it; nothing is replaced.
        """
        finished = await anyio.to_thread.run_sync(atomic.status_of, self.path)
        if finished is None or not await anyio.to_thread.run_sync(self._is_better, finished, whole):
            return
        failure: JournalError | None = None
        if self._notes is not None:
            try:
                await self._notes.made([output_of(self._target, finished)])
            except JournalError as error:
                failure = error
        if failure is None or self._replaced is None:
            await anyio.to_thread.run_sync(self._file.commit)
        if failure is not None:
            raise failure

    def discard(self) -> None:
        """Remove the draft if it exists."""
        self._file.discard()

    def close(self) -> None:
        """Unlock the replaced file."""
        if self._guard is not None:
            os.close(self._guard)
            self._guard = None

    def _judge(self, notes: list[Output]) -> os.stat_result | None:
        """Return the status of the existing file if it may be replaced; None if there is no file."""
        try:
            status = atomic.status_of(self._target)
        except OSError as error:
            raise refusal(self._out, error) from error
        if status is None:
            return None
        if self._target.is_dir():
            raise refusal(self._out, IsADirectoryError())
        if self._notes is None:
            if status.st_size or not self._target.is_file():
                raise refusal(self._out, FileExistsError(), "choose another name")
            return status
        if is_known(status, notes):
            return status
        what = "was changed after being" if notes else "was not"
        advice = "move it away, or choose another name"
        raise InvalidInputError(f"{self._out} exists, and {what} made with journal {self._notes.path}: {advice}")

    def _make(self) -> Output:
        try:
            self._file.open().close()
            if self._replaced is not None:
                shutil.copymode(self._target, self.path)
            return note_of_draft(self.path)
        except OSError as error:
            self.discard()
            raise refusal(self._out, error) from error

    def _refuse_second(self) -> None:
        if atomic.is_being_written(self._target, self.path):
            raise atomic.in_use(self._out)
        if self._replaced is not None and sys.platform != "win32":  # where an open file cannot be replaced
            try:
                self._guard = os.open(self._target, os.O_RDONLY)
            except OSError:
                return  # it may be replaced, and need not be readable for that
            if not atomic.lock(self._guard, shared=True):
                raise atomic.in_use(self._out)

    def _clear(self, note: Output) -> None:
        """Remove the file that a killed run left behind. A run still writing would have been noticed before."""
        if note.path != str(self.path) and is_left_behind(note):
            Path(note.path).unlink()

    def _is_better(self, finished: os.stat_result, whole: bool) -> bool:
        return whole or self._replaced is None or finished.st_size > self._replaced.st_size

    def _place(self, draft: Path, target: Path) -> Path:
        if not same(atomic.status_of(target), self._replaced):
            raise FileExistsError(f"{self._out} was created or changed during the run; the new results are in {draft}")
        if self._replaced is None:
            atomic.move_to_new(draft, target)
        else:
            atomic.replace(draft, target)
        atomic.sync_folder(target.parent)
        return target
