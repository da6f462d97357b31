"""The text of scanned pages: pages, blocks, lines, pieces of text (vendor document 001, "văn bản scan")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

from attrs import field, frozen

from .._text.json import dumps, json_values
from .._text.reveal import is_revealed
from .dictionaries import InPydantic, Showable
from .fields import Box, Document, Image

T = TypeVar("T")


@frozen(kw_only=True)
class TextItem(Document):
    """A piece of text on a line."""

    text: str | None = field(default=None, repr=False)
    """The text, as read (chữ đọc được), such as ``Xin chào``."""
    confidence: float | None = None
    """Confidence, 0 to 1 (độ tin cậy), such as ``0.97``."""
    box: Box | None = None
    """Position on the page, in pixels (tọa độ), such as ``[10, 20, 90, 40]``."""


class _Quiet(InPydantic, Showable, list[T]):
    """A list whose repr shows only its length, except inside `cvs_async.reveal`."""

    __slots__ = ()

    def to_dict(self, *, compact: bool = False) -> list[Any] | dict[str, Any]:
        """Return plain JSON values: lists, with the pieces of text as dictionaries.

        A page with a picture or `extra` is a dictionary with its blocks as ``result``.
        """
        from .._codec.converter import unstructure  # needs the models

        plain: list[Any] | dict[str, Any] = json_values(unstructure(self, compact=compact))
        return plain

    def to_json(self, *, compact: bool = False) -> str:
        """Return `to_dict` as JSON, on one line."""
        return dumps(self.to_dict(compact=compact))

    @classmethod
    def from_dict(cls, data: Sequence[Any] | Mapping[str, Any]) -> Self:
        """Restore an instance from the result of `to_dict`, compact or not.

        Raises:
            ValueError: a value has another type than `to_dict` writes; the message names the place, not the value.
        """
        from .._schemas.restoring import restore  # needs the models

        restored: Self = restore(data, cls)
        return restored

    def __repr__(self) -> str:
        if is_revealed():
            return f"{type(self).__name__}({super().__repr__()})"
        return f"<{type(self).__name__} of {len(self)}>"


class Line(_Quiet[TextItem]):
    """The pieces of text on one line, from left to right."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The text of the line: its pieces, joined by spaces."""
        return " ".join(item.text or "" for item in self)


class Block(_Quiet[Line]):
    """A group of lines."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The text of the block: its lines."""
        return "\n".join(line.text for line in self)


class Page(_Quiet[Block]):
    """One page of a PDF, or one picture: its blocks, from top to bottom.

    Attributes:
        extra: undocumented content of the page, as received.
    """

    __slots__ = ("extra", "image")

    image: Image | None
    """The page, straightened; only with ``get_thumb`` (ảnh trang đã căn chỉnh)."""

    def __init__(
        self, blocks: Iterable[Block] = (), *, image: Image | None = None, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(blocks)
        self.image = image
        self.extra: Mapping[str, Any] = extra or {}

    @property
    def text(self) -> str:
        """The text of the page: its blocks, separated by empty lines."""
        return "\n\n".join(block.text for block in self)


NESTED: dict[type[list[Any]], type] = {Page: Block, Block: Line, Line: TextItem}
"""Element type of each level of a page."""
