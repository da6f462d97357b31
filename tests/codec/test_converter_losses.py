"""Whatever is answered: nothing raises, and nothing is lost."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cvs_async import models
from cvs_async._codec.converter import structure, unstructure
from cvs_async._codec.readers import wire_names
from cvs_async.models import Box, Document, Field, Image, Invoice, Page, Recognized, Row
from cvs_async.models.fields import PAPERS
from tests.support.answers import (
    ACCOUNT,
    BOX,
    CELL,
    GOODS,
    Wire,
    answers,
    boxes,
    boxes_as_objects,
    documented_keys,
    paper,
    scalars,
)
from tests.support.examples import examples


class Lines(str):
    """A value that is sent as one text or as a list of lines."""

    __slots__ = ()


def visible(document: Document) -> Wire:
    """Return the parts of the answer in a document's fields, by the vendor's names."""
    shown: Wire = {}
    for attribute in attrs.fields(type(document)):
        name, value = wire_names(attribute)[0], getattr(document, attribute.name)
        if isinstance(value, Field):
            is_lines = attribute.metadata.get("lines") and value.value is not None
            shown |= {
                name: Lines(value.value) if is_lines else value.value,
                f"{name}_confidence": value.confidence,
                f"{name}_box": value.box,
                f"{name}_id": value.page,
            }
            shown |= dict(zip(attribute.metadata.get("beside", ()), (value.confidence, value.box), strict=False))
        elif attribute.name != "extra":
            shown[name] = value
    return {
        name: value for name, value in shown.items() if value is not None and value not in ([], models.ExpenseTables())
    }


def means(shown: Any, raw: Any) -> bool:
    """Return whether a value of a model corresponds to the wire value."""
    if isinstance(shown, Image):
        return bool(shown.base64 == raw)
    if isinstance(shown, Lines) and isinstance(raw, list):
        return str(shown) == "\n".join(map(str, raw))
    if isinstance(shown, Box):
        sides = [raw[side] for side in Box._fields] if isinstance(raw, Mapping) else raw
        return list(shown) == [float(side) for side in sides]
    if isinstance(shown, bool):
        return str(raw).strip().lower() == str(shown).lower()
    if isinstance(shown, (int, float)):
        return float(raw) == shown
    if isinstance(shown, list):
        items = raw if isinstance(raw, list) else [raw]
        return len(items) == len(shown) and all(map(means, shown, items))
    if isinstance(shown, Document):
        return is_complete(shown, raw)
    return str(raw) == str(shown)


def empty(document: Document, key: str) -> Any:
    """Return what `visible` omits under a name: a document without content, else a list without elements."""
    part = getattr(document, key, None)
    return part if isinstance(part, Document) else []


def is_complete(document: Document, raw: Any) -> bool:
    """Return whether the whole answer is in the document's fields or unchanged in `extra`, and nothing twice."""
    if isinstance(document, Row):
        cells = raw if isinstance(raw, list) else [] if raw is None else [raw]
        columns = [getattr(document, a.name) for a in attrs.fields(type(document)) if a.name != "extra"]
        surplus = {str(place): cell for place, cell in enumerate(cells) if place >= len(columns)}
        return all(map(is_complete, columns, cells)) and document.extra == surplus
    if not isinstance(raw, Mapping):
        return visible(document) == {} and document.extra == ({} if raw is None else {"value": raw})
    shown = visible(document)
    return all(
        (document.extra[key] == value and shown.get(key, []) == [])
        if key in document.extra
        else (value is None or means(shown.get(spelling(document, key, raw, shown), empty(document, key)), value))
        for key, value in raw.items()
    ) and set(document.extra) <= set(raw)


def spelling(document: Document, key: str, raw: Mapping[str, Any], shown: Wire) -> str:
    """Return the name in `shown` of what was sent under a key: lists may have come under an older name of theirs."""
    for attribute in attrs.fields(type(document)):
        name, *older = wire_names(attribute)
        if key in older and key not in shown and raw.get(name) is None:
            return name
    return key


