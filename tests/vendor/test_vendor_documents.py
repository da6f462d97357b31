"""The vendor's documents held against the code: nothing documented is missing, nothing undocumented is sent.

The documents' facts are read by `tests.vendor.extract`, which knows nothing of the library. Where the documents are
at hand, in ``../shared/api`` or where ``CVS_VENDOR_DOCUMENTS`` says, the checked-in facts are compared with them.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from attrs import frozen

from cvs_async import Endpoint, Url, errors, models
from cvs_async._codec.endpoint import Form
from cvs_async._codec.inputs import Part
from cvs_async._codec.request import Request, build
from cvs_async.api import OPERATIONS
from cvs_async.models.fields import PAPERS
from tests.vendor.cases import (
    BEYOND,
    CASES,
    CHECKED_IN,
    FACTS,
    OF_ANY_CARD,
    OPERATIONS_OF,
    STAFF,
    Canaries,
    Names,
    beside,
    check,
    data_of,
    flat,
    folders,
)
from tests.vendor.extract import as_text, extract
from tests.vendor.generations import OTHERS, STAFF_PAPERS

SOURCES: dict[str, Callable[[], dict[str, Any]]] = {
    "as checked in": lambda: FACTS,
    **{f"documents {number}": partial(extract, folder) for number, folder in enumerate(folders(), 1)},
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_facts_are_those_of_the_documents(source: Callable[[], dict[str, Any]]) -> None:
    assert as_text(source()) == CHECKED_IN


# --- operations


def name_of(fact: dict[str, Any]) -> str:
    """Return the attribute path of an operation on the client."""
    path = str(fact["path"])
    if "/api/v1/" in path:
        return "v1." + path.rpartition("/")[2].removesuffix("base64")
    if "/face_search/" in path:
        calls = {"GET": "list_images", "PUT": "update_image", "DELETE": "delete_images"}
        return "face_search." + calls.get(fact["method"], "search" if path.endswith("/search") else "add_image")
    return path.removeprefix("/api/v2/").replace("/", ".").replace("-", "_")


@frozen
class Sent:
    """One way of calling an operation: what of it can be seen on the wire."""

    operation: str
    form: str
    method: str
    host: str
    path: str
    query: frozenset[str]
    body: str
    listed: bool


def documented(fact: dict[str, Any]) -> Sent:
    return Sent(
        name_of(fact),
        fact["form"],
        fact["method"],
        fact["host"],
        fact["path"].replace("<", "").replace(">", ""),
        frozenset(fact["query"]),
        " ".join(sorted(flat(fact["body"]))),
        fact["listed"],
    )


DOCUMENTED = {documented(fact) for fact in FACTS["operations"]}

NEWER = {
    Sent(
        fact["operation"],
        fact["form"],
        fact["method"],
        fact["host"],
        fact["path"],
        frozenset(fact["query"]),
        " ".join(sorted(name for name in fact["body"] if not name.startswith("image.metadata."))),
        fact["mark"] in "AB",
    )
    for fact in BEYOND["requests"]
}
REPLACED = {each for each in DOCUMENTED if (each.operation, each.form) in {(n.operation, n.form) for n in NEWER}}
EXPECTED = (DOCUMENTED - REPLACED) | NEWER
"""The requests as the five documents have them, or a newer page of the same form."""

ARGUMENTS = {"type1": "card", "width": 1, "height": 1, "offset": 0, "limit": 1, "ids": [1], "metadata": {}}
PART = Part("a.jpg", "image/jpeg", 1, b"a")


def request_of(endpoint: Endpoint[Any], form: Form | None) -> Request:
    """The library's request for a form, with every argument that the operation takes."""
    value = Url("https://example.com/a.jpg") if form == "url" else PART
    parameters = {param.name: ARGUMENTS.get(param.name, param.name) for param in endpoint.params}
    if endpoint.thumb:
        parameters["get_thumb"] = "false"
    return build(endpoint, form, dict.fromkeys(endpoint.images, value), parameters, boundary="boundary")


async def content(request: Request) -> bytes:
    return b"".join([chunk async for chunk in request.body.chunks()]) if request.body else b""


def body_names(request: Request) -> str:
    """The names of a body's members, whether it is multipart or JSON."""
    data = asyncio.run(content(request)).decode()
    if request.body and request.body.content_type.startswith("multipart/"):
        return " ".join(sorted(re.findall(r' name="(\w+)"', data)))
    return " ".join(sorted(flat(json.loads(data)))) if data else ""


