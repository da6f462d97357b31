"""Papers of health-insurance claims beside identity and medical papers (vendor document 000, and newer pages)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Image, Paper, Text, paper, renamed


@paper("bvcard")
@frozen(kw_only=True)
class BaoVietCard(Paper):
    """An insurance card of Bảo Việt."""

    plan: Text = EMPTY
    """Insurance plan (chương trình bảo hiểm), such as ``NÂNG CAO 2``."""
    company: Text = EMPTY
    """Company of the insured person (công ty), such as ``CÔNG TY TNHH VÍ DỤ``."""
    valid: Text = EMPTY
    """Period of validity, as printed (hiệu lực), such as ``01/01/2025 - 31/12/2025``."""
    policy_no: Text = EMPTY
    """Number of the card (số thẻ), such as ``000/BH/0000001``."""


@frozen(kw_only=True)
class ClaimPaper(Paper):
    """Base of papers of a claim that carry a stamp."""

    image_seals: Image | None = renamed("image_seals", "mage_seals", default=None)
    """The stamp, cut out; one page prints its name ``mage_seals`` (ảnh con dấu)."""
    valid_seals: bool | None = None
    """True if the paper has a red stamp (có dấu đỏ), such as ``True``."""


@paper("claim_form")
@frozen(kw_only=True)
class ClaimForm(ClaimPaper):
    """A request for compensation. The fields describe the insured person unless they name another one."""

    insure_name: Text = EMPTY
    """Full name of the insured person (họ tên người được bảo hiểm), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex of the insured person (giới tính người được bảo hiểm), such as ``Nam``."""
    certificate_no: Text = EMPTY
    """Number of the insurance card (số thẻ bảo hiểm), such as ``000-BH-000001``."""
    id_card_no: Text = EMPTY
    """Number of the insured person's identity card (số CMND người được bảo hiểm), such as ``000090000001``."""
    family_member: Text = EMPTY
    """Full name of a relative (tên người thân), such as ``TRẦN THỊ VÍ DỤ``."""
    policy_holder: Text = EMPTY
    """Name of the buyer of the insurance (tên bên mua bảo hiểm), such as ``CÔNG TY TNHH VÍ DỤ``."""
    cellphone_no: Text = EMPTY
    """Telephone of the insured person (số điện thoại), such as ``0900000001``."""
    email: Text = EMPTY
    """E-mail of the insured person (email), such as ``mau@example.com``."""
    policy_no: Text = EMPTY
    """Number of the policy (số hợp đồng bảo hiểm), such as ``000/HD/0000001``."""
    id_card: Text = EMPTY
    """Number of the identity card for payment in cash (số CMND khi nhận tiền mặt), such as ``000090000001``."""
    phone_number: Text = EMPTY
    """Telephone of the insured person (số điện thoại người được bảo hiểm), such as ``0900000001``."""
    claimant: Text = EMPTY
    """Full name of the person who claims (họ tên người yêu cầu bồi thường), such as ``TRẦN THỊ VÍ DỤ``."""
    claimant_address: Text = EMPTY
    """Address of the person who claims (địa chỉ người yêu cầu), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    claimant_email: Text = EMPTY
    """E-mail of the person who claims (email người yêu cầu), such as ``vidu@example.com``."""
    claimant_phone: Text = EMPTY
    """Telephone of the person who claims (số điện thoại người yêu cầu), such as ``0900000002``."""
    account_number: Text = EMPTY
    """Number of the account to be paid to (số tài khoản), such as ``000000000001``."""
    bank: Text = EMPTY
    """Bank of the account (ngân hàng), such as ``Ngân hàng TMCP Mẫu``."""
    beneficiary: Text = EMPTY
    """Name of the holder of the account (tên chủ tài khoản), such as ``LÊ VĂN MẪU``."""
    cash: Text = EMPTY
    """Method of payment (hình thức nhận tiền), such as ``Chuyển khoản``."""
    date_of_accident: Text = EMPTY
    """Date of the accident or illness (ngày xảy ra tai nạn), such as ``05/06/2024``."""
    diagnose: Text = EMPTY
    """Diagnosis (chẩn đoán), such as ``Viêm họng cấp``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    treatment_method: Text = EMPTY
    """Method of treatment (phương pháp điều trị), such as ``Nội khoa``."""
    total_insured_amount: Text = EMPTY
    """Sum that is claimed, as printed (tổng số tiền yêu cầu), such as ``1.100.000``."""


