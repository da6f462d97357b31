"""Pictures of the pages of one call, with the boxes of what was read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._inputs import is_url
from .._reply import Reply
from ..batch._drafts import private
from ..batch.sinks import refusal
from ..errors import CVSError, InvalidInputError
from ._common import REFUSED, messages


class Overlays:
    """Where the pictures go. One page is written to the path itself, several to ``out-1.png``, ``out-2.png`` and so on.

    Args:
        target: a .png that does not exist.
        files: the inputs of the call.

    Raises:
        InvalidInputError: before anything is sent: the target is of another kind, or exists; an input is a URL.
        ConfigurationError: a library is missing.
    """

    def __init__(self, target: Path, files: Sequence[str]) -> None:
        from ..look import Pages

        if target.suffix.lower() != ".png":
            raise InvalidInputError(f"--overlay writes .png files, and {target} is of another kind")
        if any(map(is_url, files)):
            raise InvalidInputError("--overlay draws on files, and a URL was given: download it first")
        if not target.parent.is_dir():
            raise InvalidInputError(f"{target}: there is no folder {target.parent}")
        self._files = [Path(file) for file in files]
        with Pages(self._files) as pages:
            self._targets = self._names(target, len(pages))
        for path in self._targets:
            if os.path.lexists(path):
                raise refusal(path, FileExistsError(), "choose another name")

    @staticmethod
    def _names(target: Path, count: int) -> list[Path]:
        if count == 1:
            return [target]
        return [target.with_name(f"{target.stem}-{number}{target.suffix}") for number in range(1, count + 1)]

    def write(self, reply: Reply[Any]) -> int:
        """Draw every page that something is known to stand on; return the exit code."""
        from ..look import overlay

        code = 0
        for page, path in enumerate(self._targets):
            try:
                picture = overlay(reply, self._files, page=page)
                with os.fdopen(private(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                    picture.save(file, "PNG")
            except (CVSError, OSError) as error:
                messages().print(f"No picture of page {page + 1}: {error}", markup=False)
                code = REFUSED
            else:
                frame = picture.info["frame"]
                messages().print(f"{path}: boxes in pixels of the page ({frame}).", markup=False)
        return code
