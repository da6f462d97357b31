"""The vendor's JSON as models, and back: nothing raises, nothing is lost, nothing read shows in a repr."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from attrs import frozen

from cvs_async import models
from cvs_async._codec.converter import structure, unstructure
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
    Passport,
    Recognized,
    RegistrationBook,
    Text,
    TextItem,
    Unknown,
    VehicleInspection,
    VehicleRegistrationBack,
    VehicleRegistrationFront,
)
from cvs_async.models.fields import EMPTY, PAPERS
from tests.support.answers import ACCOUNT, CELL, GOODS, Wire, documented_keys, invoice, item, paper


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
