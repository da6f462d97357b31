"""Whole answers of both generations of the vendor's pages: the newer fields change nothing of how the older are read.

An answer of the first generation has what the five documents say, one of the second has what newer pages add.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import Reply
from tests.support.examples import examples
from tests.vendor.cases import BEYOND, CASES, WIRE_TYPES, leaves
from tests.vendor.generations import GENERATIONS, NEWER, OLDER, PAPERS, answer_of, later, reply_to, wire

CODES = st.sampled_from(["0", 0])
MESSAGES = st.sampled_from(["Success", "Successful", "Thành công", "", None])


def shared(first: Any, second: Any, path: str = "data") -> Iterator[str]:
    """Yield the places where the second lacks what the first has, or has another value."""
    if isinstance(first, dict) and isinstance(second, dict):
        for name, value in first.items():
            yield from shared(value, second.get(name), f"{path}.{name}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for place, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from shared(one, other, f"{path}[{place}]")
    elif first != second:
        yield path


def values(data: Any) -> set[Any]:
    """Return the plain values in JSON; the word of v1 for a whole PDF says only that a list follows."""
    return set(leaves(data)) - {"pdf"}


def type_of(paper: dict[str, Any]) -> str:
    return str(paper.get("type") or WIRE_TYPES.get(paper["kind"], ""))


BOTH = {
    case: (operation, type_of(paper))
    for case, (paper, operation) in CASES.items()
    if (operation, type_of(paper)) in PAPERS and not operation.startswith("v1.")
}
"""Papers that newer pages extend."""


@pytest.mark.parametrize("case", BOTH)
@given(data=st.data())
@examples(20)
def test_newer_fields_change_nothing_of_the_older_ones(case: str, data: st.DataObject) -> None:
    operation, type_ = BOTH[case]
    older = copy.deepcopy(OLDER[case][1])
    paper = older[0] if isinstance(older, list) else older
    added = answer_of(BEYOND["papers"][operation][type_], later())
    sent = {name.strip() for name in paper["info"]}  # one page prints a name with a blank
    fresh = {name: value for name, value in added.items() if name not in sent}
    dropped = data.draw(st.sets(st.sampled_from(sorted(paper["info"]))))
    paper["info"] = {name: value for name, value in paper["info"].items() if name not in dropped}
    before = reply_to(operation, wire(operation, older)).to_dict(compact=True)
    extended = copy.deepcopy(older)
    newer = extended[0] if isinstance(extended, list) else extended
    names = data.draw(st.permutations(sorted(fresh)))[: data.draw(st.integers(0, len(fresh)))]
    newer["info"] = {name: fresh[name] for name in names} | newer["info"]
    after = reply_to(operation, wire(operation, extended)).to_dict(compact=True)
    assert list(shared(before["data"], after["data"])) == []
    assert (before["charge"], after["charge"]) == ("billed", "billed")
    assert values(extended) - values(after["data"]) == set()


@pytest.mark.parametrize("case", GENERATIONS)
@given(code=CODES, message=MESSAGES)
@examples(12)
def test_an_answer_of_either_generation_is_read_whole_and_comes_back(case: str, code: Any, message: Any) -> None:
    operation, data = GENERATIONS[case]
    reply = reply_to(operation, wire(operation, data, code, message))
    assert reply.charge == "billed"
    for compact in (False, True):
        written = json.loads(json.dumps(reply.to_dict(compact=compact)))
        assert values(data) - values(written["data"]) == set()
        assert Reply.from_dict(written).data == reply.data


LISTS: dict[str, list[Any]] = {}
for _operation, _data in GENERATIONS.values():
    if isinstance(_data, list) and not _operation.startswith("face_search"):
        LISTS.setdefault(_operation, []).extend(_data)
LISTS = {operation: papers for operation, papers in LISTS.items() if len(papers) > 1}


@pytest.mark.parametrize("operation", LISTS)
@given(data=st.data())
@examples(20)
def test_papers_of_both_generations_in_one_answer_are_read_as_if_alone(operation: str, data: st.DataObject) -> None:
    papers = data.draw(st.lists(st.sampled_from(LISTS[operation]), min_size=1, max_size=6))
    together = reply_to(operation, wire(operation, papers)).data
    alone = [reply_to(operation, wire(operation, [paper])).data for paper in papers]
    assert [[paper] for paper in together] == alone


def test_both_generations_are_covered() -> None:
    assert len(OLDER) >= 120
    assert len(NEWER) >= 40
    assert {operation for operation, _ in BOTH.values()} >= {"ocr.claims", "ekyc.card", "ocr.vehicle"}
    assert len(LISTS["ocr.claims"]) >= 20
