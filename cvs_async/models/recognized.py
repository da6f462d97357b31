"""What the operations that recognise papers return."""

from __future__ import annotations

from typing import Generic

from attrs import field, frozen
from typing_extensions import TypeVar

from .._hints import public_names
from .fields import PAPERS, Document, Paper, renamed

P = TypeVar("P", bound=Paper, default=Paper, covariant=True)


@frozen(kw_only=True)
class Recognized(Document, Generic[P]):
    """One paper that was found in a picture or PDF (vendor documents 000 to 003).

    The vendor calls `info` ``info_goods`` in employee files and ``infor`` in ``person_with_card``.
    """

    type: str | None = None
    """Kind of paper in the vendor's words; None if the answer has none (loại giấy tờ), such as ``passport``."""
    info: P = field(metadata={"wire": ("info", "info_goods", "infor"), "kinds": PAPERS})
    """What was read, of the class that belongs to `type`, else `Unknown` (thông tin trích xuất)."""
    valid: bool | None = None
    """False if it looks forged, copied or badly read; None if not judged (giấy tờ hợp lệ), such as ``True``."""
    invalid_code: int | None = renamed("invalidCode", default=None)
    """Why it is not valid, a `CardWarning`; 0 if nothing is wrong (mã cảnh báo), such as ``0``."""
    invalid_message: str | None = renamed("invalidMessage", default=None)
    """Why it is not valid, in words (thông báo nếu giấy tờ không hợp lệ), such as ``Successful``."""

    def _advice(self, name: str) -> str:
        if name != "info" and name in public_names(type(self.info)):  # while it is being made it has no info
            return f"; .info.{name} has it"
        return super()._advice(name)
