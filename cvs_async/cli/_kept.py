"""Pictures of one call: files in a folder, and their names in the printed answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field

from .._codec.converter import unstructure_with
from .._codec.reply import Reply
from .._system import atomic
from ..batch.outcome import printable_name
from ..batch.sinks.thumbnails import named_images
from ..models.fields import Image, described
from ..models.pictures_in_json import with_pictures


@define(eq=False)
class KeptPictures:
    """Folder that receives the pictures of a reply as new files, readable by their owner only.

    Args:
        folder: created if missing; None to discard pictures.

    Attributes:
        lost: number of pictures without a file; the printed answer has only their kind and size.
        problems: reasons why pictures could not be written; these pictures stay in the printed answer.
    """

    folder: Path | None
    lost: int = 0
    problems: list[str] = field(factory=list)

    @property
    def remedy(self) -> str:
        """Return a hint on how to keep lost pictures."""
        if self.folder is None:
            return "--thumbs DIR writes them to files, --raw prints them"
        return "they cannot be decoded; --raw prints them as received"

    def begin(self) -> None:
        """Check, before anything is paid for, that files can be created in the folder.

        Raises:
            InvalidInputError: if they cannot.
        """
        if self.folder is None:
            return
        with atomic.refusing_folder(self.folder):
            atomic.make_folder(self.folder)
        atomic.check_folder(self.folder)

    def plain(self, reply: Reply[Any]) -> Any:
        """Return the reply's data as JSON values, each picture as the name of its file or its kind and size."""
        data = with_pictures(reply.data)
        names = dict(self._keep(data))
        return unstructure_with(data, lambda image: names.get(id(image)) or self._instead(image))

    def _instead(self, image: Image) -> str:
        if self.problems:
            return image.base64
        self.lost += 1
        return described(image)

    def _keep(self, data: object) -> Iterator[tuple[int, str]]:
        if self.folder is None:
            return
        for name, content, image in named_images(data, 0):
            try:
                if content:
                    yield id(image), printable_name(str(_write(self.folder / name, content)))
            except OSError as error:
                self.problems.append(f"{self.folder / name} cannot be written: {error.strerror}")


def _write(path: Path, content: bytes) -> Path:
    """Write a new file, under an alternative name if the first is taken. Return its name."""
    new = atomic.AtomicFile(path, place=atomic.move_to_free)
    with new as file:
        file.write(content)
    return new.target
