"""Replies, papers, pages and outcomes as dictionaries and JSON, and back: one form for all, and nothing lost."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any, get_args, get_origin

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from cvs_async import APIError, CVSError, Done, Failed, Held, Reply
from cvs_async._codec.converter import structure, unstructure
from cvs_async._schemas.restoring import restore
from cvs_async._text.json import dumps
from cvs_async.api import OPERATIONS
from cvs_async.batch import JsonLines, outcome_to_dict
from cvs_async.batch.outcome import Item, Outcome
from cvs_async.models import (
    Box,
    Cell,
    Document,
    Field,
    Image,
    Invoice,
    Page,
    Passport,
    Recognized,
    StatementRow,
    TextItem,
    Unknown,
)
from tests.support.answers import answers
from tests.support.examples import examples
from tests.support.papers import EXAMPLES, reply
from tests.vendor.cases import CASES, data_of

TYPES = {str(each.returns): each.returns for each in OPERATIONS.values() if each.returns is not None}
CARD = Recognized(
    type="passport",
    info=Passport(id=Field("B1", 0.5, Box(1, 2, 3, 4.5), 1), name=Field("Ánh"), image=Image("AA==")),
    valid=True,
    extra={"mới": [1, {"sâu": None}]},
)


def assert_returns(data: Any, returns: Any) -> None:
    """Check that decoded data is unchanged after writing and reading, in each form."""
    for compact in (False, True):
        written = unstructure(data, compact=compact)
        assert restore(json.loads(json.dumps(written, allow_nan=False)), returns) == data


# The round trip


@pytest.mark.parametrize(("paper", "operation"), CASES.values(), ids=CASES)
def test_each_documented_paper_is_read_back(paper: dict[str, Any], operation: str) -> None:
    returns = OPERATIONS[operation].returns
    assert_returns(structure(data_of(paper, operation), returns), returns)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_kind_of_answer_is_read_back(name: str) -> None:
    returns, wire = EXAMPLES[name]
    assert_returns(structure(wire, returns), returns)


@pytest.mark.parametrize("name", TYPES)
@given(answer=answers)
@examples(40)
def test_whatever_was_answered_is_read_back(name: str, answer: Any) -> None:
    assert_returns(structure(answer, TYPES[name]), TYPES[name])


@pytest.mark.parametrize("operation", OPERATIONS)
@given(answer=answers, data=st.data())
@settings(max_examples=10, deadline=None)
def test_a_reply_is_read_back_in_the_type_of_its_operation(operation: str, answer: Any, data: st.DataObject) -> None:
    returns = OPERATIONS[operation].returns
    sent = reply(
        answer if returns is None else structure(answer, returns),
        operation,
        charge=data.draw(st.sampled_from(["billed", "unknown"])),
        attempts=data.draw(st.integers(1, 9)),
        unknown_attempts=data.draw(st.integers(0, 9)),
        elapsed=round(data.draw(st.floats(0, 999)), 4),
        check_sum=data.draw(st.none() | st.text()),
    )
    for compact in (False, True):
        assert Reply.from_dict(json.loads(sent.to_json(compact=compact))) == attrs.evolve(sent, raw={})
        assert Reply.from_dict(sent.to_dict(compact=compact)).to_dict(compact=compact) == sent.to_dict(compact=compact)


def documents(value: Any) -> list[Document]:
    """All documents in what was decoded, from the outside in."""
    if isinstance(value, list):
        return [found for each in value for found in documents(each)]
    if not isinstance(value, Document):
        return []
    return [value, *(found for name in attrs.fields_dict(type(value)) for found in documents(getattr(value, name)))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_document_in_an_answer_is_read_back_by_its_own_class(name: str) -> None:
    returns, wire = EXAMPLES[name]
    found = documents(structure(wire, returns))
    assert found
    for document in found:
        written = document.to_dict()
        if isinstance(document, Recognized):
            assert Recognized.from_dict(written, type(document.info)) == document
        else:
            assert type(document).from_dict(written) == document


def test_the_class_of_a_paper_without_type_is_given() -> None:
    bare = Recognized(info=Invoice(date=Field("hôm nay")))
    assert Recognized.from_dict(bare.to_dict(), Invoice) == bare
    assert isinstance(Recognized.from_dict(bare.to_dict()).info, Unknown)
    assert Recognized.from_dict(CARD.to_dict()) == CARD


def test_a_page_is_written_as_lists_and_read_back() -> None:
    (page,) = structure([[[[{"text": "CỘNG HOÀ", "confidence": 0.9}]], []]], list[Page])
    assert page.to_dict() == [[[{"text": "CỘNG HOÀ", "confidence": 0.9, "box": None}]], []]
    assert page.to_dict(compact=True) == [[[{"text": "CỘNG HOÀ", "confidence": 0.9}]], []]
    again = Page.from_dict(json.loads(page.to_json()))
    assert again == page
    assert [type(level) for level in (again, again[0], again[0][0][0])] == [Page, type(page[0]), TextItem]


def test_a_line_of_json_lines_is_a_reply_too() -> None:
    sent = reply([CARD], check_sum="ab", elapsed=0.25)
    line = Done(Item(3, "scan.jpg", key="ab" * 32), sent, replayed=True).to_json()
    assert Reply.from_dict(json.loads(line)) == attrs.evolve(sent, raw={})


def test_the_data_of_an_unknown_operation_stays_plain() -> None:
    assert Reply.from_dict(reply({"type": "passport"}, "ocr/new").to_dict()).data == {"type": "passport"}


# What is written


def test_a_reply_is_written_with_what_it_cost() -> None:
    assert reply([CARD], elapsed=0.123456, check_sum="ab").to_dict() == {
        "operation": "ocr.card",
        "charge": "billed",
        "attempts": 1,
        "elapsed": 0.1235,
        "check_sum": "ab",
        "data": [CARD.to_dict()],
    }
    assert reply([], charge="unknown", unknown_attempts=2).to_dict()["unknown_attempts"] == 2


def test_compact_leaves_out_what_is_empty_and_nothing_else() -> None:
    assert CARD.to_dict(compact=True) == {
        "type": "passport",
        "info": {
            "id": {"value": "B1", "confidence": 0.5, "box": [1, 2, 3, 4.5], "page": 1},
            "name": {"value": "Ánh"},
            "image": "AA==",
        },
        "valid": True,
        "extra": {"mới": [1, {"sâu": None}]},
    }
    assert Recognized(info=Passport()).to_dict(compact=True) == {"info": {}}
    assert Invoice(table=[[Cell(), Cell(value="")], []]).to_dict(compact=True) == {"table": [[{}, {"value": ""}], []]}
    assert StatementRow(debit=Cell(value="5")).to_dict(compact=True) == {"debit": {"value": "5"}}


def test_what_no_json_can_hold_is_replaced_as_in_files() -> None:
    deep: Any = "đáy"
    for _ in range(3_000):
        deep = [deep]
    odd = Passport(name=Field("a\ud800"), extra={"share": float("inf"), "deep": deep})
    plain = odd.to_dict()
    assert (plain["name"]["value"], plain["extra"]["share"]) == ("a\N{REPLACEMENT CHARACTER}", None)
    assert plain == json.loads(odd.to_json())
    while isinstance(deep, list):  # Python itself does not bear to let go of it at once
        deep = deep.pop()


@pytest.mark.parametrize(
    "thing",
    [CARD, CARD.info, CARD.info.id, Passport(name=Field("\ud800")), reply([CARD]), Failed(Item(0, "a"), CVSError("b"))],
)
def test_dict_makes_the_same_of_it(thing: Any) -> None:
    assert dict(thing) == thing.to_dict()
    with pytest.raises(KeyError):
        thing["không"]
    with pytest.raises(TypeError):
        iter(thing)


OUTCOMES: list[Outcome[Any]] = [
    Done(Item(0, "scan.jpg", key="ab" * 32, reference="A-1"), reply([CARD]), deduplicated=True),
    Done(Item(1, ("a.jpg", "https://example.com/b.jpg?token=1")), reply(None), purged=True, replayed=True),
    Done(Item(2, "x"), reply({"name": "a\ud800", "share": float("nan")}, "ocr/new")),
    Failed(Item(3, b"bytes"), APIError("no", code=3, operation="ocr.card", raw=b"\xff", message="nein")),
    Failed(Item(4, "y"), CVSError("no", message="nein", raw={"a": "b\udc00"}), replayed=True),
    Held(Item(5, "z"), "quota", CVSError("out")),
]


async def test_a_line_of_json_lines_is_the_dictionary_of_its_outcome(tmp_path: Path) -> None:
    async with JsonLines(tmp_path / "out.jsonl") as sink:
        for outcome in OUTCOMES:
            await sink.write(outcome)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert lines == [outcome.to_dict() for outcome in OUTCOMES] == [outcome_to_dict(outcome) for outcome in OUTCOMES]
    assert [line["status"] for line in lines] == ["done", "purged", "done", "failed", "failed", "held"]
    assert lines[0]["data"] == [CARD.to_dict()]


def test_a_compact_outcome_has_compact_data() -> None:
    assert OUTCOMES[0].to_dict(compact=True)["data"] == [CARD.to_dict(compact=True)]


# What cannot be read back


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], r"the value is not an object as Recognized\.to_dict writes it"),
        ({}, "info is not there"),
        ({"info": "SECRET"}, "info is not an object as Unknown.to_dict writes it"),
        ({"type": ["SECRET"], "info": {}}, "type is not a text"),
        ({"type": "passport", "info": {"id": "SECRET"}}, "info.id is not an object"),
        ({"type": "passport", "info": {"id": {"value": 5}}}, "info.id.value is not a text"),
        ({"type": "passport", "info": {"id": {"SECRET": 5}}}, "info.id is not an object with only the names"),
        ({"type": "passport", "info": {"id": {"confidence": True}}}, "info.id.confidence is not a number"),
        ({"type": "passport", "info": {"id": {"box": [1, 2, 3]}}}, "info.id.box is not a list of four numbers"),
        ({"type": "passport", "info": {"id": {"page": 1.5}}}, "info.id.page is not a whole number"),
        ({"type": "passport", "info": {"image": 5}}, "info.image is not a text"),
        ({"type": "invoice", "info": {"table": [[{}], {}]}}, r"info\.table\.1 is not a list"),
        ({"type": "invoice", "info": {"table": [["SECRET"]]}}, r"info\.table\.0\.0 is not an object"),
        ({"info": {}, "valid": "SECRET"}, "valid is not true or false"),
        ({"info": {}, "extra": "SECRET"}, "extra is not an object"),
    ],
)
def test_another_type_is_an_error_with_the_place_and_without_the_value(data: Any, place: str) -> None:
    with pytest.raises(ValueError, match=place) as caught:
        Recognized.from_dict(data)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "as Reply.to_dict writes it"),
        (Failed(Item(0, "a"), CVSError("no")).to_dict(), "of status failed without operation and data is not a reply"),
        ({"operation": "ocr.card"}, "is not a reply"),
        ({"operation": "ocr.card", "data": [], "charge": "paid"}, "charge is not one of billed, free, unknown"),
        ({"operation": "ocr.card", "data": [{"info": 5}], "charge": "free"}, r"data\.0\.info is not"),
        ({"operation": "ocr.card", "data": [], "charge": "free", "elapsed": "1"}, "elapsed is not a number"),
    ],
)
def test_other_data_than_a_reply_is_an_error(data: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Reply.from_dict(data)


def test_names_of_a_newer_version_are_kept() -> None:
    assert Passport.from_dict({"id": {"value": "B1"}, "mới": [1], "extra": {"b": 2}}) == Passport(
        id=Field("B1"), extra={"mới": [1], "b": 2}
    )


def test_whole_numbers_that_went_through_a_table_are_whole_numbers() -> None:
    field: Field[str] = Field.from_dict({"value": "a", "confidence": 1, "page": 2.0})
    assert field == Field("a", 1.0, None, 2)
    assert (type(field.confidence), type(field.page)) == (float, int)


def test_every_model_that_operations_answer_can_be_written_and_read_back() -> None:
    for returns in TYPES.values():
        element = get_args(returns)[0] if get_origin(returns) is list else returns
        model = get_origin(element) or element
        assert callable(model.to_dict)
        assert callable(model.to_json)
        assert callable(model.from_dict)


# Contradictions


def test_what_the_service_contradicts_itself_in_is_read_back_in_a_reply() -> None:
    data = structure([{"type": "passport", "info": {"total_amount": "1.000"}}], list[Recognized[Invoice]])
    read = reply(data, "ocr.document.invoice")
    assert isinstance(read.data[0].info, Invoice)
    assert Reply.from_dict(read.to_dict()).data == data


def test_a_type_of_another_class_than_was_asked_for_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^type belongs to a paper of class Passport, not Invoice$"):
        Recognized.from_dict(CARD.to_dict(), Invoice)


def test_a_number_that_no_float_can_hold_is_an_error_with_its_place() -> None:
    for wrong in ({"elapsed": 10**400}, {"data": [{"info": {"id": {"confidence": 10**400}}}]}):
        with pytest.raises(
            ValueError, match=r"^(elapsed|data\.0\.info\.id\.confidence) is not a finite number of at most"
        ):
            Reply.from_dict(reply([]).to_dict() | wrong)


ENDLESS = [10**400, -(10**400), float("nan"), float("inf"), -float("inf")]


@pytest.mark.parametrize("number", [*ENDLESS, True, "1", None, [1]])
def test_a_wrong_type_is_an_error_wherever_a_number_is_read(number: Any) -> None:
    for place in range(4):
        sides: list[Any] = [1, 2, 3, 4]
        sides[place] = number
        with pytest.raises(ValueError, match=rf"^box\.{place} is not a "):
            Field.from_dict({"box": sides})
    if number is not None:
        for name in ("confidence", "page"):
            with pytest.raises(ValueError, match=rf"^{name} is not a "):
                Field.from_dict({name: number})


@pytest.mark.parametrize("box", [[1, 2, 3], [1, 2, 3, 4, 5], {}, "1234", 4, {"left": 1}])
def test_a_box_has_four_sides(box: Any) -> None:
    with pytest.raises(ValueError, match=r"^box is not a list of four numbers$"):
        Field.from_dict({"box": box})


def test_a_box_that_was_answered_the_wrong_way_round_is_read_back() -> None:
    answer = [{"type": "passport", "info": {"id": "B1", "id_box": [9, 9, 1, -1]}}]
    (paper,) = structure(answer, TYPES["list[cvs_async.models.recognized.Recognized]"])
    assert paper.info.id.box == Box(9, 9, 1, -1)
    assert Recognized.from_dict(paper.to_dict()) == paper


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("side", [10**400, -(10**400)])
def test_a_side_without_end_in_an_answer_is_kept_and_no_box(place: int, side: int) -> None:
    sides = [1, 2, 3, 4]
    sides[place] = side
    read = structure([{"type": "passport", "info": {"id": "B1", "id_box": sides}}], OPERATIONS["ocr.card"].returns)
    assert (read[0].info.id, read[0].info.extra) == (Field("B1"), {"id_box": sides})
    assert Reply.from_dict(reply(read).to_dict()).data == read


def test_the_value_of_a_field_is_text() -> None:
    values: list[Any] = [5, {}, [], True]
    for value in values:
        with pytest.raises(ValueError, match=r"^value is not a text$"):
            Field.from_dict({"value": value})


def test_every_model_is_read_without_pydantic() -> None:
    script = """
