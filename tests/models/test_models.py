"""Each kind of answer as the vendor documents it, and as it might come: every field has its place in the models."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async._codec.converter import structure, unstructure
from cvs_async.models import (
    Box,
    CardWarning,
    Cell,
    ClaimLabel,
    Crop,
    CropWarning,
    EmployeeIdCard,
    EmployeeProfile,
    FaceWarning,
    Field,
    IdCard12Front,
    LandCertificate1,
    LandCertificate2,
    LandCertificate3,
    LivenessWarning,
    Paper,
    PersonWithCard,
    StatementPage,
    Table,
    Unknown,
    V1DrivingLicense,
    V1IdCard9Back,
    V1IdCard9Front,
    V1IdCard12Back,
    V1IdCard12Front,
    V1Paper,
    V1Sides,
    credit,
    is_unlimited,
    parse_date,
)
from cvs_async.models.v1 import V1_PAPERS
from tests.support.examples import examples
from tests.support.papers import (
    BIRTH,
    BUSINESS,
    CREDIT,
    CREDIT_TABLES,
    EMPLOYEE_PAPERS,
    EXAMPLES,
    LAND,
    PICTURE,
    QUOTATION,
    QUOTATION_LINE,
    SUCCESS,
    V1_CMT,
    cell,
    cells,
    example,
)


def extras(plain: Any) -> Iterator[Any]:
    """Everything that found no place."""
    if isinstance(plain, dict):
        for name, value in plain.items():
            if name == "extra":
                yield value
            else:
                yield from extras(value)
    elif isinstance(plain, list):
        for item in plain:
            yield from extras(item)


def texts_of(value: Any) -> Iterator[str]:
    """Every text that could not be a number or a boolean, the envelope's left out."""
    if isinstance(value, str):
        if value.strip().lower() not in ("true", "false", "none") and not _is_number(value):
            yield value
    elif isinstance(value, (Mapping, list)):
        if isinstance(value, Mapping):
            value = [item for name, item in value.items() if name not in SUCCESS]
        for item in value:
            yield from texts_of(item)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def at(found: Any, path: str) -> Any:
    """Return the value at a path such as ``0.info.name``."""
    for step in path.split("."):
        found = found[int(step)] if step.isdigit() else getattr(found, step)
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_documented_is_extra_or_lost(name: str) -> None:
    _, wire = EXAMPLES[name]
    plain = json.loads(json.dumps(unstructure(example(name))))
    assert list(extras(plain)) == []
    assert set(texts_of(wire)) - set(texts_of(plain)) <= {"pdf"}


