"""Models back to JSON, and their reprs, in which nothing read shows."""

from __future__ import annotations

import json

import pytest

from cvs_async._codec.converter import structure, unstructure
from cvs_async.models import Box, Field, Invoice, Page, Paper, Recognized, Text
from cvs_async.models.fields import EMPTY, PAPERS
from tests.support.answers import BOX, CELL, canaries, invoice, item


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
