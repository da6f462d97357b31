"""The vendor's newer pages held against the code: requests in `test_vendor_documents`, answers here.

Facts without the certainty of a page that was read (marks C and D) are not built, and listed in `LEFT_OUT`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cvs_async import APIError, AuthenticationError, DecodeError, OutOfRequestsError, Reply
from cvs_async._codec.converter import structure, unstructure
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async._settings.origins import DOCUMENTED
from cvs_async.api import OPERATIONS
from cvs_async.batch.sinks.thumbnails import images_of
from cvs_async.models import Image, Page, Recognized, Table
from cvs_async.models.v1 import V1_PAPERS
from tests.vendor.beyond import as_text, extract
from tests.vendor.cases import BEYOND, Canaries, check, folders
from tests.vendor.generations import PAPERS, answer_of

CHECKED_IN = (Path(__file__).parent / "beyond.json").read_text(encoding="utf-8")

LEFT_OUT: dict[str, tuple[str, str, Any]] = {
    "v1.get_infor": ("C", "papers tcc_chip, matsautcc_chip, passport and bvcard of v1", {"type": "tcc_chip"}),
    "v1.get_mattruoc": ("C", "codes and names of address parts on cards of v1", {"quequan_tinh": "01"}),
    "v1.get_matsau": ("C", "issuer on the back of new cards of v1", {"mã": "noicap"}),
    "v1.get_infor_all": ("C", "confidences on cards of v1", {"gender_confidence": 0.9}),
    "v1.face_search.search": ("D", "metadata of pictures found in the store of v1", {"metadata": {"tên": "mẫu"}}),
    "ocr.card": ("D", "fields of the cards of 2024 that others have not", {"mới": "700001"}),
}
"""Facts of marks C and D that are not built: mark, what it is, and fields that stay in `extra`, for an operation."""

LEFT_OUT_REQUESTS = {
    "v1.face_search.search": "D: a URL in place of base64 in the store of v1",
    "v1.face_search.add": "D: likewise",
}
LEFT_OUT_HOSTS = {
    "ekyc-api.trustid.vn": "D: another brand",
    "ekyc-gtelapi.trustid.vn": "D: another brand, v3",
    "myanmar.computervision.com.vn": "C: a country",
    "cambodia.computervision.com.vn": "C: a country",
}
"""Hosts to which nothing goes unless `base_url` has them."""


def test_the_facts_are_those_of_the_pages() -> None:
    for folder in folders():
        if (folder / "beyond.md").exists():
            assert as_text(extract(folder)) == CHECKED_IN
    assert as_text(BEYOND) == CHECKED_IN


def data_with(operation: str, fields: dict[str, Any]) -> Any:
    """Return data of an operation that holds fields which the library does not know."""
    if operation == "ocr.card":
        return [{"type": "chip_id_card_2024_front", "info": fields}]
    if operation.startswith("v1.face_search"):
        return [{"id": 1, "url": "https://example.com/1.jpg", **fields}]
    return {"type": fields.get("type", "tcc"), "data": {"id": "700001", **fields}, "valid": "True"}


def extras(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield what models have no place for."""
    if isinstance(data, dict):
        yield from (data.get("extra") or {}).items()
    for each in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from extras(each)


@pytest.mark.parametrize("operation", LEFT_OUT)
def test_what_is_left_out_is_kept_as_it_came(operation: str) -> None:
    _, _, fields = LEFT_OUT[operation]
    returns = OPERATIONS[operation].returns
    kept = dict(extras(unstructure(structure(data_with(operation, fields), returns))))
    if "type" in fields:
        assert fields["type"] not in V1_PAPERS
        assert kept["id"] == "700001"
    else:
        assert fields.items() <= kept.items()


@pytest.mark.parametrize("operation", LEFT_OUT_REQUESTS)
def test_requests_left_out_are_refused_before_they_are_sent(operation: str) -> None:
    assert "url" not in OPERATIONS[operation].forms


def test_hosts_left_out_are_not_among_the_defaults() -> None:
    assert set(LEFT_OUT_HOSTS).isdisjoint(urlsplit(origin).hostname for origin in DOCUMENTED.values())


def test_what_is_left_out_has_no_mark_of_a_page_that_was_read() -> None:
    left_out = {*LEFT_OUT, *LEFT_OUT_REQUESTS}
    built = {(fact["operation"], fact["form"]) for fact in BEYOND["requests"] if fact["mark"] in "AB"}
    assert not {(operation, "url") for operation in LEFT_OUT_REQUESTS} & built
    assert {mark for mark, _, _ in LEFT_OUT.values()} <= {"C", "D"}
    assert left_out <= set(OPERATIONS)
    unlisted = {name for name, endpoint in OPERATIONS.items() if not endpoint.listed and name.startswith("v3.")}
    assert unlisted == {fact["operation"] for fact in BEYOND["requests"] if fact["mark"] in "CD"}


