"""Answers of API v1: names of papers and fields translated from v2, scans and faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._codec.endpoint import Endpoint
from . import faces
from .views import Files, cut_out, text_of

TYPES = {
    "9_id_card_front": "cmt",
    "12_id_card_front": "tcc",
    "chip_id_card_front": "tcc",
    "9_id_card_back": "matsaucmt",
    "12_id_card_back": "matsautcc",
    "chip_id_card_back": "matsautcc",
    "driving_license": "blx",
}
_FRONT = {"id": "id", "name": "name", "dob": "born", "hometown": "country", "address": "address"}
_FIELDS: Mapping[str, Mapping[str, str]] = {
    "cmt": _FRONT,
    "tcc": _FRONT | {"gender": "sex", "due_date": "duedate", "nationality": "quoctich", "ethnicity": "dantoc"},
    "matsaucmt": {"ethnicity": "dantoc", "issue_date": "date", "religious": "tongiao", "issued_at": "noicap"},
    "matsautcc": {"issue_date": "date"},
    "blx": {
        "id": "id",
        "name": "name",
        "dob": "born",
        "class": "class",
        "nationality": "nation",
        "issue_date": "dateissue",
        "due_date": "duedate",
        "address": "address",
    },
}


def as_v1(paper: dict[str, Any]) -> dict[str, Any]:
    """Return a paper of API v2 in the format of API v1: `type` and `data`."""
    kind = TYPES.get(str(paper["type"]), str(paper["type"]))
    names = _FIELDS.get(kind, {})
    return {"type": kind, "data": {names[key]: value for key, value in paper["info"].items() if key in names}}


def in_v1(endpoint: Endpoint[Any], papers: Sequence[dict[str, Any]], files: Files) -> dict[str, Any]:
    """Return the data of an answer for papers as API v2 has them."""
    read = [as_v1(paper) for paper in papers]
    if endpoint.name == "v1.get_haimat":
        sides = {"mattruoc": read[0]["data"], "matsau": read[-1]["data"]}
        return {"data": sides, "valid": "True"}
    if files.files[0][0].is_pdf:
        return {"type": "pdf", "data": read}
    if endpoint.name == "v1.get_blx":
        return read[0]
    return read[0] | {"valid": "True"}


def _scan(files: Files) -> dict[str, Any]:
    lines = [
        " ".join(piece["text"] for piece in line) for page in files.pages() for block in text_of(page) for line in block
    ]
    return {"result": lines or None, "time": 0.5}


def _matching(files: Files, *names: str) -> dict[str, Any]:
    return {"matching": faces.match(files.contents)["matching"], "valid": "True"} | cut_out(files, *names)


def _verdict(files: Files) -> str:
    """Return 1 for the same person, 2 for doubt, 3 for different persons, where API v2 has 1, 0 and -1."""
    return {"1": "1", "0": "2", "-1": "3"}[faces.match(files.contents)["match"]]


def _liveness(files: Files) -> dict[str, Any]:
    card, mid, left, right = files.contents
    living = faces.verify([left, mid, right])
    wrong = {"4": "left", "5": "right"}.get(living["invalidCode"], "")
    return {"matching": faces.match([card, mid])["matching"], "valid": living["valid"], "errors": wrong}


def as_stored(result: Any) -> Any:
    """Return a result of the store as API v1 has it: ids are numbers."""
    if isinstance(result, list):
        return [as_stored(one) for one in result]
    if result is None:
        return None
    return {**result, "id": int(result["id"])}


OWN: dict[str, Callable[[Files], Any]] = {
    "v1.get_scan_a4": _scan,
    "v1.matching": lambda files: _matching(files, "img_cmt", "img_person"),
    "v1.face_matching": lambda files: _matching(files, "img_person1", "img_person2") | {"match": _verdict(files)},
    "v1.matchingliveness": _liveness,
}
"""Operations of API v1 that read no papers and need no store."""

STORE = {
    "get_all_images": "list_images",
    "search": "search",
    "add": "add_image",
    "edit_metadata": "update_image",
    "delete": "delete_images",
}
"""Operations on the store in API v1, by what they are called in v2."""
