"""What the pages of a claim file are (vendor document 001, ``get_label_claim``)."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from .fields import Document, Image, renamed


class ClaimLabel(StrEnum):
    """The documented labels. The service may have more: `PageLabel.label` is a text, which compares equal to these."""

    INVOICE = "invoice"
    LIST_EXPENSE = "list_expense"
    CLAIM_FORM = "claim_form"
    HOSPITAL_DISCHARGE_PAPER = "hospital_discharge_paper"
    ID_DOC = "id_doc"
    PRESCRIPTION = "prescription"
    MEDICAL_REPORT = "medical_report"
    DISCHARGE_REPORT = "discharge_report"
    BILL = "bill"
    SURGICAL_CERTIFICATE = "surgical_certificate"
    SPECIFY_VOTE = "specify_vote"
    TEST_RESULTS = "test_results"
    MEDICAL_EXAMINATION = "medical_examination"
    RECEIPTS = "receipts"
    HEALTH_RECORDS = "health_records"
    GUARANTEE_CONFIRMATION = "guarantee_confirmation"
    ACCIDENT_REPORT = "accident_report"


@frozen(kw_only=True)
class PageLabel(Document):
    """What one page of a claim file is.

    Attributes:
        page: the vendor's ``id``: the page's position in the file, counted from 0.
        label: one of `ClaimLabel`, or a newer one; None if the page is none of them.
        image: the page, straightened; only with ``get_thumb``.
    """

    page: int | None = renamed("id", default=None)
    label: str | None = field(default=None, metadata={"none": "None"})
    image: Image | None = None
