"""The sandbox reads samples of the vendor's newer papers and tables truly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cvs_async import AsyncCVS, NoContentError
from cvs_async.look.overlay import overlay
from cvs_async.models import ExpenseList, Prescription, VehicleRegistrationBack
from cvs_async.sandbox import Sample, Sandbox
from tests.support.truth import of_kind, truth_of

CLAIMS = ("prescription", "discharge_paper", "expense_list", "hospital_bill")


def papers_of(sample: Sample) -> list[dict[str, Any]]:
    return [paper for page in truth_of(sample).pages for paper in page.papers]


@pytest.mark.parametrize("kind", CLAIMS)
async def test_papers_of_a_claim_are_read_truly_with_their_pages(
    kind: str, cvs: AsyncCVS, all_kinds: list[Sample]
) -> None:
    [sample] = of_kind(all_kinds, kind)
    reply = await cvs.ocr.claims(sample.path)
    [paper] = papers_of(sample)
    [read] = reply.data
    assert read.pages == [0]
    assert reply.raw["data"][0]["info"]["valid_seals"] is True
    assert reply.raw["data"][0]["info"] == paper["info"]
    plain = {name: value for name, value in paper["info"].items() if not isinstance(value, list | dict)}
    boxes = {name: value for name, value in paper["info"].items() if name.endswith("_box")}
    for name in plain.keys() - {"valid_seals"}:
        if not name.endswith("_confidence"):
            field = getattr(read.info, name)
            assert (field.value, list(field.box)) == (plain[name], boxes[f"{name}_box"])


async def test_the_drugs_of_a_prescription_have_their_boxes(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    [sample] = of_kind(all_kinds, "prescription")
    info = (await cvs.ocr.claims(sample.path)).data[0].info
    assert isinstance(info, Prescription)
    read = [(d.drug.value, d.drug.confidence, list(d.drug.box or ()), d.quantity.value) for d in info.drug_info]
    lines = papers_of(sample)[0]["info"]["drug_info"]
    assert read == [(line["drug"], line["score"], line["box"], line["quanlity"]) for line in lines]


async def test_the_rows_of_a_list_of_expenses_are_read_truly(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    [sample] = of_kind(all_kinds, "expense_list")
    info = (await cvs.ocr.claims(sample.path)).data[0].info
    assert isinstance(info, ExpenseList)
    [rows] = info.table.tables
    read = [[row.goods, row.patient_pays, row.quantity, row.unit_price] for row in rows]
    [table] = papers_of(sample)[0]["info"]["table"]["info_table"]
    assert [[(c.value, c.score, list(c.box or ())) for c in row] for row in read] == [
        [(cell["value"], cell["score"], cell["box"]) for cell in row] for row in table
    ]


async def test_a_registration_is_read_truly_with_its_seats(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    sample = next(one for one in of_kind(all_kinds, "vehicle_registration") if "sau" in one.path.name)
    reply = await cvs.ocr.vehicle_registration(sample.path)
    info = reply.data[0].info
    assert isinstance(info, VehicleRegistrationBack)
    wire = papers_of(sample)[0]["info"]
    assert (info.sit.value, info.stand.value, info.lie.value) == (wire["sit"], "0", "0")
    assert info.address_town.value == wire["Address_town"]
    assert info.extra == {}


@pytest.mark.parametrize(("name", "form"), [("bảng-giá", "json"), ("danh-sách", "info")])
async def test_tables_are_answered_in_the_form_they_stand_for(
    name: str, form: str, cvs: AsyncCVS, all_kinds: list[Sample]
) -> None:
    [sample] = [one for one in of_kind(all_kinds, "table") if name in one.path.name]
    reply = await cvs.ocr.document.get_table(sample.path)
    wire = papers_of(sample)[0]["info"]
    assert reply.raw["data"] == [wire] == [{form: wire[form]}]
    [table] = reply.data
    texts = [[cell["value"] if form == "json" else cell for cell in row] for row in wire[form]]
    assert table.info == texts
    assert table.info[0][0] == "STT"


@pytest.mark.parametrize("kind", ["invoice", "price_quotation", "bank_statement", "expense_list"])
async def test_tables_of_other_papers_are_answered_as_cells(kind: str, cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    sample = of_kind(all_kinds, kind)[0]
    reply = await cvs.ocr.document.get_table(sample.path)
    assert len(reply.data) == len(papers_of(sample))
    stored = json.dumps(papers_of(sample))
    for table in reply.data:
        assert table.rows
        for cell in (cell for row in table.rows for cell in row):
            assert cell.score is not None
            assert json.dumps(cell.value) in stored
            assert json.dumps(list(cell.box or ())) in stored


async def test_a_page_with_only_a_table_has_no_paper(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    with pytest.raises(NoContentError):
        await cvs.ocr.card(of_kind(all_kinds, "table")[0].path)


async def test_a_table_is_not_the_table_of_a_statement(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    price_list = of_kind(all_kinds, "table")[0]
    reply = await cvs.ocr.document.bank_statement(price_list.path)
    assert "Khám bệnh" not in json.dumps(reply.raw, ensure_ascii=False)
    assert "Tên dịch vụ" not in json.dumps(reply.raw, ensure_ascii=False)
    [page] = reply.data
    assert all(row.date.value for table in page.tables for row in table)


@pytest.mark.parametrize("boxes", ["documented", "all"])
async def test_a_hospital_bill_is_answered_with_a_note_and_without_boxes(boxes: Any, all_kinds: list[Sample]) -> None:
    [sample] = of_kind(all_kinds, "hospital_bill")
    with Sandbox(boxes=boxes) as sandbox:
        async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
            reply = await cvs.ocr.document.invoice_hospital(sample.path)
    [paper], [read] = papers_of(sample), reply.raw["data"]
    assert read["sandbox"] == "the vendor publishes no answer"
    assert read["type"] == "bill"
    kept = {name: value for name, value in paper["info"].items() if boxes == "all" or not name.endswith("_box")}
    assert read["info"] == kept


async def test_pages_have_the_labels_of_their_papers(cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    expected = {
        "claim": ["claim_form", "id_doc", "id_doc"],
        "prescription": ["prescription"],
        "discharge_paper": ["hospital_discharge_paper"],
        "expense_list": ["list_expense"],
        "hospital_bill": ["bill"],
        "invoice": ["invoice"],
        "old_card": ["id_doc"],
        "passport": ["id_doc"],
        "table": [None],
        "text": [None],
    }
    for kind, labels in expected.items():
        reply = await cvs.ocr.document.get_label_claim(of_kind(all_kinds, kind)[0].path)
        assert [page.label for page in reply.data] == labels, kind


@pytest.mark.parametrize("kind", [*CLAIMS, "table"])
async def test_boxes_are_drawn_on_newer_papers(kind: str, cvs: AsyncCVS, all_kinds: list[Sample]) -> None:
    sample = of_kind(all_kinds, kind)[0]
    operation = cvs.ocr.document.get_table if kind == "table" else cvs.ocr.claims
    reply: Any = await operation(sample.path)
    picture = overlay(reply, sample.path, labels="none")
    assert picture.info["page"] == "stated"
    assert picture.info["frame"] in ("stated", "assumed: pixels of the scan in the PDF")
