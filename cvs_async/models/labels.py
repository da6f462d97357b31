"""Labels of the pages of a claim file (vendor document 001, ``get_label_claim``)."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from .fields import Document, Image, renamed


class ClaimLabel(StrEnum):
    """Documented labels. The service may return others: `PageLabel.label` is a text that compares equal to these."""

    INVOICE = "invoice"
    """Invoice (hóa đơn)."""
    LIST_EXPENSE = "list_expense"
    """List of expenses (bảng kê)."""
    CLAIM_FORM = "claim_form"
    """Request for compensation (giấy yêu cầu bồi thường)."""
    HOSPITAL_DISCHARGE_PAPER = "hospital_discharge_paper"
    """Hospital discharge paper (giấy ra viện)."""
    ID_DOC = "id_doc"
    """Identity paper (giấy tờ tùy thân)."""
    PRESCRIPTION = "prescription"
    """Prescription (đơn thuốc)."""
    MEDICAL_REPORT = "medical_report"
    """Medical report (báo cáo y tế)."""
    DISCHARGE_REPORT = "discharge_report"
    """Discharge report (báo cáo ra viện)."""
    BILL = "bill"
    """Bill (biên lai)."""
    SURGICAL_CERTIFICATE = "surgical_certificate"
    """Certificate of surgery (giấy chứng nhận phẫu thuật)."""
    SPECIFY_VOTE = "specify_vote"
    """Order for tests (phiếu chỉ định)."""
    TEST_RESULTS = "test_results"
    """Test results (phiếu kết quả)."""
    MEDICAL_EXAMINATION = "medical_examination"
    """Examination sheet (phiếu khám)."""
    RECEIPTS = "receipts"
    """Receipt (phiếu thu)."""
    HEALTH_RECORDS = "health_records"
    """Health booklet (sổ khám bệnh)."""
    GUARANTEE_CONFIRMATION = "guarantee_confirmation"
    """Guarantee letter (giấy xác nhận bảo lãnh)."""
    ACCIDENT_REPORT = "accident_report"
    """Account of an accident (tường trình tai nạn)."""


@frozen(kw_only=True)
class PageLabel(Document):
    """Label of one page of a claim file."""

    page: int | None = renamed("id", default=None)
    """Position of the page in the file, from 0; the vendor's ``id`` (thứ tự trang), such as ``0``."""
    label: str | None = field(default=None, metadata={"none": "None"})
    """One of `ClaimLabel`, or a newer one; None if no label applies (nhãn của trang), such as ``invoice``."""
    image: Image | None = None
    """The page, straightened; only with ``get_thumb`` (ảnh trang đã căn chỉnh)."""