@pytest.mark.parametrize(
    ("name", "at_path", "names", "page"),
    [
        ("birth", "0.info", BIRTH, None),
        ("business", "0.info", BUSINESS, None),
        ("quotation", "0.info", QUOTATION, None),
        ("quotation", "0.info.table.0", QUOTATION_LINE, None),
        ("credit", "info", CREDIT, 1),
        ("land 1", "info", f"{LAND} thong_tin_nha_o thong_tin_ghi_chu", 1),
        ("land 2", "info", f"{LAND} dia_chi_thua_dat", 1),
        ("land 3", "info", LAND, 1),
        ("employee", "registration_book.0.info.member.0", "relationship_to_head name dob id_card", None),
        *(
            (example, f"{kind}.0.info", names, 1 if kind == "curriculum_vitae" else None)
            for kind, (names, _) in EMPLOYEE_PAPERS.items()
            for example in ("employee", "employee's other name")
        ),
    ],
)
def test_every_documented_field_has_value_confidence_box_and_page(
    name: str, at_path: str, names: str, page: int | None
) -> None:
    document = at(example(name), at_path)
    for field in names.split():
        assert getattr(document, field) == Field(f"giá trị {field}", 0.97, Box(1, 2, 30, 14), page), field


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("birth", "0.info.image.base64", PICTURE),
        ("quotation", "0.info.image_table.base64", PICTURE),
        ("plates", "0.plate", Field("51F-123.45", 0.9)),
        ("plates wrapped", "0.plate.value", "51F-123.45"),
        ("tables", "0.info", [["3", "Liti", "Li"], ["4", None, "5"]]),
        ("labels", "0.page", 0),
        ("labels", "0.label", ClaimLabel.INVOICE),
        ("labels", "1.page", 1),
        ("labels", "1.label", None),
        ("statement", "0.tables.0.0.date", Cell(value="01/02/2023", box=Box(1, 2, 30, 14), score=0.9)),
        ("statement", "0.tables.0.0.description.value", "Chuyển khoản"),
        ("statement", "0.tables.0.0.debit.value", "0"),
        ("statement", "0.tables.0.0.credit.value", "500.000"),
        ("statement", "0.tables.0.0.balance.value", "1.500.000"),
        ("statement", "0.tables.0.1.balance", Cell()),
        ("statement", "0.image_table.0.base64", PICTURE),
        ("credit", "info.imgs.1.base64", PICTURE),
        ("credit", "info.loan_details.0.institution_name.value", "VCB"),
        ("credit", "info.loan_details.0.debts.value.1.debt_name", "Dư nợ cần chú ý"),
        ("credit", "info.loan_details.0.debts.value.0.debt", "120"),
        ("credit", "info.loan_details.0.debts.box.1", Box(1, 20, 30, 34)),
        ("credit", "info.loan_details.0.debts.score", [0.9, 0.8]),
        ("credit", "info.loan_details.0.total.value", "120"),
        ("credit", "info.credit_card_info.0.number_of_cards.value", "2"),
        ("credit", "info.outstanding_loans.0.total.value", "123"),
        ("credit", "info.bad_debt.0.institution.value", "Ngân hàng"),
        ("credit", "info.late_payments.0.late.value", "Y"),
        ("credit", "info.loan_guarantee.0.institutions.value", "1"),
        ("credit", "info.credit_contract.0.ends.value", "01/01/2025"),
        ("credit", "info.customers_look_up.0.product.value", "Tin cơ bản"),
        *(("credit", f"info.{table}_image.base64", PICTURE) for table in CREDIT_TABLES),
        ("land 1", "info.noi_dung_chu_dat.0.so_cmt.value", "giá trị so_cmt"),
        ("land 1", "info.list_img.0.base64", PICTURE),
        ("employee", "id_card.0.type", "id_card"),
        ("employee", "id_card.0.info.image_back.base64", PICTURE),
        ("employee", "image_negative.0.base64", PICTURE),
        ("employee's other name", "registration_book.0.info.member.1.name.value", "giá trị name"),
        ("matching", "matching", 87.25),
        ("matching", "match", 1),
        ("matching", "invalid_code", FaceWarning.OK),
        ("matching", "valid", None),
        ("liveness", "matching_mid_left", 91.5),
        ("liveness", "matching_mid_right", 90.0),
        ("liveness", "valid", True),
        ("person", "matching.matching", 70.0),
        ("person", "matching.match", 0),
        ("person", "matching.valid", False),
        ("person", "ocr.info.name.value", "giá trị name"),
        ("person", "ocr.valid", True),
        ("faces", "0.id", "123456"),
        ("faces", "0.url", "https://example.com/a.png"),
        ("crop", "url", "https://example.com/a.png"),
        ("crop", "invalid_code", 0),
        ("sides", "mattruoc.quoctich.value", "giá trị quoctich"),
        ("sides", "matsau.noicap.value", "giá trị noicap"),
        ("sides", "valid", True),
        ("v1 blx", "info.class_.value", "giá trị class"),
        ("v1 cmt", "valid", True),
        ("v1 PDF", "1.info.sex.value", "giá trị sex"),
        ("v1 PDF", "1.valid", None),
    ],
)
def test_what_is_documented_stands_at_its_path(name: str, path: str, expected: object) -> None:
    assert at(example(name), path) == expected


