"""Credit reports (vendor document 002)."""

from __future__ import annotations

from attrs import Factory, field, frozen

from .fields import EMPTY, Box, Document, Image, Paper, Text, listed, paper
from .tables import BLANK, Cell, Row


@frozen(kw_only=True)
class Debt(Document):
    """One kind of debt with its amount, both as printed; not in the repr."""

    debt_name: str | None = field(default=None, repr=False)
    debt: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class DebtCell(Document):
    """The cell of a row of `CreditReport.loan_details` that holds several debts.

    Attributes:
        value: the debts.
        box: where each of them stands, in pixels.
        score: how sure the service is of each, 0 to 1.
    """

    value: list[Debt] = listed()
    box: list[Box | None] = listed()
    score: list[float | None] = listed()


@frozen(kw_only=True)
class LoanDetail(Row):
    """What is owed to one credit institution."""

    number: Cell = BLANK
    institution_code: Cell = BLANK
    institution_name: Cell = BLANK
    debts: DebtCell = Factory(DebtCell)
    total: Cell = BLANK


@frozen(kw_only=True)
class CreditCardInfo(Row):
    """Credit cards, and what is owed on them."""

    limit: Cell = BLANK
    amount_due: Cell = BLANK
    amount_overdue: Cell = BLANK
    number_of_cards: Cell = BLANK


@frozen(kw_only=True)
class OutstandingLoan(Row):
    """What was owed at one time of the last 12 months."""

    loans: Cell = BLANK
    cards: Cell = BLANK
    total: Cell = BLANK


@frozen(kw_only=True)
class BadDebt(Row):
    """A bad debt of the last 5 years."""

    last_date: Cell = BLANK
    debt_group: Cell = BLANK
    amount: Cell = BLANK
    number: Cell = BLANK
    institution: Cell = BLANK


@frozen(kw_only=True)
class LatePayment(Row):
    """Late payments of credit cards in the last 3 years. `late` is Y or N."""

    late: Cell = BLANK
    most_days: Cell = BLANK
    times: Cell = BLANK


@frozen(kw_only=True)
class LoanGuarantee(Row):
    """Numbers of secured assets and of the institutions that hold them."""

    assets: Cell = BLANK
    institutions: Cell = BLANK


@frozen(kw_only=True)
class CreditContract(Row):
    """When a credit contract was signed, and when it ends."""

    signed: Cell = BLANK
    ends: Cell = BLANK


@frozen(kw_only=True)
class CustomerLookUp(Row):
    """An institution's look-up of the customer in the last year."""

    institution_code: Cell = BLANK
    product: Cell = BLANK
    date: Cell = BLANK


@paper("credit_report")
@frozen(kw_only=True)
class CreditReport(Paper):
    """A credit report of the CIC. Amounts and dates are text as printed; each `*_image` shows the table before it.

    Attributes:
        imgs: pictures of the report's pages.
        debt_sold_to_vamc: what of the debts was sold to the VAMC.
    """

    report_time: Text = EMPTY
    cic_code: Text = EMPTY
    id_card: Text = EMPTY
    address: Text = EMPTY
    credit_score: Text = EMPTY
    credit_rank: Text = EMPTY
    credit_ranking_date: Text = EMPTY
    debt_sold_to_vamc: Text = EMPTY
    imgs: list[Image] = listed()
    loan_details: list[LoanDetail] = listed()
    loan_details_image: Image | None = None
    credit_card_info: list[CreditCardInfo] = listed()
    credit_card_info_image: Image | None = None
    outstanding_loans: list[OutstandingLoan] = listed()
    outstanding_loans_image: Image | None = None
    bad_debt: list[BadDebt] = listed()
    bad_debt_image: Image | None = None
    late_payments: list[LatePayment] = listed()
    late_payments_image: Image | None = None
    loan_guarantee: list[LoanGuarantee] = listed()
    loan_guarantee_image: Image | None = None
    credit_contract: list[CreditContract] = listed()
    credit_contract_image: Image | None = None
    customers_look_up: list[CustomerLookUp] = listed()
    customers_look_up_image: Image | None = None