import sys; sys.modules["pydantic"] = None
from cvs_async import models
from cvs_async._schemas.restoring import _reader
for name in models.__all__:
    cls = getattr(models, name)
    if hasattr(cls, "from_dict"):
        _reader(cls, True)
print(models.Recognized.from_dict({"type": "passport", "info": {}}).type)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "passport\n"


@pytest.mark.parametrize("kind", ["invoice", int, None, Field, Recognized, Recognized[Invoice], Any])
@pytest.mark.parametrize("data", [{"info": {}}, CARD.to_dict()])
def test_a_kind_that_is_not_a_class_of_papers_is_an_error(kind: Any, data: Any) -> None:
    with pytest.raises(TypeError, match="kind must be a class of papers"):
        Recognized.from_dict(data, kind)


def test_the_class_of_a_paper_may_be_one_of_several() -> None:
    kinds: Any = Invoice | Passport
    assert Recognized.from_dict(CARD.to_dict(), kinds) == CARD


# Whatever was written over


def deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


ODD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**400, float("nan"), float("inf"), 2**70),
    *("", "SECRET", "\ud800SECRET", b"SECRET", "passport", "invoice", object(), {1, 2}),
    *([], {}, [[]], ["SECRET"] * 4, [1, 2, 3, 4], (1, 2), {"SECRET": 1}, {1: 2}, {None: "SECRET"}),
    *({"value": "SECRET"}, {"value": "SECRET", "confidence": 10**400}, {"type": "passport", "info": {}}, {"extra": 7}),
]
NAMES = ("mới", "value", "box", "type", "info", "extra", "id", "table", 1, None, "SECRET")
DEEP = deep()


