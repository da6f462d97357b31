"""Folder of pictures that successive batches with a journal update."""

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
from attrs import define, field

from .._system import atomic
from .._system.atomic import AtomicFile
from ..batch import Outcome
from ..batch.journal import Journal, JournalError, Output
from ..batch.sinks.notes import is_known, is_left_behind, note_of_draft, output_of
from ..batch.sinks.thumbnails import named_pictures
from ..errors import InvalidInputError

TOGETHER = 64
"""Number of items whose pictures are renamed together, after one note in the journal."""

LOOK = 256
"""Number of files of the folder that are checked together."""


@define
class Waiting:
    """Pictures of one item that are not renamed yet.

    Attributes:
        index: of the item.
        pictures: their targets are not decided yet.
        earlier: pictures with this index noted in the journal.
    """

    index: int
    pictures: list[AtomicFile]
    earlier: list[Output] = field(factory=list)


class Pictures:
    """Like `Thumbnails`, but continues in a folder that already has files. Enter it like a sink.

    Pictures made under the same index by earlier runs with this journal are replaced, or removed if nothing replaces
    them, because the index may now belong to another item. Other files are never changed; if one has the name of
    a picture, the picture gets another name, such as ``3-0-passport-2.jpg``.

    Args:
        folder: created if missing.
        notes: the open journal. Without it, nothing is replaced.

    Attributes:
        skipped: number of pictures that could not be decoded so far.

    Raises:
        InvalidInputError: on entering, if the folder has files and none of them was made with this journal.
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
        with atomic.refusing_folder(self._given):
            atomic.make_folder(self._folder)

    def _make_drafts(self) -> Output:
        try:
            self._drafts.mkdir(mode=0o700)
            return note_of_draft(self._drafts)
        except OSError as error:
            raise InvalidInputError(f"{self._given} cannot be written: {error.strerror}") from error

    async def _is_ours(self, notes: Journal) -> bool:
        """Return whether any file of the folder was made with this journal."""
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
            picture = AtomicFile(self._folder / name, draft=self._drafts / str(self._number))
            self._number += 1
            with picture.open() as file:
                file.write(content)
            waiting.pictures.append(picture)
        if waiting.pictures or self._goes_on:
            self._waiting.append(waiting)

    async def _name_all(self) -> None:
        """Rename all pending pictures, after noting the names in the journal."""
        waiting, self._waiting = self._waiting, []
        if self._notes is not None and self._goes_on:
            beginnings = (f"{self._folder}{os.sep}{one.index}-" for one in waiting)
            earlier = await asyncio.gather(*(self._notes.outputs(path, prefix=True) for path in beginnings))
            for one, notes in zip(waiting, earlier, strict=True):
                one.earlier = notes
        named, stale = await anyio.to_thread.run_sync(self._choose_names, waiting)
        if self._notes is not None and named:
            await self._notes.made(await anyio.to_thread.run_sync(_outputs, named))
        await anyio.to_thread.run_sync(_finish, named, stale)

    def _choose_names(self, waiting: Sequence[Waiting]) -> tuple[list[AtomicFile], list[Path]]:
        """Choose the targets of pending pictures, and list earlier pictures without a successor."""
        named, stale = list[AtomicFile](), list[Path]()
        for one in waiting:
            ours = set(self._ours(one.earlier))
            kept = set[Path]()
            for picture in one.pictures:
                for target in atomic.free_names(picture.target):
                    kept.add(target)
                    if os.path.lexists(target):
                        if target.is_file() and filecmp.cmp(picture.draft, target, shallow=False):
                            picture.discard()
                            break
                        if target not in ours:
                            continue
                        picture.place = atomic.replace
                    picture.target = target
                    named.append(picture)
                    break
            stale += ours - kept
        return named, stale

    def _ours(self, notes: Sequence[Output]) -> Iterator[Path]:
        """Yield the pictures that are still as noted."""
        for note in notes:
            path = self._folder / Path(note.path).name
            if (status := atomic.status_of(path)) and is_known(status, [note]):
                yield path


def _clear(note: Output) -> None:
    """Remove the folder that a killed run left behind."""
    if is_left_behind(note) and os.path.isdir(note.path):
        shutil.rmtree(note.path)


def _outputs(pictures: Sequence[AtomicFile]) -> list[Output]:
    return [output_of(picture.target, picture.draft.lstat()) for picture in pictures]


def _finish(pictures: Sequence[AtomicFile], stale: Sequence[Path]) -> None:
    for path in stale:
        path.unlink(missing_ok=True)
    for picture in pictures:
        picture.commit()
