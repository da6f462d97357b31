"""Result of the operations that recognise papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Self, TypeAlias

from attrs import field, frozen
from typing_extensions import TypeVar

from .._text.hints import public_names
from .fields import PAPERS, Document, Paper, listed, paper_classes, renamed

P = TypeVar("P", bound=Paper, default=Paper, covariant=True)


PaperClass: TypeAlias = type[Paper]


@frozen(kw_only=True)
class Recognized(Document, Generic[P]):
    """A paper found in a picture or PDF (vendor documents 000 to 003).

    The vendor's name of `info` is ``info_goods`` in employee files and ``infor`` in ``person_with_card``.
    """

    type: str | None = None
    """Kind of paper; without one in the answer, found from the fields, or None (loại giấy tờ), such as ``passport``."""
    info: P = field(metadata={"wire": ("info", "info_goods", "infor"), "kinds": PAPERS})
    """Extracted fields, in the class for `type`, else `Unknown` (thông tin trích xuất)."""
    valid: bool | None = None
    """False if it looks forged, copied or badly read; None if not judged (giấy tờ hợp lệ), such as ``True``."""
    invalid_code: int | None = renamed("invalidCode", default=None)
    """Reason why it is not valid, a `CardWarning`; 0 if valid (mã cảnh báo), such as ``0``."""
    invalid_message: str | None = renamed("invalidMessage", default=None)
    """Reason why it is not valid, in words (thông báo nếu giấy tờ không hợp lệ), such as ``Successful``."""
    pages: list[int] = listed()
    """The pages that it covers, in claims; of one page, its fields have that `page` (các trang của giấy tờ)."""

    def _advice(self, name: str) -> str:
        if name != "info" and name in public_names(type(self.info)):  # during construction it has no info
            return f"; use .info.{name}"
        return super()._advice(name)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], kind: PaperClass = Paper) -> Self:
        """Restore a paper from the result of `to_dict`, compact or not.

        Args:
            data: the dictionary.
            kind: the class of `info` if `type` does not determine it: for ``Recognized[Invoice]`` it is `Invoice`.

        Raises:
            TypeError: `kind` is not a class of papers.
            ValueError: a value has another type than `to_dict` writes, or `type` belongs to another class than `kind`;
                the message names the place, not the value.
        """
        from .._schemas.restoring import restore  # needs the models

        paper_classes(kind)
        restored: Self = restore(data, cls[kind], strict=True)  # type: ignore[index]
        return restored
