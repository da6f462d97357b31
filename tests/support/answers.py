"""Answers of any content, and answers in which every text is a canary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_origin

import attrs
from hypothesis import strategies as st

from cvs_async._codec.converter import structure
from cvs_async._codec.readers import wire_names
from cvs_async.models import Box, Document, Field, Image, Invoice, Recognized
from cvs_async.models.fields import PAPERS

Wire = dict[str, Any]
GOODS = {"name": "Bút bi Thiên Long", "name_confidence": 0.9, "coin": 12000, "mới": 1}
ACCOUNT = {"account_no": "0123", "account_no_box": [1, 2, 3, 4], "bank": "Ngân hàng Á Châu", "bank_confidence": 0.8}
CELL = {"value": "12.000", "box": [1, 2, 3, 4], "score": "0.75", "label": "unit_price"}
BOX = {"left": 1, "top": 2, "right": 30, "bottom": 14}


def documented(cls: type[Document]) -> Iterator[tuple[str, Any]]:
    """The vendor's name and the type of each field of a class."""
    for attribute in attrs.fields(attrs.resolve_types(cls)):
        if attribute.name != "extra":
            yield wire_names(attribute)[0], attribute.type


def documented_keys(cls: type[Document]) -> Iterator[tuple[str, Any]]:
    """Every key that the vendor may send for a class, with the type of what it fills."""
    declared = dict(documented(cls))
    for name, type_ in declared.items():
        yield name, str if get_origin(type_) is Field else type_
        if get_origin(type_) is Field:
            parts = {f"{name}_confidence": float, f"{name}_box": Box, f"{name}_id": int}
            yield from ((key, part) for key, part in parts.items() if key not in declared)


numbers = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=6) | numbers.map(str) | st.sampled_from(["True", "12"])
boxes = st.lists(numbers | numbers.map(str), min_size=4, max_size=4)
boxes_as_objects = boxes.map(lambda sides: dict(zip(Box._fields, sides, strict=True)))
names = st.sampled_from(
    [
        "info",
        "type",
        "valid",
        "invalidCode",
        "id",
        "id_box",
        "text",
        "box",
        "confidence",
        "table",
        "info_goods",
        "value",
    ]
)
answers = st.recursive(
    scalars | boxes | boxes_as_objects | st.sampled_from(sorted(PAPERS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def canaries(cls: type[Document]) -> Wire:
    """A document whose every text is a canary, each of its lists filled alike."""
    wire: Wire = {"trường lạ": "CANARY", "CANARY": ["CANARY"]}
    for key, kind in documented_keys(cls):
        if kind is str or kind == Image | None:
            wire[key] = "CANARY"
        elif kind in (float, int):
            wire[key] = 1
    element = {"name": "CANARY", "coin": "CANARY", "account_no": "CANARY", "bank": "CANARY", "value": "CANARY"}
    lists = {"info_goods": [element], "account_bank": [element], "table": [[element]]}
    return wire | {key: value for key, value in lists.items() if key in wire or cls is Invoice}


def paper(type_name: str | None, info: object) -> Any:
    """Return the paper recognised for a type."""
    (found,) = structure([{"type": type_name, "info": info}], list[Recognized])
    return found.info


def invoice(info: Wire) -> Invoice:
    (found,) = structure([{"type": "invoice", "info": info}], list[Recognized[Invoice]])
    assert isinstance(found.info, Invoice)
    return found.info


def item(text: str) -> Wire:
    return {"text": text, "confidence": 0.9, "box": BOX}