@pytest.mark.parametrize(("operation", "type_"), PAPERS)
def test_each_field_of_a_newer_page_is_in_its_model(operation: str, type_: str) -> None:
    info = answer_of(BEYOND["papers"][operation][type_], Canaries())
    paper = {"type": type_, "info": info} if type_ else {"info": info}
    if operation == "ocr.employee_profile":
        check(operation, {type_: [paper]})
    elif operation.startswith("v1."):
        check(operation, {"type": type_, "data": info})
    else:
        check(operation, [paper])


@pytest.mark.parametrize("operation", [name for name, papers in BEYOND["papers"].items() if set(papers) == {"*"}])
def test_each_field_of_answers_without_papers_is_in_its_model(operation: str) -> None:
    check(operation, answer_of(BEYOND["papers"][operation]["*"], Canaries()))


def claim(info: dict[str, Any], **more: Any) -> Recognized[Any]:
    found: list[Recognized[Any]] = structure([{"type": "prescription", "info": info, **more}], list[Recognized])
    return found[0]


def test_misprinted_names_are_read() -> None:
    paper = claim(
        {"mage_seals": "UA==", "drug_info": [{"drug": "A", "quanlity": "10", "score": 0.5, "box": [1, 2, 3, 4]}]}
    )
    assert paper.info.image_seals.base64 == "UA=="
    (drug,) = paper.info.drug_info
    assert (drug.drug.value, drug.drug.confidence, drug.drug.box, drug.quantity.value) == ("A", 0.5, (1, 2, 3, 4), "10")
    (passport,) = structure(
        {"type": "passport", "info": {"person_number": "1", "Person_number_box": [1, 2, 3, 4]}}, list[Recognized]
    )
    assert passport.info.person_number.box == (1, 2, 3, 4)
    (report,) = structure(
        {"type": "discharge_report", "info": {"gender": "Nam", "ender_box": [1, 2, 3, 4]}}, list[Recognized]
    )
    assert report.info.gender.box == (1, 2, 3, 4)
    wire = {"Address_town": "Hà Nội", "address_town_code": "01", "Address_ward_code": "2"}
    (back,) = structure({"type": "vehicle_registration_back", "info": wire}, list[Recognized])
    assert (back.info.address_town.value, back.info.address_ward_code.value, back.info.extra) == ("Hà Nội", "2", {})


def test_the_page_of_a_paper_of_one_page_is_that_of_its_fields() -> None:
    icd = {"icd": "J00", "score": 0.9, "box": [1, 2, 3, 4]}
    one = claim({"patient_name": "A", "icd_10": [icd]}, pages=[3])
    assert (one.pages, one.info.patient_name.page, one.info.icd_10[0].icd.page, one.info.pid.page) == ([3], 3, 3, None)
    two = claim({"patient_name": "A"}, pages=[3, 4])
    assert (two.pages, two.info.patient_name.page) == ([3, 4], None)


def test_tyre_sizes_are_lines() -> None:
    for sent, lines in ((["185/60R15", "175/70R13"], ["185/60R15", "175/70R13"]), ("185/60R15", ["185/60R15"])):
        (paper,) = structure({"type": "picertificate", "info": {"tire_size": sent}}, list[Recognized])
        assert (paper.info.tire_sizes, paper.info.tire_size.value, paper.info.extra) == (lines, "\n".join(lines), {})


CELL = {"value": "STT", "score": 0.98, "box": [0, 0, 40, 20]}


def test_tables_of_cells_and_of_texts_are_one_type() -> None:
    newer, older = structure([{"json": [[CELL, CELL]]}, {"info": [["STT", None]]}], list[Table])
    assert newer.info == [["STT", "STT"]]
    assert (newer.rows[0][0].score, newer.rows[0][0].box) == (0.98, (0, 0, 40, 20))
    assert older.info == [["STT", None]]
    assert (newer.extra, older.extra) == ({}, {})
    assert Table.from_dict(newer.to_dict()) == newer


def test_a_page_of_text_may_have_its_picture() -> None:
    blocks = [[[{"text": "Xin", "confidence": 0.99, "box": {"left": 1, "top": 2, "right": 30, "bottom": 14}}]]]
    bare, pictured = structure([blocks, {"image": "UA==", "result": blocks, "new": 1}], list[Page])
    assert bare == pictured
    assert (pictured.text, pictured.image.base64, pictured.extra, bare.image) == ("Xin", "UA==", {"new": 1}, None)
    for page in (bare, pictured):
        for written in (page.to_dict(), page.to_dict(compact=True), json.loads(page.to_json()), unstructure(page)):
            again = Page.from_dict(json.loads(json.dumps(written)))
            assert (again, again.image, again.extra) == (page, page.image, page.extra)
    assert "UA==" in pictured.to_json()
    assert [image for _, image in images_of([bare, pictured])] == [pictured.image]


@pytest.mark.parametrize("image", [["UA=="], {"base64": "UA=="}, 7, ""])
def test_a_picture_of_another_type_stays_in_the_extra_of_its_page(image: object) -> None:
    found = reply("ocr.document.general", {"data": [{"image": image, "result": []}], "errorCode": "0"})
    assert (found.data[0].image, found.data[0].extra) == (None, {"image": image})
    (again,) = Reply.from_dict(json.loads(found.to_json())).data
    assert (again.image, again.extra) == (None, {"image": image})


