"""Papers of a reply by their type, and the two sides of one person's card."""

from __future__ import annotations

import itertools
import json
from random import Random
from typing import Any, assert_never, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import CVSError, Done, Failed, Reply
from cvs_async._codec.converter import structure
from cvs_async.api import OPERATIONS
from cvs_async.batch.outcome import Item
from cvs_async.models import (
    ChipIdCardBack,
    ChipIdCardFront,
    EmployeeIdCard,
    Finding,
    IdCard9Back,
    IdCard9Front,
    IdCard12Back,
    IdCard12Front,
    IdCardFront,
    IdentityPaper,
    PaperType,
    Passport,
    PersonCard,
    Recognized,
    V1IdCard9Front,
    VehicleRegistrationFront,
    back,
    first,
    front,
    identity_papers,
    pair,
    pairs,
)
from cvs_async.models.fields import PAPERS
from cvs_async.sandbox.samples.papers import chip_id_card_back, chip_id_card_front
from cvs_async.sandbox.samples.people import Person, person

FRONT = {"type": "chip_id_card_front", "info": {"id": "001090000001", "name": "LÊ MẪU", "dob": "02/03/1990"}}
BACK = {
    "type": "chip_id_card_back",
    "info": {"person_number": "001090000001", "sur_name": "LE", "given_name": "MAU", "dob": "02/03/1990"},
}
PASSPORT = {"type": "passport", "info": {"id": "X0000001"}}


def read(*papers: dict[str, Any]) -> list[Recognized]:
    found: list[Recognized] = structure(list(papers), list[Recognized])
    return found


def changed(paper: dict[str, Any], **info: str) -> dict[str, Any]:
    return paper | {"info": paper["info"] | info}


@pytest.mark.parametrize("order", list(itertools.permutations([FRONT, BACK, PASSPORT])))
def test_a_paper_is_found_by_its_type_wherever_it_stands(order: tuple[dict[str, Any], ...]) -> None:
    papers = read(*order)
    for kind, found in (
        (ChipIdCardFront, first(papers, ChipIdCardFront)),
        (ChipIdCardFront, front(papers)),
        (ChipIdCardBack, back(papers)),
        (Passport, first(papers, Passport)),
        (ChipIdCardFront, first(papers, IdCardFront)),
    ):
        assert found is not None
        assert type(found.info) is kind
        assert any(found is paper for paper in papers)


@pytest.mark.parametrize("data", [[], None, {}, "front", b"x", [1], read(PASSPORT), read({"type": "new"})])
def test_a_missing_paper_gives_None(data: object) -> None:
    assert (front(data), back(data), first(data, IdCard9Front)) == (None, None, None)
    assert pairs(data) == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_data_of_every_operation_can_be_asked(operation: str) -> None:
    returns = OPERATIONS[operation].returns
    data = structure({}, returns) if returns is not None else None
    assert front(data) is None or operation == "v1.get_haimat"


def test_papers_are_found_in_data_of_every_shape() -> None:
    person = structure({"ocr": {"type": "passport", "infor": {"id": "1"}}}, OPERATIONS["ekyc.person_with_card"].returns)
    assert first(person, Passport) is person.ocr
    profile = structure({"id_card": [{"info": {"id": "1"}}]}, OPERATIONS["ocr.employee_profile"].returns)
    assert first(profile, EmployeeIdCard) is profile.id_card[0]
    vehicle = read(*({"type": f"vehicle_registration_{side}", "info": {}} for side in ("back", "front")))
    assert front(vehicle) is first(vehicle, VehicleRegistrationFront) is vehicle[1]


@given(st.permutations([FRONT, BACK, PASSPORT]))
def test_a_reply_can_be_asked_for_its_papers(order: list[dict[str, Any]]) -> None:
    reply = Reply(operation="ocr.card", data=read(*order), raw={})
    assert reply.front is front(reply.data)
    assert reply.back is back(reply.data)
    assert reply.first(Passport) is first(reply.data, Passport)
    assert reply.first(IdCard9Front) is None


def test_papers_of_v1_are_wrapped_like_those_of_v2() -> None:
    answer = {"type": "cmt", "data": {"id": "123456789"}, "valid": "True"}
    found = front(structure(answer, OPERATIONS["v1.get_infor"].returns))
    assert found is not None
    assert isinstance(found.info, V1IdCard9Front)
    assert (found.type, found.info.id.value, found.valid) == ("cmt", "123456789", True)
    sides = structure({"data": {"mattruoc": {"id": "1"}, "matsau": {}}}, OPERATIONS["v1.get_haimat"].returns)
    both = front(sides), back(sides)
    assert all(both)
    assert both[0] is not None
    assert both[0].info.id.value == "1"


def test_the_names_of_types_are_those_of_the_models() -> None:
    assert sorted(get_args(PaperType)) == sorted(PAPERS)


