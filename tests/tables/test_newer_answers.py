"""Tables of the answers of the vendor's newer pages: lines of scans, and pages of claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cvs_async import Done
from cvs_async.batch import Parquet, Xlsx, to_frame
from cvs_async.batch.outcome import Item
from cvs_async.batch.tables import Layout, Table
from tests.support.outcomes import read
from tests.support.replies import answered, reply

SCAN: dict[str, Any] = {"result": ["một", "hai"], "time": 0.5}
EXPENSES: dict[str, Any] = {
    "type": "list_expense",
    "pages": [0, 1],
    "info": {"table": {"page_table": [0, 1], "info_table": [[[{"value": "Khám", "score": 0.9, "box": [1, 2, 3, 4]}]]]}},
}
GREAT = 1 << 63


def scan() -> Done[Any]:
    return Done(Item(0, "scan.jpg"), answered("v1.get_scan_a4", SCAN))


def claims(*papers: dict[str, Any]) -> Done[Any]:
    return Done(Item(0, "claims.pdf"), reply("ocr.claims", list(papers)))


def test_lines_of_a_scan_have_their_text() -> None:
    frame = to_frame(scan(), rows="line")
    assert list(frame["rest"]) == ["một", "hai"]


async def test_lines_of_a_scan_have_their_text_in_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    async with Xlsx(tmp_path / "t.xlsx") as sink:
        await sink.write(scan())
    head, *found = openpyxl.load_workbook(tmp_path / "t.xlsx")["lines"].iter_rows(values_only=True)
    assert [row[head.index("rest")] for row in found] == ["một", "hai"]


def test_lines_in_a_column_of_the_paper_are_not_left_out() -> None:
    table = Table(Layout())
    table.add(scan())
    assert table.left_out == 0


# --- pages of claims


def test_pages_of_a_claim_are_not_line_items() -> None:
    frame = to_frame(claims(EXPENSES), rows="line")
    assert list(frame["table"]) == ["info.table.tables"]


def test_pages_of_a_claim_are_not_counted_as_left_out() -> None:
    table = Table(Layout())
    table.add(claims(EXPENSES))
    assert table.left_out == 1


async def test_pages_of_a_claim_are_not_line_items_in_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    async with Xlsx(tmp_path / "t.xlsx") as sink:
        await sink.write(claims(EXPENSES))
    head, *found = openpyxl.load_workbook(tmp_path / "t.xlsx")["lines"].iter_rows(values_only=True)
    assert [row[head.index("table")] for row in found] == ["info.table.tables"]


# --- whole numbers beyond 64 bits


@pytest.mark.parametrize("rows", ["paper", "field"])
async def test_a_page_number_beyond_64_bits_ends_no_table(rows: Any, tmp_path: Path) -> None:
    paper = {"type": "prescription", "pages": [GREAT], "info": {"patient_name": "LÊ MẪU"}}
    async with Parquet(tmp_path / "t.parquet", rows=rows) as sink:
        await sink.write(claims(paper))
    assert {row["page"] for row in read(tmp_path / "t.parquet")} == {None}


async def test_a_page_of_a_label_beyond_64_bits_is_empty(tmp_path: Path) -> None:
    labels = Done(Item(0, "a.pdf"), reply("ocr.document.get_label_claim", [{"id": GREAT, "label": "invoice"}]))
    async with Parquet(tmp_path / "t.parquet", raw=True) as sink:
        await sink.write(labels)
    (row,) = read(tmp_path / "t.parquet")
    assert row["page"] is None
    assert str(GREAT) in row["raw"]