@pytest.mark.parametrize(
    ("wire", "is_whole"),
    [
        ({"image": ["UA=="]}, True),
        ({"image": "UA=="}, True),
        ({"image": ["UA=="], "image_list": ["UQ=="]}, True),
        ({"image": [], "image_list": ["UQ=="]}, True),
        ({"image": ["UA==", "UQ=="]}, False),
    ],
)
def test_what_was_lost_is_found_under_an_older_name_too(wire: Wire, is_whole: bool) -> None:
    found = paper("list_expense", {**wire, "image": wire["image"][:1]} if not is_whole else wire)
    assert is_complete(found, wire) == is_whole


json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


rows = st.lists(st.dictionaries(st.sampled_from([*GOODS, *ACCOUNT, *CELL]), scalars | boxes, max_size=4), max_size=3)


anything = json_values | boxes | boxes_as_objects | rows | st.lists(rows, max_size=2)


def wires(cls: type[Document]) -> st.SearchStrategy[Wire]:
    """Documented keys with values of any type, and some undocumented keys."""
    keys = sorted(dict(documented_keys(cls)))
    known = st.dictionaries(st.sampled_from(keys), anything, max_size=12)
    extra = st.dictionaries(st.text(max_size=6).map("mới ".__add__), json_values, max_size=3)
    return st.builds(lambda a, b: a | b, known, extra)


@pytest.mark.parametrize("type_name", PAPERS)
@given(data=st.data())
@examples(40)
def test_a_paper_of_swapped_types_decodes_and_loses_nothing(type_name: str, data: st.DataObject) -> None:
    wire = data.draw(wires(PAPERS[type_name]))
    before = copy.deepcopy(wire)
    found = paper(type_name, wire)
    assert type(found) is PAPERS[type_name]
    assert is_complete(found, wire)
    assert wire == before, "the reply's raw answer must stay as it came"
    json.dumps(unstructure(found), allow_nan=False)


def test_an_object_without_content_is_complete() -> None:
    assert is_complete(paper("list_expense", {"table": {}}), {"table": {}})
    assert not is_complete(paper("list_expense", {"table": {}}), {"table": {"new": 1}})


@pytest.mark.parametrize("type_name", PAPERS)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_a_paper_of_documented_types_fills_its_fields_and_leaves_no_extra(type_name: str, data: st.DataObject) -> None:
    kinds: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(min_size=1, max_size=9),
        float: st.floats(0, 1),
        int: st.integers(0, 99),
        Box: boxes | boxes_as_objects,
        float | None: st.floats(0, 1),
        Image | None: st.binary(min_size=1, max_size=9).map(lambda content: base64.b64encode(content).decode()),
    }
    keys = {key: kinds[kind] for key, kind in documented_keys(PAPERS[type_name]) if kind in kinds}
    wire = data.draw(st.fixed_dictionaries({}, optional=keys))
    found = paper(type_name, wire)
    assert found.extra == {}
    assert set(visible(found)) == set(wire)


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value that could not pass for a number or a boolean, keys not included."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, str) and value.strip().lower() not in ("true", "false"):
        try:
            float(value)
        except ValueError:
            yield value


@pytest.mark.parametrize("returns", [list[Recognized], list[Recognized[Invoice]], list[Page]])
@given(answer=answers)
@example(answer={"type": "passport", "info": {"extra": {"extra": None}}, "extra": []})
@example(answer=[[[[{"text": "chữ", "box": BOX, "mới": {"sâu": "chữ"}}]]], {"text": ["x"]}, None])
@examples(150)
def test_no_answer_raises_or_loses_a_text_and_every_result_is_json(returns: Any, answer: Any) -> None:
    before = copy.deepcopy(answer)
    data = structure(answer, returns)
    assert isinstance(data, list)
    assert all(isinstance(found, get_args(returns)[0] if returns == list[Page] else Recognized) for found in data)
    plain = json.loads(json.dumps(unstructure(data), allow_nan=False))
    kept = list(texts_in(plain))
    assert [text for text in texts_in(answer) if text not in kept] == []
    assert answer == before


def test_a_deep_answer_can_be_written_as_json() -> None:
    deep: Any = "đáy"
    for _ in range(500):
        deep = [deep]
    found = structure(json.loads(json.dumps([{"type": "giấy_mới", "info": {"mới": deep}}])), list[Recognized])
    assert json.loads(json.dumps(unstructure(found)))[0]["info"]["extra"] == {"mới": deep}