def test_an_empty_newer_table_does_not_hide_the_older_one() -> None:
    sent: list[Any] = [[], None]
    for newer in sent:
        (table,) = structure([{"json": newer, "info": [["STT"]]}], list[Table])
        assert (table.info, table.extra) == ([["STT"]], {})
    (table,) = structure([{"json": [[CELL]], "info": [["another"]]}], list[Table])
    assert (table.info, table.extra) == ([["STT"]], {"info": [["another"]]})


def test_a_table_that_a_former_version_has_written_is_restored() -> None:
    table = {"info": [["STT", None, ""]], "image": "UA==", "extra": {"new": 1}}
    line = {"operation": "ocr.document.get_table", "charge": "billed", "data": [table]}
    (restored,) = Reply.from_dict(line).data
    assert (restored.info, restored.image, restored.extra) == ([["STT", None, ""]], Image("UA=="), {"new": 1})
    with pytest.raises(ValueError, match=r"data\.0\.rows\.0 is not a list"):
        Reply.from_dict(line | {"data": [{"info": ["STT"]}]})


def test_pages_of_an_older_list_of_expenses_are_its_image_list() -> None:
    info = {"patient_name": "LÊ MẪU", "image": ["UA==", "UQ=="]}
    (paper,) = structure([{"type": "list_expense", "info": info, "pages": [0, 1]}], list[Recognized])
    assert [image.base64 for image in paper.info.image_list] == ["UA==", "UQ=="]
    assert (paper.info.image, paper.info.extra) == (None, {})
    (paper,) = structure(
        [{"type": "list_expense", "info": {"image": "UA==", "image_list": ["UQ=="]}}], list[Recognized]
    )
    assert (paper.info.image, paper.info.image_list) == (Image("UA=="), [Image("UQ==")])


ROW = [{**CELL, "value": value} for value in ("Khám bệnh", "100.000", "1", "100.000")]


@pytest.mark.parametrize(("sent", "lengths"), [(ROW, [1]), ([ROW, ROW], [2]), ([[ROW, ROW], [ROW]], [2, 1]), ([], [])])
def test_one_table_without_a_list_around_it_keeps_its_columns(sent: Any, lengths: list[int]) -> None:
    info = {"table": {"info_table": sent}}
    (paper,) = structure([{"type": "list_expense", "info": info}], list[Recognized])
    tables = paper.info.table.tables
    assert [len(table) for table in tables] == lengths
    for row in (row for table in tables for row in table):
        assert [getattr(row, name).value for name in ("goods", "patient_pays", "quantity", "unit_price")] == [
            "Khám bệnh",
            "100.000",
            "1",
            "100.000",
        ]


def reply(operation: str, answer: dict[str, Any]) -> Any:
    return decode(OPERATIONS[operation], WireReply(200, json.dumps(answer).encode()))


@pytest.mark.parametrize("lines", [["một", "hai"], []])
def test_a_scan_is_accepted_without_a_code(lines: list[str], caplog: pytest.LogCaptureFixture) -> None:
    found = reply("v1.get_scan_a4", {"result": lines or None, "time": 0.84})
    assert (found.data.lines, found.data.time, found.charge) == (lines, 0.84, "unknown")
    assert caplog.records == []


@pytest.mark.parametrize(
    "answer",
    [
        {"time": "2026-11-26T00:00:00Z", "path": "/", "error": "Service Unavailable"},
        {"time": 0.84},
        {"result": None, "error": "Service Unavailable"},
        {"result": [], "errorMessage": "lời lạ"},
    ],
)
def test_an_answer_without_a_result_is_not_an_empty_page(answer: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as caught:
        reply("v1.get_scan_a4", answer)
    assert (caught.value.charge, caught.value.raw) == ("unknown", answer)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Hết số lượng request hữu dụng", OutOfRequestsError),
        (unicodedata.normalize("NFD", "Hết số lượng request hữu dụng"), OutOfRequestsError),
        ("Api_key hoặc api_secret không đúng", AuthenticationError),
    ],
)
def test_a_scan_without_lines_and_with_a_known_message_is_that_error(message: str, kind: type[APIError]) -> None:
    with pytest.raises(kind) as caught:
        reply("v1.get_scan_a4", {"result": None, "errorMessage": message})
    assert (type(caught.value), caught.value.charge, caught.value.code) == (kind, "free", None)
    assert reply("v1.get_scan_a4", {"result": ["một"], "errorMessage": message}).data.lines == ["một"]


@pytest.mark.parametrize("message", ["", None, "Success", "Thành công"])
def test_a_scan_without_text_may_have_a_message_of_success(message: str | None) -> None:
    assert reply("v1.get_scan_a4", {"result": None, "errorMessage": message}).data.lines == []


def test_faces_of_v1_have_an_envelope_of_their_own() -> None:
    found = reply(
        "v1.face_matching", {"data": {"matching": "71.0", "match": "2"}, "error_code": "0", "error_message": ""}
    )
    assert (found.data.matching, found.data.match, found.charge) == (71.0, 2, "billed")
