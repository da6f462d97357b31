"""Tables in answers: of cells, of rows with named columns, of bare text."""

from __future__ import annotations

from attrs import field, frozen

from .fields import Box, Document, Image, Readable, listed


@frozen(kw_only=True)
class Cell(Readable, Document):
    """One cell of a table.

    Attributes:
        value: as read; not in the repr.
        score: how sure the service is of it, 0 to 1.
        box: where it stands in the picture of the table or page, in pixels.
        label: what its column holds, in the vendor's words, such as ``unit_price``; None if it is not said.
    """

    value: str | None = field(default=None, repr=False)
    score: float | None = None
    box: Box | None = None
    label: str | None = None


BLANK = Cell()
"""The cell that is absent."""


@frozen(kw_only=True)
class Row(Document):
    """Base of rows that are lists on the wire and have names for their columns here, in the documented order.

    Columns that a row lacks are blank cells; those beyond the documented ones are in `extra` by their position.
    """


@frozen(kw_only=True)
class Table(Document):
    """A table found in a picture (vendor document 001, ``get_table``).

    Attributes:
        info: its rows from top to bottom, each the texts of its cells from left to right.
        image: the table, cut out and straightened; only with ``get_thumb``.
    """

    info: list[list[str | None]] = listed()
    image: Image | None = None
