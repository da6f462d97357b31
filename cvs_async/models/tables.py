"""Tables in answers: cells, and rows with named columns."""

from __future__ import annotations

from attrs import Factory, field, frozen

from .fields import Box, Document, Image, Readable


@frozen(kw_only=True)
class Cell(Readable, Document):
    """One cell of a table."""

    value: str | None = field(default=None, repr=False)
    """The text, as read (giá trị), such as ``1.000.000``."""
    score: float | None = None
    """Confidence, 0 to 1 (độ tin cậy), such as ``0.97``."""
    box: Box | None = None
    """Position in the picture of the table or page, in pixels (tọa độ), such as ``[10, 20, 90, 40]``."""
    label: str | None = None
    """Vendor's label of the column; None if absent (nhãn của cột), such as ``unit_price``."""


BLANK = Cell()
"""The empty cell."""


@frozen(kw_only=True)
class Row(Document):
    """Base of rows with named columns, in the documented order. On the wire they are lists.

    Missing cells are blank. Additional ones are in `extra`, by position.
    """


@frozen(kw_only=True)
class Table(Document):
    """A table found in a picture (vendor document 001, ``get_table``, and newer pages).

    The service answers rows of cells (``json``) or, as in older documents, of bare texts (``info``).
    """

    rows: list[list[Cell]] = field(
        default=Factory(list), repr=False, metadata={"wire": ("json", "info"), "texts": True}
    )
    """Rows from top to bottom, each its cells from left to right (thông tin bảng theo từng hàng)."""
    image: Image | None = None
    """The table, cut out and straightened; only with ``get_thumb`` (ảnh bảng đã cắt và căn chỉnh)."""

    @property
    def info(self) -> list[list[str | None]]:
        """The texts of the cells."""
        return [[cell.value for cell in row] for row in self.rows]
