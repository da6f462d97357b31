"""Check numbers of identity papers: 12 digits on citizen cards, 9 digits on old identity cards.

The 12 digits are defined by decree 137/2015/NĐ-CP and circular 07/2016/TT-BCA: three for the province (or the country,
if the birth was registered abroad), one for century and sex, two for the year of birth, six random ones.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from attrs import frozen

from ..models.business import BusinessRegistration
from ..models.claims import ClaimForm
from ..models.credit import CreditReport
from ..models.employee import EmployeeIdCard, HouseholdMember
from ..models.fields import Document
from ..models.finding import Finding
from ..models.identity import ChipIdCardBack, ChipIdCardFront, IdCard9Front, IdCard12Front, Passport
from ..models.land import LandOwner
from ..models.plain import compact
from ..models.v1 import V1Front, V1IdCard9Front, V1IdCard12Front
from ._reading import date_of, sex_of, text_of

_CODES = (
    "001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042 "
    "044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 "
    "089 091 092 093 094 095 096"
)
PROVINCES = frozenset(_CODES.split())
"""Codes of the 63 provinces before the mergers of 2025. Numbers with an old code stay valid."""

SPECIMEN = "000"
"""Code of specimens, such as those of `cvs_async.sandbox`. No province has it."""

FIRST_COUNTRY = "101"
"""Lowest code of a country. Codes of countries are not checked."""


@frozen
class Holder:
    """Names of the fields that identify a person in a document.

    Attributes:
        number, born, sex: names of the fields; "" if the document does not have the field.
        lengths: valid lengths of the number; empty if the number may be that of another kind of paper.
    """

    number: str
    born: str = ""
    sex: str = ""
    lengths: frozenset[int] = frozenset()


_EITHER = frozenset({9, 12})

HOLDERS: dict[type[Document], Holder] = {
    # A few provinces issued old identity cards with 12 digits.
    IdCard9Front: Holder("id", "dob", "", _EITHER),
    IdCard12Front: Holder("id", "dob", "gender", frozenset({12})),
    ChipIdCardFront: Holder("id", "dob", "gender", frozenset({12})),
    ChipIdCardBack: Holder("person_number", "dob", "gender", frozenset({12})),
    Passport: Holder("person_number", "dob", "gender"),
    EmployeeIdCard: Holder("id", "dob", "gender", _EITHER),
    HouseholdMember: Holder("id_card", "dob"),
    BusinessRegistration: Holder("number_of_idcard", "dob", "gender"),
    ClaimForm: Holder("id_card_no", "dob", "gender"),
    CreditReport: Holder("id_card"),
    LandOwner: Holder("so_cmt", "nam_sinh"),
    V1IdCard9Front: Holder("id", "born", "", _EITHER),
    V1IdCard12Front: Holder("id", "born", "sex", frozenset({12})),
    V1Front: Holder("id", "born", "sex", _EITHER),
}


def check_number(document: Document, today: datetime.date | None) -> Iterator[Finding]:
    """Check the number of a document's person against the date of birth and the sex."""
    holder = next((HOLDERS[cls] for cls in type(document).__mro__ if cls in HOLDERS), None)
    if holder is None:
        return
    digits = compact(text_of(document, holder.number))
    if not digits:
        return
    if not re.fullmatch("[0-9]+", digits) or len(digits) not in (holder.lengths or _EITHER):
        if holder.lengths:
            wanted = " or ".join(map(str, sorted(holder.lengths)))
            yield Finding(holder.number, "number_form", f"the number does not consist of {wanted} digits")
        return
    if len(digits) == 12:
        yield from _check_citizen(digits, document, holder, today)


def _check_citizen(digits: str, document: Document, holder: Holder, today: datetime.date | None) -> Iterator[Finding]:
    province, century = digits[:3], int(digits[3])
    if province < FIRST_COUNTRY and province != SPECIMEN and province not in PROVINCES:
        yield Finding(holder.number, "province", "the number begins with an unknown province code")
    year = 1900 + century // 2 * 100 + int(digits[4:6])
    born = _birth_year(document, holder.born)
    if born is not None and born != year:
        yield Finding(holder.number, "birth_year", "the year of birth in the number differs from the date of birth")
    elif today is not None and year > today.year:
        yield Finding(holder.number, "birth_year", "the year of birth in the number is in the future")
    sex = sex_of(document, holder.sex)
    if sex is not None and (century % 2 == 0) != (sex == "male"):
        yield Finding(holder.number, "sex", "the sex in the number differs from the printed one")


def _birth_year(document: Document, name: str) -> int | None:
    """Return the year of birth. Some papers have only the year."""
    born = date_of(document, name)
    if born is not None:
        return born.year
    alone = re.fullmatch(r"[^0-9]*((?:19|20)[0-9]{2})[^0-9]*", text_of(document, name) or "")
    if alone is None:
        return None
    return int(alone[1])
