"""The text of scanned pages: page, block, line, text (vendor document 001, "văn bản scan")."""

from __future__ import annotations

from typing import Any, TypeVar

from attrs import field, frozen

from .fields import Box, Document

T = TypeVar("T")


@frozen(kw_only=True)
class TextItem(Document):
    """A piece of text on a line."""

    text: str | None = field(default=None, repr=False)
    """The text, as read (chữ đọc được), such as ``Xin chào``."""
    confidence: float | None = None
    """Confidence, 0 to 1 (độ tin cậy), such as ``0.97``."""
    box: Box | None = None
    """Where it stands on the page, in pixels (tọa độ), such as ``[10, 20, 90, 40]``."""


class _Quiet(list[T]):
    """A list whose repr tells its length only, because document contents never show in reprs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)}>"


class Line(_Quiet[TextItem]):
    """The pieces of text of one line, from left to right."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The line's text, its pieces parted by spaces."""
        return " ".join(item.text or "" for item in self)


class Block(_Quiet[Line]):
    """Lines that belong together."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The block's lines."""
        return "\n".join(line.text for line in self)


class Page(_Quiet[Block]):
    """One page of a PDF, or one picture."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The page's blocks, parted by empty lines."""
        return "\n\n".join(block.text for block in self)


NESTED: dict[type[list[Any]], type] = {Page: Block, Block: Line, Line: TextItem}
"""What each level of a page consists of."""
