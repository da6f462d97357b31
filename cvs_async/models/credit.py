"""Credit reports (vendor document 002)."""

from __future__ import annotations

from attrs import Factory, field, frozen

from .fields import EMPTY, Box, Document, Image, Paper, Text, listed, paper
from .tables import BLANK, Cell, Row


@frozen(kw_only=True)
class Debt(Document):
    """One kind of debt with its amount, both as printed; not in the repr."""

    debt_name: str | None = field(default=None, repr=False)
    """Kind of debt, as printed (loại dư nợ), such as ``Dư nợ đủ tiêu chuẩn``."""
    debt: str | None = field(default=None, repr=False)
    """Amount, as printed (số tiền), such as ``120``."""


@frozen(kw_only=True)
class DebtCell(Document):
    """Cell of a row of `CreditReport.loan_details` with several debts."""

    value: list[Debt] = listed()
    """The debts (các khoản dư nợ)."""
    box: list[Box | None] = listed()
    """Boxes of the debts, in pixels (tọa độ của từng khoản)."""
    score: list[float | None] = listed()
    """Confidence of each, 0 to 1 (độ tin cậy của từng khoản)."""


@frozen(kw_only=True)
class LoanDetail(Row):
    """Debt to one credit institution."""

    number: Cell = BLANK
    """Number of the row (số thứ tự tổ chức tín dụng), such as ``1``."""
    institution_code: Cell = BLANK
    """Code of the credit institution (mã tổ chức tín dụng), such as ``00000``."""
    institution_name: Cell = BLANK
    """Name of the credit institution (tên tổ chức tín dụng), such as ``Ngân hàng TMCP Mẫu``."""
    debts: DebtCell = Factory(DebtCell)
    """Kinds of debt with their amounts (loại dư nợ và số tiền)."""
    total: Cell = BLANK
    """Total in đồng (tổng cộng VND), such as ``120``."""


@frozen(kw_only=True)
class CreditCardInfo(Row):
    """Credit cards and the debt on them."""

    limit: Cell = BLANK
    """Limit of all cards (tổng hạn mức thẻ tín dụng), such as ``50``."""
    amount_due: Cell = BLANK
    """Amount to be paid (số tiền phải thanh toán thẻ), such as ``3``."""
    amount_overdue: Cell = BLANK
    """Amount that is overdue (tổng số tiền chậm thanh toán thẻ), such as ``0``."""
    number_of_cards: Cell = BLANK
    """Number of cards (số lượng thẻ tín dụng), such as ``2``."""


@frozen(kw_only=True)
class OutstandingLoan(Row):
    """Debt at one time of the last 12 months."""

    loans: Cell = BLANK
    """Owed on loans (dư nợ vay), such as ``120``."""
    cards: Cell = BLANK
    """Owed on cards (dư nợ thẻ), such as ``3``."""
    total: Cell = BLANK
    """Owed in total (tổng dư nợ), such as ``123``."""


@frozen(kw_only=True)
class BadDebt(Row):
    """A bad debt of the last 5 years."""

    last_date: Cell = BLANK
    """Date of the last occurrence (ngày phát sinh cuối cùng), such as ``31/12/2019``."""
    debt_group: Cell = BLANK
    """Group of the debt (nhóm nợ), such as ``Nhóm 3``."""
    amount: Cell = BLANK
    """Amount in đồng (số tiền VND), such as ``12``."""
    number: Cell = BLANK
    """Number of the row (số thứ tự), such as ``1``."""
    institution: Cell = BLANK
    """Name of the institution or its branch (tên tổ chức hoặc chi nhánh), such as ``Ngân hàng TMCP Mẫu``."""


@frozen(kw_only=True)
class LatePayment(Row):
    """Late payments of credit cards in the last 3 years. `late` is Y or N."""

    late: Cell = BLANK
    """Late payments, Y or N (khách hàng có chậm thanh toán thẻ), such as ``N``."""
    most_days: Cell = BLANK
    """Most days that a payment was late (số ngày chậm thanh toán lớn nhất), such as ``0``."""
    times: Cell = BLANK
    """Number of late payments (số lần chậm thanh toán), such as ``0``."""


@frozen(kw_only=True)
class LoanGuarantee(Row):
    """Numbers of secured assets and of the institutions that hold them."""

    assets: Cell = BLANK
    """Number of secured assets (số lượng tài sản bảo đảm), such as ``1``."""
    institutions: Cell = BLANK
    """Number of institutions that hold them (số TCTD có tài sản bảo đảm), such as ``1``."""


