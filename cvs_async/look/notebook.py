"""A reply beside the picture of its document, for notebooks."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .._codec.reply import Reply
from .._display.showing import as_html
from ..batch.sinks import write_new
from .frames import Frame, Placed
from .overlay import LOW, describe_boxes, describe_frame, page_note, places_of
from .pages import Pages
from .painting import label_of, style_of
from .pictures import Encoded, encode

WIDTH = 900
"""Width of a page, in pixels."""

HEAD = (
    '<meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; base-uri 'none'; "
    "form-action 'none'\">"
)
"""Head of a saved page. It forbids scripts and requests."""

MOST_PAGES = 5
"""Number of pages shown by default."""


@frozen
class Shown:
    """A reply beside its document, rendered by notebooks.

    A notebook stores what it renders, values and picture included. The plain text has no values.
    """

    title: str
    _html: str = field(repr=False)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return HTML without scripts, and plain text without values."""
        return {"text/html": self._html, "text/plain": repr(self)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an HTML page that only its owner can read.

        Raises:
            InvalidInputError: if the file exists, or cannot be written.
        """
        title = html.escape(self.title)
        write_new(Path(path), f"<!doctype html>{HEAD}<title>{title}</title>{self._html}".encode())


def shown(reply: Reply[Any], source: object, page: int | None = None, dpi: float | None = None) -> Shown:
    """Return a reply beside its document.

    Args:
        reply: reply of a call.
        source: its document, as for `cvs_async.look.overlay`.
        page: page to show, from 0. Default: the first `MOST_PAGES` pages.
        dpi: as for `overlay`.

    Raises:
        InvalidInputError: the file cannot be opened, or has no such page.
        ConfigurationError: a library is missing; it says which.
    """
    with Pages(source) as pages:
        placed, frames = places_of(reply, pages, dpi)
        wanted = range(min(len(pages), MOST_PAGES)) if page is None else [page]
        drawn = [(number, encode(pages.picture(number, WIDTH), WIDTH)) for number in wanted]
    parts = [part for number, picture in drawn for part in _page(number, picture, placed, frames.get(number))]
    title = f"{reply.operation}: {len(drawn)} of {len(pages.info)} pages"
    return Shown(title, "".join([*parts, as_html(reply, values=True)]))


def _page(number: int, picture: Encoded, placed: Sequence[Placed], frame: Frame | None) -> Iterator[str]:
    drawn = [one for one in placed if one.page == number and one.box is not None]
    yield f"<p>page {number + 1}: {html.escape(_state(drawn, frame))}</p>"
    width, height = picture.width, picture.height
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    data = base64.b64encode(picture.content).decode()
    yield f'<image href="data:image/webp;base64,{data}" width="{width}" height="{height}"/>'
    for one in drawn:
        yield _box(one, width, height)
    yield "</svg>"


def _state(drawn: Sequence[Placed], frame: Frame | None) -> str:
    if frame is None:
        return "no boxes"
    if not drawn:
        return "the boxes lie outside of this picture"
    return describe_boxes(describe_frame(frame), page_note(drawn))


def _box(placed: Placed, width: int, height: int) -> str:
    assert placed.box is not None  # noqa: S101 - checked by the caller
    left, top, right, bottom = placed.box
    style = style_of(placed.read.confidence, LOW)
    dash = ""
    if style.dash:
        dash = f' stroke-dasharray="{style.dash * 2} {style.dash * 2}"'
    return (
        f'<rect x="{left * width:.1f}" y="{top * height:.1f}" width="{(right - left) * width:.1f}" '
        f'height="{(bottom - top) * height:.1f}" fill="transparent" stroke="{style.colour}" '
        f'stroke-width="{style.width:g}"{dash}><title>{html.escape(label_of(placed.read))}</title></rect>'
    )
