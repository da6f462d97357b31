"""A folder of pictures that batches with a journal go on with."""

from __future__ import annotations

import asyncio
import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import anyio.to_thread
from attrs import define, field, frozen

from ..batch import Outcome, atomic
from ..batch.journal import Journal, JournalError, Output
from ..batch.sinks.notes import is_known, is_left_behind, note_of_draft, output_of
from ..batch.sinks.thumbnails import free_names, named_pictures
from ..errors import InvalidInputError

TOGETHER = 64
"""Items whose pictures get their names at once, after one note in the journal."""

LOOK = 256
"""Files of the folder that are looked at together."""


@define
class Waiting:
    """An item's pictures that have no names yet.

    Attributes:
        index: of the item.
        pictures: their drafts and the names that they want.
        earlier: what the journal has noted of pictures with this index.
    """

    index: int
    pictures: list[tuple[Path, str]]
    earlier: list[Output] = field(factory=list)


@frozen
class Move:
    """A picture that gets a name; `replaced` is the earlier one that has it now."""

    draft: Path
    target: Path
    replaced: bool


class Pictures:
    """As `Thumbnails`, but goes on in a folder with files; entered like a sink.

    Of an item's pictures those that earlier runs with this journal have made under its index are replaced, or removed
    if there is none to replace them, for the index may now be another item's. Any other file stays as it is; where it
    has the name of a picture, the picture gets another one, such as ``3-0-passport-2.jpg``.

    Args:
        folder: made if it is missing.
        notes: the open journal. Without it, nothing is replaced.

    Attributes:
        skipped: how many pictures could not be decoded so far.

    Raises:
        InvalidInputError: on entering, if there are files in the folder, and none of them was made with this journal.
        OSError: if a picture cannot be written.
    """

    def __init__(self, folder: Path, notes: Journal | None) -> None:
        self.skipped = 0
        self._given = folder
        self._folder = Path(os.path.realpath(folder))
        self._notes = notes
        self._drafts = self._folder / f".{secrets.token_hex(4)}.part"
        self._goes_on = False
        self._waiting: list[Waiting] = []
        self._number = 0

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self._make_folder)
        if self._notes is not None:
            for note in await self._notes.outputs(f"{self._folder}{os.sep}.", prefix=True):
                await anyio.to_thread.run_sync(_clear, note)
            self._goes_on = await self._is_ours(self._notes)
        note = await anyio.to_thread.run_sync(self._make_drafts)
        if self._notes is not None:
            await self._notes.made([note])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self._name_all()
            except (OSError, JournalError):
                if error is None:
                    raise
            finally:
                await anyio.to_thread.run_sync(shutil.rmtree, self._drafts, True)

    async def write(self, outcome: Outcome[Any]) -> None:
        """Add the pictures of one outcome."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._put, outcome)
            if len(self._waiting) >= TOGETHER:
                await self._name_all()

    def _make_folder(self) -> None:
        try:
            atomic.make_folder(self._folder)
        except FileExistsError:
            raise InvalidInputError(f"{self._given} is a file, and not a folder to write to") from None
        except OSError as error:
            raise InvalidInputError(f"{self._given} cannot be written: {error.strerror}") from error

    def _make_drafts(self) -> Output:
        try:
            self._drafts.mkdir(mode=0o700)
            return note_of_draft(self._drafts)
        except OSError as error:
            raise InvalidInputError(f"{self._given} cannot be written: {error.strerror}") from error

    async def _is_ours(self, notes: Journal) -> bool:
        """Whether some file of the folder was made with this journal; False where there is nothing."""
        files, is_empty = self._files(), True
        while some := await anyio.to_thread.run_sync(lambda: list(islice(files, LOOK))):
            is_empty = False
            noted = await asyncio.gather(*(notes.outputs(str(path)) for path, _ in some))
            if any(is_known(status, known) for (_, status), known in zip(some, noted, strict=True)):
                return True
        if not is_empty:
            raise InvalidInputError(
                f"{self._given} holds files, and none of them was made with journal {notes.path}: choose another folder"
            )
        return False

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self._folder.iterdir():
            if status := atomic.status_of(path):
                yield path, status

    def _put(self, outcome: Outcome[Any]) -> None:
        waiting = Waiting(outcome.item.index, [])
        for name, content in named_pictures(outcome):
            if not content:
                self.skipped += 1
                continue
            draft = self._drafts / str(self._number)
            self._number += 1
            with open(draft, "xb", opener=atomic.private) as file:
                file.write(content)
            waiting.pictures.append((draft, name))
        if waiting.pictures or self._goes_on:
            self._waiting.append(waiting)

    async def _name_all(self) -> None:
        """Give all pictures that wait their names. The journal knows them before."""
        waiting, self._waiting = self._waiting, []
        if self._notes is not None and self._goes_on:
            beginnings = (f"{self._folder}{os.sep}{one.index}-" for one in waiting)
            earlier = await asyncio.gather(*(self._notes.outputs(path, prefix=True) for path in beginnings))
            for one, notes in zip(waiting, earlier, strict=True):
                one.earlier = notes
        moves, stale = await anyio.to_thread.run_sync(self._choose_names, waiting)
        if self._notes is not None and moves:
            await self._notes.made(await anyio.to_thread.run_sync(_outputs, moves))
        await anyio.to_thread.run_sync(_move_all, moves, stale)

    def _choose_names(self, waiting: Sequence[Waiting]) -> tuple[list[Move], list[Path]]:
        """What gets which name, and which earlier pictures have no successor."""
        moves, stale = list[Move](), list[Path]()
        for one in waiting:
            ours = set(self._ours(one.earlier))
            kept = set[Path]()
            for draft, name in one.pictures:
                for target in free_names(self._folder / name):
                    kept.add(target)
                    if not os.path.lexists(target):
                        moves.append(Move(draft, target, replaced=False))
                    elif target.is_file() and filecmp.cmp(draft, target, shallow=False):
                        draft.unlink()  # it is there
                    elif target in ours:
                        moves.append(Move(draft, target, replaced=True))
                    else:
                        continue
                    break
            stale += ours - kept
        return moves, stale

    def _ours(self, notes: Sequence[Output]) -> Iterator[Path]:
        """The pictures that are there as they were noted."""
        for note in notes:
            path = self._folder / Path(note.path).name
            if (status := atomic.status_of(path)) and is_known(status, [note]):
                yield path


def _clear(note: Output) -> None:
    """Take away what a run that was killed has left."""
    if is_left_behind(note) and os.path.isdir(note.path):
        shutil.rmtree(note.path)


def _outputs(moves: Sequence[Move]) -> list[Output]:
    return [output_of(move.target, move.draft.lstat()) for move in moves]


def _move_all(moves: Sequence[Move], stale: Sequence[Path]) -> None:
    for path in stale:
        path.unlink(missing_ok=True)
    for move in moves:
        if move.replaced:
            shutil.copymode(move.target, move.draft)
            os.replace(move.draft, move.target)
        else:
            atomic.move_to_new(move.draft, move.target)
