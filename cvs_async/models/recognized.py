"""What the operations that recognise papers return."""

from __future__ import annotations

from typing import Generic

from attrs import field, frozen
from typing_extensions import TypeVar

from .fields import PAPERS, Document, Paper, renamed

P = TypeVar("P", bound=Paper, default=Paper, covariant=True)


@frozen(kw_only=True)
class Recognized(Document, Generic[P]):
    """One paper that was found in a picture or PDF (vendor documents 000 to 003).

    Attributes:
        type: the kind of paper in the vendor's words, such as ``passport``; None if the answer has none.
        info: what was read from it, of the class that belongs to `type`, else `Unknown`; the
            vendor calls it ``info_goods`` in employee files and ``infor`` in ``person_with_card``.
        valid: False if the paper looks forged, copied or badly read; None where the service does not judge.
        invalid_code: why; 0 is nothing to complain of.
        invalid_message: why, in words.
    """

    type: str | None = None
    info: P = field(metadata={"wire": ("info", "info_goods", "infor"), "kinds": PAPERS})
    valid: bool | None = None
    invalid_code: int | None = renamed("invalidCode", default=None)
    invalid_message: str | None = renamed("invalidMessage", default=None)