def told(paper: IdentityPaper) -> str:
    """Type checkers know that nothing is left over."""
    match paper:
        case Passport():
            return str(paper.sur_name.value)
        case IdCard9Front() | IdCard12Front() | ChipIdCardFront():
            return str(paper.hometown.value)
        case IdCard9Back() | IdCard12Back() | ChipIdCardBack():
            return str(paper.issue_date.value)
        case _:
            assert_never(paper)


def test_identity_papers_are_those_of_the_union() -> None:
    claim = {"type": "claim_form", "info": {}}
    papers = identity_papers(read(claim, BACK, PASSPORT))
    assert [paper.type for paper in papers] == ["chip_id_card_back", "passport"]
    assert [told(paper.info) for paper in papers] == ["None", "None"]


# --- two sides of one card


def card_of(*papers: dict[str, Any]) -> tuple[Finding, ...]:
    found = read(*papers)
    return pair(front(found), back(found)).findings


def test_sides_that_agree_give_no_finding() -> None:
    assert card_of(FRONT, BACK) == ()
    assert card_of(FRONT) == card_of(BACK) == card_of() == ()
    assert card_of(FRONT, changed(BACK, sur_name="", dob="?", person_number="")) == ()
    assert card_of(changed(FRONT, name="Đặng Thị Ví Dụ"), changed(BACK, sur_name="DANG", given_name="THI VI DU")) == ()


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("person_number", "001090000002", "back.info.person_number"),
        ("given_name", "MAU THU", "back.info.given_name"),
        ("dob", "03/02/1990", "back.info.dob"),
        ("due_date", "01/01/2031", "back.info.due_date"),
    ],
)
def test_sides_that_contradict_each_other_are_found(name: str, value: str, path: str) -> None:
    (finding,) = card_of(changed(FRONT, due_date="01/01/2030"), changed(BACK, **{name: value}))
    assert (finding.path, finding.kind) == (path, "sides_differ")
    assert value not in repr(finding)


def test_a_name_that_the_zone_cuts_off_does_not_differ() -> None:
    long = changed(FRONT, name="NGUYỄN PHẠM HOÀNG VÍ DỤ TƯỞNG TƯỢNG")
    assert card_of(long, changed(BACK, sur_name="NGUYEN", given_name="PHAM HOANG VI DU TUONG")) == ()
    assert card_of(long, changed(BACK, sur_name="NGUYEN", given_name="PHAM HOANG"))


def test_registrations_of_different_vehicles_are_found() -> None:
    registration = {"type": "vehicle_registration_front", "info": {"plate": "00A-000.01", "name": "LÊ MẪU"}}
    other = {"type": "vehicle_registration_back", "info": {"plate": "00A-000.02", "name": "Lê Mẫu"}}
    assert [finding.path for finding in card_of(registration, other)] == ["back.info.plate"]
    assert card_of(registration, changed(other, plate="00A 00001")) == ()


def sides(somebody: Person) -> list[dict[str, Any]]:
    chance = Random(0)
    drawn = chip_id_card_front(somebody, chance), chip_id_card_back(somebody, chance)
    return [paper for _, page in drawn for paper in page.papers]


PEOPLE = [person(Random(seed)) for seed in range(4)]
SIDES = [sides(somebody) for somebody in PEOPLE]


@given(st.permutations([side for both in SIDES for side in both]))
def test_cards_of_several_people_are_joined_by_number(order: list[dict[str, Any]]) -> None:
    papers = read(*order)
    cards = pairs(papers)
    assert len(cards) == len(PEOPLE)
    for card in cards:
        assert card.front is not None
        assert card.back is not None
        assert card.findings == ()
        assert isinstance(card.back.info, ChipIdCardBack)
        assert card.front.info.id.value == card.back.info.person_number.value
    firsts = [min(papers.index(side) for side in (card.front, card.back) if side) for card in cards]
    assert firsts == sorted(firsts)


@given(st.permutations([*SIDES[0], SIDES[1][0], SIDES[2][1]]))
def test_a_side_without_its_other_side_stays_alone(order: list[dict[str, Any]]) -> None:
    cards = pairs(read(*order))
    assert sorted((card.front is not None, card.back is not None) for card in cards) == [
        (False, True),
        (True, False),
        (True, True),
    ]
    assert all(card.findings == () for card in cards)


def test_two_sides_of_different_people_alone_are_one_card_with_findings() -> None:
    (card,) = pairs(read(SIDES[0][0], SIDES[1][1]))
    assert "back.info.person_number" in [finding.path for finding in card.findings]


