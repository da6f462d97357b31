"""Select papers in a reply by type. Their order is not guaranteed: some answers have the back before the front."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias, TypeVar

from .employee import EmployeeProfile
from .faces import PersonWithCard
from .fields import Paper, paper_classes
from .identity import ChipIdCardBack, ChipIdCardFront, IdCard9Back, IdCard9Front, IdCard12Back, IdCard12Front, Passport
from .recognized import Recognized
from .v1 import V1IdCard9Front, V1IdCard12Back, V1Paper, V1Sides
from .vehicle import VehicleRegistrationBack, VehicleRegistrationFront

IdentityPaper: TypeAlias = (
    IdCard9Front | IdCard12Front | ChipIdCardFront | IdCard9Back | IdCard12Back | ChipIdCardBack | Passport
)
"""Identity cards and passports, the papers of ``ocr.card``. A `match` over this union can be exhaustive."""

Front: TypeAlias = IdCard9Front | IdCard12Front | ChipIdCardFront | VehicleRegistrationFront | V1IdCard9Front
"""Fronts of cards with two sides. The other fronts of v1 are subclasses of `V1IdCard9Front`."""

Back: TypeAlias = IdCard9Back | IdCard12Back | ChipIdCardBack | VehicleRegistrationBack | V1IdCard12Back
"""Backs of cards with two sides. The other backs of v1 are subclasses of `V1IdCard12Back`."""

PaperType: TypeAlias = Literal[
    "9_id_card_front",
    "9_id_card_back",
    "12_id_card_front",
    "12_id_card_back",
    "chip_id_card_front",
    "chip_id_card_back",
    "passport",
    "driving_license",
    "vehicle_registration_front",
    "vehicle_registration_back",
    "picertificate",
    "bvcard",
    "claim_form",
    "invoice",
    "credit_report",
    "giay_cnqshdd_mau_1",
    "giay_cnqshdd_mau_2",
    "giay_cnqshdd_mau_3",
    "id_card",
    "curriculum_vitae",
    "registration_book",
    "academic_degree",
    "birth_certificate",
    "health_certification",
    "confirm_residence",
    "chip_id_card_2024_front",
    "chip_id_card_2024_back",
    "id_doc",
    "guarantee_confirmation",
    "accident_report",
    "bill",
    "receipts",
    "hospital_discharge_paper",
    "list_expense",
    "prescription",
    "surgical_certificate",
    "discharge_report",
    "medical_report",
    "specify_vote",
    "test_results",
    "medical_examination",
    "health_records",
]
"""The documented values of `Recognized.type`, which is a `str`, because the vendor adds types without notice."""

P = TypeVar("P", bound=Paper)


def first(papers: object, kind: type[P]) -> Recognized[P] | None:
    """Return the first paper of a class or of a subclass; None without one.

    Args:
        papers: a reply, its data, an outcome of a batch, or a list of papers.
        kind: a class such as `Passport`, or a base class: `IdCardFront` for the front of any identity card.

    Raises:
        TypeError: `kind` is not a class of papers.
    """
    return next(of_kind(papers, kind), None)


def front(papers: object) -> Recognized[Front] | None:
    """Return the first front of an identity card or vehicle registration; None without one."""
    return next(of_kind(papers, Front), None)


def back(papers: object) -> Recognized[Back] | None:
    """Return the first back of an identity card or vehicle registration; None without one."""
    return next(of_kind(papers, Back), None)


def identity_papers(papers: object) -> list[Recognized[IdentityPaper]]:
    """Return the identity cards and passports, typed so that a `match` over their `info` can be exhaustive."""
    return list(of_kind(papers, IdentityPaper))


LEVELS = 50
"""Maximum depth of nested lists that are searched. Documented data has at most two levels."""


def papers_of(data: object, levels: int = LEVELS) -> Iterator[Recognized[Paper]]:
    """Yield the papers in a reply, an outcome of a batch, or data of any type. Papers of v1 become `Recognized`."""
    from .._codec.reply import Reply  # needs these functions

    match data:
        case Reply():
            yield from papers_of(data.data)
        case object(reply=Reply() as reply):
            yield from papers_of(reply)
        case Recognized():
            yield data
        case V1Paper(type=type_, info=info, valid=valid):
            yield Recognized(type=type_, info=info, valid=valid, extra=data.extra)
        case V1Sides(mattruoc=of_front, matsau=of_back, valid=valid):
            yield Recognized(info=of_front, valid=valid)
            yield Recognized(info=of_back, valid=valid)
        case PersonWithCard():
            yield data.ocr
        case EmployeeProfile():
            yield from data.id_card
            yield from data.registration_book
            yield from data.curriculum_vitae
            yield from data.academic_degree
            yield from data.birth_certificate
            yield from data.health_certification
            yield from data.confirm_residence
        case Iterable() if levels and not isinstance(data, str | bytes):
            for element in data:
                yield from papers_of(element, levels - 1)


def of_kind(papers: object, kind: Any) -> Iterator[Recognized[Any]]:
    """Yield the papers of a class or of a union of classes.

    Raises:
        TypeError: `kind` is neither a class of papers nor a union of such classes.
    """
    classes = paper_classes(kind)
    return (paper for paper in papers_of(papers) if isinstance(paper.info, classes))
