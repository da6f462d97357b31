"""The vendor's JSON as models, and back: nothing raises, nothing is lost, nothing read shows in a repr."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import attrs
import pytest
from attrs import frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cvs_async import models
from cvs_async._codec.converter import structure, unstructure
from cvs_async._codec.readers import wire_names
from cvs_async.models import (
    AcademicDegree,
    BankAccount,
    BaoVietCard,
    Block,
    Box,
    Cell,
    ChipIdCardBack,
    ChipIdCardFront,
    ClaimForm,
    CreditReport,
    CurriculumVitae,
    Document,
    DrivingLicense,
    EmployeeBirthCertificate,
    EmployeeIdCard,
    Field,
    Goods,
    HealthCertification,
    IdCard9Back,
    IdCard9Front,
    IdCard12Back,
    IdCard12Front,
    Image,
    Invoice,
    LandCertificate1,
    LandCertificate2,
    LandCertificate3,
    Line,
    Page,
    Paper,
    Passport,
    Recognized,
    RegistrationBook,
    Row,
    Text,
    TextItem,
    Unknown,
    VehicleInspection,
    VehicleRegistrationBack,
    VehicleRegistrationFront,
)
from cvs_async.models.fields import EMPTY, PAPERS
from tests.support.examples import examples

Wire = dict[str, Any]


@frozen(kw_only=True)
class Report(Document):
    """Names that are traps: one ends in what elsewhere is a part of a field, some have no base, all are declared."""

    id: Text = EMPTY
    id_card: Text = EMPTY
    report_time: Text = EMPTY
    report_time_id: Text = EMPTY
    credit_score: Text = EMPTY
    mrz_confidence: float | None = None
    pages: int | None = None
    main: bool | None = None


def read(wire: object, cls: Any = Passport) -> Any:
    """One document of a class."""
    return structure(wire, cls)


def paper(type_name: str | None, info: object) -> Any:
    """Return the paper recognised for a type."""
    (found,) = structure([{"type": type_name, "info": info}], list[Recognized])
    return found.info


# Folding


def test_a_field_is_folded_from_value_confidence_box_and_page() -> None:
    wire = {"name": "Nguyễn Thị Ánh", "name_confidence": 0.97, "name_box": [10, 20, 200, 44], "name_id": 2}
    assert read(wire) == Passport(name=Field("Nguyễn Thị Ánh", 0.97, Box(10, 20, 200, 44), 2))


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"name": "Ánh"}, Field("Ánh")),
        ({"name_confidence": 0.5}, Field(confidence=0.5)),
        ({"name_box": [1, 2, 3, 4]}, Field(box=Box(1, 2, 3, 4))),
        ({"name_id": 0}, Field(page=0)),
        ({}, Field()),
    ],
)
def test_a_field_may_have_any_of_its_parts(part: Wire, expected: Text) -> None:
    document = read(part)
    assert document == Passport(name=expected)
    assert document.extra == {}


def test_an_id_is_a_value_and_an_id_behind_a_name_its_page() -> None:
    report = read({"id": "079123456789", "id_id": 1, "id_card": "A1", "id_card_id": "3"}, Report)
    assert report == Report(id=Field("079123456789", page=1), id_card=Field("A1", page=3))


def test_a_declared_name_is_never_a_part_of_another() -> None:
    wire = {"report_time": "10:30", "report_time_id": "7", "report_time_id_id": 4, "report_time_confidence": 1}
    assert read(wire, Report) == Report(report_time=Field("10:30", confidence=1.0), report_time_id=Field("7", page=4))


@pytest.mark.parametrize("cls", [Report, ChipIdCardBack])
def test_a_confidence_without_a_base_is_a_value(cls: type[Document]) -> None:
    document = read({"mrz_confidence": "0.88"}, cls)
    assert document == cls(mrz_confidence=0.88)  # type: ignore[call-arg]


def test_a_part_of_no_declared_name_is_extra() -> None:
    wire = {"credit_score": "650", "score_confidence": 0.5, "mrz_box": [1, 2, 3, 4], "mrz_confidence_box": [5, 6, 7, 8]}
    report = read(wire, Report)
    assert report.credit_score == Field("650")
    assert report.extra == {k: v for k, v in wire.items() if k != "credit_score"}


def test_renamed_fields_are_read_by_the_vendors_name_and_fold() -> None:
    wire = {"class": "B2", "class_confidence": 0.9, "class_id": 1, "class_": "of no meaning"}
    licence = read(wire, DrivingLicense)
    assert licence.class_ == Field("B2", 0.9, None, 1)
    assert licence.extra == {"class_": "of no meaning"}


def test_a_documented_name_with_a_trailing_space_is_read() -> None:
    assert paper("passport", {"nationality ": "Việt Nam"}).nationality == Field("Việt Nam")


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({"nationality": "Việt Nam", "nationality ": None}, Field("Việt Nam")),
        ({"nationality": None, "nationality ": "Việt Nam"}, Field("Việt Nam")),
        ({"nationality ": "Việt Nam", "nationality_confidence": 0.9}, Field("Việt Nam", 0.9)),
    ],
)
def test_two_spellings_of_a_name_are_one_field(wire: Wire, field: Text) -> None:
    passport = paper("passport", wire)
    assert passport.nationality == field
    assert not any(passport.extra.values())


def test_two_spellings_with_a_value_each_lose_neither() -> None:
    passport = paper("passport", {"nationality": "Việt Nam", "nationality ": "VNM"})
    assert {passport.nationality.value, *passport.extra.values()} == {"Việt Nam", "VNM"}


# Values of wandering types


@pytest.mark.parametrize(
    ("sent", "value"),
    [("12", "12"), (12, "12"), (1.5, "1.5"), (True, "True"), ("", ""), (None, None), (["a"], None), ({"a": 1}, None)],
)
def test_text_is_text_or_a_number(sent: object, value: str | None) -> None:
    document = read({"id": sent})
    assert document.id.value == value
    assert document.extra == ({"id": sent} if isinstance(sent, (list, dict)) else {})


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        (0.5, 0.5),
        (1, 1.0),
        ("0.5", 0.5),
        (" 0.5 ", 0.5),
        ("1e-3", 0.001),
        (None, None),
        ("", None),
        ("cao", None),
        (True, None),
        ([0.5], None),
        ("nan", None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_a_confidence_is_a_number_or_one_in_a_text(sent: object, number: float | None) -> None:
    for wire, cls in (({"confidence": sent}, Passport), ({"score": sent}, Cell)):
        document = read(wire, cls)
        assert next(getattr(document, key) for key in wire) == number
        assert document.extra == (wire if number is None and sent is not None else {})
    document = read({"id_confidence": sent})
    assert document.id.confidence == number


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        (3, 3),
        ("3", 3),
        (3.0, 3),
        ("3.0", 3),
        (-1, -1),
        (None, None),
        (3.5, None),
        ("ba", None),
        (True, None),
        ([3], None),
    ],
)
def test_a_whole_number_is_one_or_one_in_a_text(sent: object, number: int | None) -> None:
    report = read({"pages": sent, "id_id": sent}, Report)
    assert (report.pages, report.id.page) == (number, number)
    assert report.extra == ({"pages": sent, "id_id": sent} if number is None and sent is not None else {})


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (True, True),
        (False, False),
        ("True", True),
        ("False", False),
        ("true", True),
        (" FALSE ", False),
        (None, None),
        ("có", None),
        ("", None),
        (1, None),
        ([True], None),
    ],
)
def test_a_boolean_is_one_or_one_in_a_text(sent: object, value: bool | None) -> None:
    (found,) = structure([{"info": {}, "valid": sent}], list[Recognized])
    assert found.valid is value
    assert found.extra == ({"valid": sent} if value is None and sent is not None else {})


@pytest.mark.parametrize(
    "sent",
    [
        [1, 2.5, 3, 4],
        ["1", "2.5", "3.0", 4],
        (1, 2.5, 3, 4),
        {"left": 1, "top": 2.5, "right": 3, "bottom": 4},
        {"bottom": "4", "right": "3", "top": "2.5", "left": "1"},
    ],
)
def test_a_box_is_a_list_or_an_object(sent: object) -> None:
    for document, box in ((d := read({"id_box": sent}), d.id.box), (i := read({"box": sent}, TextItem), i.box)):
        assert box == Box(left=1, top=2.5, right=3, bottom=4)
        assert [type(side) for side in box] == [int, float, int, int]
        assert document.extra == {}


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [1, 2, 3],
        [1, 2, 3, 4, 5],
        [1, 2, None, 4],
        [1, 2, True, 4],
        [[1, 2], [3, 4]],
        {"left": 1, "top": 2, "right": 3},
        {"x": 1, "y": 2, "w": 3, "h": 4},
        "1,2,3,4",
        5,
        True,
    ],
)
def test_an_invalid_box_is_kept_as_received(sent: object) -> None:
    document = read({"id": "1", "id_box": sent})
    assert document.id == Field("1")
    assert document.extra == {"id_box": sent}


def test_what_a_box_has_beside_its_sides_is_kept_somewhere() -> None:
    item = read({"text": "a", "box": {"left": 1, "top": 2, "right": 3, "bottom": 4, "xoay": 1.5}}, TextItem)
    assert item.box == Box(1, 2, 3, 4)
    assert "xoay" in json.dumps(unstructure(item))


@pytest.mark.parametrize("sent", ["", 5, True, ["AAAA"], {"data": "AAAA"}])
def test_an_invalid_image_is_kept_as_received(sent: object) -> None:
    document = read({"image": sent})
    assert document.image is None
    assert document.extra == {"image": sent}


@pytest.mark.parametrize("cls", [*PAPERS.values(), Cell, Goods, BankAccount, TextItem, Report])
def test_null_everywhere_is_the_empty_document(cls: type[Document]) -> None:
    wire = {key: None for key, _ in documented_keys(cls)}
    assert read(wire, cls) == cls()
    assert read(wire | {"mới": None}, cls).extra == {"mới": None}


# Papers


def test_every_documented_paper_has_its_class() -> None:
    documented = {
        "9_id_card_front": IdCard9Front,
        "9_id_card_back": IdCard9Back,
        "12_id_card_front": IdCard12Front,
        "12_id_card_back": IdCard12Back,
        "chip_id_card_front": ChipIdCardFront,
        "chip_id_card_back": ChipIdCardBack,
        "passport": Passport,
        "driving_license": DrivingLicense,
        "vehicle_registration_front": VehicleRegistrationFront,
        "vehicle_registration_back": VehicleRegistrationBack,
        "picertificate": VehicleInspection,
        "bvcard": BaoVietCard,
        "claim_form": ClaimForm,
        "invoice": Invoice,
        "credit_report": CreditReport,
        "giay_cnqshdd_mau_1": LandCertificate1,
        "giay_cnqshdd_mau_2": LandCertificate2,
        "giay_cnqshdd_mau_3": LandCertificate3,
        "id_card": EmployeeIdCard,
        "curriculum_vitae": CurriculumVitae,
        "registration_book": RegistrationBook,
        "academic_degree": AcademicDegree,
        "birth_certificate": EmployeeBirthCertificate,
        "health_certification": HealthCertification,
        "confirm_residence": models.ResidenceConfirmation,
        "chip_id_card_2024_front": models.ChipIdCard2024Front,
        "chip_id_card_2024_back": models.ChipIdCard2024Back,
        "id_doc": models.OtherIdentityPaper,
        "guarantee_confirmation": models.GuaranteeConfirmation,
        "accident_report": models.AccidentReport,
        "bill": models.Bill,
        "receipts": models.Receipt,
        "hospital_discharge_paper": models.DischargePaper,
        "list_expense": models.ExpenseList,
        "prescription": models.Prescription,
        "surgical_certificate": models.SurgicalCertificate,
        "discharge_report": models.DischargeReport,
        "medical_report": models.MedicalReport,
        "specify_vote": models.TestOrder,
        "test_results": models.TestResults,
        "medical_examination": models.MedicalExamination,
        "health_records": models.HealthRecords,
    }
    assert documented == PAPERS


@pytest.mark.parametrize("type_name", PAPERS)
@pytest.mark.parametrize("info", [{}, None, [], "chữ", {"trường lạ": 1}])
def test_the_type_decides_on_the_class_whatever_is_in_it(type_name: str, info: object) -> None:
    assert type(paper(type_name, info)) is PAPERS[type_name]


@pytest.mark.parametrize("type_name", ["giấy_mới", "", "PASSPORT", None, 5, ["passport"]])
def test_an_unknown_type_is_an_open_paper(type_name: Any) -> None:
    wire = {"số": "7", "số_box": [1, 2, 3, 4], "danh_sách": [{"a": None}], "rỗng": None}
    assert paper(type_name, wire) == Unknown(extra=wire)


def test_all_of_an_unknown_paper_is_in_extra() -> None:
    wire = {"id": "V-1", "id_confidence": 0.9, "name": "Ánh", "dob": "01/02/1990", "image": "AAAA", "số": "7"}
    assert paper("giấy_mới", wire).extra == wire


def test_a_paper_carries_the_services_judgement() -> None:
    wire = {
        "type": "chip_id_card_front",
        "info": {"id": "079123456789"},
        "valid": "False",
        "invalidCode": "2",
        "invalidMessage": "The picture is a photocopy version of the id card",
        "mới": 1,
    }
    assert structure(wire, list[Recognized]) == [
        Recognized(
            type="chip_id_card_front",
            info=ChipIdCardFront(id=Field("079123456789")),
            valid=False,
            invalid_code=2,
            invalid_message="The picture is a photocopy version of the id card",
            extra={"mới": 1},
        )
    ]


def test_an_inspection_has_a_type_and_a_capacity_of_its_own() -> None:
    inspection = paper("picertificate", {"type": "Ô tô con", "capacity": 1496, "type_confidence": 0.9})
    assert inspection == VehicleInspection(type=Field("Ô tô con", 0.9), capacity=Field("1496"))


def test_one_object_is_a_list_of_one() -> None:
    wire = {"type": "passport", "info": {"id": "B1"}}
    assert structure(wire, list[Recognized]) == structure([wire], list[Recognized])


@pytest.mark.parametrize("nothing", [None, []])
@pytest.mark.parametrize("returns", [list[Recognized], list[Recognized[Invoice]], list[Page]])
def test_nothing_is_the_empty_list(nothing: object, returns: Any) -> None:
    assert structure(nothing, returns) == []


@pytest.mark.parametrize("sent", [[{"id": "B1"}], [], "chữ", 5, True])
def test_a_value_in_place_of_an_object_is_kept(sent: object) -> None:
    assert paper("passport", sent) == Passport(extra={"value": sent})


def test_extra_fields_and_their_parts_are_kept_as_they_came() -> None:
    wire = {"mới": {"sâu": [1, None]}, "mới_confidence": 0.5, "mới_box": [1, 2, 3, 4], "mới_id": None, "extra": "x"}
    assert read({"id": "B1", **wire}) == Passport(id=Field("B1"), extra=wire)


def test_a_value_that_does_not_fit_is_kept_under_its_name_beside_the_parts_that_do() -> None:
    document = read({"name": ["Ánh"], "name_confidence": "cao", "name_box": [1, 2, 3, 4], "name_id": "trang 2"})
    assert document.name == Field(box=Box(1, 2, 3, 4))
    assert document.extra == {"name": ["Ánh"], "name_confidence": "cao", "name_id": "trang 2"}


# Invoices

GOODS = {"name": "Bút bi Thiên Long", "name_confidence": 0.9, "coin": 12000, "mới": 1}
ACCOUNT = {"account_no": "0123", "account_no_box": [1, 2, 3, 4], "bank": "Ngân hàng Á Châu", "bank_confidence": 0.8}
CELL = {"value": "12.000", "box": [1, 2, 3, 4], "score": "0.75", "label": "unit_price"}


def invoice(info: Wire) -> Invoice:
    (found,) = structure([{"type": "invoice", "info": info}], list[Recognized[Invoice]])
    assert isinstance(found.info, Invoice)
    return found.info


def test_an_invoice_has_goods_accounts_and_a_table_of_cells() -> None:
    found = invoice(
        {"info_goods": [GOODS], "account_bank": [ACCOUNT], "table": [[CELL, {}], []], "image_table": "AA=="}
    )
    assert found == Invoice(
        info_goods=[Goods(name=Field("Bút bi Thiên Long", 0.9), coin=Field("12000"), extra={"mới": 1})],
        account_bank=[BankAccount(account_no=Field("0123", box=Box(1, 2, 3, 4)), bank=Field("Ngân hàng Á Châu", 0.8))],
        table=[[Cell(value="12.000", box=Box(1, 2, 3, 4), score=0.75, label="unit_price"), Cell()], []],
        image_table=Image("AA=="),
    )


def test_lists_of_an_invoice_may_be_single_objects() -> None:
    found = invoice({"info_goods": GOODS, "account_bank": ACCOUNT, "table": CELL})
    assert found == invoice({"info_goods": [GOODS], "account_bank": [ACCOUNT], "table": [[CELL]]})


@pytest.mark.parametrize("nothing", [{}, {"info_goods": None, "account_bank": None, "table": None}])
def test_lists_of_an_invoice_are_empty_and_never_missing(nothing: Wire) -> None:
    found = invoice(nothing)
    assert (found.info_goods, found.account_bank, found.table) == ([], [], [])


def test_a_value_in_a_list_of_objects_is_kept_in_its_place() -> None:
    found = invoice({"info_goods": ["Bút bi", GOODS, None], "table": [["12.000"], "x"]})
    assert found.info_goods == [Goods(extra={"value": "Bút bi"}), invoice({"info_goods": GOODS}).info_goods[0], Goods()]
    assert found.table == [[Cell(extra={"value": "12.000"})], [Cell(extra={"value": "x"})]]


@pytest.mark.parametrize("many", [False, True])
def test_an_invoice_of_the_older_chapter_comes_without_wrapping(many: bool) -> None:
    wire = {"date": "01/02/2024", "date_confidence": "0.9", "total_amount": 120000, "info_goods": [GOODS], "mới": "x"}
    (found,) = structure([wire] if many else wire, list[Recognized[Invoice]])
    assert found == Recognized(info=invoice(wire))
    assert found.info.date == Field("01/02/2024", 0.9)
    assert found.info.total_amount.value == "120000"
    assert found.info.extra == {"mới": "x"}


def test_an_invoice_is_one_whatever_its_type_says() -> None:
    (found,) = structure([{"type": "passport", "info": {"date": "hôm nay"}}], list[Recognized[Invoice]])
    assert found.info == Invoice(date=Field("hôm nay"))


# Pages of text

BOX = {"left": 1, "top": 2, "right": 30, "bottom": 14}


def item(text: str) -> Wire:
    return {"text": text, "confidence": 0.9, "box": BOX}


PAGES = [
    [[[item("CỘNG HOÀ"), item("XÃ HỘI")], [item("Độc lập")]], [[item("Hà Nội")]]],
    [],
    [[[item("Trang ba")]]],
]


def test_pages_are_blocks_of_lines_of_text() -> None:
    pages = structure(PAGES, list[Page])
    assert [type(level) for level in (pages, pages[0], pages[0][0], pages[0][0][0])] == [list, Page, Block, Line]
    assert pages[0][0][0][1] == TextItem(text="XÃ HỘI", confidence=0.9, box=Box(1, 2, 30, 14))
    assert [len(page) for page in pages] == [2, 0, 1]


def test_each_level_of_a_page_has_its_text() -> None:
    first, second, third = structure(PAGES, list[Page])
    assert first[0][0].text == "CỘNG HOÀ XÃ HỘI"
    assert first[0].text == "CỘNG HOÀ XÃ HỘI\nĐộc lập"
    assert first.text == "CỘNG HOÀ XÃ HỘI\nĐộc lập\n\nHà Nội"
    assert (second.text, third.text) == ("", "Trang ba")


def test_a_piece_without_text_has_none_in_its_line() -> None:
    (page,) = structure([[[[item("a"), {"text": None}, {"confidence": 1}, item("b")]]]], list[Page])
    assert [piece.text for piece in page[0][0]] == ["a", None, None, "b"]
    assert page.text == "a   b"


@pytest.mark.parametrize("levels", [0, 1, 2, 3])
def test_an_object_at_any_level_of_a_page_is_a_list_of_one(levels: int) -> None:
    wire: Any = item("một")
    for _ in range(levels):
        wire = [wire]
    (page,) = structure(wire, list[Page])
    assert page == [[[TextItem(text="một", confidence=0.9, box=Box(1, 2, 30, 14))]]]
    assert page.text == "một"


# Images


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,", "data:;base64,"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes])
def test_an_image_is_decoded_with_or_without_prefix_and_line_breaks(prefix: str, encode: Any) -> None:
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    image = read({"image": prefix + encode(content).decode()}).image
    assert image == Image(prefix + encode(content).decode())
    assert image.decode() == content


@pytest.mark.parametrize("text", ["AAA", "A", "ảnh", "không có", "data:image/png;base64,A"])
def test_an_image_with_invalid_base64_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Image(text).decode()


@pytest.mark.parametrize("text", ["@@@@", "-_-_", "AAAA****"])
def test_an_image_of_other_letters_than_base64_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Image(text).decode()


# Whatever comes, nothing raises and nothing is lost


def documented(cls: type[Document]) -> Iterator[tuple[str, Any]]:
    """The vendor's name and the type of each field of a class."""
    for attribute in attrs.fields(attrs.resolve_types(cls)):
        if attribute.name != "extra":
            yield wire_names(attribute)[0], attribute.type


