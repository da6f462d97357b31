"""The facts that the vendor documents, and answers that hold each documented field of a paper with its own value."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, get_origin

from cvs_async._codec.converter import structure, unstructure
from cvs_async.api import OPERATIONS

ROOT = Path(__file__).parents[2]
BEYOND: dict[str, Any] = json.loads((ROOT / "tests" / "vendor" / "beyond.json").read_text(encoding="utf-8"))
"""Facts of newer pages, read by `tests.vendor.beyond`."""
CHECKED_IN = (ROOT / "tests" / "vendor" / "facts.json").read_text(encoding="utf-8")
FACTS: dict[str, Any] = json.loads(CHECKED_IN)


Names = dict[str, Any]


def folders() -> Iterator[Path]:
    for name in (os.environ.get("CVS_VENDOR_DOCUMENTS"), ROOT.parent / "shared" / "api"):
        if name and any(Path(name).glob("001_*.txt")):
            yield Path(name)


def flat(names: Names, prefix: str = "") -> Iterator[str]:
    """Names with those below them, dotted. What stands in metadata is the caller's."""
    for name, below in names.items():
        yield prefix + name
        if name != "metadata" and isinstance(below, dict):
            yield from flat(below, f"{prefix}{name}.")


CARD_TYPES = {
    "Mặt trước chứng minh nhân dân": "9_id_card_front",
    "Mặt trước thẻ căn cước công dân": "12_id_card_front",
    "Mặt trước thẻ căn cước công dân gán chip": "chip_id_card_front",
    "Mặt trước thẻ căn cước công dân gắn chip": "chip_id_card_front",
    "Mặt sau chứng minh nhân dân": "9_id_card_back",
    "Mặt sau thẻ căn cước công dân": "12_id_card_back",
    "Mặt sau thẻ căn cước công dân gán chip": "chip_id_card_back",
    "Passport": "passport",
}
VEHICLE_TYPES = {
    "Bằng lái xe": "driving_license",
    "Mặt trước đăng ký xe": "vehicle_registration_front",
    "Mặt sau đăng ký xe": "vehicle_registration_back",
    "Đăng kiểm xe": "picertificate",
}
CLAIM_TYPES = {"Thẻ bên Bảo Việt": "bvcard", "Giấy yêu cầu bồi thường": "claim_form"}
WIRE_TYPES = {**CARD_TYPES, **VEHICLE_TYPES, **CLAIM_TYPES}
OF_ANY_CARD = ("ocr.card", "ekyc.card", "ekyc.cards")
OPERATIONS_OF: dict[tuple[str, str], tuple[str, ...]] = {
    **{("OCR", kind): OF_ANY_CARD for kind in CARD_TYPES},
    **{("Chứng minh nhân dân - Căn cước - Passport", kind): OF_ANY_CARD for kind in CARD_TYPES},
    **{("Face Matching", kind): ("ekyc.person_with_card",) for kind in CARD_TYPES},
    **{("Hồ sơ claim bảo hiểm sức khỏe", kind): ("ocr.claims",) for kind in {**CARD_TYPES, **CLAIM_TYPES}},
    **{("Giấy tờ xe", kind): ("ocr.vehicle",) for kind in VEHICLE_TYPES},
    ("OCR", "trích xuất thông tin dạng bảng"): ("ocr.document.get_table",),
    ("OCR", "Bằng lái xe"): ("ocr.driving_license", "ekyc.card"),
    ("OCR", "Mặt trước đăng ký xe"): ("ocr.vehicle_registration", "ocr.vehicle_registrations"),
    ("OCR", "Mặt sau đăng ký xe"): ("ocr.vehicle_registration", "ocr.vehicle_registrations"),
    ("OCR", "Đăng kiểm xe"): ("ocr.vehicle_inspection",),
    ("OCR", "Giấy khai sinh"): ("ocr.birth_certificate",),
    ("OCR", "Biển số xe"): ("ocr.vehicle_plate",),
    ("OCR", "Hóa đơn"): ("ocr.document.invoice",),
    ("OCR", "Giấy chứng nhận đăng ký doanh nghiệp"): ("ocr.document.business_registration",),
    ("OCR", "Báo giá xe"): ("ocr.document.price_quotation",),
    ("Phân loại giấy tờ Hồ sơ bảo hiểm sức khỏe", "Trong đó"): ("ocr.document.get_label_claim",),
    ("Sao kê ngân hàng", "Trong đó"): ("ocr.document.bank_statement",),
    ("Hóa đơn", "info"): ("ocr.document.invoice", "ocr.document.invoice_xml"),
    ("Báo cáo tín dụng", "info"): ("ocr.document.credit_report",),
    **{("Giấy chứng nhận quyền sử dụng đất", f"Loại {n}"): ("ocr.document.land_certificate",) for n in (1, 2, 3)},
    ("API v1", "cmt"): ("v1.get_mattruoc", "v1.get_infor", "v1.get_infor_all"),
    ("API v1", "tcc"): ("v1.get_mattruoc", "v1.get_infor", "v1.get_infor_all"),
    ("API v1", "matsaucmt"): ("v1.get_matsau", "v1.get_infor", "v1.get_infor_all"),
    ("API v1", "matsautcc"): ("v1.get_matsau", "v1.get_infor", "v1.get_infor_all"),
    ("API v1", "blx"): ("v1.get_infor", "v1.get_infor_all"),
}
"""Operations that answer with a kind of paper, by the headings of the documents."""
BARE = {"Biển số xe", "trích xuất thông tin dạng bảng", "Trong đó"}
"""Lists whose elements are the fields themselves, without `type` and `info`."""
PDF = "pdf"
"""The `type` of a whole answer of v1 that is a list of papers, each with its own: a list needs no word for it."""
LISTS = {"imgs", "list_img"}
FALSE_OR_TRUE = {"valid"}


