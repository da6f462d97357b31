"""Documented names of each operation's answer, in the form that the catalogue reads.

The result is checked in, made from the repository's root by::

    python -m tests.vendor.documented > cvs_async/models/documented.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.vendor.cases import FACTS, OF_ANY_CARD, OPERATIONS_OF, STAFF, WIRE_TYPES, beside, shape

Names = dict[str, Any]
Parts = dict[str, str]
"""Dotted names, each with the letters of what stands beside it: confidence, box, page."""

SUFFIXES = {"_confidence": "c", "_box": "b", "_id": "p"}
CELL = "cb"
"""Documented parts of a cell beside its value: a score and a box."""

BEYOND: dict[str, Any] = json.loads((Path(__file__).parent / "beyond.json").read_text(encoding="utf-8"))
TAKEN_TO_BE = {"v3.ekyc.cards": "ekyc.cards", "v3.ekyc.face_matching": "ekyc.face_matching"}
"""Operations whose answers could not be read, with those that they are taken to be like."""

WRAPPED = "*"
"""Names around the `info` of a paper."""


def fold(names: Names, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each field, with what of the names beside it belongs to it."""
    for name, below in names.items():
        if any(name.endswith(suffix) and name.removesuffix(suffix) in names for suffix in SUFFIXES):
            continue
        key = prefix + name.strip()
        if name.startswith("json") and prefix:
            yield key, CELL
        elif "label" in below and "score" in below:
            yield key, ""
            yield from ((f"{key}.{label}", CELL) for label in below["label"])
        else:
            yield key, "".join(letter for suffix, letter in SUFFIXES.items() if name + suffix in names)
            if name != "label":
                yield from fold(below, f"{key}.")


def parts_of(paper: Names) -> Parts:
    names = paper["fields"]
    if paper["chapter"] == STAFF:
        names = names["info_goods"]
        names = {name: below | beside(paper, below) if below else below for name, below in names.items()}
    if paper["chapter"] == "Sao kê ngân hàng":
        names = {"image_table": {}, "json": names}
    return dict(fold(names | beside(paper, names)))


def documented() -> dict[str, dict[str, Parts]]:
    """Operation, paper, field. The paper is its `type`; empty where there is one kind only."""
    found: dict[str, dict[str, Parts]] = {}
    for paper in FACTS["papers"]:
        chapter, kind = paper["chapter"], paper["kind"]
        type_ = paper.get("type") or WIRE_TYPES.get(kind, "")
        operations = ("ocr.employee_profile",) if chapter == STAFF else OPERATIONS_OF.get((chapter, kind), ())
        for operation in operations:
            merge(found.setdefault(operation, {}).setdefault(type_, {}), parts_of(paper))
        if chapter == "API v1" and kind != "blx":
            side = "matsau" if kind.startswith("matsau") else "mattruoc"
            merge(found.setdefault("v1.get_haimat", {}).setdefault(side, {}), parts_of(paper))
    for operation, names in around().items():
        found.setdefault(operation, {})[WRAPPED] = dict.fromkeys(names, "")
    for operation, papers in BEYOND["papers"].items():
        for type_, words in papers.items():
            merge(found.setdefault(operation, {}).setdefault(type_, {}), dict(_parts(words)))
    of_invoices = {n: p for n, p in found["ocr.document.invoice"][""].items() if not n.startswith("info_goods")}
    merge(found["ocr.claims"]["invoice"], of_invoices)
    merge(found["ocr.document.invoice_vehicle"][""], of_invoices)
    for newer, older in TAKEN_TO_BE.items():
        found[newer] = found[older]
    found["ekyc.person_with_card"]["matching"] = dict.fromkeys(shape("Face Matching", "matching"), "")
    return dict(sorted(found.items()))


def _parts(words: str) -> Iterator[tuple[str, str]]:
    for word in words.split():
        name, _, letters = word.partition(":")
        yield name, letters


def around() -> dict[str, list[str]]:
    """Return names in answers beside papers or instead of them. Warning codes have tables of their own."""
    judged = ["type", "info", "valid", "invalidCode", "invalidMessage"]
    cropped = [name for name in shape("Smart Crop") if name not in ("errorCode", "errorMessage")]
    return {
        **dict.fromkeys(OF_ANY_CARD, judged),
        "ekyc.person_with_card": [name for name in judged if name != "invalidCode"],
        "ekyc.face_matching": [*shape("Face Matching", "data")],
        "ekyc.verify_liveness": [*shape("Liveness Verify", "data")],
        "smartcrop.crop_image": ["url"],
        "smartcrop.crop_person": cropped,
    }


def merge(into: Parts, more: Parts) -> None:
    """Two chapters may document the same paper: what one of them has counts."""
    for name, letters in more.items():
        into[name] = "".join(sorted({*into.get(name, ""), *letters}, key="cbp".index))


def as_text() -> str:
    """One line a paper: ``id:cb image`` is a field with confidence and box, and one with neither."""
    lines = {
        operation: {
            type_: " ".join(f"{name}:{letters}" if letters else name for name, letters in parts.items())
            for type_, parts in papers.items()
        }
        for operation, papers in documented().items()
    }
    return json.dumps(lines, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
