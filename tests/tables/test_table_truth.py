"""The tables of a batch hold what the documents really say, in named columns, and what the batch has cost."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from cvs_async import AsyncCVS
from cvs_async.api import OPERATIONS
from cvs_async.batch import Csv, Parquet
from cvs_async.batch.tables import Layout, Table
from cvs_async.models import fields_of
from cvs_async.models.catalogue import FieldInfo
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.sandbox.samples.einvoice import read_einvoice
from cvs_async.sandbox.samples.truth import read_truth
from tests.support.outcomes import WITH_PICTURES

WITH_SAMPLES = (
    "ocr.card",
    "ocr.claims",
    "ocr.document.invoice",
    "ocr.document.general",
    "ocr.driving_license",
    "ocr.vehicle_registration",
    "ocr.vehicle_inspection",
    "ocr.birth_certificate",
    "ocr.document.business_registration",
    "ocr.document.price_quotation",
    "ocr.document.bank_statement",
    "ocr.document.invoice_xml",
)


def leaves(fields: tuple[FieldInfo, ...]) -> Iterator[FieldInfo]:
    for field in fields:
        yield field
        yield from leaves(field.fields)


def papers(sample: Sample) -> list[dict[str, Any]]:
    """Return the papers of a sample, as the service sends them."""
    content = sample.path.read_bytes()
    if sample.operation == "ocr.document.invoice_xml":
        return [{"type": "invoice", "info": read_einvoice(content)}]
    truth = read_truth(content)
    assert truth is not None
    return [paper for page in truth.pages for paper in page.papers]


def printed(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("operation", WITH_SAMPLES)
async def test_the_default_table_has_the_truth_in_named_columns(
    operation: str, mixed: list[Sample], sandbox: Sandbox, cvs: AsyncCVS, tmp_path: Path
) -> None:
    samples = [sample for sample in mixed if sample.operation == operation]
    read = [sample for sample in samples if sample.kind != "broken"]
    assert read
    table, lines = Csv(tmp_path / "t.csv"), Csv(tmp_path / "l.csv", rows="line")
    parquet = Parquet(tmp_path / "t.parquet")
    batch = cvs.batch(attrgetter(operation)(cvs), [sample.path for sample in samples], ordered=True)
    async with batch, table, lines, parquet:
        async for outcome in batch:
            for sink in (table, lines, parquet):
                await sink.write(outcome)
    rows, items = printed(table.path), printed(lines.path)
    for found in (rows, items):
        assert sum(int(row["billed"]) for row in found) == sandbox.ledger.billed == len(read)
    by_source = {str(sample.path): papers(sample) for sample in read}
    if operation not in ("ocr.document.general", "ocr.document.bank_statement"):
        _compare(operation, rows, items, by_source)
    else:
        words = {row["text"] for row in rows} if operation.endswith("general") else {row["balance"] for row in items}
        assert len(words - {""}) > 1
    _compare_files(rows, tmp_path / "t.parquet")


def _compare(
    operation: str, rows: list[dict[str, str]], items: list[dict[str, str]], truth: dict[str, list[dict[str, Any]]]
) -> None:
    documented = {(info.paper, own.wire): own for info in leaves(fields_of(operation)) for own in info.fields}
    types = {info.paper for info in leaves(fields_of(operation)) if info.name == "info"}
    compared = 0
    for source, right in truth.items():
        found = [row for row in rows if row["source"] == source]
        assert [row["type"] for row in found] == [paper["type"] for paper in right]
        assert [(row["paper"], row["papers"]) for row in found] == [
            (str(number), str(len(right))) for number in range(1, len(right) + 1)
        ]
        for row, paper in zip(found, right, strict=True):
            kind = paper["type"] if paper["type"] in types else None
            for wire, value in paper["info"].items():
                own = documented.get((kind, wire))
                if own is not None and isinstance(value, str):
                    assert row[own.path].removeprefix("'") == value, (source, own.path)
                    compared += 1
                elif own is not None and isinstance(value, list) and own.fields:
                    mine = [item for item in items if (item["source"], item["table"]) == (source, own.path)]
                    cells = [cell for item in mine for cell in item.values()]
                    assert {text for text in _texts(value) if text.removeprefix("'") not in cells} == set()
                    compared += len(value)
    assert compared > len(truth)


def _texts(value: Any) -> Iterator[str]:
    """The values in a table on the wire."""
    if isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, dict) and "label" in value:
        yield from _texts(value["value"])
    elif isinstance(value, dict):
        yield from (own for name, own in value.items() if isinstance(own, str) and not name.endswith("_box"))
    elif isinstance(value, str):
        yield value


def _compare_files(rows: list[dict[str, str]], path: Path) -> None:
    """Parquet has the same values as CSV."""
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(path)
    assert [name for name in table.column_names if name in rows[0]] == list(rows[0])
    for name in rows[0]:
        if str(table.schema.field(name).type) == "string":
            assert [value or "" for value in table.column(name).to_pylist()] == [
                row[name].removeprefix("'") for row in rows
            ]


async def test_the_lines_of_expenses_and_drugs_are_the_truth(
    mixed: list[Sample], cvs: AsyncCVS, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    [expenses] = [sample for sample in mixed if sample.kind == "expense_list"]
    [drugs] = [sample for sample in mixed if sample.kind == "prescription"]
    lines, typed = Csv(tmp_path / "l.csv", rows="line"), Parquet(tmp_path / "l.parquet", rows="line")
    batch = cvs.batch(cvs.ocr.claims, [expenses.path, drugs.path], ordered=True)
    async with batch, lines, typed:
        async for outcome in batch:
            await lines.write(outcome)
            await typed.write(outcome)
    goods = ("goods", "patient_pays", "quantity", "unit_price")
    [cells] = papers(expenses)[0]["info"]["table"]["info_table"]
    right = {
        "info.table.tables": [tuple(cell["value"] for cell in row) for row in cells],
        "info.drug_info": [(one["drug"], one["quanlity"]) for one in papers(drugs)[0]["info"]["drug_info"]],
    }
    columns = {"info.table.tables": goods, "info.drug_info": ("drug", "quantity")}
    found: list[Any] = [printed(lines.path), parquet.read_table(typed.path).to_pylist()]
    for rows in found:
        for name, names in columns.items():
            assert [tuple(row[each] for each in names) for row in rows if row["table"] == name] == right[name]
        assert {row["table"] for row in rows} == {*right, "info.icd_10"}
    boxes = [row["goods.box"] for row in found[1] if row["table"] == "info.table.tables"]
    assert [list(box.values()) for box in boxes] == [row[0]["box"] for row in cells]


# --- every operation


@pytest.mark.parametrize("operation", WITH_PICTURES)
async def test_every_documented_value_of_any_operation_has_a_cell(
    operation: str, mixed: list[Sample], jpg: bytes, sandbox: Sandbox, cvs: AsyncCVS
) -> None:
    endpoint = OPERATIONS[operation]
    xml = next(sample.path for sample in mixed if sample.kind == "einvoice")
    given: Any = (jpg,) * len(endpoint.images) if len(endpoint.images) > 1 else jpg
    if operation.endswith("invoice_xml"):
        given = xml
    if operation.endswith("face_search.search"):
        await cvs.face_search.add_image(jpg)
    before, unsaid = sandbox.ledger.billed, int(not endpoint.envelope.coded)  # its answers do not say what they cost
    sizes: Any = {"width": 40, "height": 30} if operation.startswith("smartcrop") else {}
    async with cvs.batch(attrgetter(operation)(cvs), [given], **sizes) as batch:
        outcomes = [outcome async for outcome in batch]
    found = {
        rows: (table := Table(Layout(operation=operation, rows=rows)), table.add(outcomes[0]))
        for rows in ("paper", "document", "line", "field")
    }
    for table, rows in found.values():
        names = [column.name for column in table.columns or ()]
        assert all(len(row) == len(names) for row in rows)
        assert sum(int(str(row[names.index("billed")])) for row in rows) == sandbox.ledger.billed - before - unsaid
        assert sandbox.ledger.billed - before == 1
        assert {row[names.index("operation")] for row in rows} == {operation}
        assert not table.unread
    cells = [_shown(cell) for rows in ("paper", "line") for row in found[rows][1] for cell in row]
    documented = {field.path for field in leaves(fields_of(operation))}
    table, rows = found["field"]
    names = [column.name for column in table.columns or ()]
    checked = 0
    for row in rows:
        path, value = str(row[names.index("field")]), str(row[names.index("value")])
        if {path, re.sub(r"(?<![^.])\d+", "*", path), f"id_card.*.{path}"} & documented or operation in OF_TEXT:
            assert any(value in cell for cell in cells), path
            checked += 1
    assert checked, "an answer has values"


OF_TEXT = (
    "ocr.scan",
    "ocr.document.general",
    "ocr.document.get_table",
    "ocr.document.bank_statement",
    "v1.get_scan_a4",
)
"""Operations whose fields have numbers in their paths only."""


def _shown(cell: object) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
