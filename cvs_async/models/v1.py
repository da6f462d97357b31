"""Data of the legacy API v1, under its own names: ``born``, ``quoctich``, ``mattruoc``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, field, frozen

from .fields import EMPTY, ENVELOPE, Document, Paper, Text, listed, paper, renamed

V1_PAPERS: dict[str, type[Paper]] = {}
"""Classes of papers by the ``type`` of v1."""


@paper("cmt", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard9Front(Paper):
    """Front of the old identity card with 9 digits."""

    born: Text = EMPTY
    """Date of birth (ngày sinh), such as ``02/03/1990``."""
    country: Text = EMPTY
    """Place of origin (quê quán), such as ``Phường Mẫu, Hà Nội``."""
    address: Text = EMPTY
    """Place of permanent residence (nơi thường trú), such as ``Số 1 Đường Mẫu, Hà Nội``."""


@paper("tcc", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard12Front(V1IdCard9Front):
    """Front of the citizen card with 12 digits."""

    sex: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    duedate: Text = EMPTY
    """Valid until (ngày hết hạn), such as ``02/03/2030``."""
    quoctich: Text = EMPTY
    """Nationality (quốc tịch), such as ``Việt Nam``."""
    dantoc: Text = EMPTY
    """Ethnic group (dân tộc), such as ``Kinh``."""


@paper("matsautcc", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard12Back(Paper):
    """Back of the citizen card with 12 digits."""

    dauvet: Text = EMPTY
    """Identifying marks (đặc điểm nhận dạng), such as ``Nốt ruồi ở má phải``."""
    date: Text = EMPTY
    """Date of issue (ngày cấp), such as ``05/06/2018``."""


@paper("matsaucmt", V1_PAPERS)
@frozen(kw_only=True)
class V1IdCard9Back(V1IdCard12Back):
    """Back of the old card."""

    dantoc: Text = EMPTY
    """Ethnic group (dân tộc), such as ``Kinh``."""
    tongiao: Text = EMPTY
    """Religion (tôn giáo), such as ``Không``."""
    noicap: Text = EMPTY
    """Authority that issued it (nơi cấp), such as ``CA Hà Nội``."""


@paper("blx", V1_PAPERS)
@frozen(kw_only=True)
class V1DrivingLicense(Paper):
    """A driving licence."""

    born: Text = EMPTY
    """Date of birth (ngày sinh), such as ``02/03/1990``."""
    class_: Text = renamed("class")
    """Class of vehicles; the vendor's ``class`` (hạng), such as ``B2``."""
    nation: Text = EMPTY
    """Nationality (quốc tịch), such as ``Việt Nam``."""
    dateissue: Text = EMPTY
    """Date of issue (ngày cấp), such as ``05/06/2021``."""
    duedate: Text = EMPTY
    """Valid until (ngày hết hạn), such as ``05/06/2031``."""
    address: Text = EMPTY
    """Place of residence (nơi cư trú), such as ``Số 1 Đường Mẫu, Hà Nội``."""


@frozen(kw_only=True)
class V1Front(V1IdCard12Front):
    """Front of an identity card. v1 does not return which kind of card it is."""


@frozen(kw_only=True)
class V1Back(V1IdCard9Back):
    """Back of an identity card. v1 does not return which kind of card it is."""


@frozen(kw_only=True)
class V1Paper(Document):
    """A paper, from the whole answer or from an element of a PDF's answer."""

    wire_envelope = ENVELOPE

    type: str | None = None
    """Kind of paper in v1's words (loại giấy tờ), such as ``cmt``."""
    info: Paper = field(metadata={"wire": ("data",), "kinds": V1_PAPERS})
    """Extracted fields, in the class for `type`; the vendor's ``data`` (thông tin trích xuất)."""
    valid: bool | None = None
    """False if the photo is unfit or suspected; None for papers of a PDF (ảnh hợp lệ), such as ``True``."""


@frozen(kw_only=True)
class V1Sides(Document):
    """Front (`mattruoc`) and back (`matsau`) of one card, from the whole answer. `valid` is as in `V1Paper`."""

    wire_envelope = ENVELOPE
    wire_inside = "data"

    mattruoc: V1Front = Factory(V1Front)
    """The front (mặt trước)."""
    matsau: V1Back = Factory(V1Back)
    """The back (mặt sau)."""
    valid: bool | None = None
    """False if a photo is blurred, covered or suspected (ảnh hợp lệ), such as ``True``."""


@frozen(kw_only=True)
class V1Scan(Document):
    """The text of a scanned page, from the whole answer."""

    wire_envelope = ENVELOPE

    lines: list[str] = listed("result")
    """The lines of text, from top to bottom; empty if there is no text (các dòng văn bản)."""
    time: float | None = None
    """Time that the service took, in seconds (thời gian xử lý), such as ``0.84``."""

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


def v1_papers(answer: Any) -> Any:
    """Return the list of papers in the answer for a PDF, each with their common values; any other answer unchanged."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("data"), list):
        return answer
    common = {name: value for name, value in answer.items() if name not in ("type", "data")}
    papers = []
    for element in answer["data"]:
        if isinstance(element, Mapping):
            element = {**common, **element}
        papers.append(element)
    return papers
