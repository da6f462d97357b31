"""The pictures in answers, as files."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import attrs

from ...errors import InvalidInputError
from ...models.fields import Document, Image
from ..atomic import make_folder, move_to_new, private
from ..outcome import Done, Outcome
from ..tables import type_of
from .in_thread import InThread

LONGEST_TYPE = 40


class Thumbnails(InThread):
    """A folder with every picture that the answers hold: of papers with ``get_thumb``, of faces and tables.

    A file is called ``<index>-<n>-<type>.jpg``: the item's index, the picture's number among those of the item,
    from 0, and the kind of paper, or what the picture is of where there is none. Nothing else of an answer gets
    into a name. It ends in .jpg or .png as the picture is, else in .bin. Files and folders that are made are readable
    for their owner only. Where another sink has taken a name meanwhile, the file gets another one, such as
    ``3-0-passport-2.jpg``.

    Args:
        folder: made if it is missing. If there is something in it, it is refused.
        append: go on in a folder with files; those of the same items are replaced.

    Attributes:
        skipped: how many pictures could not be decoded so far; the answers with them are otherwise good.
    """

    def __init__(self, folder: str | os.PathLike[str], *, append: bool = False) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.skipped = 0
        self._append = append

    def _open(self) -> None:
        try:
            make_folder(self.folder)
            used = not self._append and any(self.folder.iterdir())
        except FileExistsError:
            raise InvalidInputError(f"{self.folder} is a file, and not a folder to write to") from None
        except OSError as error:
            raise InvalidInputError(f"{self.folder} cannot be written: {error.strerror}") from error
        if used:
            raise InvalidInputError(f"{self.folder} holds files: choose another folder, or append to it")

    def _put(self, outcome: Outcome[Any]) -> None:
        for name, content in named_pictures(outcome):
            if content:
                self._write(name, content)
            else:
                self.skipped += 1

    def _write(self, name: str, content: bytes) -> None:
        """A whole file, or none."""
        target, draft = self.folder / name, self.folder / f".{name}.{secrets.token_hex(4)}.part"
        try:
            with open(draft, "xb", opener=private) as file:
                file.write(content)
            self._give_name(draft, target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def _give_name(self, draft: Path, target: Path) -> None:
        if self._append:
            if target.exists():
                shutil.copymode(target, draft)
            draft.replace(target)
            return
        for name in free_names(target):  # the folder was empty, but another sink may have found it so, too
            try:
                return move_to_new(draft, name)
            except FileExistsError:
                continue

    def _close(self, all_is_well: bool) -> None:
        """Every file is closed already."""


def free_names(path: Path) -> Iterator[Path]:
    """A path, and others like it for where it is taken: ``3-0-passport-2.jpg``."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def named_pictures(outcome: Outcome[Any]) -> Iterator[tuple[str, bytes]]:
    """The pictures of an outcome with the names of their files; empty where one cannot be decoded."""
    pictures = images_of(outcome.reply.data) if isinstance(outcome, Done) else ()
    for number, (kind, image) in enumerate(pictures):
        try:
            content = image.decode()
        except ValueError:
            content = b""
        yield f"{outcome.item.index}-{number}-{_name(kind)}{_suffix(content)}", content


def images_of(value: object, kind: str | None = None, name: str = "image") -> Iterator[tuple[str, Image]]:
    """Every picture in a part of an answer, each with its kind of paper, else its own name in the model."""
    if isinstance(value, Image):
        yield kind or name, value
    elif isinstance(value, list):
        for element in value:
            yield from images_of(element, kind, name)
    elif isinstance(value, Document):
        kind = type_of(value) or kind
        for own in attrs.fields_dict(type(value)):
            yield from images_of(getattr(value, own), kind, own)


def _name(kind: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", kind.lower())[:LONGEST_TYPE] or "image"


def _suffix(content: bytes) -> str:
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    return ".png" if content.startswith(b"\x89PNG\r\n\x1a\n") else ".bin"
