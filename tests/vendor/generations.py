"""Data of whole answers: of the five documents, of the newer pages, and of both generations together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_origin

from cvs_async import Reply
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS
from tests.vendor.cases import BEYOND, CASES, FACTS, STAFF, Canaries, Names, beside, data_of, shape, whole

# --- the five documents

STAFF_PAPERS = {paper["type"]: paper for paper in FACTS["papers"] if paper["chapter"] == STAFF}


def judged(names: Names) -> Any:
    return Canaries().fields(names)


def texts() -> Any:
    """Pages of blocks of lines of texts."""
    canaries = Canaries()
    box = {side: next(canaries.numbers) for side in ("left", "top", "right", "bottom")}
    return [[[[{"text": canaries.one(), "confidence": canaries.one("confidence"), "box": box}]]]]


def both_sides(front: str, back: str) -> Any:
    canaries = Canaries()
    papers = {paper["kind"]: paper for paper in FACTS["papers"] if paper["document"] == "v1"}
    sides = {"mattruoc": whole(papers[front], canaries), "matsau": whole(papers[back], canaries)}
    return {"data": sides, "valid": "True"}


def crop(*, person: bool) -> Any:
    envelope = {"errorCode", "errorMessage"} | (set() if person else {"invalidCode", "invalidMessage"})
    return judged({name: {} for name in shape("Smart Crop") if name not in envelope})


FACES = [{"id": "700001", "url": "https://example.com/700001.jpg"}]


OTHERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "text": ("ocr.document.general", texts),
    "scanned text": ("ocr.scan", texts),
    "matching": ("ekyc.face_matching", lambda: judged(shape("Face Matching", "data"))),
    "liveness": ("ekyc.verify_liveness", lambda: judged(shape("Liveness Verify", "data"))),
    "person": ("ekyc.person_with_card", lambda: {"matching": judged(shape("Face Matching", "matching"))}),
    "image": ("smartcrop.crop_image", lambda: crop(person=False)),
    "persons": ("smartcrop.crop_person", lambda: crop(person=True)),
    "faces": ("face_search.list_images", lambda: FACES),
    "faces found": ("face_search.search", lambda: FACES),
    "face added": ("face_search.add_image", lambda: FACES[0]),
    "old cards": ("v1.get_haimat", lambda: both_sides("cmt", "matsaucmt")),
    "new cards": ("v1.get_haimat", lambda: both_sides("tcc", "matsautcc")),
}

# --- newer pages

SCORED = {"icd_10.icd", "drug_info.drug"}
"""Fields whose confidence and box stand beside them as score and box."""


def answer_of(words: str, canaries: Canaries) -> dict[str, Any]:
    """The fields that some words stand for, filled."""
    whole: dict[str, Any] = {}
    for word in words.split():
        path, _, letters = word.partition(":")
        if f" {path}." in f" {words}":
            continue  # it consists of others
        *outer, name = path.split(".")
        place = whole
        for part in outer:
            place = place.setdefault(part, {})
        place |= value_of(path, name, canaries) | parts_of(path, name, letters, canaries)
    table = whole.get("table")
    if isinstance(table, dict) and "info_table" in table:
        table["info_table"] = [[list(table["info_table"].values())]]
    return {name: [part] if isinstance(part, dict) and name != "table" else part for name, part in whole.items()}


def value_of(path: str, name: str, canaries: Canaries) -> dict[str, Any]:
    if name.startswith("json"):
        return {name: canaries.cell()}
    if name in ("valid", "valid_seals"):
        return {name: "True"}
    return {name: [int(canaries.one())] if path == "table.page_table" else canaries.one()}


def parts_of(path: str, name: str, letters: str, canaries: Canaries) -> dict[str, Any]:
    """Return the entries beside a value."""
    if name.startswith("json"):
        return {}
    score, box = ("score", "box") if path in SCORED else (f"{name}_confidence", f"{name}_box")
    made = {"c": (score, "confidence"), "b": (box, "box"), "p": (f"{name}_id", "")}
    return {key: canaries.one(kind) for letter, (key, kind) in made.items() if letter in letters}


PAPERS = [
    (operation, type_)
    for operation, papers in BEYOND["papers"].items()
    for type_ in papers
    if type_ != "*" and operation != "ocr.document.get_table"
]

# --- whole answers

Answer = dict[str, Any]


def wire(operation: str, data: Any, code: Any = "0", message: str | None = "Success") -> Answer:
    """Return a whole answer with code 0."""
    endpoint = OPERATIONS[operation]
    envelope = endpoint.envelope
    around = {envelope.code: code, envelope.message: message}
    if envelope.data is None or (operation.startswith("v1.") and "data" in data):
        return {**data, **around}
    return {envelope.data: data, **around}


def reply_to(operation: str, answer: Answer) -> Reply[Any]:
    return decode(OPERATIONS[operation], WireReply(200, json.dumps(answer).encode()))


def staff_of(type_: str) -> Any:
    canaries, names = Canaries(), STAFF_PAPERS[type_]["fields"]["info_goods"]
    members = {name: below | beside(STAFF_PAPERS[type_], below) for name, below in names.items() if below}
    fields = canaries.fields(names | members | beside(STAFF_PAPERS[type_], names))
    return {type_: [{"type": type_, "info": fields}]}


OLDER: dict[str, tuple[str, Any]] = {
    **{case: (operation, data_of(paper, operation)) for case, (paper, operation) in CASES.items()},
    **{case: (operation, data()) for case, (operation, data) in OTHERS.items()},
    **{type_: ("ocr.employee_profile", staff_of(type_)) for type_ in STAFF_PAPERS},
}
"""Data of the first generation, with the operations that answer so."""


def later() -> Canaries:
    """Return canaries that no older answer has."""
    canaries = Canaries()
    for _ in range(5000):
        next(canaries.numbers)
    return canaries


def newer_data(operation: str, type_: str) -> Any:
    """Return data of the second generation alone."""
    info = answer_of(BEYOND["papers"][operation][type_], later())
    paper = {"type": type_, "info": info} if type_ else {"info": info}
    if operation == "ocr.employee_profile":
        return {type_: [paper]}
    if operation.startswith("v1."):
        return {"type": type_, "data": info}
    return [paper] if get_origin(OPERATIONS[operation].returns) is list else paper


NEWER = {f"{operation}-{type_}": (operation, newer_data(operation, type_)) for operation, type_ in PAPERS}


GENERATIONS = {**OLDER, **NEWER}