def sent(name: str, endpoint: Endpoint[Any], form: Form | None) -> Sent:
    request = request_of(endpoint, form)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    other = form if form and not endpoint.nest else "json" if request.body else "none"
    return Sent(
        name,
        query.get("format_type", other),
        request.method,
        request.host,
        request.path,
        frozenset(query),
        body_names(request),
        endpoint.listed,
    )


def forms(endpoint: Endpoint[Any]) -> tuple[Form | None, ...]:
    return endpoint.forms if endpoint.images else (None,)


def ours(name: str) -> set[Sent]:
    return {sent(name, OPERATIONS[name], form) for form in forms(OPERATIONS[name])}


OPERATION_NAMES = sorted({each.operation for each in DOCUMENTED})


def test_the_operations_are_those_documented() -> None:
    assert set(OPERATIONS) == {each.operation for each in EXPECTED}


@pytest.mark.parametrize("name", sorted({each.operation for each in EXPECTED}))
def test_each_form_is_sent_as_documented_and_no_other(name: str) -> None:
    assert ours(name) == {each for each in EXPECTED if each.operation == name}


def test_only_one_form_differs_between_documents_and_newer_pages() -> None:
    assert {(each.operation, each.form) for each in REPLACED} == {("ekyc.verify_liveness", "file")}


@pytest.mark.parametrize("name", OPERATION_NAMES)
def test_each_documented_parameter_is_a_keyword(name: str) -> None:
    endpoint = OPERATIONS[name]
    facts = [fact for fact in FACTS["operations"] if name_of(fact) == name]
    query = {key for fact in facts for key in fact["query"]} | set(FACTS["everywhere"])
    wire = {key for form in forms(endpoint) for key in endpoint.wire_names(form)}
    assert query - wire - {"format_type"} <= endpoint.options


# --- fields


@pytest.mark.parametrize(("paper", "operation"), CASES.values(), ids=CASES)
def test_each_field_of_each_paper_is_in_its_model(paper: dict[str, Any], operation: str) -> None:
    check(operation, data_of(paper, operation))


@pytest.mark.parametrize("key", ["info", "info_goods"])
@pytest.mark.parametrize("type_", STAFF_PAPERS)
def test_each_field_of_an_employee_profile_is_in_its_model(type_: str, key: str) -> None:
    paper, canaries = STAFF_PAPERS[type_], Canaries()
    names = paper["fields"]["info_goods"]
    members = {name: below | beside(paper, below) for name, below in names.items() if below}
    fields = canaries.fields(names | members | beside(paper, names))
    data = {type_: [{"type": type_, key: fields}], "image_negative": [canaries.one()]}
    check("ocr.employee_profile", data)


@pytest.mark.parametrize("case", OTHERS)
def test_each_field_of_other_answers_is_in_its_model(case: str) -> None:
    operation, data = OTHERS[case]
    check(operation, data())


@pytest.mark.parametrize("operation", OF_ANY_CARD)
def test_each_judgement_of_a_card_is_in_its_model(operation: str) -> None:
    check(operation, [Canaries().fields(judgement()) | {"type": "passport", "info": {"id": "1"}}])


def judgement() -> Names:
    names = next(fact["keys"] for fact in FACTS["shapes"] if fact["chapter"] == "OCR" and "valid" in fact["keys"])
    return {name: below for name, below in names.items() if name != "info"}


@pytest.mark.parametrize("type_", sorted({t for f in FACTS["types"] if f["document"] != "v1" for t in f["types"]}))
def test_each_documented_type_has_a_model(type_: str) -> None:
    assert type_ in PAPERS


def test_no_kind_of_paper_is_left_out() -> None:
    elsewhere = {"Face Search", STAFF}
    papers = {(paper["chapter"], paper["kind"]) for paper in FACTS["papers"] if paper["chapter"] not in elsewhere}
    assert papers - set(OPERATIONS_OF) == set()
    silent = {"ocr.employee_profile", "face_search.update_image", "face_search.delete_images"}
    covered = {operation for _, operation in CASES.values()} | {operation for operation, _ in OTHERS.values()}
    covered |= {"ocr.document.invoice_vehicle"} & set(BEYOND["papers"])
    assert covered | silent == set(OPERATION_NAMES)


# --- codes