@paper("id_doc")
@frozen(kw_only=True)
class OtherIdentityPaper(Paper):
    """An identity paper of another kind."""

    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    nationality: Text = EMPTY
    """Nationality (quốc tịch), such as ``Việt Nam``."""


@paper("guarantee_confirmation")
@frozen(kw_only=True)
class GuaranteeConfirmation(ClaimPaper):
    """An insurer's letter that guarantees payment to a hospital."""

    claim_form_no: Text = EMPTY
    """Number of the claim (số hồ sơ bồi thường), such as ``000001``."""
    insured: Text = EMPTY
    """Name of the insured person (tên người được bảo hiểm), such as ``LÊ VĂN MẪU``."""
    id_no: Text = EMPTY
    """Number of the identity card (số giấy tờ tùy thân), such as ``000090000001``."""
    policy_no: Text = EMPTY
    """Number of the policy (số hợp đồng bảo hiểm), such as ``000/HD/0000001``."""
    policy_holder: Text = EMPTY
    """Name of the buyer of the insurance (tên bên mua bảo hiểm), such as ``CÔNG TY TNHH VÍ DỤ``."""
    period_of_insurance: Text = EMPTY
    """Period of insurance, as printed (thời hạn bảo hiểm), such as ``01/01/2024 - 31/12/2024``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    date_of_consultation: Text = EMPTY
    """Date of the consultation (ngày khám), such as ``05/06/2024``."""
    from_date: Text = EMPTY
    """First day of the treatment (từ ngày), such as ``05/06/2024``."""
    to_date: Text = EMPTY
    """Last day of the treatment (đến ngày), such as ``09/06/2024``."""
    rehabilitation_type: Text = EMPTY
    """In- or outpatient (hình thức điều trị), such as ``Nội trú``."""
    condition: Text = EMPTY
    """State of the patient (tình trạng bệnh), such as ``Ổn định``."""
    conclusion: Text = EMPTY
    """Conclusion (kết luận), such as ``Bảo lãnh``."""
    medical_expenses: Text = EMPTY
    """Cost of the treatment, as printed (chi phí y tế), such as ``1.100.000``."""
    guaranteed_expenses: Text = EMPTY
    """Sum that is guaranteed, as printed (chi phí bảo lãnh), such as ``1.000.000``."""
    paid_by_insured: Text = EMPTY
    """Sum that the insured person pays, as printed (người được bảo hiểm tự trả), such as ``100.000``."""
    warranty_notes: Text = EMPTY
    """Notes (ghi chú bảo lãnh), such as ``Không``."""
    insured_confirmation: Text = EMPTY
    """Confirmation by the insured person (xác nhận của người được bảo hiểm), such as ``Đồng ý``."""
    created_date: Text = EMPTY
    """Date of the letter (ngày lập), such as ``09/06/2024``."""


@paper("accident_report")
@frozen(kw_only=True)
class AccidentReport(ClaimPaper):
    """An account of an accident."""

    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    date_of_accident: Text = EMPTY
    """Date of the accident (ngày xảy ra tai nạn), such as ``05/06/2024``."""
    location: Text = EMPTY
    """Place of the accident (địa điểm xảy ra tai nạn), such as ``Đường Mẫu, Hà Nội``."""


@paper("bill")
@frozen(kw_only=True)
class Bill(ClaimPaper):
    """A bill (biên lai)."""

    insure_name: Text = EMPTY
    """Full name of the insured person (họ tên người được bảo hiểm), such as ``LÊ VĂN MẪU``."""
    gender: Text = EMPTY
    """Sex (giới tính), such as ``Nam``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    medical_facility: Text = EMPTY
    """Medical facility (cơ sở y tế), such as ``Bệnh viện Mẫu``."""
    date: Text = EMPTY
    """Date of the bill (ngày lập), such as ``05/06/2024``."""
    total_amount: Text = EMPTY
    """Sum, as printed (tổng tiền), such as ``1.100.000``."""


@paper("receipts")
@frozen(kw_only=True)
class Receipt(Bill):
    """A receipt (phiếu thu), with the fields of a bill."""
