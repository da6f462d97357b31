"""Rows, selected columns and types of tables."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import Done, InvalidInputError
from cvs_async.api import OPERATIONS
from cvs_async.batch import Csv, Parquet
from cvs_async.batch.tables import COLUMNS, Layout, Table, check_lines
from cvs_async.batch.tables.kinds import DATES, UNITS
from cvs_async.models import fields_of
from cvs_async.models.amounts import parse_amount
from cvs_async.models.catalogue import FieldInfo
from cvs_async.models.dates import parse_date
from tests.support.outcomes import DATED, INVOICE, card, done, failed, invoice, read, rows


def told(outcome: Done[Any] | Any, *names: str, **layout: Any) -> list[tuple[Any, ...]]:
    """Some columns of the rows of an outcome."""
    table = Table(Layout(**layout))
    found = table.add(outcome)
    places = [[column.name for column in table.columns or ()].index(name) for name in names]
    return [tuple(row[place] for place in places) for row in found]


# --- rows


def test_a_row_can_be_a_document() -> None:
    papers = [
        card("a", id="1", name="LÊ", dob="x", dob_confidence=0.5),
        card("b", id="2", name="LÊ", dob_confidence=0.25),
    ]
    names = ("type", "paper", "papers", "billed", "info.id", "info.name", "info.dob.confidence", "min_confidence")
    fields = names[4:7]
    found = told(done(papers), *names, rows="document", fields=fields)
    assert found == [("a; b", None, 2, 1, "1; 2", "LÊ", 0.25, 0.25)]
    assert told(failed(), "status", "papers", "billed", rows="document", fields=fields) == [("failed", 0, 0)]


def test_a_row_can_be_a_line_item() -> None:
    names = ("paper", "table", "line", "amount_total", "rest", "billed", "min_confidence")
    outcome = done([invoice("1", "2"), invoice("3", info_goods=[{"name": "Giấy", "coin": "3"}])], INVOICE)
    assert told(outcome, *names, rows="line") == [
        (1, "info.table", 1, "1", '["spare", "bare"]', 1, 0.5),
        (1, "info.table", 2, "2", '["spare", "bare"]', 0, 0.5),
        (2, "info.info_goods", 1, None, None, 0, None),
        (2, "info.table", 1, "3", '["spare", "bare"]', 0, 0.5),
    ]
    assert told(outcome, "name", "coin", rows="line")[2] == ("Giấy", "3")


def test_an_item_without_line_items_has_a_row_for_what_it_cost() -> None:
    for outcome in (done([invoice()], INVOICE), done([], INVOICE)):
        assert told(outcome, "table", "line", "billed", rows="line", operation=INVOICE) == [(None, None, 1)]
    assert told(failed(), "status", "billed", rows="line", operation=INVOICE) == [("failed", 0)]


def test_the_row_of_a_paper_without_line_items_has_its_chosen_fields() -> None:
    names = ("type", "paper", "table", "line", "info.form", "amount_total", "billed")
    shape: Any = {"rows": "line", "operation": INVOICE, "fields": ["amount_total", "info.form"]}
    (row,) = told(done([invoice(form="F")], INVOICE), *names, **shape)
    assert row == ("invoice", 1, None, None, "F", None, 1)
    (row,) = told(done([invoice(form="F"), invoice(form="G")], INVOICE), *names, **shape)
    assert row == (None, None, None, None, None, None, 1)


def test_a_line_item_can_have_fields_of_its_paper() -> None:
    fields = ("info.form", "amount_total", "info.table.*.amount_total.confidence", "info.total_amount")
    names = ("info.form", "amount_total", "amount_total.confidence", "info.total_amount")
    outcome = done([invoice("1", form="F", total_amount="9")], INVOICE)
    assert told(outcome, *names, rows="line", operation=INVOICE, fields=fields) == [("F", "1", 0.5, "9")]


@pytest.mark.parametrize("operation", [INVOICE, None])
@pytest.mark.parametrize("fields", [["info.form"], ["info.extra.new"], ["source"]])
def test_a_line_item_has_all_its_columns_unless_some_are_chosen(operation: Any, fields: list[str]) -> None:
    outcome = done([invoice("1", form="F", new="N")], INVOICE)
    table = Table(Layout(rows="line", operation=operation, fields=fields))
    (row,) = table.add(outcome)
    values = dict(zip((column.name for column in table.columns or ()), row, strict=True))
    assert values["amount_total"] == "1"
    assert (values.get("info.form"), "info.form" in values) == (
        ("F", True) if fields == ["info.form"] else (None, False)
    )
    chosen = Layout(rows="line", operation=operation or INVOICE, fields=["info.form", "coin"]).columns()
    assert [column.name for column in chosen][-2:] == ["info.form", "coin"]


@pytest.mark.parametrize("operation", [("ocr.card",), ("ocr.card", "ocr.vehicle")])
def test_rows_of_line_items_are_refused_without_line_items(operation: Any) -> None:
    with pytest.raises(InvalidInputError, match="has no line items"):
        check_lines(operation)
    for right in ((INVOICE,), ("ocr.card", INVOICE), ("new.operation",)):
        check_lines(right)


def test_columns_of_line_items_can_be_chosen_before_the_operation_is_known() -> None:
    assert told(done([invoice("1")], INVOICE), "amount_total", rows="line", fields=["amount_total"]) == [("1",)]


async def test_of_fields_that_a_pattern_has_chosen_none_is_missing(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv", ["info.*", "info.new"]) as sink:
        await sink.write(done([card(id="1")]))
    assert sink.unmatched == ("info.new",)


async def test_papers_without_any_of_the_fields_are_counted(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv", ["info.id"]) as sink:
        await sink.write(done([card(id="1"), card(dob="1"), card()]))
    assert sink.table.empty == 2


def test_statements_pages_and_tables_have_lines() -> None:
    cells = [{"value": value, "score": 0.5, "box": None} for value in ("01/02/2024", "gửi", "1", "2", "3")]
    statement = done([{"json": [[cells, cells]]}], "ocr.document.bank_statement")
    names = ("table", "line", "date", "balance")
    assert told(statement, *names, rows="line") == [("tables", 1, "01/02/2024", "3"), ("tables", 2, "01/02/2024", "3")]
    words = [{"text": "một", "confidence": 0.5, "box": [1, 2, 3, 4]}, {"text": "hai", "box": [5, 0, 9, 3]}]
    page = done([[[words], [words]]], "ocr.scan")
    assert told(page, "line", "text", "confidence", "box", rows="line") == [
        (number, "một hai", 0.5, (1, 0, 9, 4)) for number in (1, 2)
    ]
    table = done([{"info": [["a", "b"], ["c", None]]}], "ocr.document.get_table")
    assert told(table, "table", "rest", rows="line") == [("rows", '["a", "b"]'), ("rows", '["c", null]')]


def test_numbers_of_pages_are_not_line_items() -> None:
    drug = {"drug": "Thuốc mẫu", "quanlity": "10", "score": 0.5, "box": [1, 2, 3, 4]}
    cells = [{"value": value, "score": 0.5, "box": None} for value in ("Khám", "1", "2", "3")]
    claims = [
        {"type": "prescription", "info": {"drug_info": [drug]}, "pages": [0, 1]},
        {"type": "list_expense", "info": {"table": {"page_table": [2], "info_table": [[cells]]}}, "pages": [2]},
    ]
    outcome = done(claims, "ocr.claims")
    assert told(outcome, "type", "table", "drug", "goods", rows="line") == [
        ("prescription", "info.drug_info", "Thuốc mẫu", None),
        ("list_expense", "info.table.tables", None, "Khám"),
    ]
    table = Table(Layout())
    table.add(outcome)
    assert table.left_out == 2


def test_the_papers_of_an_employee_are_rows() -> None:
    profile = {
        "id_card": [{"type": "id_card", "info_goods": {"id": "1"}}],
        "registration_book": [{"type": "registration_book", "info_goods": {"member": [{"name": "A"}, {"name": "B"}]}}],
    }
    outcome = done(profile, "ocr.employee_profile")
    assert told(outcome, "type", "info.id", "papers", "billed") == [
        ("id_card", "1", 2, 1),
        ("registration_book", None, 2, 0),
    ]
    assert told(outcome, "paper", "name", rows="line") == [(2, "A"), (2, "B")]


def test_a_row_can_be_a_field() -> None:
    paper = card(id="P1", id_confidence=0.5, id_box=[1, 2, 3, 4], id_id=7, new=[1]) | {"valid": "True"}
    names = ("paper", "page", "field", "value", "confidence", "box", "billed")
    assert told(done([paper]), *names, rows="field") == [
        (1, 7, "info.id", "P1", 0.5, (1, 2, 3, 4), 1),
        (1, 7, "info.extra.new", "[1]", None, None, 0),
        (1, 7, "valid", "true", None, None, 0),
    ]
    line = told(done([invoice("5")], INVOICE), "field", "value", rows="field")
    assert line == [
        ("info.table.0.amount_total", "5"),
        ("info.table.0.colour", "spare"),
        ("info.table.0.2", "bare"),
    ]


def test_fields_choose_rows_of_fields() -> None:
    paper = card(id="P1", sur_name="LE", given_name="VAN MAU", dob="1")
    assert told(done([paper]), "field", "value", rows="field", fields=["info.*_name", "name"]) == [
        ("info.sur_name", "LE"),
        ("info.given_name", "VAN MAU"),
        ("name", "LE VAN MAU"),
    ]


@pytest.mark.parametrize(
    ("chosen", "paths"),
    [
        ("amount_total", ["info.table.0.amount_total"]),
        ("info.table.*.amount_total", ["info.table.0.amount_total"]),
        ("info.form.confidence", ["info.form"]),
        ("info.*m.confidence", ["info.form"]),
        ("info.form.box.left", ["info.form"]),
    ],
)
def test_names_of_line_items_and_of_parts_choose_rows_of_fields(chosen: str, paths: list[str]) -> None:
    outcome = done([invoice("1", form="F", form_no="2")], INVOICE)
    assert told(outcome, "field", rows="field", operation=INVOICE, fields=[chosen]) == [(path,) for path in paths]


def test_fields_that_no_paper_has_are_reported_for_rows_of_fields_and_of_line_items_too() -> None:
    table = Table(Layout(rows="field", operation=INVOICE, fields=["info.date", "info.form", "coin", "unit", "name"]))
    table.add(failed())
    assert not table.unmatched
    table.add(done([invoice("1", form="F", info_goods=[{"coin": "3"}])], INVOICE))
    assert list(table.unmatched) == ["info.date", "unit", "name"]
    table = Table(Layout(rows="line", operation=INVOICE, fields=["unit", "amount_total"]))
    table.add(done([invoice("1")], INVOICE))
    assert table.unmatched == ("unit",)


@pytest.mark.parametrize("field", ["info.account_bank.0.bank", "info.table.0.0", "info.form.box.left", "info.form.box"])
def test_what_is_deep_in_a_paper_is_found(field: str) -> None:
    values = {"account_bank": [{"bank": "B"}], "form": "F", "form_box": [1, 2, 3, 4]}
    (value,) = told(done([invoice("9", **values)], INVOICE), field, fields=[field], operation=INVOICE)
    assert value[0] is not None


@pytest.mark.parametrize("rows", ["paper", "line", "field"])
def test_the_columns_of_every_table_may_be_named_too(rows: Any) -> None:
    named = Layout(fields=[*COLUMNS, "info.form", "info.id"], rows=rows, operation=["ocr.card", INVOICE])
    plain = Layout(fields=["info.form", "info.id"], rows=rows, operation=["ocr.card", INVOICE])
    assert named.columns() == plain.columns()


@pytest.mark.parametrize("operation", ["ocr.card", None])
def test_the_id_of_an_item_is_not_taken_for_that_of_a_paper(operation: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"a paper's own is info\.id"):
        Layout(fields=["name", "id"], operation=operation)
    assert Layout(fields=["id", "info.form"], operation=INVOICE).chosen == ("info.form",)


def test_wrong_names_choose_no_rows_of_fields() -> None:
    for right in ("info.table.*.unit_price", "info.table.0.tax", "info.*", "info.form"):
        assert Layout(fields=[right], rows="field", operation=INVOICE).fields == (right,)
    with pytest.raises(InvalidInputError, match=r"info\.total_amount"):
        Layout(fields=["info.total"], rows="field", operation=INVOICE)


def test_no_row_has_the_values_of_the_one_before() -> None:
    outcome = done([card(id="P1", id_confidence=0.5), card()])
    assert told(outcome, "info.id", "min_confidence", fields=["info.id"]) == [("P1", 0.5), (None, None)]


# --- chosen fields


@pytest.mark.parametrize(
    ("chosen", "columns"),
    [
        ("info.*_name", ["info.sur_name", "info.given_name", "info.full_name"]),
        ("info.i*d.confidence", ["info.id.confidence"]),
        ("info.id.box.left", ["info.id.box.left"]),
        ("valid", ["valid"]),
        ("name", ["name"]),
    ],
)
def test_fields_may_be_chosen_with_wildcards(chosen: str, columns: list[str]) -> None:
    layout = Layout(fields=[chosen], operation="ocr.card")
    assert [column.name for column in layout.columns()][len(COLUMNS) :] == columns


def test_a_star_stands_for_every_field_once() -> None:
    every = [column.name for column in Layout(operation="ocr.card").columns()]
    chosen = Layout(operation="ocr.card", fields=["info.*", "info.id", "info.*.confidence"]).columns()
    names = [column.name for column in chosen]
    values = [name for name in every if name.startswith("info.")]
    assert names[len(COLUMNS) :] == [*values, *(f"{name}.confidence" for name in values if name != "info.confidence")]


@pytest.mark.parametrize(
    ("operation", "data", "name"),
    [
        ("ocr.card", [card(sur_name="LE", given_name="VAN MAU")], "LE VAN MAU"),
        ("ocr.card", [card(given_name="MAU")], "MAU"),
        ("ocr.card", [card("chip_id_card_front", name="LÊ")], "LÊ"),
        ("ocr.card", [card("new", full_name="LÊ")], "LÊ"),
        ("ocr.claims", [card("claim_form", insure_name="LÊ")], "LÊ"),
        ("ocr.claims", [card("prescription", patient_name="LÊ")], "LÊ"),
        ("ekyc.person_with_card", {"ocr": {"type": "x", "infor": {"name": "LÊ"}}}, "LÊ"),
        ("v1.get_haimat", {"data": {"mattruoc": {"name": "LÊ"}, "matsau": {}}}, "LÊ"),
        ("ocr.card", [card("9_id_card_back")], None),
    ],
)
def test_a_name_is_found_whatever_the_paper_calls_it(operation: str, data: Any, name: str | None) -> None:
    assert told(done(data, operation), "name", fields=["name"], operation=operation) == [(name,)]


@pytest.mark.parametrize(
    ("operation", "field", "said"),
    [
        (INVOICE, "info.total", "info.total_amount"),
        (INVOICE, "info.totl_amount", "info.total_amount"),
        (INVOICE, "total_amount", "info.total_amount"),
        (INVOICE, "totl", "info.total_amount"),
        (INVOICE, "info.info_goods.coin", "--rows line"),
        (INVOICE, "info.name", "no info.name in ocr.document.invoice"),
        (INVOICE, "info.tottal*", "no info.tottal*"),
        ("ocr.vehicle_plate", "name", "no name in ocr.vehicle_plate"),
        (INVOICE, "info.table.*.unit_price", "--rows line"),
        (INVOICE, "info.table.*.*", "--rows line"),
        (["ocr.card", INVOICE], "info.nonsense", "in ocr.card or ocr.document.invoice"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(operation: Any, field: str, said: str, tmp_path: Path) -> None:
    for sink in (Csv, Parquet):
        with pytest.raises(InvalidInputError) as raised:
            sink(tmp_path / "out", [field], operation=operation)
        assert said in str(raised.value)


@pytest.mark.parametrize(
    "field",
    [
        "info.extra.new",
        "info.table.0.1",
        "info.table",
        "info",
        "info.image",
        "info.form.page",
        "info.account_bank.0.bank",
    ],
)
def test_everything_that_can_come_can_be_chosen(field: str) -> None:
    assert Layout(fields=[field], operation=INVOICE).columns()[-1].name == field


@settings(deadline=None)
@given(st.sampled_from(sorted(OPERATIONS)), st.sampled_from(["paper", "line"]))
def test_every_column_can_be_chosen_by_its_name(operation: str, rows: Any) -> None:
    every = Layout(operation=operation, rows=rows).columns()
    names = [column.name for column in every]
    assert len(set(names)) == len(names)
    own = [
        name for name in names if name not in {c.name for c in Layout(operation="x", rows=rows, fields=()).columns()}
    ]
    if own:
        assert [column.name for column in Layout(operation=operation, rows=rows, fields=own).columns()] == names


# --- typed values


def leaves(fields: tuple[FieldInfo, ...]) -> Iterator[FieldInfo]:
    for field in fields:
        yield field
        yield from leaves(field.fields)


def test_which_fields_are_dates_and_amounts_agrees_with_the_catalogue() -> None:
    fields = [
        field for operation in OPERATIONS for field in leaves(fields_of(operation)) if field.kind in ("text", "cell")
    ]
    dates = {field.name for field in fields if parse_date(field.example) is not None}
    assert dates == DATES | {"report_time"}
    examples = {field.name: parse_amount(field.example) for field in fields if field.name in UNITS}
    assert examples.keys() == UNITS.keys()
    assert [name for name, amount in examples.items() if amount is None or amount.unit not in UNITS[name]] == []


PRINTED = {"date": "Ngày 19 tháng 05 năm 2024", "total_amount": "128.800.800", "vat_rate": "8%", "sub_total": "1,5 USD"}


async def test_dates_and_amounts_are_typed_and_what_cannot_be_read_is_kept(tmp_path: Path) -> None:
    outcome = done([invoice(**PRINTED), invoice(date="hôm qua", total_amount="-1.234,5 đ")], INVOICE)
    async with Parquet(tmp_path / "out.parquet", **DATED) as sink, Csv(tmp_path / "out.csv", **DATED) as text:
        await sink.write(outcome)
        await text.write(outcome)
    first, second = read(sink.path)
    names = ("info.date", "info.total_amount", "info.vat_rate", "info.sub_total")
    assert [first[name] for name in names] == [datetime.date(2024, 5, 19), 128800800.0, 8.0, None]
    assert [first[f"{name}.unread"] for name in names] == [None, None, None, "1,5 USD"]
    assert [second[name] for name in names] == [None, -1234.5, None, None]
    assert second["info.date.unread"] == "hôm qua"
    assert sink.table.unread == text.table.unread == {"info.date": 1, "info.sub_total": 1}
    assert [[row[name] for name in names] for row in rows(text.path)] == [
        ["2024-05-19", "128800800", "8", "1,5 USD"],
        ["hôm qua", "-1234.5", "", ""],
    ]


def test_rows_of_fields_have_dates_and_amounts_in_one_notation() -> None:
    found = dict(told(done([invoice(**PRINTED)], INVOICE), "field", "value", rows="field", **DATED))
    assert found == {
        "info.date": "2024-05-19",
        "info.total_amount": "128800800",
        "info.vat_rate": "8",
        "info.sub_total": "1,5 USD",
    }


async def test_parquet_has_types_and_the_parts_that_are_documented(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    async with Parquet(tmp_path / "out.parquet") as sink:
        await sink.write(done([invoice(form="F", form_confidence=0.5, form_box=[1, 2, 3, 4])], INVOICE))
    table = parquet.read_table(sink.path)
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["index"], types["sent_at"], types["billed"]) == ("int64", "timestamp[ms, tz=UTC]", "int64")
    assert (types["info.form"], types["info.form.confidence"]) == ("string", "double")
    [row] = table.to_pylist()
    assert row["info.form.box"] == {"left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}
    assert "raw" not in row


async def test_an_answer_can_be_in_the_table_as_it_is(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv", ["info.id"], raw=True, rows="document") as sink:
        await sink.write(done([card(id="P1"), card(new=[1])]))
    [row] = rows(sink.path)
    assert [paper["info"].get("extra") for paper in json.loads(row["raw"])] == [None, {"new": [1]}]
    with pytest.raises(InvalidInputError, match="raw applies to"):
        Csv(tmp_path / "x.csv", raw=True, rows="line")


@pytest.mark.parametrize("wrong", [{"rows": "page"}, {"dates": "us"}, {"amounts": "text"}])
def test_words_that_make_no_sense_are_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="must be one of"):
        Csv(tmp_path / "out.csv", **wrong)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("000090000001", '="000090000001"'),
        ("02/03/1990", '="02/03/1990"'),
        ("1.234.567", '="1.234.567"'),
        ("12e3", '="12e3"'),
        ("-5", "'-5"),
        ("=1+1", "'=1+1"),
        ('0"&A1', '0"&A1'),
        ("7 kg", "7 kg"),
        ("", ""),
    ],
)
async def test_excel_leaves_numbers_as_they_are_printed(tmp_path: Path, value: str, cell: str) -> None:
    async with Csv(tmp_path / "out.csv", ["info.id"], excel=True, delimiter=";") as sink:
        await sink.write(done([card(id=value)]))
    with sink.path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file, delimiter=";"))[1][-1] == cell


def test_two_papers_that_agree_are_one_value() -> None:
    outcome = attrs.evolve(done([invoice(date="1/2/2024"), invoice(date="01/02/2024")], INVOICE))
    assert told(outcome, "info.date", rows="document", **DATED) == [(datetime.date(2024, 2, 1),)]
    assert told(outcome, "info.date", rows="document", operation=INVOICE) == [("1/2/2024; 01/02/2024",)]
