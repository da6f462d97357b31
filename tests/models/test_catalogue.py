"""The catalogue of fields holds what the vendor documents, all of it and no more, and each field is explained."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cvs_async.api import OPERATIONS
from cvs_async.cli import fields
from cvs_async.models import (
    ChipIdCardFront,
    Field,
    FieldInfo,
    Goods,
    IdCard9Back,
    IdCardFront,
    Invoice,
    Passport,
    Recognized,
    StatementRow,
    V1IdCard12Front,
    fields_of,
)
from cvs_async.models.catalogue import names
from tests.support.commands import cvs_async
from tests.vendor.cases import FACTS, OPERATIONS_OF, STAFF, WIRE_TYPES, Names, beside, flat
from tests.vendor.documented import BEYOND, SUFFIXES, WRAPPED, as_text

DOCUMENTED = Path(__file__).parents[2] / "cvs_async" / "models" / "documented.json"


def every(fields: tuple[FieldInfo, ...]) -> Iterator[FieldInfo]:
    for field in fields:
        yield field
        yield from every(field.fields)


def test_what_is_documented_is_checked_in() -> None:
    assert DOCUMENTED.read_text(encoding="utf-8") == as_text()


# --- nothing is missing, nothing is invented: compared name by name, in the vendor's spelling


def spelled(field: FieldInfo, prefix: str = "") -> Iterator[str]:
    """All names on the wire that a field stands for."""
    name = prefix + field.wire
    yield name
    if field.kind == "text":
        suffixes = {"_confidence": field.has_confidence, "_box": field.has_box, "_id": field.has_page}
        yield from (name + suffix for suffix, there in suffixes.items() if there)
    if field.kind == "table" and any(inner.name == "amount_before_tax" for inner in field.fields):
        yield from (f"{name}.{part}" for part in ("value", "box", "score", "label"))
        yield from (f"{name}.label.{inner.wire}" for inner in field.fields)
    elif not field.wire.startswith("json") or field.kind == "table":  # a cell's parts are the same everywhere
        for inner in field.fields:
            yield from spelled(inner, f"{name}.")


def documents(operation: str) -> dict[str, set[str]]:
    """All names that the documents have for the papers of an operation, by the paper's type."""
    found: dict[str, set[str]] = {}
    for paper in FACTS["papers"]:
        if operation in OPERATIONS_OF.get((paper["chapter"], paper["kind"]), ()):
            fields: Names = paper["fields"] | beside(paper, paper["fields"])
            type_ = paper.get("type") or WIRE_TYPES.get(paper["kind"], "")
            found.setdefault(type_, set()).update(name.replace(" ", "") for name in flat(fields))
    for type_, spellings in newer(operation).items():
        found.setdefault(type_, set()).update(spellings)
    return found


INVOICES = {"ocr.claims": "invoice", "ocr.document.invoice_vehicle": ""}
"""Types of the invoices that have all fields of `ocr.document.invoice` but one list."""


def newer(operation: str) -> dict[str, set[str]]:
    """The same of the newer pages."""
    papers = {type_: set(written(words)) for type_, words in BEYOND["papers"].get(operation, {}).items()}
    if operation in INVOICES:
        of_all = {name for name in documents("ocr.document.invoice")[""] if not name.startswith("info_goods")}
        papers[INVOICES[operation]] |= of_all
    return {type_: names for type_, names in papers.items() if type_ != WRAPPED}


def written(words: str) -> Iterator[str]:
    """All names on the wire that some words stand for; those of cells have no names beside them."""
    for word in words.split():
        name, _, letters = word.partition(":")
        yield name
        if ".json" not in name:
            yield from (name + suffix for suffix, letter in SUFFIXES.items() if letter in letters)


OF_PAPERS = sorted({operation for operations in OPERATIONS_OF.values() for operation in operations} | {*INVOICES})
BARE = {"ocr.vehicle_plate", "ocr.document.get_table", "ocr.document.get_label_claim", "ocr.document.bank_statement"}


def infos(operation: str) -> Iterator[tuple[str, tuple[FieldInfo, ...]]]:
    """The fields of each paper of an operation, by its type."""
    for field in every(fields_of(operation)):
        if field.name == "info" and field.model is not None:
            yield field.paper or "", field.fields


@pytest.mark.parametrize("operation", sorted(set(OF_PAPERS) - BARE))
def test_each_documented_field_of_a_paper_is_there_and_no_other(operation: str) -> None:
    catalogue = {type_: {name for field in fields for name in spelled(field)} for type_, fields in infos(operation)}
    assert catalogue == documents(operation)