def documented_keys(cls: type[Document]) -> Iterator[tuple[str, Any]]:
    """Every key that the vendor may send for a class, with the type of what it fills."""
    declared = dict(documented(cls))
    for name, type_ in declared.items():
        yield name, str if get_origin(type_) is Field else type_
        if get_origin(type_) is Field:
            parts = {f"{name}_confidence": float, f"{name}_box": Box, f"{name}_id": int}
            yield from ((key, part) for key, part in parts.items() if key not in declared)


class Lines(str):
    """A value that is sent as one text or as a list of lines."""

    __slots__ = ()


def visible(document: Document) -> Wire:
    """Return the parts of the answer in a document's fields, by the vendor's names."""
    shown: Wire = {}
    for attribute in attrs.fields(type(document)):
        name, value = wire_names(attribute)[0], getattr(document, attribute.name)
        if isinstance(value, Field):
            is_lines = attribute.metadata.get("lines") and value.value is not None
            shown |= {
                name: Lines(value.value) if is_lines else value.value,
                f"{name}_confidence": value.confidence,
                f"{name}_box": value.box,
                f"{name}_id": value.page,
            }
            shown |= dict(zip(attribute.metadata.get("beside", ()), (value.confidence, value.box), strict=False))
        elif attribute.name != "extra":
            shown[name] = value
    return {
        name: value for name, value in shown.items() if value is not None and value not in ([], models.ExpenseTables())
    }


