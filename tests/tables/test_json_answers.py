"""Tables of answers that stay JSON, because the vendor does not publish their fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cvs_async import Done, InvalidInputError
from cvs_async.batch import Csv, Parquet, Xlsx, to_frame
from cvs_async.batch.sinks.thumbnails import Thumbnails, named_pictures
from cvs_async.batch.tables import check_lines
from tests.support.outcomes import done, read, rows

HOSPITAL, LEGAL = "ocr.document.invoice_hospital", "ocr.document.van_ban_phap_quy"
BOTH = pytest.mark.parametrize("operation", [HOSPITAL, LEGAL])
PAPERS = [{"so": "700001", "tong": {"value": "12", "score": 0.5}}, {"so": "700002"}]
JPEG = "/9j/4AAQSkZJRgABAQAAAQABAAD/"


@BOTH
async def test_a_csv_file_has_each_paper_as_json(operation: str, tmp_path: Path) -> None:
    async with Csv(tmp_path / "t.csv", operation=operation) as sink:
        await sink.write(done(PAPERS, operation))
    assert [json.loads(row["data"]) for row in rows(tmp_path / "t.csv")] == PAPERS


@BOTH
async def test_a_parquet_file_has_each_paper_as_json(operation: str, tmp_path: Path) -> None:
    async with Parquet(tmp_path / "t.parquet", operation=operation) as sink:
        await sink.write(done(PAPERS, operation))
    assert [json.loads(row["data"]) for row in read(tmp_path / "t.parquet")] == PAPERS


async def test_an_excel_file_has_each_paper_as_json(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    async with Xlsx(tmp_path / "t.xlsx") as sink:
        await sink.write(done(PAPERS, LEGAL))
    head, *found = openpyxl.load_workbook(tmp_path / "t.xlsx")["papers"].iter_rows(values_only=True)
    assert [json.loads(row[head.index("data")]) for row in found] == PAPERS


@pytest.mark.parametrize("shape", [{}, {"rows": "line"}])
def test_a_frame_has_each_paper_as_json(shape: Any) -> None:
    frame = to_frame(done(PAPERS, LEGAL), **shape)
    assert [json.loads(text) for text in frame["data"]] == PAPERS


def test_a_row_of_a_document_has_the_whole_answer_as_json() -> None:
    frame = to_frame(done(PAPERS, LEGAL), rows="document")
    assert json.loads(frame["data"][0]) == PAPERS


def test_rows_of_fields_have_the_values_of_json_and_no_pictures() -> None:
    frame = to_frame(done([{"so": "700001", "seal": JPEG}], LEGAL), rows="field")
    assert list(frame["field"]) == ["so"]


def test_a_line_of_a_results_file_has_its_paper_as_json() -> None:
    record = json.loads(done(PAPERS, LEGAL).to_json())
    assert [json.loads(text) for text in to_frame([record])["data"]] == PAPERS


def test_an_undocumented_field_can_be_selected() -> None:
    assert list(to_frame(done(PAPERS, LEGAL), fields=["so"], operation=LEGAL)["so"]) == ["700001", "700002"]


def test_answers_that_stay_json_have_no_line_items() -> None:
    with pytest.raises(InvalidInputError, match="no line items"):
        check_lines((LEGAL,))


def test_a_picture_is_shown_by_kind_and_size() -> None:
    (text,) = to_frame(done([{"so": "1", "seals": [JPEG]}], LEGAL))["data"]
    assert json.loads(text) == {"so": "1", "seals": ["<image/jpeg, 21 bytes>"]}


def test_text_that_only_begins_like_a_picture_stays() -> None:
    (text,) = to_frame(done([{"note": "/9j/ is how they begin"}], LEGAL))["data"]
    assert json.loads(text) == {"note": "/9j/ is how they begin"}


# --- pictures as files


def seals(*texts: str) -> Done[Any]:
    return done([{"so": "1", "seals": list(texts)}], LEGAL)


async def test_pictures_in_json_become_files(tmp_path: Path) -> None:
    async with Thumbnails(tmp_path / "thumbs") as sink:
        await sink.write(seals(JPEG, f"data:image/jpeg;base64,{JPEG}", "700001"))
    assert {path.name for path in (tmp_path / "thumbs").iterdir()} == {"0-0-seals.jpg", "0-1-seals.jpg"}


def test_json_of_great_depth_ends_no_batch() -> None:
    deep: Any = JPEG
    for _ in range(900):
        deep = [{"a": deep}]
    assert list(named_pictures(done(deep, LEGAL))) == []