@pytest.mark.parametrize(
    ("operation", "wire"),
    [
        ("ocr.vehicle_plate", {"plate", "image"}),
        ("ocr.document.get_table", {"json", "image"}),
        ("ocr.document.get_label_claim", {"id", "label", "image"}),
        ("ocr.document.bank_statement", {"image_table", "json", *(f"json.json_{place}" for place in range(5))}),
        ("ocr.document.general", {"image", "text", "confidence", "box"}),
        ("v1.get_scan_a4", {"result", "time"}),
        (
            "ekyc.face_matching",
            {"matching", "match", "face1", "face2", "face1_score", "face2_score", "invalidCode", "invalidMessage"},
        ),
        ("smartcrop.crop_image", {"url"}),
        ("smartcrop.crop_person", {"url", "invalidCode", "invalidMessage"}),
        ("face_search.list_images", {"id", "url"}),
    ],
)
def test_answers_without_papers_are_there(operation: str, wire: set[str]) -> None:
    assert {name for field in fields_of(operation) for name in spelled(field)} == wire


STAFF_PAPERS = {paper["type"]: paper for paper in FACTS["papers"] if paper["chapter"] == STAFF}


@pytest.mark.parametrize("type_", STAFF_PAPERS)
def test_each_documented_field_of_an_employee_profile_is_there(type_: str) -> None:
    paper = STAFF_PAPERS[type_]
    below = paper["fields"]["info_goods"]
    members = {name: inner | beside(paper, inner) for name, inner in below.items() if inner}
    (fields,) = (fields for found, fields in infos("ocr.employee_profile") if found == type_)
    older = set(flat(below | members | beside(paper, below)))
    newer_names = set(written(BEYOND["papers"]["ocr.employee_profile"].get(type_, "")))
    assert {name for field in fields for name in spelled(field)} == older | newer_names


def test_the_sides_of_v1_are_those_of_both_kinds_of_card() -> None:
    front, back, _ = fields_of("v1.get_haimat")
    assert {field.name for field in front.fields} == {field.name for field in fields_of(V1IdCard12Front)}
    assert {field.name for field in back.fields} == {"dantoc", "date", "dauvet", "tongiao", "noicap"}


# --- each field is explained


@pytest.mark.parametrize("name", names())
def test_each_field_has_its_meaning_in_both_languages_and_an_example(name: str) -> None:
    paths = [(field.path, field.paper) for field in every(fields_of(name)) if field.name != "info"]
    silent = {"face_search.update_image", "face_search.delete_images", "v1.face_search.delete"}
    silent |= {"ocr.document.invoice_hospital", "ocr.document.van_ban_phap_quy"}  # their answers could not be read
    silent |= {"chip_id_card_2024_front", "chip_id_card_2024_back"}  # of which no page of the vendor tells
    assert paths or name in silent
    for field in every(fields_of(name)):
        assert field.english, field.path
        assert field.vietnamese, field.path
        assert "``," not in field.english + field.vietnamese
        if field.kind in ("text", "cell", "number", "whole number", "true or false", "box"):
            assert field.example, field.path


def test_numbers_in_examples_are_fictitious() -> None:
    examples = {str(field.example) for name in names() for field in every(fields_of(name))}
    assert all(number.startswith("000") for example in examples for number in re.findall(r"\d{12}", example))


def test_a_field_says_where_it_is_and_what_stands_beside_it() -> None:
    fields = {field.path: field for field in every(fields_of("ocr.document.invoice"))}
    total = fields["info.total_amount"]
    assert (total.kind, total.has_confidence, total.has_box, total.has_page) == ("text", True, True, False)
    assert fields["info.account_bank.*.bank"].wire == "bank"
    assert fields["info.table.*.unit_price"].kind == "cell"
    assert "tables.*.*.balance" in {field.path for field in every(fields_of("ocr.document.bank_statement"))}
    assert next(field for field in fields_of("ocr.driving_license") if field.name == "info").model is not None
    assert {field.name: field.wire for field in fields_of("driving_license")}["class_"] == "class"


def test_parts_depend_on_the_operation_and_a_class_has_those_of_all() -> None:
    def identifier(fields: tuple[FieldInfo, ...]) -> FieldInfo:
        return next(field for field in fields if field.name == "id")

    cards, claims = (dict(infos(operation))["chip_id_card_front"] for operation in ("ocr.card", "ocr.claims"))
    assert not identifier(cards).has_box
    assert identifier(claims).has_box
    assert identifier(fields_of(ChipIdCardFront)).has_box
    assert fields_of("chip_id_card_front") == fields_of("ChipIdCardFront") == fields_of(ChipIdCardFront)


@pytest.mark.parametrize(
    ("operation", "type_", "wire", "letters"),
    [
        ("ocr.vehicle_registration", "vehicle_registration_front", "plate", "c"),
        ("ocr.vehicle_registrations", "vehicle_registration_back", "engine", "c"),
        ("ocr.vehicle", "vehicle_registration_back", "chassis", "c"),
        ("ocr.vehicle_registration", "vehicle_registration_back", "address_town", "c"),
        ("ocr.vehicle_inspection", "picertificate", "mark", "c"),
        ("ocr.vehicle", "driving_license", "address_town", "cb"),
        ("ocr.employee_profile", "birth_certificate", "father_address", "cb"),
        ("ocr.employee_profile", "curriculum_vitae", "work_experience", "cbp"),
    ],
)
def test_what_stands_beside_fields_on_newer_pages_is_documented(
    operation: str, type_: str, wire: str, letters: str
) -> None:
    words = BEYOND["papers"][operation][type_].split()
    assert f"{wire}:{letters}" in words
    (fields,) = (fields for found, fields in infos(operation) if found == type_)
    (field,) = (field for field in fields if field.wire == wire)
    assert (field.has_confidence, field.has_box, field.has_page) == tuple(letter in letters for letter in "cbp")


