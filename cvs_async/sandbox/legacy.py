"""Translation of API v2 results into API v1 names (see `v1-responses` in the vendor's documents)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
