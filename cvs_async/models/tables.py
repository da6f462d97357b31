"""Tables in answers."""

from __future__ import annotations

from attrs import field, frozen

from .fields import Box, Document


@frozen(kw_only=True)
class Cell(Document):
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