@frozen(kw_only=True)
class CreditContract(Row):
    """Dates of signature and end of a credit contract."""

    signed: Cell = BLANK
    """Date of signature of the contract (ngày ký hợp đồng), such as ``01/01/2020``."""
    ends: Cell = BLANK
    """End of the contract (ngày kết thúc hợp đồng), such as ``01/01/2025``."""


@frozen(kw_only=True)
class CustomerLookUp(Row):
    """Look-up of the customer by an institution in the last year."""

    institution_code: Cell = BLANK
    """Code of the institution (mã TCTD), such as ``00000``."""
    product: Cell = BLANK
    """Product that was looked up (sản phẩm tra cứu), such as ``Tin cơ bản``."""
    date: Cell = BLANK
    """Date of the look-up (ngày tra cứu), such as ``14/11/2023``."""


@paper("credit_report")
@frozen(kw_only=True)
class CreditReport(Paper):
    """A credit report of the CIC. Amounts and dates are text as printed; each `*_image` shows the table declared
    before it.
    """

    report_time: Text = EMPTY
    """Time of the report (thời gian gửi báo cáo), such as ``14/11/2023 09:00``."""
    cic_code: Text = EMPTY
    """CIC code of the person (mã số CIC), such as ``0000000001``."""
    id_card: Text = EMPTY
    """Number of the identity card (số chứng minh nhân dân), such as ``000090000001``."""
    address: Text = EMPTY
    """Address (địa chỉ), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    credit_score: Text = EMPTY
    """Credit score (điểm tín dụng), such as ``650``."""
    credit_rank: Text = EMPTY
    """Credit rank (hạng tín dụng), such as ``05``."""
    credit_ranking_date: Text = EMPTY
    """Date of the score (ngày chấm điểm), such as ``01/11/2023``."""
    debt_sold_to_vamc: Text = EMPTY
    """Debt that was sold to the VAMC (dư nợ đã bán VAMC), such as ``Không có``."""
    imgs: list[Image] = listed()
    """Pictures of the pages (ảnh các trang)."""
    loan_details: list[LoanDetail] = listed()
    """Debt to each credit institution (chi tiết dư nợ vay)."""
    loan_details_image: Image | None = None
    """Picture of `loan_details` (ảnh chi tiết dư nợ vay)."""
    credit_card_info: list[CreditCardInfo] = listed()
    """Credit cards and the debt on them (thẻ tín dụng và dư nợ thẻ)."""
    credit_card_info_image: Image | None = None
    """Picture of `credit_card_info` (ảnh thông tin thẻ tín dụng)."""
    outstanding_loans: list[OutstandingLoan] = listed()
    """Debt during the last 12 months (diễn biến dư nợ 12 tháng gần nhất)."""
    outstanding_loans_image: Image | None = None
    """Picture of `outstanding_loans` (ảnh diễn biến dư nợ)."""
    bad_debt: list[BadDebt] = listed()
    """Bad debts of the last 5 years (lịch sử nợ xấu 5 năm gần nhất)."""
    bad_debt_image: Image | None = None
    """Picture of `bad_debt` (ảnh lịch sử nợ xấu)."""
    late_payments: list[LatePayment] = listed()
    """Late payments of credit cards in the last 3 years (lịch sử chậm thanh toán thẻ 3 năm gần nhất)."""
    late_payments_image: Image | None = None
    """Picture of `late_payments` (ảnh lịch sử chậm thanh toán thẻ)."""
    loan_guarantee: list[LoanGuarantee] = listed()
    """Securities of the loans (thông tin về bảo đảm tiền vay)."""
    loan_guarantee_image: Image | None = None
    """Picture of `loan_guarantee` (ảnh thông tin bảo đảm tiền vay)."""
    credit_contract: list[CreditContract] = listed()
    """Credit contracts (thông tin hợp đồng tín dụng)."""
    credit_contract_image: Image | None = None
    """Picture of `credit_contract` (ảnh thông tin hợp đồng tín dụng)."""
    customers_look_up: list[CustomerLookUp] = listed()
    """Institutions that looked the person up in the last year (TCTD tra cứu trong 1 năm gần nhất)."""
    customers_look_up_image: Image | None = None
    """Picture of `customers_look_up` (ảnh danh sách TCTD tra cứu)."""
