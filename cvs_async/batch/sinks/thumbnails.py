"""The sink that writes the pictures of answers as files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from ..._system.atomic import AtomicFile, check_folder, make_folder, move_to_free, refusing_folder, replace
from ...errors import InvalidInputError
from ...models.fields import Document, Image
from ...models.general import Page
from ...models.pictures_in_json import DEEPEST, with_pictures
from ..outcome import Done, Outcome
from ..tables import type_of
from .in_thread import InThread

LONGEST_TYPE = 40


class Thumbnails(InThread):
    """A folder with every picture in the answers: of papers (with ``get_thumb``), faces and tables.

    Files are named ``<index>-<n>-<type>.jpg``: index of the item, number of the picture within the item, from 0, and
    kind of paper or picture. Names contain nothing else of an answer. They end in .jpg, .png or, for other formats,
    .bin. New files and folders are readable for their owner only. If a name was taken meanwhile, the file gets another
    one, such as ``3-0-passport-2.jpg``. In an answer that stays JSON, each text that is a JPEG or PNG in base64 is a
    picture.

    Args:
        folder: created if missing; refused if it is not empty.
        append: accept a folder with files; files of the same items are replaced.

    Attributes:
        skipped: number of pictures that could not be decoded.
    """

    def __init__(self, folder: str | os.PathLike[str], *, append: bool = False) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.skipped = 0
        self._append = append

    def _open(self) -> None:
        with refusing_folder(self.folder):
            make_folder(self.folder)
            used = not self._append and any(self.folder.iterdir())
        if used:
            raise InvalidInputError(f"{self.folder} holds files: choose another folder, or append to it")
        check_folder(self.folder)

    def _put(self, outcome: Outcome[Any]) -> None:
        for name, content in named_pictures(outcome):
            if content:
                self._write(name, content)
            else:
                self.skipped += 1

    def _write(self, name: str, content: bytes) -> None:
        # Another sink may use the same folder, because both found it empty.
        with AtomicFile(self.folder / name, place=replace if self._append else move_to_free) as file:
            file.write(content)

    def _close(self, all_is_well: bool) -> None:
        """Do nothing: every file is closed already."""


def named_pictures(outcome: Outcome[Any]) -> Iterator[tuple[str, bytes]]:
    """Yield file name and content of the pictures of an outcome; empty content for one that cannot be decoded."""
    if isinstance(outcome, Done):
        for name, content, _ in named_images(with_pictures(outcome.reply.data), outcome.item.index):
            yield name, content


def named_images(data: object, index: int) -> Iterator[tuple[str, bytes, Image]]:
    """Yield file name, content and `Image` of each picture in the data of the item with this index."""
    for number, (kind, image) in enumerate(images_of(data)):
        try:
            content = image.decode()
        except ValueError:
            content = b""
        yield f"{index}-{number}-{_name(kind)}{_suffix(content)}", content, image


def images_of(value: object, kind: str | None = None, name: str = "image") -> Iterator[tuple[str, Image]]:
    """Yield every picture in a part of an answer, with its kind of paper, else with its name in the model or JSON."""
    yield from _images_of(value, kind, name, DEEPEST)


def _images_of(value: object, kind: str | None, name: str, depth: int) -> Iterator[tuple[str, Image]]:
    if isinstance(value, Image):
        yield kind or name, value
        return
    if not depth:
        return
    if isinstance(value, Document | dict):
        kind = type_of(value) or kind
    for own, part in _parts(value):
        yield from _images_of(part, kind, own or name, depth - 1)


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yield the parts of a part of an answer that may be or have pictures, with their names, if they have any."""
    if isinstance(value, Page):
        yield "", value.image
    elif isinstance(value, list):
        yield from (("", element) for element in value)
    elif isinstance(value, Document):
        yield from ((own, getattr(value, own)) for own in attrs.fields_dict(type(value)) if own != "extra")
    elif isinstance(value, dict):
        yield from value.items()


def _name(kind: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", kind.lower())[:LONGEST_TYPE] or "image"


def _suffix(content: bytes) -> str:
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    return ".bin"