def means(shown: Any, raw: Any) -> bool:
    """Return whether a value of a model corresponds to the wire value."""
    if isinstance(shown, Image):
        return bool(shown.base64 == raw)
    if isinstance(shown, Lines) and isinstance(raw, list):
        return str(shown) == "\n".join(map(str, raw))
    if isinstance(shown, Box):
        sides = [raw[side] for side in Box._fields] if isinstance(raw, Mapping) else raw
        return list(shown) == [float(side) for side in sides]
    if isinstance(shown, bool):
        return str(raw).strip().lower() == str(shown).lower()
    if isinstance(shown, (int, float)):
        return float(raw) == shown
    if isinstance(shown, list):
        items = raw if isinstance(raw, list) else [raw]
        return len(items) == len(shown) and all(map(means, shown, items))
    if isinstance(shown, Document):
        return is_complete(shown, raw)
    return str(raw) == str(shown)


def is_complete(document: Document, raw: Any) -> bool:
    """Return whether the whole answer is in the document's fields or unchanged in `extra`, and nothing twice."""
    if isinstance(document, Row):
        cells = raw if isinstance(raw, list) else [] if raw is None else [raw]
        columns = [getattr(document, a.name) for a in attrs.fields(type(document)) if a.name != "extra"]
        surplus = {str(place): cell for place, cell in enumerate(cells) if place >= len(columns)}
        return all(map(is_complete, columns, cells)) and document.extra == surplus
    if not isinstance(raw, Mapping):
        return visible(document) == {} and document.extra == ({} if raw is None else {"value": raw})
    shown = visible(document)
    return all(
        (document.extra[key] == value and shown.get(key, []) == [])
        if key in document.extra
        else (value is None or means(shown.get(key, []), value))
        for key, value in raw.items()
    ) and set(document.extra) <= set(raw)


