"""The pictures of one call: files in a folder, and what stands for them in the printed answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field

from .._converter import unstructure_with
from .._reply import Reply
from ..batch import Done, atomic
from ..batch.outcome import Item, printable_name
from ..batch.sinks.thumbnails import free_names, images_of, named_pictures
from ..errors import InvalidInputError
from ..models.fields import Image, described


@define(eq=False)
class KeptPictures:
    """A folder in which the pictures of a reply get new files, readable for their owner only.

    Args:
        folder: made if it is missing; None if pictures are not to be kept.

    Attributes:
        lost: how many pictures are in no file, and in the printed answer by their kind and size only.
        problems: why pictures that were to be kept could not be written; they are in the printed answer.
    """

    folder: Path | None
    lost: int = 0
    problems: list[str] = field(factory=list)

    @property
    def remedy(self) -> str:
        """What would keep those that are lost."""
        if self.folder is None:
            return "--thumbs DIR writes them to files, --raw prints them"
        return "they cannot be decoded; --raw prints what came"

    def begin(self) -> None:
        """Make sure, before anything is paid for, that files can be made in the folder.

        Raises:
            InvalidInputError: if they cannot.
        """
        if self.folder is None:
            return
        try:
            atomic.make_folder(self.folder)
            probe = atomic.draft_path(self.folder / "picture")
            atomic.make_private(probe)
            probe.unlink()
        except FileExistsError:
            raise InvalidInputError(f"{self.folder} is a file, and not a folder to write to") from None
        except OSError as error:
            raise InvalidInputError(f"{self.folder} cannot be written: {error.strerror}") from error

    def plain(self, reply: Reply[Any]) -> Any:
        """Return the reply's data as JSON values: for a picture the name of its file, else its kind and size."""
        names = dict(self._keep(reply))
        return unstructure_with(reply.data, lambda image: names.get(id(image)) or self._instead(image))

    def _instead(self, image: Image) -> str:
        if self.problems:
            return image.base64
        self.lost += 1
        return described(image)

    def _keep(self, reply: Reply[Any]) -> Iterator[tuple[int, str]]:
        if self.folder is None:
            return
        named = named_pictures(Done(Item(0, None), reply))
        for (name, content), (_, image) in zip(named, images_of(reply.data), strict=True):
            try:
                if content:
                    yield id(image), printable_name(str(_write(self.folder / name, content)))
            except OSError as error:
                self.problems.append(f"{self.folder / name} cannot be written: {error.strerror}")


def _write(path: Path, content: bytes) -> Path:
    """Write a new file, under another name if there is one; all of it, or nothing."""
    target = _made(free_names(path))
    try:
        target.write_bytes(content)
    except OSError:
        target.unlink(missing_ok=True)
        raise
    return target


def _made(names: Iterator[Path]) -> Path:
    """An empty file that is new."""
    while True:
        target = next(names)
        try:
            atomic.make_private(target)
        except FileExistsError:
            continue
        return target
