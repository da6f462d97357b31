"""Checks of papers: what agrees gives no finding, each contradiction gives its own, nothing is ever raised."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import Done, Reply, models
from cvs_async._codec.converter import structure
from cvs_async.api import OPERATIONS
from cvs_async.batch.outcome import Item
from cvs_async.checks import Finding, check_digit, check_paper, check_zone
from cvs_async.checks.numbers import PROVINCES
from cvs_async.models import (
    BirthCertificate,
    BusinessRegistration,
    Cell,
    ChipIdCardBack,
    ChipIdCardFront,
    DrivingLicense,
    EmployeeProfile,
    Field,
    IdCard9Front,
    IdCard12Front,
    Invoice,
    LandOwner,
    Passport,
    PriceQuotation,
    QuotationLine,
    Recognized,
    StatementPage,
    StatementRow,
    V1Front,
    VehicleInspection,
    pair,
    pairs,
)
from cvs_async.models.fields import PAPERS, Document
from cvs_async.sandbox import Sample
from cvs_async.sandbox.samples.einvoice import read_einvoice
from cvs_async.sandbox.samples.truth import read_truth
from tests.support.examples import examples

TODAY = datetime.date(2026, 11, 25)


def kinds(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.path, finding.kind) for finding in found]


def printed(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"


def number_of(province: str, dob: datetime.date, male: bool, rest: int) -> str:
    return f"{province}{(dob.year // 100 - 19) * 2 + (not male)}{dob.year % 100:02}{rest:06}"


births = st.dates(datetime.date(1900, 1, 1), datetime.date(2026, 11, 25))
numbers = st.integers(0, 999_999)
provinces = st.sampled_from(sorted(PROVINCES))


def card(number: str, dob: str = "", gender: str = "", due_date: str = "") -> ChipIdCardFront:
    return ChipIdCardFront(id=Field(number), dob=Field(dob), gender=Field(gender), due_date=Field(due_date))


# --- numbers


@given(provinces, births, st.booleans(), numbers)
def test_a_true_number_gives_no_finding(province: str, dob: datetime.date, male: bool, rest: int) -> None:
    paper = card(number_of(province, dob, male, rest), printed(dob), "Nam" if male else "Nữ")
    assert check_paper(paper, today=TODAY) == []


@given(provinces, births, births, st.booleans(), numbers)
def test_a_number_with_another_year_of_birth_is_found(
    province: str, dob: datetime.date, other: datetime.date, male: bool, rest: int
) -> None:
    found = check_paper(card(number_of(province, dob, male, rest), printed(other), "M" if male else "F"))
    assert kinds(found) == ([] if dob.year == other.year else [("id", "birth_year")])


@given(births, st.booleans(), numbers)
def test_a_number_of_the_other_sex_is_found(dob: datetime.date, male: bool, rest: int) -> None:
    found = check_paper(card(number_of("079", dob, male, rest), printed(dob), "nữ" if male else "NAM"))
    assert kinds(found) == [("id", "sex")]


@pytest.mark.parametrize(
    ("province", "known"), [("001", True), ("003", False), ("100", False), ("000", True), ("231", True)]
)
def test_a_number_of_no_province_is_found(province: str, known: bool) -> None:
    found = check_paper(card(f"{province}090000001", "02/03/1990", "Nam"))
    assert kinds(found) == ([] if known else [("id", "province")])


def test_there_are_63_provinces() -> None:
    assert len(PROVINCES) == 63


def test_a_year_of_birth_yet_to_come_is_found_without_a_date_of_birth() -> None:
    assert kinds(check_paper(card("001299000001"), today=TODAY)) == [("id", "birth_year")]
    assert check_paper(card("001299000001")) == []


@pytest.mark.parametrize("number", ["12345678901", "00109000000O", "0010900000012", "12345678", "số"])
def test_a_number_of_another_form_is_found(number: str) -> None:
    assert kinds(check_paper(card(number))) == [("id", "number_form")]
    assert kinds(check_paper(IdCard9Front(id=Field(number)))) == [("id", "number_form")]


@pytest.mark.parametrize("number", ["001 090 000001", "001.090.000.001", "００１０９０００0001"])
def test_what_stands_between_digits_does_no_harm(number: str) -> None:
    assert check_paper(card(number, "02/03/1990", "Nam")) == []


def test_of_an_old_number_only_the_form_is_looked_at() -> None:
    assert check_paper(IdCard9Front(id=Field("123456789"), dob=Field("02/03/1990"))) == []
    assert kinds(check_paper(card("123456789"))) == [("id", "number_form")]


def test_the_number_of_another_kind_of_paper_is_not_judged() -> None:
    assert check_paper(BusinessRegistration(number_of_idcard=Field("C1234567"))) == []
    assert check_paper(Passport(person_number=Field("AB-12"))) == []
    assert kinds(check_paper(Passport(person_number=Field("001090000001"), gender=Field("F")))) == [
        ("person_number", "sex")
    ]


def test_a_year_alone_is_a_year_of_birth() -> None:
    assert kinds(check_paper(LandOwner(so_cmt=Field("001090000001"), nam_sinh=Field("1980")))) == [
        ("so_cmt", "birth_year")
    ]
    assert check_paper(LandOwner(so_cmt=Field("001090000001"), nam_sinh=Field("Sinh năm 1990"))) == []


def test_a_front_of_either_kind_may_have_either_number() -> None:
    assert check_paper(V1Front(id=Field("123456789"))) == []
    assert kinds(check_paper(V1Front(id=Field("001090000001"), sex=Field("Nữ")))) == [("id", "sex")]


# --- machine-readable zones

PARTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=9)


def td1(document: str, dob: str, due: str, optional: str) -> list[str]:
    first = f"IDVNM{document.ljust(9, '<')}{check_digit(document)}{optional.ljust(15, '<')}"
    second = f"{dob}{check_digit(dob)}M{due}{check_digit(due)}VNM<<<<<<<<<<<"
    over_all = check_digit(first[5:] + second[:7] + second[8:15] + second[18:])
    return [first, second + over_all, "LE<<MAU".ljust(30, "<")]


def td3(document: str, dob: str, due: str, person: str) -> list[str]:
    number, personal = document.ljust(9, "<"), person.ljust(14, "<")
    second = f"{number}{check_digit(number)}VNM{dob}{check_digit(dob)}M{due}{check_digit(due)}{personal}"
    second += check_digit(personal)
    return ["P<VNMLE<<MAU".ljust(44, "<"), second + check_digit(second[:10] + second[13:20] + second[21:])]


def test_check_digits_are_those_of_the_standard() -> None:
    # The examples of ICAO 9303 part 3, section 4.9, and of parts 4 and 5.
    assert check_digit("520727") == "3"
    assert check_digit("AB2134<<<") == "5"
    assert check_digit("HA672242<658022549601086<<<<<<<<<<<<<<0") == "8"
    assert (
        check_zone(
            ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"]
        )
        == []
    )
    assert (
        check_zone(["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"])
        == []
    )
    with pytest.raises(ValueError, match="consists of"):
        check_digit("a-1")


@given(PARTS, st.dates(), st.dates(), PARTS)
def test_true_zones_give_no_finding(document: str, dob: datetime.date, due: datetime.date, person: str) -> None:
    days = f"{dob.year % 100:02}{dob:%m%d}", f"{due.year % 100:02}{due:%m%d}"
    assert check_zone(td1(document, *days, person)) == []
    assert check_zone(td3(document, *days, person)) == []


@pytest.mark.parametrize(
    ("line", "place", "path"), [(0, 8, "document_number"), (1, 3, "dob"), (1, 10, "due_date"), (0, 20, "zone")]
)
def test_one_wrong_digit_of_a_card_is_found(line: int, place: int, path: str) -> None:
    lines = td1("090000001", "900302", "300302", "001090000001<<1")
    changed = str((int(lines[line][place]) + 1) % 10)
    lines[line] = lines[line][:place] + changed + lines[line][place + 1 :]
    assert path in [finding.path for finding in check_zone(lines)]
    assert {finding.kind for finding in check_zone(lines)} == {"check_digit"}


@pytest.mark.parametrize(
    ("place", "path"), [(3, "document_number"), (15, "dob"), (23, "due_date"), (30, "person_number"), (43, "zone")]
)
def test_one_wrong_digit_of_a_passport_is_found(place: int, path: str) -> None:
    first, second = td3("X0000001", "900302", "300302", "001090000001")
    second = second[:place] + str((int(second[place]) + 1) % 10) + second[place + 1 :]
    assert path in [finding.path for finding in check_zone([first, second])]


def test_an_absent_personal_number_has_no_digit() -> None:
    first, second = td3("X0000001", "900302", "300302", "")
    for digit in "0<":
        line = f"{second[:42]}{digit}"
        line += check_digit(line[:10] + line[13:20] + line[21:])
        assert check_zone([first, line]) == []


@given(st.lists(st.text(max_size=50), max_size=4))
def test_other_text_than_a_zone_gives_no_finding(lines: list[str]) -> None:
    assert check_zone(lines) == []


def test_digits_beside_the_parts_are_checked_where_an_answer_has_them() -> None:
    parts: dict[str, Any] = {"id": "X0000001", "dob": "02/03/1990", "due_date": "02/03/2030"}
    true = {"dob_checksum": check_digit("900302"), "id_checksum": int(check_digit("X0000001<"))}
    paper = structure({"type": "passport", "info": parts | true}, Recognized)
    assert check_paper(paper) == []
    wrong = {"dob_checksum": (int(check_digit("900302")) + 1) % 10, "due_date_checksum": "True"}
    paper = structure({"type": "passport", "info": parts | wrong}, Recognized)
    assert kinds(check_paper(paper)) == [("info.dob", "check_digit")]


# --- dates


def test_dates_out_of_order_are_found() -> None:
    licence = DrivingLicense(dob=Field("01/02/1990"), issue_date=Field("31/01/1990"), due_date=Field("30/01/1990"))
    assert kinds(check_paper(licence)) == [
        ("issue_date", "date_order"),
        ("due_date", "date_order"),
        ("due_date", "date_order"),
    ]
    birth = BirthCertificate(dob=Field("01/02/1990"), father_dob=Field("01/02/1991"), regis_date=Field("01/01/1990"))
    assert kinds(check_paper(birth)) == [("dob", "date_order"), ("regis_date", "date_order")]


def test_a_company_may_be_older_than_its_representative() -> None:
    assert check_paper(BusinessRegistration(dob=Field("01/02/1990"), regis_date=Field("01/02/1980"))) == []


@pytest.mark.parametrize(
    ("due", "expired"),
    [
        *(("24/11/2026", True), ("25/11/2026", False), ("Không thời hạn", False), ("vô thời hạn", False)),
        *(("", False), ("?", False), ("24/11/2026 25/11/2026", False)),
    ],
)
def test_what_has_expired_is_found_against_the_callers_date_only(due: str, expired: bool) -> None:
    for paper, path in (
        (IdCard12Front(due_date=Field(due)), "due_date"),
        (VehicleInspection(valid_until=Field(due)), "valid_until"),
    ):
        assert kinds(check_paper(paper, today=TODAY)) == ([(path, "expired")] if expired else [])
        assert check_paper(paper) == []


def test_a_moment_is_as_good_as_its_date() -> None:
    moment = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
    assert check_paper(IdCard12Front(due_date=Field("25/11/2026")), today=moment) == []


def test_dates_yet_to_come_are_found() -> None:
    assert kinds(check_paper(ChipIdCardBack(issue_date=Field("26/11/2026")), today=TODAY)) == [
        ("issue_date", "date_future")
    ]


@pytest.mark.parametrize("text", ["30/02/1990", "31/04/2000", "2023-02-29", "ngày 32 tháng 1 năm 2020", "00/00/0000"])
def test_a_date_that_is_not_in_the_calendar_is_found(text: str) -> None:
    assert kinds(check_paper(ChipIdCardFront(dob=Field(text)))) == [("dob", "date_impossible")]


# --- sums


def row(**values: str) -> list[Cell]:
    return [Cell(label=label, value=value) for label, value in values.items()]


def dong(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


@st.composite
def invoices(draw: st.DrawFn) -> dict[str, Any]:
    """A true invoice, its tax rounded line by line."""
    rate = draw(st.sampled_from((0, 5, 8, 10)))
    goods = draw(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 10**7)), min_size=1, max_size=8))
    amounts = [quantity * price for quantity, price in goods]
    taxes = [amount * rate // 100 for amount in amounts]
    rows = [
        row(
            number=str(number),
            quantity=str(quantity),
            unit_price=dong(price),
            amount_before_tax=dong(amount),
            tax=f"{rate}%",
            tax_amount=dong(tax),
            amount_total=dong(amount + tax),
        )
        for number, ((quantity, price), amount, tax) in enumerate(zip(goods, amounts, taxes, strict=True), 1)
    ]
    sums = {"sub_total": sum(amounts), "vat_amount": sum(taxes), "total_amount": sum(amounts) + sum(taxes)}
    return {"table": rows, "vat_rate": Field(f"{rate}%"), **{name: Field(dong(value)) for name, value in sums.items()}}


@given(invoices())
def test_a_true_invoice_gives_no_finding(values: dict[str, Any]) -> None:
    assert check_paper(Invoice(**values)) == []


@given(invoices(), st.integers(50, 10**9))
def test_an_invoice_whose_total_is_another_is_found(values: dict[str, Any], more: int) -> None:
    total = int(values["total_amount"].value.replace(".", "")) + more
    values["total_amount"] = Field(dong(total))
    assert kinds(check_paper(Invoice(**values))) == [("total_amount", "amount")]


def test_lines_that_add_up_to_another_sum_are_found() -> None:
    rows = [
        row(number="1", quantity="2", unit_price="500", amount_before_tax="1.000"),
        row(number="2", amount_before_tax="5"),
    ]
    lines = [row(number=str(n), quantity="2", unit_price="500", amount_before_tax="1.000") for n in (1, 2)]
    assert kinds(check_paper(Invoice(table=lines, sub_total=Field("2.500")))) == [("sub_total", "amount")]
    # A discount may be a line of its own; a page may be the second.
    assert check_paper(Invoice(table=rows, sub_total=Field("2.500"))) == []
    assert check_paper(Invoice(table=lines[1:], sub_total=Field("2.500"))) == []


@pytest.mark.parametrize(
    ("changed", "place"),
    [({"amount_before_tax": "1.100"}, 3), ({"tax_amount": "150"}, 5), ({"amount_total": "1.200"}, 6)],
)
def test_a_line_that_contradicts_itself_is_found(changed: dict[str, str], place: int) -> None:
    values = {
        **{"number": "1", "quantity": "2", "unit_price": "500", "amount_before_tax": "1.000"},
        **{"tax": "10%", "tax_amount": "100", "amount_total": "1.100"},
    }
    assert check_paper(Invoice(table=[row(**values)])) == []
    found = check_paper(Invoice(table=[row(**values | changed)]))
    assert f"table.0.{[*values][place]}" in [finding.path for finding in found]


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [
        *(("1,000", "200.000", "200.000"), ("1.500", "200.000", "300.000"), ("1.500", "200.000", "300.000.000")),
        *(("3", "33.333", "100.000"), ("0,333", "3.000.000", "1.000.000"), ("12,5", "1.000,4", "12.505")),
        *(("2", "KCT", "9"), ("", "1", "9"), ("-1", "500", "-500")),
    ],
)
def test_an_amount_may_be_rounded_and_a_quantity_have_decimals(quantity: str, price: str, amount: str) -> None:
    line = row(quantity=quantity, unit_price=price, amount_before_tax=amount)
    assert check_paper(Invoice(table=[line])) == []


def test_tax_is_the_rates_share() -> None:
    sums: dict[str, Any] = {
        "sub_total": Field("1.000.000"),
        "total_amount": Field("1.100.000"),
        "vat_amount": Field("100.000"),
    }
    for rate, path in (("10%", []), ("10", []), ("8%, KCT", []), ("0,1", []), ("8 %", [("vat_amount", "amount")])):
        assert kinds(check_paper(Invoice(vat_rate=Field(rate), **sums))) == path


def test_a_quotation_may_subtract_its_discounts_before_or_after_the_sum() -> None:
    line = QuotationLine(
        quantity=Field("2"), unit_price=Field("500"), percent_discount=Field("10%"), discount=Field("100")
    )
    for total, path in (("1.000", []), ("900", []), ("800", [("sub_total", "amount")])):
        assert kinds(check_paper(PriceQuotation(table=[line], sub_total=Field(total)))) == path
    wrong = attrs.evolve(line, discount=Field("150"))
    assert kinds(check_paper(PriceQuotation(table=[wrong]))) == [("table.0.discount", "amount")]


@st.composite
def statements(draw: st.DrawFn) -> list[StatementRow]:
    balance, rows = draw(st.integers(0, 10**9)), []
    for change in draw(st.lists(st.integers(-(10**8), 10**8).filter(bool), min_size=3, max_size=12)):
        balance += change
        cells: dict[str, Any] = {
            "credit" if change > 0 else "debit": Cell(value=dong(abs(change))),
            "balance": Cell(value=dong(balance)),
        }
        rows.append(StatementRow(**cells))
    return rows


@given(statements(), st.booleans())
def test_a_true_statement_gives_no_finding_oldest_or_newest_first(rows: list[StatementRow], newest: bool) -> None:
    page = StatementPage(tables=[rows[::-1] if newest else rows])
    assert check_paper(page) == []


@given(statements(), st.data())
def test_a_statement_with_one_wrong_amount_is_found(rows: list[StatementRow], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(rows) - 1))
    rows[place] = attrs.evolve(rows[place], credit=Cell(value=dong(7 * 10**9)), debit=Cell(value=""))
    found = check_paper(StatementPage(tables=[rows]))
    assert {finding.kind for finding in found} == {"balance"}
    if len(rows) > 3:
        assert f"tables.0.{place}.balance" in [finding.path for finding in found]


def test_rows_without_a_change_or_a_balance_are_passed_over() -> None:
    rows = [
        StatementRow(balance=Cell(value="Số dư")),
        StatementRow(balance=Cell(value="1.000.000")),
        StatementRow(credit=Cell(value="500.000"), debit=Cell(value="-"), balance=Cell(value="1.500.000")),
        StatementRow(credit=Cell(value="một triệu"), balance=Cell(value="2.500.000")),
        StatementRow(description=Cell(value="Chuyển sang trang sau"), balance=Cell(value="9")),
        StatementRow(debit=Cell(value="-9"), credit=Cell(value="0"), balance=Cell(value="0")),
    ]
    assert check_paper(StatementPage(tables=[rows])) == []


# --- papers as they come


def test_paths_lead_through_what_is_inside() -> None:
    wrong = {"type": "id_card", "info": {"id": "1", "dob": "30/02/1990"}}
    profile = structure({"id_card": [wrong]}, EmployeeProfile)
    assert kinds(check_paper(profile)) == [
        ("id_card.0.info.id", "number_form"),
        ("id_card.0.info.dob", "date_impossible"),
    ]
    papers = structure(
        [{"type": "passport", "info": {}}, {"type": "chip_id_card_front", "info": {"id": "1"}}], list[Recognized]
    )
    assert kinds(check_paper(papers)) == [("1.info.id", "number_form")]


def test_findings_hold_no_values() -> None:
    secret = "00390123456x"
    paper = card(secret, "30/02/1999", "Nữ", due_date="01/01/1900")
    found = check_paper(paper, today=TODAY)
    assert found
    for value in (secret, "1999", "1900", "Nữ", "30/02"):
        assert value not in repr(found)


def answered(samples: list[Sample]) -> Iterator[tuple[str, Document]]:
    """Each paper of the samples, with the truth as its answer."""
    for sample in samples:
        content = sample.path.read_bytes()
        if sample.kind == "einvoice":
            yield sample.kind, structure({"type": "invoice", "info": read_einvoice(content)}, Recognized)
        truth = read_truth(content)
        for paper in (paper for page in (truth.pages if truth else ()) for paper in page.papers):
            if sample.kind == "bank_statement":
                yield sample.kind, structure(paper["info"], StatementPage)
            else:
                (decoded,) = structure([paper], OPERATIONS[sample.operation].returns)
                yield sample.kind, decoded


def test_the_samples_give_no_finding(all_kinds: list[Sample]) -> None:
    papers = list(answered(all_kinds))
    assert len({kind for kind, _ in papers}) == 19  # all but text and broken files
    assert [(kind, found) for kind, paper in papers if (found := check_paper(paper))] == []
    late = datetime.date(2026, 1, 1)  # the samples' inspections are over by then
    assert {f.kind for _, paper in papers for f in check_paper(paper, today=late)} <= {"expired"}


GARBAGE = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("001090000001", "30/02/1990", "01/01/9999", "99.999.999", "1e9", "8%", "Nam", "\ud800", "９９９", "²"),
            *("0", "-0", "9" * 100, "0," + "1" * 97, "1990", "Infinity", "NaN", "KHÔNG THỜI HẠN", "01/01/0001"),
        ]
    ),
    st.none(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.integers(), max_size=4),
)
LABELS = ("number", "quantity", "unit_price", "amount_before_tax", "tax", "tax_amount", "amount_total", None)
CELLS = st.fixed_dictionaries({"value": GARBAGE, "label": st.sampled_from(LABELS)})
ROWS = st.lists(st.lists(CELLS, max_size=7), max_size=4)
LISTS = {"table", "tables", "json"}
MODELS = sorted(
    {cls for cls in vars(models).values() if isinstance(cls, type) and issubclass(cls, Document)} - {Recognized},
    key=lambda cls: cls.__name__,
)


@given(st.data())
@examples(400)
def test_garbage_in_every_field_never_raises(data: st.DataObject) -> None:
    cls = data.draw(st.sampled_from(MODELS))
    names = [attribute.name for attribute in attrs.fields(cls)] + ["dob_checksum", "id_checksum", "json"]
    wire: Any = {name: data.draw(ROWS if name in LISTS else GARBAGE) for name in names}
    if data.draw(st.booleans()):
        wire = {"json": [data.draw(ROWS)]} if cls is StatementPage else wire
    paper = structure(wire, cls)
    before = attrs.asdict(paper)
    with decimal.localcontext() as context:
        context.traps = dict.fromkeys(context.traps, True)  # as an application may have set them
        for today in (None, TODAY, datetime.date.min, datetime.date.max):
            assert all(isinstance(finding, Finding) for finding in check_paper(paper, today=today))
    assert repr(attrs.asdict(paper)) == repr(before)


def test_an_applications_own_decimal_context_does_no_harm() -> None:
    long = Field("9" * 60)
    paper = Invoice(sub_total=long, vat_rate=Field("7,77%"), vat_amount=long, total_amount=long)
    with decimal.localcontext() as context:
        context.traps = dict.fromkeys(context.traps, True)
        assert kinds(check_paper(paper)) == [("vat_amount", "amount"), ("total_amount", "amount")]


@pytest.mark.parametrize("type_", sorted(PAPERS))
def test_an_empty_paper_gives_no_finding(type_: str) -> None:
    assert check_paper(structure({"type": type_, "info": {}}, Recognized), today=TODAY) == []


@pytest.mark.parametrize("shape", [list, tuple, lambda papers: Reply(operation="ocr.card", data=papers, raw={})])
def test_papers_are_checked_in_whatever_they_come(shape: Any) -> None:
    wrong = Recognized(info=ChipIdCardFront(id=Field("1")))
    assert kinds(check_paper(shape([wrong]))) == [("0.info.id", "number_form")]


def test_both_sides_of_a_card_are_checked() -> None:
    front = Recognized(info=ChipIdCardFront(id=Field("1")))
    back = Recognized(info=ChipIdCardBack(person_number=Field("2")))
    found = [("front.info.id", "number_form"), ("back.info.person_number", "number_form")]
    assert kinds(check_paper(pair(front, back))) == found
    assert kinds(check_paper(pair(None, back))) == found[1:]


# Whatever is checked


def test_an_outcome_is_checked_as_its_reply() -> None:
    expired: Recognized[Passport] = Recognized(type="passport", info=Passport(due_date=Field("01/01/2020")))
    reply: Reply[Any] = Reply(operation="ocr.card", data=[expired], raw={})
    (finding,) = check_paper(Done(Item(0, "a.jpg"), reply), today=TODAY)
    assert (finding.path, finding.kind) == ("0.info.due_date", "expired")
    purged = Done(Item(0, "a.jpg"), attrs.evolve(reply, data=None), purged=True)
    assert check_paper(purged) == []


def test_cards_of_several_people_are_checked_with_their_places() -> None:
    side: Any = Recognized(type="chip_id_card_front", info=ChipIdCardFront(id=Field("12")))
    assert [finding.path for finding in check_paper(pairs([side, side]))] == ["0.front.info.id", "1.front.info.id"]


def test_data_of_any_depth_is_looked_into() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    reply = Reply(operation="ocr/new", data=deep, raw={})
    assert check_paper(reply) == []
    assert (reply.front, reply.back, reply.first(Passport), pairs(reply)) == (None, None, None, [])
    while deep:  # Python itself does not bear to let go of it at once
        deep = deep.pop()


@pytest.mark.parametrize("today", ["2024-01-01", 5, datetime.time()])
def test_today_must_be_a_date_even_if_no_date_was_read(today: Any) -> None:
    with pytest.raises(TypeError, match=r"^today must be a datetime\.date"):
        check_paper(Passport(), today=today)


@pytest.mark.parametrize("digit", [10**400, "10", "²", "٣", True, None, [], {}, 1.5, "x"])
def test_only_check_digits_are_compared(digit: Any) -> None:
    assert check_paper(Passport(dob=Field("02/03/1990"), extra={"dob_checksum": digit})) == []
    assert check_paper(Passport(dob=Field("02/03/1990"), extra={"dob_checksum": 10**5000})) == []


def test_a_zone_is_checked_as_one_text_too() -> None:
    for lines in (td1("090000001", "900302", "300302", "001090000001"), td3("C0000001", "900302", "300302", "1")):
        for whole in ("\n".join(lines), "".join(lines), "\r\n".join(["", *lines, " "]), ["", *lines, "\n"]):
            assert check_zone(whole) == []
        wrong = [line.replace("9003", "9103") for line in lines]
        assert check_zone("\n".join(wrong)) == check_zone(wrong) != []
    assert check_zone("") == check_zone("x") == check_zone("giấy") == []


@pytest.mark.parametrize("date", ["05/02/2563", "01/01/0001", "ngày 5 tháng 2 năm 1199"])
def test_a_year_that_no_paper_has_is_found_and_does_not_make_a_paper_valid(date: str) -> None:
    (finding,) = check_paper(Passport(due_date=Field(date)), today=TODAY)
    assert (finding.path, finding.kind) == ("due_date", "date_impossible")
    assert check_paper(Passport(due_date=Field("31/12/9999")), today=TODAY) == []


def test_the_mark_of_a_note_is_not_a_digit_of_a_number() -> None:
    (finding,) = check_paper(ChipIdCardFront(id=Field("00109000001\u00b9")))
    assert (finding.path, finding.kind) == ("id", "number_form")
    assert check_paper(ChipIdCardFront(id=Field("\uff10\uff10\uff11 090 000 001"))) == []
