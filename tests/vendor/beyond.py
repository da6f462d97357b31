"""Read the facts about the vendor's newer pages. Knows nothing of the library.

The result is checked in as ``beyond.json``, made from the repository's root by::

    python -m tests.vendor.beyond ../shared/api > tests/vendor/beyond.json

Tables are read from the page; what stands in prose is in `PROSE`, in the words of ``models/documented.json``:
a name, and the letters of what stands beside it (c confidence, b box, p page).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.vendor.extract import keys

Facts = dict[str, Any]
V1 = "/backend/api/v1/request/"
FORMS = {"url": "url", "file": "file", "base64": "base64"}
STORE = {"list": "none", "search": "json", "add": "json", "edit": "json", "delete": "json"}

CARD_BACK = "identification_sign:cb"
CARDS = {
    "9_id_card_back": f"{CARD_BACK} issued_at_town issued_at_code",
    "12_id_card_back": CARD_BACK,
    "chip_id_card_back": f"{CARD_BACK} issue_date:cb",
    "passport": "full_name:cb issue_date:cb issued_at:cb place_of_birth:cb id:cb dob:cb gender:cb nationality:cb"
    " due_date:cb person_number:cb",
}


def each(names: str, letters: str) -> str:
    """Return names, each with the same letters."""
    return " ".join(f"{name}:{letters}" for name in names.split())


ADDRESS = "address_town address_town_code address_district address_district_code address_ward address_ward_code"
REGISTRATIONS = {
    "vehicle_registration_front": each("id name address plate issued_at", "c"),
    "vehicle_registration_back": each(
        "name address engine chassis brand model color capacity issued_at last_issue_date first_issue_date plate"
        f" issued_at_code year_of_manufacture sit lie stand {ADDRESS}",
        "c",
    ),
}
WITH_LOAD = {
    **REGISTRATIONS,
    "vehicle_registration_back": f"{REGISTRATIONS['vehicle_registration_back']} pay_load:c",
}
"""The two operations for registrations alone have one field more."""
INSPECTION = each(
    "chassis_number commercial_use design_pay_load design_towed_mass engine_number inside_cargo_container_dimension"
    " issued_on life_time_limit manufactured_country manufactured_year mark model_code modification permissible_no"
    " regis_date registration_number seri tire_size type valid_until wheel_form capacity report_number"
    " authorized_pay_load seat_place lying_place stand_place issued_on_code",
    "c",
)
RESIDENCE = (
    "id name dob gender ethnicity nationality religious hometown address registered_address current_address"
    " relationship_to_head head_name head_id"
)
PROSE: dict[str, dict[str, str]] = {
    **dict.fromkeys(("ekyc.card", "ekyc.cards", "ocr.card"), CARDS),
    "ekyc.face_matching": {"*": "face1_score face2_score"},
    "ocr.employee_profile": {
        "confirm_residence": f"{each(RESIDENCE, 'cb')} image image_member member "
        + each("member.name member.dob member.gender member.id_card member.relationship_to_head", "cb"),
        "curriculum_vitae": each(
            "name dob work_experience father_name mother_name academic_level current_address gender place_of_birth",
            "cbp",
        ),
        "health_certification": each("name dob height weight health_condition", "cbp"),
        "registration_book": "member.gender:cb",
        "birth_certificate": each(
            "name dob number number_book place_of_birth regis_place father_name father_dob father_address mother_name"
            " mother_dob mother_address",
            "cb",
        ),
        "*": "id_negative image_negative",
    },
    "ocr.vehicle_registration": WITH_LOAD,
    "ocr.vehicle_registrations": WITH_LOAD,
    "ocr.vehicle": {**REGISTRATIONS, "picertificate": INSPECTION, "driving_license": each(ADDRESS, "cb")},
    "ocr.vehicle_inspection": {"picertificate": INSPECTION},
    "ocr.birth_certificate": {"": "regis_place:c " + ADDRESS.replace("address", "regis_place")},
    "ocr.document.price_quotation": {"": "make_model:cb number_plate:cb table table.amount_total:cb table.tax:cb"},
    "ocr.document.invoice_vehicle": {"": "valid_seals"},  # beside those of all invoices but the goods in short
    "ocr.document.get_table": {"": "json"},
    "v1.get_blx": {"blx": "id name born class nation dateissue duedate address", "*": "type data"},
    "v1.get_scan_a4": {"*": "result time"},
    "v1.matching": {"*": "matching img_cmt img_person valid"},
    "v1.face_matching": {"*": "matching img_person1 img_person2 valid match"},
    "v1.matchingliveness": {"*": "matching valid errors"},
}
"""Operation, type of paper, names. Stars are answers without papers."""

OTHERS: list[Facts] = [
    *(
        {
            "operation": "ekyc.verify_liveness",
            "form": form,
            "method": method,
            "path": "/api/v2/ekyc/verify_liveness",
            "query": ["format_type", *(["portrait_left", "portrait_mid", "portrait_right"] if form == "url" else [])],
            "body": [] if form == "url" else ["portrait_left", "portrait_mid", "portrait_right"],
            "host": "cloud",
            "mark": "A",
        }
        for form, method in (("url", "GET"), ("file", "POST"), ("base64", "POST"))
    ),
    *(
        {
            "operation": f"ocr.document.{name}",
            "form": form,
            "method": method,
            "path": f"/api/v2/ocr/document/{name}",
            "query": ["format_type", "get_thumb", *more, *(["img"] if form == "url" else [])],
            "body": [] if form == "url" else ["img"],
            "host": "demo",
            "mark": "B",
        }
        for name, more in (("invoice_hospital", []), ("van_ban_phap_quy", ["get_seal"]))
        for form, method in (("url", "GET"), ("file", "POST"), ("base64", "POST"))
    ),
    *(
        {
            "operation": f"v3.ekyc.{name}",
            "form": form,
            "method": method,
            "path": f"/api/v3/ekyc/{name}",
            "query": ["format_type", *more, *(["img1", "img2"] if form == "url" else [])],
            "body": [] if form == "url" else ["img1", "img2"],
            "host": "cloud",
            "mark": mark,
        }
        for name, more, mark in (("cards", ["get_thumb"], "B"), ("face_matching", ["type1"], "C"))
        for form, method in (("url", "GET"), ("file", "POST"), ("base64", "POST"))
    ),
]
"""Requests that stand in prose or in tables without paths. The base64 form of v3 is announced only."""


def section(text: str, title: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(r"\n#{2,3} ", text.partition(title)[2], maxsplit=1)[0]


def rows(text: str) -> Iterator[list[str]]:
    """The rows of the tables in a text, without their heads."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith(("|---", "| ---", "| operation", "| type |")):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def requests(text: str) -> Iterator[Facts]:
    """The requests of API v1, by the table of section 2.1."""
    for label, call, names in rows(section(text, "### 2.1 Requests")):
        word = re.split(r"[, …]+", label)[-1]
        method, path = re.fullmatch(r"(GET|POST) `(.+)`", call).groups()  # type: ignore[union-attr]
        form = STORE[word] if "face_search" in path else FORMS[word]
        quoted = re.findall(r"`([^`]+)`", names)
        body = json_names(quoted[0]) if quoted[0].startswith("{") else [name for name in quoted if name != "right`"]
        name = path.rpartition("/")[2].removesuffix("base64")
        yield {
            "operation": f"v1.face_search.{name}" if "face_search" in path else f"v1.{name}",
            "form": form,
            "method": method,
            "path": V1 + path,
            "query": body if method == "GET" else [],
            "body": [] if method == "GET" else body,
            "host": "cloud",
            "mark": "A",
        }