numbers = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=6) | numbers.map(str) | st.sampled_from(["True", "12"])
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
boxes = st.lists(numbers | numbers.map(str), min_size=4, max_size=4)
boxes_as_objects = boxes.map(lambda sides: dict(zip(Box._fields, sides, strict=True)))
rows = st.lists(st.dictionaries(st.sampled_from([*GOODS, *ACCOUNT, *CELL]), scalars | boxes, max_size=4), max_size=3)
anything = json_values | boxes | boxes_as_objects | rows | st.lists(rows, max_size=2)


def wires(cls: type[Document]) -> st.SearchStrategy[Wire]:
    """Documented keys with values of any type, and some undocumented keys."""
    keys = sorted(dict(documented_keys(cls)))
    known = st.dictionaries(st.sampled_from(keys), anything, max_size=12)
    extra = st.dictionaries(st.text(max_size=6).map("mới ".__add__), json_values, max_size=3)
    return st.builds(lambda a, b: a | b, known, extra)


@pytest.mark.parametrize("type_name", PAPERS)
@given(data=st.data())
@examples(40)
def test_a_paper_of_swapped_types_decodes_and_loses_nothing(type_name: str, data: st.DataObject) -> None:
    wire = data.draw(wires(PAPERS[type_name]))
    before = copy.deepcopy(wire)
    found = paper(type_name, wire)
    assert type(found) is PAPERS[type_name]
    assert is_complete(found, wire)
    assert wire == before, "the reply's raw answer must stay as it came"
    json.dumps(unstructure(found), allow_nan=False)


