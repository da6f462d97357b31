"""Faults found in the answers of the vendor's newer pages. Each test fails until its fault is mended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cvs_async import CVSError, Reply
from cvs_async._codec.reply import decode
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS
from cvs_async.batch.sinks.thumbnails import images_of
from cvs_async.errors import NoContentError
from cvs_async.models import Page

BLOCKS = [[[{"text": "Xin", "confidence": 0.99, "box": {"left": 1, "top": 2, "right": 30, "bottom": 14}}]]]


def answered(operation: str, answer: dict[str, Any]) -> Reply[Any]:
    return decode(OPERATIONS[operation], WireReply(200, json.dumps(answer).encode()))


def reply(operation: str, data: Any) -> Reply[Any]:
    return answered(operation, {"data": data, "errorCode": "0", "errorMessage": "Success"})


def pictured(**more: Any) -> Reply[Any]:
    return reply("ocr.document.general", [{"image": "UA==", "result": BLOCKS, **more}])


def test_a_page_as_a_dictionary_has_its_picture_and_extra() -> None:
    page = pictured(new=1).data[0]
    again = Page.from_dict(page.to_dict())
    assert again.image == page.image
    assert again.extra == page.extra


def test_a_page_as_json_has_its_picture() -> None:
    assert "UA==" in pictured().data[0].to_json()


def test_a_page_in_pydantic_has_its_picture() -> None:
    from pydantic import TypeAdapter

    assert b"UA==" in TypeAdapter(list[Page]).dump_json(pictured().data)


def test_the_picture_of_a_page_is_among_the_pictures_of_an_answer() -> None:
    assert [image.base64 for _, image in images_of(pictured().data)] == ["UA=="]


@pytest.mark.parametrize("image", [["UA=="], {"base64": "UA=="}, 7])
def test_a_page_with_a_picture_of_another_type_is_read_back(image: object) -> None:
    found = reply("ocr.document.general", [{"image": image, "result": BLOCKS}])
    again = Reply.from_dict(json.loads(found.to_json()))
    assert again.data[0].extra == {"image": image}


def test_the_front_of_a_registration_is_found_from_its_fields() -> None:
    owner = {"name": "LÊ VĂN MẪU", "address": "Hà Nội", "plate": "00A-000.01", "issued_at": "CA Hà Nội"}
    found = reply("ocr.vehicle_registrations", [{"type": "vehicle_registrations", "info": owner}])
    assert found.data[0].type == "vehicle_registration_front"
    assert found.front is not None


def test_a_type_that_is_found_is_one_of_the_operation() -> None:
    names = ("id", "name", "dob", "gender", "hometown", "address", "issue_date", "issued_at")
    found = reply("ekyc.card", {"info": dict.fromkeys(names, "x")})
    assert found.data[0].type != "id_card", "papers of an employee's file are no answer of ekyc.card"


@pytest.mark.parametrize("kind", ["chip_id_card_back", "chip_id_card_front", "health_records", "12_id_card_back"])
def test_a_claim_of_one_paper_with_all_its_fields_has_its_type(kind: str) -> None:
    names = {
        "chip_id_card_back": "country person_number dob gender due_date nationality sur_name given_name issue_date"
        " issued_at document_number mrz_confidence",
        "chip_id_card_front": "id name dob hometown address gender due_date nationality",
        "health_records": "insure_name dob gender medical_facility image image_seals valid_seals",
        "12_id_card_back": "issue_date issued_at",
    }[kind]
    found = reply("ocr.claims", {"info": dict.fromkeys(names.split(), "0.5")})
    assert found.data[0].type == kind


def test_pages_of_an_older_list_of_expenses_are_its_image_list() -> None:
    info = {"patient_name": "LÊ MẪU", "image": ["UA==", "UQ=="]}
    found = reply("ocr.claims", [{"type": "list_expense", "info": info, "pages": [0, 1]}])
    assert [image.base64 for image in found.data[0].info.image_list] == ["UA==", "UQ=="]


def test_one_table_without_a_list_around_it_keeps_its_columns() -> None:
    row = [{"value": value, "score": 0.9, "box": [1, 2, 3, 4]} for value in ("Khám bệnh", "100.000", "1", "100.000")]
    found = reply("ocr.claims", [{"type": "list_expense", "info": {"table": {"info_table": [row, row]}}}])
    rows = [row for table in found.data[0].info.table.tables for row in table]
    assert [row.goods.value for row in rows] == ["Khám bệnh", "Khám bệnh"]


def test_an_empty_newer_table_does_not_hide_the_older_one() -> None:
    found = reply("ocr.document.get_table", [{"json": [], "info": [["STT"]]}])
    assert found.data[0].info == [["STT"]]


@pytest.mark.parametrize(
    "answer",
    [
        {"time": "2026-11-26T00:00:00Z", "path": "/", "error": "Service Unavailable"},
        {"result": None, "errorMessage": "Hết số lượng request hữu dụng"},
    ],
)
def test_a_scan_without_lines_and_with_an_error_is_not_an_empty_page(answer: dict[str, Any]) -> None:
    with pytest.raises(CVSError):
        answered("v1.get_scan_a4", answer)


@pytest.mark.parametrize(
    ("code", "message"),
    [(1, "The ID card photo is not existed"), (2, "The picture is a photocopy version of the id card")],
)
def test_a_warning_as_a_code_of_face_matching_has_its_own_meaning(code: int, message: str) -> None:
    with pytest.raises(CVSError) as caught:
        answered("ekyc.face_matching", {"errorCode": str(code), "errorMessage": message})
    wrong = {1: "InvalidImageError", 2: "UrlUnavailableError"}[code]
    assert type(caught.value).__name__ != wrong
    if code == 1:
        assert isinstance(caught.value, NoContentError)