def test_a_back_without_a_number_belongs_to_the_only_front_of_its_kind() -> None:
    old = {"type": "9_id_card_front", "info": {"id": "123456789"}}, {"type": "9_id_card_back", "info": {}}
    cards = pairs(read(old[1], *SIDES[0], old[0]))
    assert [(card.front is not None, card.back is not None) for card in cards] == [(True, True), (True, True)]
    assert len(pairs(read(*old, *old))) == 4  # the order is ambiguous
    assert len(pairs(read(old[1], SIDES[0][0]))) == 2  # of different kinds of card


def test_copies_of_a_card_are_joined_one_by_one() -> None:
    cards = pairs(read(*SIDES[0], *SIDES[0], SIDES[0][0]))
    assert [card.back is not None for card in cards] == [True, True, False]


def test_cards_and_findings_are_dictionaries_and_json() -> None:
    other = FRONT | {"info": FRONT["info"] | {"id": "001090000002"}}  # type: ignore[operator]
    [card] = pairs(structure([other, BACK], list[Recognized]))
    written = json.loads(card.to_json())
    assert written == card.to_dict()
    assert written["front"]["info"]["id"]["value"] == "001090000002"
    assert written["findings"][0] == card.findings[0].to_dict()
    assert set(written["findings"][0]) == {"path", "kind", "message"}


# Replies, and arguments that are not classes


def test_a_reply_is_as_good_as_its_data() -> None:
    data = read(BACK, FRONT, PASSPORT)
    reply = Reply(operation="ocr.card", data=data, raw={})
    assert pairs(reply) == pairs(data)
    assert first(reply, Passport) is data[2]
    assert (front(reply), back(reply)) == (data[1], data[0])
    assert identity_papers(reply) == data


@pytest.mark.parametrize("kind", ["passport", "giấy_mới", Recognized, Recognized[Passport], object, None])
@pytest.mark.parametrize("papers", [[], read(PASSPORT)])
def test_another_argument_than_a_class_of_papers_is_an_error(kind: Any, papers: list[Recognized]) -> None:
    with pytest.raises(TypeError, match="kind must be a class of papers, such as"):
        first(papers, kind)


def test_the_type_of_a_paper_is_answered_with_its_class() -> None:
    with pytest.raises(TypeError, match=r"'chip_id_card_back' is models\.ChipIdCardBack"):
        first([], "chip_id_card_back")  # type: ignore[arg-type]


def test_a_look_alike_letter_does_not_count_as_a_contradiction() -> None:
    sides = read(changed(FRONT, name="NGUYỄN \u00d0ỨC"), changed(BACK, sur_name="NGUYEN", given_name="DUC"))
    assert pairs(sides)[0].findings == ()


# Sides by their classes


def test_sides_are_distinguished_by_their_classes() -> None:
    papers = read(BACK, FRONT)
    assert pair(papers[0], papers[1]) == pair(papers[1], papers[0])  # type: ignore[arg-type]
    assert pair(papers[0], papers[1]).front is papers[1]  # type: ignore[arg-type]
    assert pair(papers[0], None) == pair(None, papers[0])  # type: ignore[arg-type]
    assert pair(None, papers[1]).front is papers[1]  # type: ignore[arg-type]
    assert pair(None, None) == PersonCard()


@pytest.mark.parametrize(
    "sides", [(FRONT, FRONT), (BACK, BACK), (PASSPORT, BACK), (FRONT, PASSPORT), ({"type": "mới", "info": {}}, BACK)]
)
def test_papers_that_are_not_two_sides_are_an_error(sides: tuple[dict[str, Any], ...]) -> None:
    papers: Any = read(*sides)
    with pytest.raises(TypeError, match="front and back must be those of a card"):
        pair(*papers)
    with pytest.raises(TypeError, match="front and back must be those of a card"):
        pair(Reply(operation="ocr.card", data=papers, raw={}), None)  # type: ignore[arg-type]


def test_sides_of_different_kinds_of_card_are_found() -> None:
    assert [each.path for each in card_of({"type": "9_id_card_front", "info": {}}, BACK)] == ["back.type"]
    (finding,) = card_of(FRONT, {"type": "12_id_card_back", "info": {}})
    assert (finding.path, finding.kind) == ("back.type", "sides_differ")
    v1 = structure({"data": {"mattruoc": {"id": "1"}, "matsau": {}}}, OPERATIONS["v1.get_haimat"].returns)
    assert pair(front(v1), back(v1)).findings == ()


def test_an_outcome_is_as_good_as_its_reply() -> None:
    reply = Reply(operation="ocr.card", data=read(BACK, FRONT, PASSPORT), raw={})
    outcome = Done(Item(0, "a.jpg"), reply)
    assert (front(outcome), back(outcome), first(outcome, Passport)) == (reply.front, reply.back, reply.first(Passport))
    assert pairs([outcome, outcome]) == pairs([*reply.data, *reply.data])
    assert pairs(Failed(Item(0, "a.jpg"), CVSError("no"))) == []