@pytest.mark.parametrize(
    ("name", "path", "cls"),
    [
        ("land 1", "info", LandCertificate1),
        ("land 2", "info", LandCertificate2),
        ("land 3", "info", LandCertificate3),
        ("employee", "id_card.0.info", EmployeeIdCard),
        ("person", "ocr.info", IdCard12Front),
        *((f"v1 {name}", "info", cls) for name, cls in V1_PAPERS.items()),
    ],
)
def test_the_type_decides_on_the_class(name: str, path: str, cls: type[Paper]) -> None:
    assert type(at(example(name), path)) is cls


def test_v1_has_types_of_its_own() -> None:
    assert {
        "cmt": V1IdCard9Front,
        "tcc": V1IdCard12Front,
        "matsaucmt": V1IdCard9Back,
        "matsautcc": V1IdCard12Back,
        "blx": V1DrivingLicense,
    } == V1_PAPERS
    assert isinstance(structure({"type": "passport", "data": {"id": "B1"}}, V1Paper).info, Unknown)


def test_a_v1_answer_of_one_picture_is_a_list_of_one() -> None:
    assert structure(EXAMPLES["v1 tcc"][1], list[V1Paper]) == [example("v1 tcc")]


def test_values_of_v1_for_a_whole_pdf_apply_to_each_paper() -> None:
    wire = {"type": "pdf", "data": [{"type": "cmt", "data": V1_CMT}, 5], "mới": "x", "valid": "False"}
    first, second = structure(wire, list[V1Paper])
    assert (first.type, first.valid, first.extra) == ("cmt", False, {"mới": "x"})
    assert second.info.extra == {"value": 5}


def test_an_answer_without_what_it_was_asked_for_is_empty() -> None:
    assert structure(SUCCESS, Crop) == Crop()
    assert structure(SUCCESS, PersonWithCard) == PersonWithCard()
    assert structure(SUCCESS, V1Sides) == V1Sides()
    assert structure({"type": "cmt", **SUCCESS}, V1Paper) == V1Paper(type="cmt", info=V1IdCard9Front())


def test_cells_beyond_the_documented_columns_are_kept() -> None:
    (page,) = structure({"json": [[[*cells("a", "b", "c", "d", "e"), cell("f"), None]]]}, list[StatementPage])
    (row,) = page.tables[0]
    assert row.balance.value == "e"
    assert row.extra == {"5": cell("f"), "6": None}


@pytest.mark.parametrize("sent", [cell("a"), [cell("a")], [cell("a"), None]])
def test_a_row_may_be_short_or_a_single_cell(sent: object) -> None:
    (page,) = structure([{"json": [[sent]]}], list[StatementPage])
    (row,) = page.tables[0]
    assert (row.date.value, row.description, row.balance, row.extra) == ("a", Cell(), Cell(), {})


@pytest.mark.parametrize("sent", [[PICTURE, 5], [None], [""], {"a": PICTURE}])
def test_a_list_of_images_that_has_other_things_is_kept_as_it_came(sent: object) -> None:
    profile = structure({"image_negative": sent}, EmployeeProfile)
    assert (profile.image_negative, profile.extra) == ([], {"image_negative": sent})


@pytest.mark.parametrize("sent", [[["a", {"b": "c"}]], {"a": "b"}])
def test_a_table_of_other_things_than_texts_is_kept_as_it_came(sent: object) -> None:
    (table,) = structure({"info": sent}, list[Table])
    values = [cell.extra or cell.value for row in table.rows for cell in row]
    assert values == (["a", {"b": "c"}] if isinstance(sent, list) else [sent])
    assert table.extra == {}


def test_what_wraps_and_is_wrapped_under_one_name_is_kept_twice() -> None:
    sides = structure({"valid": "True", "data": {"valid": "False", "mattruoc": V1_CMT}}, V1Sides)
    assert sides.valid is True
    assert sides.mattruoc.id.value == "giá trị id"
    assert sides.extra == {"data": {"valid": "False"}}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_object_for_a_list_and_a_list_for_an_object_are_the_same(name: str) -> None:
    returns, wire = EXAMPLES[name]
    swapped = wire[0] if isinstance(wire, list) else [wire]
    if name != "v1 PDF":  # which is an object with a list
        assert structure(swapped, returns) == structure(wire[:1] if isinstance(wire, list) else wire, returns)


# Whatever comes

