"""Pictures of the pages of one call with boxes drawn around the values read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._codec.inputs import is_url
from .._codec.reply import Reply
from ..batch.sinks import refusal, write_new
from ..errors import CVSError, InvalidInputError
from ._common import REFUSED, messages

if TYPE_CHECKING:
    from ..look import Pages
    from ..look.overlay import Places

FAST = 1
"""Compression level of zlib: it takes a third of the usual time, for 5 % more bytes."""


class Overlays:
    """Output files. A single page is written to the path itself, several to ``out-1.png``, ``out-2.png`` and so on.

    Args:
        target: path of a new .png file.
        files: inputs of the call.

    Raises:
        InvalidInputError: the target has another extension or exists, or an input is a URL.
        ConfigurationError: a library is missing; the message names it.
    """

    def __init__(self, target: Path, files: Sequence[str]) -> None:
        from ..look import Pages

        if target.suffix.lower() != ".png":
            raise InvalidInputError(f"--overlay writes .png files, not {target}")
        if any(map(is_url, files)):
            raise InvalidInputError("--overlay draws on files, not on URLs: download it first")
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
        """Draw each page that has values. Return the exit code: 0 if pictures were written, without an error."""
        from ..look import Pages
        from ..look.overlay import places_of

        try:
            with Pages(self._files) as pages:
                places = places_of(reply, pages)
                codes = [self._write_page(pages, page, places) for page in range(min(len(pages), len(self._targets)))]
        except CVSError as error:
            messages().print(f"No picture: {error}", markup=False)
            return REFUSED
        if 0 in codes and REFUSED not in codes:
            return 0
        return REFUSED

    def _write_page(self, pages: Pages, page: int, places: Places) -> int | None:
        """Draw a page. Return the exit code; None if no value is known to be on it."""
        from ..look.overlay import boxed_on, describe_boxes, drawn_on, page_note

        path = self._targets[page]
        try:
            picture = drawn_on(pages, page, places)
        except CVSError as error:
            messages().print(f"No picture of page {page + 1}: {error}", markup=False)
            return None
        content = BytesIO()
        picture.save(content, "PNG", compress_level=FAST)
        try:
            write_new(path, content.getvalue())
        except InvalidInputError as error:
            messages().print(f"No picture of page {page + 1}: {error}", markup=False)
            return REFUSED
        described = describe_boxes(picture.info["frame"], page_note(boxed_on(places[0], page)))
        messages().print(f"{path}: {described}.", markup=False)
        return 0