MEANINGS: list[tuple[str, type[errors.APIError]]] = [
    ("content", errors.NoContentError),
    ("url", errors.UrlUnavailableError),
    ("image format", errors.InvalidImageError),
    ("out of requests", errors.OutOfRequestsError),
    ("api_key", errors.AuthenticationError),
    ("format type", errors.FormatTypeError),
    ("processing", errors.ProcessingError),
    ("incorrect id", errors.InvalidIdError),
]
OTHERWISE = {("Face Matching", 1): errors.InvalidImageError, ("Face Matching", 3): errors.NoContentError}
"""Codes whose description contradicts the message and is right: a failed upload, no face."""


def meaning(chapter: str, code: int, message: str) -> type[errors.APIError]:
    return OTHERWISE.get((chapter, code)) or next(kind for word, kind in MEANINGS if word in message.lower())


def error_table(operation: str) -> dict[str, Any]:
    """The table of the operation's own chapter, or that of OCR where its chapter has none."""
    facts = [fact for fact in FACTS["operations"] if name_of(fact) == operation]
    chapters = {"API v1"} if operation.startswith("v1.") else {fact["chapter"] for fact in facts}
    tables = {fact["chapter"]: fact for fact in FACTS["codes"] if fact["kind"] == "error"}
    if operation == "ekyc.verify_liveness":  # a newer page describes its codes as those of faces
        return dict(tables["Face Matching"])
    found: dict[str, Any] = next((tables[chapter] for chapter in sorted(chapters) if chapter in tables), tables["OCR"])
    return found


@pytest.mark.parametrize("operation", OPERATION_NAMES)
def test_each_error_code_means_what_is_documented(operation: str) -> None:
    envelope, table = OPERATIONS[operation].envelope, error_table(operation)
    failures = {int(code): messages for code, messages in table["codes"].items() if code != "0"}
    assert set(envelope.errors) | envelope.ambiguous == set(failures)
    for code, messages in failures.items():
        for message in messages:
            assert envelope.kind(code, message) is meaning(table["chapter"], code, message), (code, message)


ENUMS = {
    "OCR": "CardWarning",
    "Chứng minh nhân dân - Căn cước - Passport": "CardWarning",
    "Face Matching": "FaceWarning",
    "Liveness Verify": "LivenessWarning",
    "Smart Crop": "CropWarning",
}
WARNINGS = {fact["chapter"]: fact["codes"] for fact in FACTS["codes"] if fact["kind"] == "warning"}


@pytest.mark.parametrize("chapter", ENUMS)
def test_each_warning_code_is_in_its_enum(chapter: str) -> None:
    newer = {6} if ENUMS[chapter] == "CardWarning" else set()  # a corner too close to the edge
    assert set(map(int, getattr(models, ENUMS[chapter]))) == set(map(int, WARNINGS[chapter])) | newer


# --- the extraction itself, with numbers that were counted by reading


def fields_of(names: Names, prefix: str = "") -> Iterator[str]:
    """The names of fields, dotted. What stands below a label are its values."""
    for name, below in names.items():
        yield prefix + name
        if name != "label":
            yield from fields_of(below, f"{prefix}{name}.")


def counts() -> dict[str, int]:
    """Return the amount of documentation, counting duplicates of a chapter once.

    The fields that a rule puts beside others (`_box`, `_confidence`, `_id`) are not in the number of fields.
    """
    failures = [fact for fact in FACTS["codes"] if fact["kind"] == "error"]
    return {
        "documented calls": len(FACTS["operations"]),
        "operations": len(OPERATION_NAMES),
        "unlisted operations": len({each.operation for each in DOCUMENTED if not each.listed}),
        "forms": len(DOCUMENTED),
        "parameters": sum(len(each.query) + len(each.body.split()) for each in DOCUMENTED),
        "kinds of paper": len({(paper["chapter"], paper["kind"]) for paper in FACTS["papers"]}),
        "fields": len({(p["chapter"], p["kind"], name) for p in FACTS["papers"] for name in fields_of(p["fields"])}),
        "keys of JSON": len({(f["chapter"], name) for f in FACTS["shapes"] for name in fields_of(f["keys"])}),
        "error tables": len(failures),
        "error codes": len(
            {(f["chapter"], code, m) for f in failures for code in f["codes"] for m in f["codes"][code]}
        ),
        "warning codes": len({(ENUMS[chapter], code) for chapter, codes in WARNINGS.items() for code in codes}),
    }