@pytest.mark.parametrize("type_name", PAPERS)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_a_paper_of_documented_types_fills_its_fields_and_leaves_no_extra(type_name: str, data: st.DataObject) -> None:
    kinds: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(min_size=1, max_size=9),
        float: st.floats(0, 1),
        int: st.integers(0, 99),
        Box: boxes | boxes_as_objects,
        float | None: st.floats(0, 1),
        Image | None: st.binary(min_size=1, max_size=9).map(lambda content: base64.b64encode(content).decode()),
    }
    keys = {key: kinds[kind] for key, kind in documented_keys(PAPERS[type_name]) if kind in kinds}
    wire = data.draw(st.fixed_dictionaries({}, optional=keys))
    found = paper(type_name, wire)
    assert found.extra == {}
    assert set(visible(found)) == set(wire)


names = st.sampled_from(
    [
        "info",
        "type",
        "valid",
        "invalidCode",
        "id",
        "id_box",
        "text",
        "box",
        "confidence",
        "table",
        "info_goods",
        "value",
    ]
)
answers = st.recursive(
    scalars | boxes | boxes_as_objects | st.sampled_from(sorted(PAPERS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value that could not pass for a number or a boolean, keys not included."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, str) and value.strip().lower() not in ("true", "false"):
        try:
            float(value)
        except ValueError:
            yield value


@pytest.mark.parametrize("returns", [list[Recognized], list[Recognized[Invoice]], list[Page]])
@given(answer=answers)
@example(answer={"type": "passport", "info": {"extra": {"extra": None}}, "extra": []})
@example(answer=[[[[{"text": "chữ", "box": BOX, "mới": {"sâu": "chữ"}}]]], {"text": ["x"]}, None])
@examples(150)
def test_no_answer_raises_or_loses_a_text_and_every_result_is_json(returns: Any, answer: Any) -> None:
    before = copy.deepcopy(answer)
    data = structure(answer, returns)
    assert isinstance(data, list)
    assert all(isinstance(found, get_args(returns)[0] if returns == list[Page] else Recognized) for found in data)
    plain = json.loads(json.dumps(unstructure(data), allow_nan=False))
    kept = list(texts_in(plain))
    assert [text for text in texts_in(answer) if text not in kept] == []
    assert answer == before


def test_a_deep_answer_can_be_written_as_json() -> None:
    deep: Any = "đáy"
    for _ in range(500):
        deep = [deep]
    found = structure(json.loads(json.dumps([{"type": "giấy_mới", "info": {"mới": deep}}])), list[Recognized])
    assert json.loads(json.dumps(unstructure(found)))[0]["info"]["extra"] == {"mới": deep}


# Back to JSON


def test_a_document_is_written_by_the_names_of_its_model() -> None:
    wire = {"class": "B2", "class_box": [1, 2, 3, 4], "image": "AAAA", "mới": [1]}
    written = unstructure(structure({"type": "driving_license", "info": wire, "invalidCode": "0"}, list[Recognized]))
    assert written[0]["type"] == "driving_license"
    assert written[0]["invalid_code"] == 0
    info = written[0]["info"]
    assert info["class_"] == {"value": "B2", "confidence": None, "box": [1, 2, 3, 4], "page": None}
    assert info["address"] == {"value": None, "confidence": None, "box": None, "page": None}
    assert (info["image"], info["extra"]) == ("AAAA", {"mới": [1]})
    assert "extra" not in written[0]


def test_pages_are_written_as_lists_of_pieces() -> None:
    plain = {"text": "CỘNG HOÀ", "confidence": 0.9, "box": [1, 2, 30, 14]}
    assert unstructure(structure([[[[item("CỘNG HOÀ")]]]], list[Page])) == [[[[plain]]]]


def test_a_table_is_written_as_rows_of_cells() -> None:
    written = unstructure(invoice({"table": [[CELL]]}))["table"]
    assert written == [[{"value": "12.000", "score": 0.75, "box": [1, 2, 3, 4], "label": "unit_price"}]]


@pytest.mark.parametrize("plain", [None, 5, "chữ", [1, {"a": None}], {"mới": [True]}])
def test_plain_json_is_written_as_it_is(plain: object) -> None:
    assert unstructure(plain) == plain


# Reprs


def canaries(cls: type[Document]) -> Wire:
    """A document whose every text is a canary, each of its lists filled alike."""
    wire: Wire = {"trường lạ": "CANARY", "CANARY": ["CANARY"]}
    for key, kind in documented_keys(cls):
        if kind is str or kind == Image | None:
            wire[key] = "CANARY"
        elif kind in (float, int):
            wire[key] = 1
    element = {"name": "CANARY", "coin": "CANARY", "account_no": "CANARY", "bank": "CANARY", "value": "CANARY"}
    lists = {"info_goods": [element], "account_bank": [element], "table": [[element]]}
    return wire | {key: value for key, value in lists.items() if key in wire or cls is Invoice}


@pytest.mark.parametrize("type_name", [*PAPERS, "giấy_mới"])
def test_no_repr_of_a_paper_shows_what_was_read(type_name: str) -> None:
    cls = PAPERS.get(type_name, Paper)
    found = structure([{"type": type_name, "info": canaries(cls), "mới": "CANARY"}], list[Recognized])
    assert "CANARY" in json.dumps(unstructure(found))
    assert "CANARY" not in f"{found} {found!r} {found[0]} {found[0].info!r}"


def test_no_repr_inside_an_invoice_shows_what_was_read() -> None:
    found = invoice(canaries(Invoice))
    for inner in (found.info_goods, found.account_bank, found.table, found.image, found.date):
        assert inner
        assert "CANARY" not in f"{inner} {inner!r}"


def test_no_repr_of_a_page_shows_its_text() -> None:
    pages = structure([[[[{"text": "CANARY", "confidence": 0.5, "box": BOX, "mới": "CANARY"}]]]], list[Page])
    page = pages[0]
    for level in (pages, page, page[0], page[0][0], page[0][0][0], page[:1], page[0][:1], page[0][0][:1]):
        assert "CANARY" not in f"{level} {level!r}"
    assert repr(pages) == "[<Page of 1>]"
    assert "CANARY" in page.text


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (EMPTY, "Field()"),
        (Field("CANARY"), "Field(value=…)"),
        (Field("CANARY", 0.5, Box(1, 2, 3, 4), 0), f"Field(value=…, confidence=0.5, box={Box(1, 2, 3, 4)}, page=0)"),
        (Field(confidence=0.5), "Field(confidence=0.5)"),
    ],
)
def test_a_field_shows_where_it_stands_and_not_what_it_says(field: Text, shown: str) -> None:
    assert repr(field) == shown


def test_a_repr_shows_the_kind_of_paper_and_the_judgement_of_it() -> None:
    (found,) = structure([{"type": "passport", "info": {}, "valid": "False", "invalidCode": 4}], list[Recognized])
    assert "type='passport'" in repr(found)
    assert "valid=False, invalid_code=4" in repr(found)
