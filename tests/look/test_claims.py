"""Positions of the values of claims: on which page each is, and the labels of dense tables."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from cvs_async import InvalidInputError
from cvs_async.look import Pages, overlay, read_fields
from cvs_async.look.overlay import boxed_on, page_note, places_of
from cvs_async.look.painting import Painter
from cvs_async.look.reads import Read
from tests.support.replies import reply

BOX = [1, 2, 30, 40]
ROW = [{"value": value, "score": 0.9, "box": BOX} for value in ("Khám", "10", "1", "10")]


def expenses(pages: list[int], page_table: list[int]) -> dict[str, Any]:
    info = {"pid": "1", "pid_box": BOX, "table": {"page_table": page_table, "info_table": [[ROW], [ROW]]}}
    return {"type": "list_expense", "pages": pages, "info": info}


def pages_of(paper: dict[str, Any], *, plain: bool) -> dict[str, int | None]:
    data = reply("ocr.claims", [paper])
    return {read.path: read.page for read in read_fields(data.to_dict()["data"] if plain else data.data)}


@pytest.mark.parametrize("plain", [False, True])
def test_a_cell_is_on_the_page_of_its_table(plain: bool) -> None:
    pages = pages_of(expenses([3, 4], [3, 4]), plain=plain)
    assert (pages["info.table.tables.0.0.goods"], pages["info.table.tables.1.0.goods"]) == (3, 4)
    assert pages["info.pid"] is None


@pytest.mark.parametrize("plain", [False, True])
def test_a_cell_is_on_the_only_page_of_its_paper(plain: bool) -> None:
    pages = pages_of(expenses([3], []), plain=plain)
    assert {page for path, page in pages.items() if path.startswith("info.table.")} == {3}


def test_a_page_of_a_table_that_its_paper_does_not_have_is_not_used() -> None:
    pages = pages_of(expenses([3], [0, 3]), plain=False)
    assert (pages["info.table.tables.0.0.goods"], pages["info.table.tables.1.0.goods"]) == (3, 3)


def test_page_numbers_are_not_values_of_the_paper() -> None:
    assert not [path for path in pages_of(expenses([3], [3, 3]), plain=False) if "page" in path]


def test_cells_are_drawn_on_the_page_of_their_table() -> None:
    page = Image.new("RGB", (400, 200), "white")
    info = {"table": {"page_table": [1], "info_table": [[ROW]]}}
    answer = reply("ocr.claims", [{"type": "list_expense", "pages": [0, 1], "info": info}])
    with pytest.raises(InvalidInputError, match="no value is on page 1"):
        overlay(answer, [page, page], page=0)
    assert len(overlay(answer, [page, page], page=1, labels="none").getcolors() or []) > 1


@pytest.mark.parametrize(
    ("path", "longest"),
    [
        ("info.table.tables.0.3.patient_pays", "3.patient_pays 90 %"),
        ("info.drug_info.0.drug", "0.drug 90 %"),
        ("info.pid", "pid 90 %"),
    ],
)
def test_a_label_in_a_table_has_its_row_and_name(path: str, longest: str) -> None:
    painter = Painter(Image.new("RGB", (100, 100)), 0.8, "name")
    assert painter._texts(Read(0, None, path, path, "1", 0.9))[0] == longest


@pytest.mark.parametrize(("count", "note"), [(2, "the page is that of the answer, assumed to count from 0"), (1, "")])
def test_how_a_page_is_known_by_number_is_described(count: int, note: str) -> None:
    files = [Image.new("RGB", (400, 200), "white")] * count
    answer = reply("ocr.claims", [{"type": "list_expense", "pages": [count - 1], "info": {"pid": "1", "pid_box": BOX}}])
    with Pages(files) as pages:
        placed, _ = places_of(answer, pages)
    assert page_note(boxed_on(placed, count - 1)) == note
