"""Front and back of one card, joined and compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from attrs import frozen

from .dates import parse_date
from .dictionaries import Serializable
from .fields import EMPTY, Paper, Text
from .finding import Finding
from .identity import ChipIdCardBack, ChipIdCardFront, IdCard9Back, IdCard9Front, IdCard12Back, IdCard12Front
from .picking import Back, Front, of_kind, papers_of
from .plain import compact, plain
from .recognized import Recognized
from .v1 import V1IdCard9Front, V1IdCard12Back
from .vehicle import VehicleRegistrationBack, VehicleRegistrationFront

ZONE_NAME = 30
"""Maximum length of the name in a card's machine-readable zone; longer names are truncated."""

KINDS: tuple[tuple[type[Paper], type[Paper]], ...] = (
    (ChipIdCardFront, ChipIdCardBack),
    (IdCard12Front, IdCard12Back),
    (IdCard9Front, IdCard9Back),
    (VehicleRegistrationFront, VehicleRegistrationBack),
    (V1IdCard9Front, V1IdCard12Back),
)
"""Front and back of each kind of card."""


@frozen
class PersonCard(Serializable):
    """Both sides of one card, or the only side that was found.

    Attributes:
        front: the front; None if it was not found.
        back: the back; None if it was not found.
        findings: contradictions between the sides. Their paths begin with ``front`` or ``back``.
    """

    front: Recognized[Front] | None = None
    back: Recognized[Back] | None = None
    findings: tuple[Finding, ...] = ()


def pair(front: Recognized[Front] | None, back: Recognized[Back] | None) -> PersonCard:
    """Join both sides of a card, in any order, and compare kind of card, number, name, date of birth and plate.

    Differences do not raise, even between different people: they are in `PersonCard.findings`. Values that are missing
    on a side or cannot be parsed are not compared.

    Raises:
        TypeError: the arguments are not a front and a back, such as two fronts.
    """
    if _is_side(front, Back) and _is_side(back, Front):
        front, back = cast("Recognized[Front] | None", back), cast("Recognized[Back] | None", front)
    if not _is_side(front, Front) or not _is_side(back, Back):
        raise TypeError("front and back must be those of a card, as models.front and models.back find them")
    if front is None or back is None:
        return PersonCard(front, back)
    return PersonCard(front, back, tuple(_differences(front, back)))


def _is_side(paper: object, kinds: Any) -> bool:
    return paper is None or (isinstance(paper, Recognized) and isinstance(paper.info, kinds))


def pairs(papers: object) -> list[PersonCard]:
    """Join the fronts and backs in a reply or its data, possibly of several people, in the order received.

    1. A front and a back with the same number (for vehicles: plate) are one card.
    2. If one front and one back of the same kind of card remain, and one of them has no number, they are one card.
    3. If these are the only front and back at all, they are one card even if their numbers differ. The findings report
       that.

    Each remaining side becomes a card of its own.
    """
    found = list(papers_of(papers))
    fronts: list[Recognized[Front]] = list(of_kind(found, Front))
    backs: list[Recognized[Back]] = list(of_kind(found, Back))
    alone = len(fronts) == len(backs) == 1
    joined = _by_number(fronts, backs)
    _add_by_kind(joined, fronts, backs, although_numbers_differ=alone)
    used = {id(back) for back in joined.values()}
    cards = [pair(front, joined.get(id(front))) for front in fronts]
    cards += [pair(None, back) for back in backs if id(back) not in used]
    places = {id(paper): place for place, paper in enumerate(found)}
    return sorted(cards, key=lambda card: min(places[id(side)] for side in (card.front, card.back) if side))


Joined = dict[int, Recognized[Back]]
"""The back of each front by the `id` of the front object."""


def _by_number(fronts: list[Recognized[Front]], backs: list[Recognized[Back]]) -> Joined:
    joined: Joined = {}
    left = list(backs)
    for front in fronts:
        number = _number(front.info)
        same = (back for back in left if number and _number(back.info) == number and _same_kind(front, back))
        back = next(same, None)
        if back is not None:
            joined[id(front)] = back
            left = [other for other in left if other is not back]
    return joined


def _add_by_kind(
    joined: Joined, fronts: list[Recognized[Front]], backs: list[Recognized[Back]], *, although_numbers_differ: bool
) -> None:
    used = {id(back) for back in joined.values()}
    for front_kind, back_kind in KINDS:
        fronts_left = [front for front in fronts if isinstance(front.info, front_kind) and id(front) not in joined]
        backs_left = [back for back in backs if isinstance(back.info, back_kind) and id(back) not in used]
        if len(fronts_left) != 1 or len(backs_left) != 1:
            continue
        (front,), (back,) = fronts_left, backs_left
        if although_numbers_differ or not (_number(front.info) and _number(back.info)):
            joined[id(front)] = back


def _same_kind(front: Recognized[Front], back: Recognized[Back]) -> bool:
    return any(isinstance(front.info, of_front) and isinstance(back.info, of_back) for of_front, of_back in KINDS)


def _number(paper: Front | Back) -> str:
    """Return the number that identifies the card; "" if the side does not have it."""
    match paper:
        case VehicleRegistrationFront() | VehicleRegistrationBack():
            field = paper.plate
        case ChipIdCardBack():
            field = paper.person_number
        case _:
            field = paper.id
    return compact(field.value).upper()


def _differences(front_side: Recognized[Front], back_side: Recognized[Back]) -> Iterator[Finding]:
    if not _same_kind(front_side, back_side):
        yield Finding("back.type", "sides_differ", "the kind of card is not that of the front")
    front, back = front_side.info, back_side.info
    number, name = "person_number", "given_name"
    if isinstance(back, VehicleRegistrationBack):
        number, name = "plate", "name"
    if _differ(_number(front), _number(back)):
        yield _finding(number, "the number")
    if _names_differ(front.name, back):
        yield _finding(name, "the name")
    if isinstance(back, ChipIdCardBack):
        born, due = (front.dob, back.dob), (getattr(front, "due_date", EMPTY), back.due_date)
        for path, words, (ours, theirs) in (("dob", "the date of birth", born), ("due_date", "the expiry date", due)):
            if _differ(parse_date(ours.value), parse_date(theirs.value)):
                yield _finding(path, words)


def _names_differ(name: Text, back: Back) -> bool:
    ours = _letters(name.value)
    if not isinstance(back, ChipIdCardBack):
        return _differ(ours, _letters(back.name.value))
    sur_name, given_name = back.sur_name.value, back.given_name.value
    if not sur_name or not given_name:
        return False  # an incomplete name cannot be compared
    theirs = _letters(sur_name + given_name)
    if len(sur_name.strip()) + len("<<") + len(given_name.strip()) >= ZONE_NAME - 1:
        ours = ours[: len(theirs)]
    return _differ(ours, theirs)


def _letters(name: object) -> str:
    return "".join(letter for letter in plain(name) if letter.isalpha())


def _differ(ours: object, theirs: object) -> bool:
    """Return whether both values are present and differ."""
    return bool(ours) and bool(theirs) and ours != theirs


def _finding(path: str, words: str) -> Finding:
    return Finding(f"back.info.{path}", "sides_differ", f"{words} differs from the front")
