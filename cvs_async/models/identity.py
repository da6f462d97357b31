"""Identity papers (vendor documents 001 and 003; boxes and confidences in claim files: 000)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Paper, Text, paper, renamed


@frozen(kw_only=True)
class IdCardFront(Paper):
    """What the fronts of all identity cards carry.

    The `*_code`, `*_town`, `*_district` and `*_ward` fields are the parts of `address` and `hometown`,
    the codes as in the national list of administrative units.
    """

    hometown: Text = EMPTY
    address: Text = EMPTY
    address_town_code: Text = EMPTY
    address_district_code: Text = EMPTY
    address_ward_code: Text = EMPTY
    hometown_town_code: Text = EMPTY
    hometown_district_code: Text = EMPTY
    hometown_ward_code: Text = EMPTY
    address_town: Text = EMPTY
    address_district: Text = EMPTY
    address_ward: Text = EMPTY
    hometown_town: Text = EMPTY
    hometown_district: Text = EMPTY
    hometown_ward: Text = EMPTY


@paper("9_id_card_front")
@frozen(kw_only=True)
class IdCard9Front(IdCardFront):
    """Front of the old identity card with a number of 9 digits (CMND)."""


@paper("12_id_card_front")
@frozen(kw_only=True)
class IdCard12Front(IdCardFront):
    """Front of the citizen card with a number of 12 digits (CCCD)."""

    gender: Text = EMPTY
    due_date: Text = EMPTY
    nationality: Text = EMPTY
    ethnicity: Text = EMPTY


@paper("chip_id_card_front")
@frozen(kw_only=True)
class ChipIdCardFront(IdCardFront):
    """Front of the citizen card with a chip."""

    gender: Text = EMPTY
    due_date: Text = EMPTY
    nationality: Text = EMPTY


@paper("9_id_card_back")
@frozen(kw_only=True)
class IdCard9Back(Paper):
    """Back of the old identity card with a number of 9 digits (CMND)."""

    ethnicity: Text = EMPTY
    religious: Text = EMPTY
    issue_date: Text = EMPTY
    issued_at: Text = EMPTY


@paper("12_id_card_back")
@frozen(kw_only=True)
class IdCard12Back(Paper):
    """Back of the citizen card with a number of 12 digits (CCCD)."""

    issue_date: Text = EMPTY
    issued_at: Text = EMPTY


@frozen(kw_only=True)
class MachineReadable(Paper):
    """What is read from a machine-readable zone."""

    country: Text = EMPTY
    person_number: Text = EMPTY
    gender: Text = EMPTY
    due_date: Text = EMPTY
    nationality: Text = EMPTY
    sur_name: Text = EMPTY
    given_name: Text = EMPTY


@paper("chip_id_card_back")
@frozen(kw_only=True)
class ChipIdCardBack(MachineReadable):
    """Back of the citizen card with a chip.

    Attributes:
        document_number: number of the card's back.
        person_number: number of its front.
        mrz_confidence: of the machine-readable zone as a whole, 0 to 1.
    """

    issue_date: Text = EMPTY
    issued_at: Text = EMPTY
    document_number: Text = EMPTY
    mrz_confidence: float | None = None


@paper("passport")
@frozen(kw_only=True)
class Passport(MachineReadable):
    """A passport, read from its photo page.

    Attributes:
        nationality: document 001 writes its name with a space behind it, document 003 does not.
        confidence: of the machine-readable zone as a whole, 0 to 1.
    """

    nationality: Text = renamed("nationality", "nationality ")
    confidence: float | None = None