def test_what_a_class_inherits_but_is_not_documented_is_not_there() -> None:
    assert {"id", "name", "dob"}.isdisjoint(field.name for field in fields_of(Invoice))
    assert "name" not in {field.name for field in fields_of(IdCard9Back)}


def test_bases_and_inner_classes_can_be_asked() -> None:
    assert "hometown_ward_code" in {field.name for field in fields_of(IdCardFront)}
    assert [field.name for field in fields_of(Goods)] == ["name", "coin"]
    assert [field.path for field in fields_of(StatementRow)] == ["date", "description", "debit", "credit", "balance"]
    assert {field.name for field in fields_of(Recognized)} >= {"type", "info", "valid"}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ocr.invoice", "ocr.document.invoice"),
        ("pasport", "passport"),
        ("invoice_xml", "ocr.document.invoice_xml"),
        ("OCR.CARD", "ocr.card"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_right_ones(wrong: str, right: str) -> None:
    with pytest.raises(LookupError, match=re.escape(right)):
        fields_of(wrong)
    with pytest.raises(LookupError, match=r"no operation or type of paper zzzz\.$"):
        fields_of("zzzz")


def test_importing_the_library_does_not_read_the_catalogue() -> None:
    script = "import sys, cvs_async, cvs_async.models; print(sorted(n for n in sys.modules if 'catalogue' in n))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


# --- the command


def test_the_command_shows_a_tree_that_fits_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fields, "console", lambda: Console(width=80, highlight=False))
    for name in ("ocr.document.invoice", "ocr.vehicle_inspection", "ocr.document.credit_report", "ocr.card"):
        fields.command(name)
        told = capsys.readouterr().out
        shown = told.splitlines()
        assert max(map(len, shown)) <= 80
        assert "…" not in told
        for field in every(fields_of(name)):
            assert any(line.strip().startswith(field.name) for line in shown), field.path


def test_the_command_gives_json_to_programs() -> None:
    shown: list[dict[str, Any]] = json.loads(cvs_async("fields", "passport", "--json").stdout)
    assert [field["path"] for field in shown] == [field.path for field in fields_of("passport")]
    assert shown[0] == {
        **{"name": "id", "path": "id", "wire": "id", "kind": "text", "paper": None, "example": "000090000001"},
        **{"english": "Number of the paper", "vietnamese": "số giấy tờ"},
        **{"confidence": True, "box": True, "page": False, "fields": []},
    }
    assert set(json.loads(cvs_async("fields", "--json").stdout)) == set(OPERATIONS)


def test_the_command_lists_all_names_and_knows_the_nearest() -> None:
    assert {"ocr.card", "passport", "cmt"} <= set(re.findall(r"[\w.]+", cvs_async("fields").stdout))
    ended = cvs_async("fields", "pasport")
    assert ended.returncode == 2
    assert "near: passport" in ended.stderr
    assert cvs_async("fields", "face_search.delete_images").returncode == 0


def test_the_command_shows_the_fields_of_a_paper_that_no_operation_documents() -> None:
    shown = cvs_async("fields", "chip_id_card_2024_back").stdout
    assert "Place of residence" in shown
    assert "info.id" in shown


def test_the_command_says_where_answers_that_stay_json_are_in_tables() -> None:
    shown = " ".join(cvs_async("fields", "ocr.document.van_ban_phap_quy").stdout.split())
    assert "stay JSON; tables have them in the column data." in shown


def test_the_command_says_what_fields_are_called_in_tables() -> None:
    shown = " ".join(cvs_async("fields", "ocr.document.invoice").stdout.split())
    assert "In tables and in --fields, columns have names such as info.date and info.form" in shown
    assert "columns of line items (--rows line) have names such as name and coin." in shown
    shown = " ".join(cvs_async("fields", "passport").stdout.split())
    assert "such as info.id and info.dob." in shown


def test_the_command_finds_a_field_by_its_name() -> None:
    for name in ("total_amount", "info.total_amount"):
        ended = cvs_async("fields", name)
        said = " ".join(ended.stderr.split())
        assert ended.returncode == 2
        assert f"There is no operation or type of paper {name}" in said
        assert "info.total_amount is a field of ocr.claims, ocr.document.invoice" in said


@pytest.mark.parametrize("wrong", [None, 5, Passport(), Field, Recognized[Passport]])
def test_what_has_no_fields_is_answered_with_what_to_give(wrong: Any) -> None:
    with pytest.raises(TypeError, match="takes an operation such as"):
        fields_of(wrong)
