"""A reply beside its document, for notebooks: a picture with boxes, and what was read."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .._reply import Reply
from .._showing import as_html
from ..batch._drafts import private
from ..batch.sinks import refusal
from ..errors import InvalidInputError
from .frames import Frame, Placed, place
from .overlay import LOW, describe_frame
from .pages import Pages
from .painting import label_of, style_of
from .pictures import Encoded, encode
from .reads import read_fields

WIDTH = 900
"""Of a page, in pixels."""

MOST_PAGES = 5
"""Shown at once, where no page is chosen."""


@frozen
class Shown:
    """A reply beside its document. A notebook renders it, and keeps what it renders: values and picture.

    Its text form holds no values. `save` writes a page of its own, readable for its owner only.
    """

    title: str
    _html: str = field(repr=False)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return what a notebook renders: HTML without scripts, and a text without values."""
        return {"text/html": self._html, "text/plain": repr(self)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as a page.

        Raises:
            InvalidInputError: if the file exists, or cannot be written.
        """
        target = Path(path)
        try:
            with os.fdopen(private(str(target), os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as file:
                file.write(f'<!doctype html><meta charset="utf-8"><title>{html.escape(self.title)}</title>{self._html}')
        except OSError as error:
            raise refusal(target, error, "choose another name") from error


def shown(reply: Reply[Any], source: object, page: int | None = None, dpi: float | None = None) -> Shown:
    """Return a reply beside its document.

    Args:
        reply: of a call.
        source: its document, as for `cvs_async.look.overlay`.
        page: from 0; without it the first `MOST_PAGES`.
        dpi: as for `overlay`.

    Raises:
        InvalidInputError: the file cannot be opened, or has no such page.
        ConfigurationError: a library is missing; it says which.
    """
    with Pages(source) as pages:
        placed, frames = place(read_fields(reply.data), pages.info, operation=reply.operation, dpi=dpi)
        wanted = range(min(len(pages), MOST_PAGES)) if page is None else [page]
        if page is not None and not 0 <= page < len(pages):
            raise InvalidInputError(f"there is no page {page}: the document has {len(pages)}, counted from 0")
        drawn = [(number, encode(pages.picture(number, WIDTH), WIDTH)) for number in wanted]
    parts = [part for number, picture in drawn for part in _page(number, picture, placed, frames.get(number))]
    title = f"{reply.operation}: {len(drawn)} of {len(pages.info)} pages"
    return Shown(title, "".join([*parts, as_html(reply, values=True)]))


def _page(number: int, picture: Encoded, placed: Sequence[Placed], frame: Frame | None) -> Iterator[str]:
    state = "no boxes" if frame is None else f"boxes in pixels of the page ({describe_frame(frame)})"
    yield f"<p>page {number + 1}: {html.escape(state)}</p>"
    width, height = picture.width, picture.height
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    data = base64.b64encode(picture.content).decode()
    yield f'<image href="data:image/webp;base64,{data}" width="{width}" height="{height}"/>'
    for one in placed:
        if one.page == number and one.box is not None:
            yield _box(one, width, height)
    yield "</svg>"


def _box(placed: Placed, width: int, height: int) -> str:
    assert placed.box is not None  # noqa: S101 - the caller has looked
    left, top, right, bottom = placed.box
    style = style_of(placed.read.confidence, LOW)
    dash = f' stroke-dasharray="{style.dash * 2} {style.dash * 2}"' if style.dash else ""
    return (
        f'<rect x="{left * width:.1f}" y="{top * height:.1f}" width="{(right - left) * width:.1f}" '
        f'height="{(bottom - top) * height:.1f}" fill="transparent" stroke="{style.colour}" '
        f'stroke-width="{style.width:g}"{dash}><title>{html.escape(label_of(placed.read))}</title></rect>'
    )