def mutated(value: Any, chance: Random, *, inside: bool = False) -> Any:
    """Return what was written with some of it replaced, left out or added."""
    if inside and chance.random() < 0.05:
        return chance.choice([*ODD, DEEP])
    if isinstance(value, dict):
        changed = {name: mutated(part, chance, inside=True) for name, part in value.items()}
        if changed and chance.random() < 0.03:
            del changed[chance.choice(list(changed))]
        if chance.random() < 0.03:
            changed[chance.choice(NAMES)] = chance.choice(ODD)
        return changed
    if isinstance(value, list):
        return [mutated(part, chance, inside=True) for part in value]
    return value


@pytest.mark.parametrize(("paper", "operation"), CASES.values(), ids=CASES)
def test_whatever_is_written_over_is_read_or_refused_without_its_values(paper: dict[str, Any], operation: str) -> None:
    returns: Any = OPERATIONS[operation].returns
    written = reply(structure(data_of(paper, operation), returns), operation).to_dict(compact=True)
    adapter: TypeAdapter[Any] = TypeAdapter(returns)
    for seed in range(30):
        odd = mutated(written, Random(seed))
        for read in (Reply.from_dict, lambda odd: adapter.validate_python(odd.get("data"))):
            try:
                found = read(odd)
            except ValueError as error:
                assert "SECRET" not in str(error)  # noqa: PT017
            else:
                assert json.loads(dumps(unstructure(found, compact=True))) is not None


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_was_decoded_can_be_copied_and_pickled(name: str) -> None:
    returns, wire = EXAMPLES[name]
    for thing in (reply(structure(wire, returns)), Done(Item(0, "a"), reply(structure(wire, returns)))):
        for again in (copy.copy(thing), copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
            assert again == thing
            assert again.to_dict() == thing.to_dict()