def test_how_much_is_documented() -> None:
    assert counts() == {
        "documented calls": 114,
        "operations": 39,
        "unlisted operations": 3,
        "forms": 98,
        "parameters": 270,
        "kinds of paper": 64,
        "fields": 1041,
        "keys of JSON": 114,
        "error tables": 10,
        "error codes": 63,
        "warning codes": 37,
    }


def test_the_calls_of_each_document() -> None:
    calls = Counter(fact["document"] for fact in FACTS["operations"])
    assert calls == {"000": 3, "001": 86, "002": 3, "003": 9, "004": 13}
    assert Counter(each.form for each in DOCUMENTED) == {"url": 31, "file": 34, "base64": 28, "json": 4, "none": 1}
    assert Counter(each.method for each in DOCUMENTED) == {"GET": 32, "POST": 64, "PUT": 1, "DELETE": 1}
    assert FACTS["everywhere"] == ["check_sum"]


def test_operations_in_comments_are_read() -> None:
    unlisted = {each.operation for each in DOCUMENTED if not each.listed}
    assert sorted(unlisted) == ["ekyc.person_with_card", "ocr.driving_license", "ocr.scan"]
    assert {each.form for each in DOCUMENTED if each.operation == "ocr.scan"} == {"url", "file"}


def test_operations_on_the_demo_host_are_read() -> None:
    demo = {each.operation.rpartition(".")[2] for each in DOCUMENTED if each.host == "demo"}
    assert demo == {"get_label_claim", "credit_report", "land_certificate"}


def paper_of(document: str, kind: str) -> dict[str, Any]:
    return next(dict(p) for p in FACTS["papers"] if (p["document"], p["kind"]) == (document, kind))


def test_fields_are_read() -> None:
    passport = paper_of("001", "Passport")["fields"]
    assert "nationality " in passport
    assert "nationality" not in passport
    assert len(passport) == 11
    assert len(paper_of("000", "Giấy yêu cầu bồi thường")["fields"]) == 9 * 3 + 1
    assert list(paper_of("001", "Sổ hộ khẩu")["fields"]["info_goods"]["member"]) == [
        "dob",
        "id_card",
        "image_member",
        "name",
        "relationship_to_head",
    ]
    assert len(paper_of("001", "Loại 2")["fields"]) == 8
    assert paper_of("001", "Loại 2")["type"] == "giay_cnqshdd_mau_2"


def test_tables_are_read() -> None:
    invoice = next(p for p in FACTS["papers"] if (p["chapter"], p["kind"]) == ("Hóa đơn", "info"))["fields"]
    assert len(invoice["table"]["label"]) == 11
    assert len(invoice["account_bank"]) == 6
    assert len(paper_of("001", "Báo giá xe")["fields"]["table"]) == 15
    report = paper_of("002", "info")["fields"]
    assert len(report) == 8 * 4 + 1 + 8 * 2
    assert list(report["bad_debt"]) == ["json0", "json1", "json2", "json3", "json4"]
    assert len(paper_of("001", "Trong đó")["fields"]["label"]) == 17


def test_what_two_documents_say_of_the_same_is_the_same() -> None:
    def said(document: str, chapter: str) -> dict[str, Names]:
        found = [p for p in FACTS["papers"] if (p["document"], p["chapter"]) == (document, chapter)]
        return {paper["kind"]: paper["fields"] for paper in found}

    for document, chapter in (("000", "Hồ sơ claim bảo hiểm sức khỏe"), ("002", "Báo cáo tín dụng")):
        assert said(document, chapter) == said("001", chapter)


def test_codes_are_read() -> None:
    tables = {(f["document"], f["chapter"], f["kind"]): f for f in FACTS["codes"]}
    crop_errors = tables["001", "Smart Crop", "error"]["codes"]
    assert crop_errors["4"] == ["Incorrect Api_key or api_secret", "Out of requests"]
    assert tables["001", "Face Search", "error"]["codes"]["5"] == ["Out of requests"]
    matching = tables["001", "Face Matching", "error"]["descriptions"]
    assert matching["1"] == ["Upload ảnh bị lỗi khi dùng POST"]
    assert matching["3"] == ["Tồn tại ảnh không có mặt người"]
    assert {chapter: len(codes) for chapter, codes in WARNINGS.items()} == {
        "OCR": 6,
        "Chứng minh nhân dân - Căn cước - Passport": 6,
        "Face Matching": 13,
        "Liveness Verify": 9,
        "Smart Crop": 9,
    }