scalars = st.none() | st.booleans() | st.integers(-9, 999) | st.floats() | st.text(max_size=5) | st.just("None")
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def spoiled(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any) -> Any:
    """An example of which some parts are missing, null, wrapped, unwrapped or something else."""
    match draw(st.sampled_from(["as is"] * 9 + ["null", "wrapped", "first", "other"])):
        case "null":
            return None
        case "wrapped":
            return [value]
        case "first" if isinstance(value, list) and value:
            return spoiled(draw, value[0])
        case "other":
            return draw(anything)
    if isinstance(value, dict):
        kept = {name: spoiled(draw, item) for name, item in value.items() if name in SUCCESS or draw(st.integers(0, 5))}
        return kept | ({"mới": draw(anything)} if draw(st.booleans()) else {})
    return [spoiled(draw, item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", EXAMPLES)
@given(data=st.data())
@examples(30)
def test_spoiled_answers_decode_and_lose_no_text(name: str, data: st.DataObject) -> None:
    returns, wire = EXAMPLES[name]
    sent = spoiled(data.draw, wire)
    before = json.dumps(sent)
    plain = json.loads(json.dumps(unstructure(structure(sent, returns))))
    assert json.dumps(sent) == before
    if returns != list[V1Paper]:  # which leaves it to the reply that a PDF is a PDF
        assert set(texts_of(sent)) <= set(texts_of(plain))


@pytest.mark.parametrize("name", EXAMPLES)
@given(sent=anything)
@examples(30)
def test_no_answer_whatever_raises(name: str, sent: object) -> None:
    unstructure(structure(sent, EXAMPLES[name][0]))


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_repr_shows_what_was_read(name: str) -> None:
    shown = repr(example(name))
    for secret in ("giá trị", PICTURE, "Chuyển khoản", "51F", "Liti", "example.com", "Dư nợ"):
        assert secret not in shown


# Warnings


@pytest.mark.parametrize(
    ("enum", "count"), [(CardWarning, 7), (FaceWarning, 13), (LivenessWarning, 9), (CropWarning, 9)]
)
def test_warning_codes_are_open_enums(enum: Any, count: int) -> None:
    assert [member.value for member in enum] == list(range(count))
    assert enum(0) == 0
    unknown = enum(99)
    assert (unknown, unknown.name, unknown.value, type(unknown)) == (99, "UNKNOWN_99", 99, enum)
    assert len(enum) == count
    with pytest.raises(ValueError, match="not a valid"):
        enum("x")


def test_the_documented_labels_are_seventeen() -> None:
    assert len(ClaimLabel) == 17


# Dates


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("14/11/2023", (2023, 11, 14)),
        ("14-11-2023", (2023, 11, 14)),
        ("14.11.2023", (2023, 11, 14)),
        ("1/2/2023", (2023, 2, 1)),
        (" 14 / 11 / 2023 ", (2023, 11, 14)),
        ("14/11/2023.", (2023, 11, 14)),
        ("10:30 14/11/2023", (2023, 11, 14)),
        ("2023-11-14", (2023, 11, 14)),
        ("2023-11-14T10:30:00+07:00", (2023, 11, 14)),
        ("2023/11/14", (2023, 11, 14)),
        ("ngày 14 tháng 11 năm 2023", (2023, 11, 14)),
        ("Hà Nội, Ngày 14 Tháng 11 Năm 2023", (2023, 11, 14)),
        ("NGÀY 01 THÁNG 02 NĂM 2023", (2023, 2, 1)),
        ("ngay 14 thang 11 nam 2023", (2023, 11, 14)),
        ("ngày14tháng11năm2023", (2023, 11, 14)),
        ("Ngày..14.. tháng..11..\n năm 2023", (2023, 11, 14)),
        ("nga\u0300y 14 tha\u0301ng 11 na\u0306m 2023", (2023, 11, 14)),
        ("Ngày (day) 14 tháng (month) 11 năm (year) 2023", (2023, 11, 14)),
        ("Ngày(Date)14 tháng(month)11 năm(year)2023", (2023, 11, 14)),
        ("Ngày/ day 14 tháng/ month 11 năm/ year 2023", (2023, 11, 14)),
        ("14 tháng month year 11 năm 2023", None),
        ("29/02/2024", (2024, 2, 29)),
        ("từ 14/11/2023 (2023-11-14)", (2023, 11, 14)),
        ("29/02/2023", None),
        ("11/14/2023", None),
        ("00/00/0000", None),
        ("14/11-2023", None),
        ("14/11/23", None),
        ("1.234.567.2023", None),
        ("1/1/2020 - 1/1/2021", None),
        ("114/11/2023", None),
        ("14/11/20231", None),
        ("1²/02/2020", (2020, 2, 1)),
        ("¹5/02/2020", (2020, 2, 5)),
        ("05/02/2020²", (2020, 2, 5)),
        ("100 m² ngày 05/02/2020", (2020, 2, 5)),
        ("ngày 1 5 tháng 02 năm 2020", None),
        ("1 5/02/2020", None),
        ("1\n5/02/2020", None),
        ("10 05/02/2020", (2020, 2, 5)),
        ("10:30 5/2/2020", (2020, 2, 5)),
        ("Số 12 ngày 5 tháng 2 năm 2020", (2020, 2, 5)),
        ("01/02/03", None),
        ("05/02/2563", None),
        ("05/02/0990", None),
        ("31/12/9999", (9999, 12, 31)),
        ("không thời hạn", None),
        ("Bình", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_as_vietnamese_papers_have_them(text: str | None, date: tuple[int, int, int] | None) -> None:
    assert parse_date(text) == (datetime.date(*date) if date else None)


@pytest.mark.parametrize(
    ("text", "unlimited"),
    [
        ("không thời hạn", True),
        ("Không thời hạn", True),
        ("KHÔNG THỜI HẠN", True),
        ("Vô thời hạn", True),
        ("khong thoi han", True),
        ("Có giá trị đến: không xác định thời hạn", True),
        ("14/11/2023", False),
        ("thời hạn", False),
        ("", False),
        (None, False),
    ],
)
def test_a_paper_may_never_expire(text: str | None, unlimited: bool) -> None:
    assert is_unlimited(text) is unlimited


def test_a_long_text_takes_no_time() -> None:
    assert not is_unlimited("không" + " " * 200_000 + "thời")
    assert is_unlimited("không" + " " * 200_000 + "thời hạn")
    assert parse_date("5" + " " * 200_000 + "/2/2020") == datetime.date(2020, 2, 5)


@given(st.text() | st.text(alphabet="0123456789/.-ngàythángnăm "))
def test_no_text_is_an_error(text: str) -> None:
    assert isinstance(is_unlimited(text), bool)
    assert parse_date(text) is None or parse_date(text) is not None


COLUMNS = {
    credit.CreditCardInfo: "limit amount_due amount_overdue number_of_cards",
    credit.OutstandingLoan: "loans cards total",
    credit.BadDebt: "last_date debt_group amount number institution",
    credit.LatePayment: "late most_days times",
    credit.LoanGuarantee: "assets institutions",
    credit.CreditContract: "signed ends",
    credit.CustomerLookUp: "institution_code product date",
}


@pytest.mark.parametrize(("row", "names"), COLUMNS.items())
def test_the_columns_of_a_credit_report_are_in_the_documented_order(row: Any, names: str) -> None:
    columns = names.split()
    cells = [{"value": name, "box": [0, 0, 1, 1], "score": 1, "label": ""} for name in columns]
    told = structure(cells, row)
    assert [getattr(told, name).value for name in columns] == columns


def test_the_codes_of_liveness_are_those_of_the_documents() -> None:
    names = [warning.name for warning in sorted(LivenessWarning)]
    assert names == [
        *("OK", "NO_FACE_MID", "NO_FACE_LEFT", "NO_FACE_RIGHT", "MID_LEFT_DIFFER", "MID_RIGHT_DIFFER"),
        *("INVALID_MID", "INVALID_LEFT", "INVALID_RIGHT"),
    ]
    assert [int(LivenessWarning[name]) for name in names] == list(range(9))
