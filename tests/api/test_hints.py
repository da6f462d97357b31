"""Errors for wrong names suggest the right ones; programs that only test for names are not disturbed."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from cvs_async import Reply, models
from cvs_async.models import Cell, ClaimForm, Field, Passport, Recognized

PASSPORT = Passport(id=Field("CANARY", 0.9), sur_name=Field("CANARY"))
PAPER = Recognized(type="passport", info=PASSPORT)
REPLY: Any = Reply(operation="ocr.card", data=[PAPER], raw={"data": "CANARY"})
EMPTY: Any = Reply(operation="ocr.card", data=[], raw={})
INFO: Any = PASSPORT
ONE: Any = PAPER

ATTRIBUTES: list[tuple[Callable[[], object], str]] = [
    (lambda: REPLY.info, "Reply has no attribute 'info'; use .data[0].info"),
    (lambda: REPLY.type, "Reply has no attribute 'type'; use .data[0].type"),
    (lambda: REPLY.id, "Reply has no attribute 'id'; use .data[0].info.id"),
    (lambda: REPLY.json, "Reply has no attribute 'json'; .to_dict() returns a dictionary"),
    (lambda: REPLY.chrge, "Reply has no attribute 'chrge'; did you mean .charge?"),
    (lambda: REPLY.papers, "Reply has no attribute 'papers'; use .data"),
    (lambda: EMPTY.results, "Reply has no attribute 'results'; use .data"),
    (lambda: REPLY.cost, "Reply has no attribute 'cost'; use .charge"),
    (lambda: REPLY.status_code, "Reply has no attribute 'status_code'; use .http_status"),
    (lambda: EMPTY.info, "Reply has no attribute 'info'"),
    (lambda: ONE.id, "Recognized has no attribute 'id'; use .info.id"),
    (lambda: ONE.items, "Recognized has no attribute 'items'; .to_dict() returns a dictionary"),
    (lambda: INFO.surname, "Passport has no attribute 'surname'; did you mean .sur_name?"),
    (lambda: INFO.id.text, "Field has no attribute 'text'; use .value"),
    (lambda: INFO.id.confidnce, "Field has no attribute 'confidnce'; did you mean .confidence?"),
]
KEYS: list[tuple[Callable[[], object], str]] = [
    (lambda: INFO["valid"], "Passport has no 'valid'"),
    (lambda: INFO["surname"], "Passport has no 'surname'; did you mean .sur_name?"),
    (lambda: ONE["id"], "Recognized has no 'id'; use .info.id"),
    (lambda: REPLY["info"], "Reply has no 'info'; use .data[0].info"),
    (lambda: REPLY[0], "Reply has no 0"),
]


@pytest.mark.parametrize(("wrong", "answer"), ATTRIBUTES)
def test_a_wrong_attribute_is_answered_with_the_right_one(wrong: Callable[[], object], answer: str) -> None:
    with pytest.raises(AttributeError) as caught:
        wrong()
    assert str(caught.value) == answer
    assert caught.value.obj is None, "it would keep the document"


@pytest.mark.parametrize(("wrong", "answer"), KEYS)
def test_a_key_that_is_not_there_is_answered_with_the_right_one(wrong: Callable[[], object], answer: str) -> None:
    with pytest.raises(KeyError) as caught:
        wrong()
    assert caught.value.args[0].startswith(answer)
    assert "CANARY" not in str(caught.value)


def test_what_is_read_by_key_is_plain_json() -> None:
    assert INFO["id"] == INFO.id.to_dict()
    assert dict(ONE)["info"] == ONE["info"] == INFO.to_dict()
    assert REPLY["data"] == [ONE.to_dict()]
    for thing in (REPLY, INFO):
        with pytest.raises(TypeError, match="not iterable"):
            list(thing)


@pytest.mark.parametrize("thing", [REPLY, PAPER, PASSPORT, PASSPORT.id, Cell(value="CANARY"), ClaimForm()])
def test_hasattr_and_getattr_with_a_default_still_work(thing: Any) -> None:
    for name in ("_repr_latex_", "_ipython_display_", "__array__", "__dataframe__", "nothing_like_it", "items"):
        assert not hasattr(thing, name)
        assert getattr(thing, name, None) is None
    assert copy.copy(thing) == copy.deepcopy(thing) == pickle.loads(pickle.dumps(thing)) == thing
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(thing)


@pytest.mark.parametrize("kind", [Reply, Recognized, Passport, Field])
def test_an_object_that_is_not_made_yet_has_no_attributes_and_no_endless_search(kind: type[Any]) -> None:
    blank = object.__new__(kind)
    for name in ("data", "info", "id", "value"):
        assert not hasattr(blank, name) or name in vars(kind)


def test_names_that_are_the_librarys_own_are_not_listed() -> None:
    for thing in (PASSPORT, PAPER, ClaimForm()):
        assert not [name for name in dir(thing) if name.startswith("wire_")]
    assert {"id", "sur_name", "extra"} <= set(dir(PASSPORT))


def test_a_field_in_a_text_says_how_to_get_its_value() -> None:
    assert f"{PASSPORT.id}" == "Field(value=…, confidence=0.9) (hidden; use .value)"
    assert f"{models.Field()}" == "Field()"
    assert repr(PASSPORT.id) == "Field(value=…, confidence=0.9)"
