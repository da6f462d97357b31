"""What the sandbox reads from files: a sample's truth, and for any other file something that its content decides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, get_origin

import attrs

from .._converter import wire_names
from .._endpoint import Endpoint
from ..models.fields import PAPERS, Field
from ..models.general import Page
from .picture import Picture, thumbnail

OBJECT_FOR_ONE = frozenset({"ekyc.card", "ocr.card"})
"""Operations that answer with an object where one picture shows one paper, and with a list otherwise."""

OTHER_PAPERS = {"ocr.claims": "claim_form", "ocr.document.invoice": "invoice"}
"""What operations see in a readable file that is no sample; the rest see a citizen card."""

WORDS = ["văn", "bản", "mẫu", "của", "hộp", "cát", "không", "phải", "giấy", "tờ", "thật"]


def answer(endpoint: Endpoint[Any], files: Sequence[tuple[Picture, bytes]], thumb: bool) -> Any:
    """The `data` of an answer in its documented shape; None if the files hold nothing that the operation reads."""
    if endpoint.returns == list[Page]:
        return [blocks for picture, _ in files for blocks in _text(picture)]
    papers = [paper for picture, content in files for paper in _papers(endpoint, picture, content, thumb)]
    if len(papers) == 1 and endpoint.name in OBJECT_FOR_ONE and not files[0][0].is_pdf:
        return papers[0] | {"valid": "True", "invalidMessage": "Successful"}
    return papers or None


def _papers(endpoint: Endpoint[Any], picture: Picture, content: bytes, thumb: bool) -> list[dict[str, Any]]:
    if picture.truth is not None:
        found = [(number, paper) for number, page in enumerate(picture.truth.pages) for paper in page.papers]
    else:
        found = [(number, _derived(endpoint, picture, number)) for number in range(len(picture.pages))]
    if not thumb:
        return [paper for _, paper in found]
    return [paper | {"info": paper["info"] | {"image": thumbnail(content, number)}} for number, paper in found]


def _derived(endpoint: Endpoint[Any], picture: Picture, page: int) -> dict[str, Any]:
    kind = OTHER_PAPERS.get(endpoint.name, "chip_id_card_front")
    info: dict[str, Any] = {}
    for attribute in attrs.fields(attrs.resolve_types(PAPERS[kind])):
        if get_origin(attribute.type) is Field:
            info |= _derived_field(wire_names(attribute)[0], picture, page)
    return {"type": kind, "info": info}


def _derived_field(name: str, picture: Picture, page: int) -> dict[str, Any]:
    seed = hashlib.sha256(f"{picture.digest}/{page}/{name}".encode()).digest()
    width, height = picture.pages[page]
    left, top = seed[0] * width // 512, seed[1] * height // 512
    return {
        name: f"SANDBOX {seed[:4].hex()}",
        f"{name}_confidence": round(0.5 + seed[2] / 512, 4),
        f"{name}_box": [left, top, left + width // 4, top + height // 16],
    }


def _text(picture: Picture) -> list[Any]:
    if picture.truth is not None:
        return [page.blocks for page in picture.truth.pages]
    return [[[_derived_words(picture, page)]] for page in range(len(picture.pages))]


def _derived_words(picture: Picture, page: int) -> list[dict[str, Any]]:
    width, height = picture.pages[page]
    step = width // len(WORDS)
    return [
        {
            "text": word,
            "confidence": 0.9,
            "box": {"left": step * place, "right": step * (place + 1), "top": height // 4, "bottom": height // 3},
        }
        for place, word in enumerate(WORDS)
    ]
