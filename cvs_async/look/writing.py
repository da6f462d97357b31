"""Targets of a report: one file or a folder. It is written under a hidden name, and never replaces a file."""

from __future__ import annotations

import base64
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from .._system.atomic import AtomicFile, draft_path, open_private
from ..batch.sinks import refusal
from ..errors import InvalidInputError
from .pictures import Encoded
from .template import Mode, data_part, data_script, text_of

LARGEST_FILE = 60_000_000
"""Maximum number of bytes of a report in one file: browsers take long to open more."""

CERTAINLY = 2
"""A report whose expected size exceeds the maximum by this factor is refused early."""

PICTURES_A_FOLDER = 1_000


class Target(ABC):
    """A report being written. Use it as a context manager: after an error, everything is removed.

    Attributes:
        path: path of the file or folder.
        size: number of bytes written.
        pictures: number of pictures written.
        share: fraction of the documents written after the next part, to estimate the size of the report.
    """

    mode: Mode

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.pictures = 0
        self.share = 0.0
        self._draft = draft_path(path)
        if os.path.lexists(path):
            raise InvalidInputError(f"{path} exists, and is never written over: choose another name")
        if not path.parent.is_dir():
            raise InvalidInputError(f"{path}: there is no folder {path.parent}")

    def __enter__(self) -> Self:
        try:
            self._begin()
        except OSError as error:
            raise refusal(self.path, error) from error
        return self

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def page(self, before: str, behind: str) -> None:
        """Write the page. Call it first."""

    @abstractmethod
    def part(self, name: str, text: str) -> None:
        """Write a part of the data."""

    @abstractmethod
    def picture(self, name: str, picture: Encoded) -> str:
        """Write a picture and return its address for the page."""


def target_of(path: Path) -> Target:
    """Return the target for a path: one file if it ends in .html, else a folder."""
    return OneFile(path) if path.suffix.lower() in (".html", ".htm") else Folder(path)


class OneFile(Target):
    """A report in one file, readable by its owner only."""

    mode: Mode = "file"
    _atomic: AtomicFile
    _file: IO[bytes]
    _behind = ""

    def _begin(self) -> None:
        self._atomic = AtomicFile(self.path, draft=self._draft)
        self._file = self._atomic.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._put([self._behind])
                self._atomic.commit()
        finally:
            self._atomic.discard()

    def page(self, before: str, behind: str) -> None:
        self._put([before])
        self._behind = behind

    def part(self, name: str, text: str) -> None:
        self._put(data_part(name, text))

    def picture(self, name: str, picture: Encoded) -> str:
        self.pictures += 1
        return f"data:image/webp;base64,{base64.b64encode(picture.content).decode()}"

    def _put(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.size += self._file.write(text.encode("utf-8"))
        expected = self.size / self.share if self.share else self.size
        if self.size > LARGEST_FILE or expected > CERTAINLY * LARGEST_FILE:
            raise InvalidInputError(
                f"{self.path} would have about {expected / 1_000_000:.2g} MB, and browsers take long to open more than "
                f"{LARGEST_FILE / 1_000_000:.2g}: write a folder (--to without .html), or fewer pictures"
                " (--pictures none)"
            )


class Folder(Target):
    """A report in a folder, readable by its owner only. It needs no server."""

    mode: Mode = "folder"

    def _begin(self) -> None:
        self._draft.mkdir(0o700)
        (self._draft / "data").mkdir(0o700)
        self._write(".gitignore", b"*\n")
        for name in ("report.css", "report.js"):
            self._write(name, text_of(name).encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                if os.path.lexists(self.path):
                    raise InvalidInputError(f"{self.path} exists, and is never written over: choose another name")
                self._draft.rename(self.path)
        finally:
            shutil.rmtree(self._draft, ignore_errors=True)

    def page(self, before: str, behind: str) -> None:
        self._write("index.html", (before + behind).encode())

    def part(self, name: str, text: str) -> None:
        self._write(f"data/{name}.js", "".join(data_script(name, text)).encode())

    def picture(self, name: str, picture: Encoded) -> str:
        place = f"img/{self.pictures // PICTURES_A_FOLDER:02}"
        for folder in (self._draft / "img", self._draft / place):
            folder.mkdir(0o700, exist_ok=True)
        self.pictures += 1
        self._write(f"{place}/{name}.webp", picture.content)
        return f"{place}/{name}.webp"

    def _write(self, name: str, content: bytes) -> None:
        with open(self._draft / name, "xb", opener=open_private) as file:
            self.size += file.write(content)