class Canaries:
    """Values that occur once each: whatever of them is not in what was decoded was lost."""

    def __init__(self) -> None:
        self.numbers = count(700_001)

    def one(self, name: str = "") -> Any:
        """A number in a text: text for fields of text, a number for fields of numbers."""
        if name in FALSE_OR_TRUE:
            return "True"
        if name == "box" or name.endswith("_box"):
            return [next(self.numbers) for _ in range(4)]
        number = next(self.numbers)
        return number if name == "score" or name.endswith("confidence") else str(number)

    def cell(self, **more: Any) -> Names:
        return {name: self.one(name) for name in ("value", "box", "score")} | more

    def debts(self) -> Names:
        """The cell of a credit report that holds several debts."""
        debt = {"debt_name": self.one(), "debt": self.one()}
        return {"value": [debt], "box": [self.one("box")], "score": [self.one("score")]}

    def row(self, name: str, below: Names) -> list[Names]:
        """A row of a table without labels: ``json0`` and so on are places in it."""
        return [self.debts() if (name, place) == ("loan_details", "json3") else self.cell() for place in sorted(below)]

    def value(self, name: str, below: Names) -> Any:
        if not below:
            return [self.one()] if name in LISTS else self.one(name)
        if "json0" in below:
            return [self.row(name, below)]
        if "value" in below:
            return [[self.cell(label=label) for label in below["label"]]]
        return [self.fields(below)]

    def fields(self, names: Names) -> Names:
        return {name: self.value(name, below) for name, below in names.items()}


def beside(paper: dict[str, Any], names: Names) -> Names:
    """The names that a rule of the chapter puts beside each field; pages and pictures have none."""
    pages = {f"{name}_id" for name in names}
    rules = [rule for rule in FACTS["suffixes"] if rule["chapter"] == paper["chapter"]]
    return {
        name + suffix: {}
        for rule in rules
        for name, below in names.items()
        if not below and name not in pages and name not in rule["except"] and not name.startswith("image")
        for suffix in rule["suffixes"]
    }


def whole(paper: dict[str, Any], canaries: Canaries) -> Names:
    """All fields of a kind of paper, filled."""
    names = paper["fields"]
    return canaries.fields(names | beside(paper, names))


def data_of(paper: dict[str, Any], operation: str) -> Any:
    """The data of an answer that holds exactly the documented fields of one kind of paper."""
    canaries = Canaries()
    kind = paper["kind"]
    type_ = paper.get("type") or WIRE_TYPES.get(kind)
    if operation == "ocr.document.get_table":
        return [{"image": canaries.one(), "info": [[canaries.one(), canaries.one()]]}]
    if operation == "ocr.document.bank_statement":
        rows = [[canaries.cell() for _ in paper["fields"]]]
        return [{"image_table": [canaries.one()], "json": [rows]}]
    if operation == "ocr.document.get_label_claim":
        labels = paper["fields"]["label"]
        return [{"id": canaries.one(), "image": canaries.one(), "label": label} for label in labels]
    fields = whole(paper, canaries)
    if operation.startswith("v1."):
        one = {"type": type_, "data": fields}
        return {"type": PDF, "data": [one]} if operation == "v1.get_infor" else one | {"valid": "True"}
    if operation == "ekyc.person_with_card":
        return {"ocr": {"type": type_, "infor": fields, "valid": "True", "invalidMessage": canaries.one()}}
    if kind in BARE:
        return [fields]
    found = {"info": fields} | ({"type": type_} if type_ else {})
    return [found] if get_origin(OPERATIONS[operation].returns) is list else found


def leaves(data: Any) -> Iterator[Any]:
    """The plain values in JSON; numbers as such, though they stand in texts."""
    if isinstance(data, (dict, list)):
        for each in data.values() if isinstance(data, dict) else data:
            yield from leaves(each)
    elif data is not None:
        yield float(data) if re.fullmatch(r"[\d.]+", str(data)) else str(data)


def left_over(data: Any) -> Iterator[Any]:
    """Yield content without a place in the models."""
    if isinstance(data, dict):
        yield from [data["extra"]] if data.get("extra") else []
    if isinstance(data, (dict, list)):
        for each in data.values() if isinstance(data, dict) else data:
            yield from left_over(each)


def check(operation: str, data: Any) -> None:
    """Everything in the data arrives at a declared place of the operation's model."""
    returns = OPERATIONS[operation].returns
    assert returns is not None
    decoded = unstructure(structure(data, returns))
    assert list(left_over(decoded)) == []
    assert set(leaves(data)) - set(leaves(decoded)) - {PDF} == set()


CASES = {
    f"{operation}-{paper['document']}-{paper['chapter']}-{paper['kind']}": (paper, operation)
    for paper in FACTS["papers"]
    for operation in OPERATIONS_OF.get((paper["chapter"], paper["kind"]), ())
}
STAFF = "Hồ sơ nhân sự"


def shape(chapter: str, *path: str) -> Names:
    """The keys of a chapter's block of JSON, below a path that only one block has."""
    for fact in FACTS["shapes"]:
        found = fact["keys"]
        for name in path:
            found = found.get(name, {})
        if fact["chapter"] == chapter and found:
            return dict(found)
    raise LookupError(chapter)