def json_names(code: str) -> list[str]:
    """The names in an object that resembles JSON, dotted."""
    found = keys([code])
    if not found:
        return re.findall(r'"(\w+)"', code)
    return [name for outer, below in found.items() for name in (outer, *(f"{outer}.{inner}" for inner in below))]


def codes(text: str) -> Facts:
    """The codes of API v1, by the table of section 2.3."""
    table = [row for row in rows(section(text, "### 2.3 Codes")) if row[0].isdigit()]
    return {
        family: {row[0]: row[place].strip("*") for row in table if row[place] != "–"}
        for place, family in enumerate(("ocr", "face matching", "face store"), start=1)
    }


def claims(text: str) -> dict[str, str]:
    """The papers of a claim, by the table of section 5.6."""
    found: dict[str, str] = {}
    stamped = True
    for kinds, _, names in rows(section(text, "### 5.6 `claims`")):
        for kind in re.findall(r"`(\w+)`", kinds):
            if names.startswith("as in"):
                continue
            words = [f"{name}:cb" for name in fields(names) if not name.startswith("image")]
            words += [name for name in fields(names) if name.startswith("image")]
            words = [special for word in words for special in SPECIAL.get(word.partition(":")[0], word).split()]
            words += ["image", "image_seals", "valid_seals"] if stamped and kind != "id_doc" else []
            found[kind] = " ".join(dict.fromkeys(words))
            stamped = stamped and kind != "health_records"
    found["invoice"] = "image_seals valid_seals"  # beside those of all invoices
    return {kind: words.replace("pages", "").strip() for kind, words in found.items()}


SPECIAL = {
    "icd_10": "icd_10 icd_10.icd:cb",
    "drug_info": "drug_info drug_info.drug:cb drug_info.quanlity",
    "table": "table table.image_table table.page_table table.info_table"
    " table.info_table.json0:cb table.info_table.json1:cb table.info_table.json2:cb table.info_table.json3:cb",
    "mage_seals": "image_seals",
    "valid_seals": "valid_seals",
    "ender_box": "",
}
"""Fields with parts of their own, and misprints."""


def fields(names: str) -> list[str]:
    """Return the names of fields in a cell, without older ones, parts of cells and hints."""
    return re.findall(r"`([a-z_0-9]+)`", re.sub(r"\((?!stamp)[^)]*\)", "", names.partition(", plus")[0]))


def extract(folder: Path) -> Facts:
    """All facts of the newer pages."""
    text = (folder / "beyond.md").read_text(encoding="utf-8")
    return {
        "requests": [*requests(text), *OTHERS],
        "codes": codes(text),
        "papers": {**PROSE, "ocr.claims": {**claims(text), "*": "type info pages"}},
    }


def as_text(facts: Facts) -> str:
    """The facts as they are checked in."""
    return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text(extract(Path(sys.argv[1]))))
