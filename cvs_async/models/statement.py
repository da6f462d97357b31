"""Bank statements (vendor document 001, ``bank_statement``)."""

from __future__ import annotations

from attrs import frozen

from .fields import Document, Image, listed
from .tables import BLANK, Cell, Row


@frozen(kw_only=True)
class StatementRow(Row):
    """One row of a statement. Amounts and dates are text as printed."""

    date: Cell = BLANK
    description: Cell = BLANK
    debit: Cell = BLANK
    credit: Cell = BLANK
    balance: Cell = BLANK


@frozen(kw_only=True)
class StatementPage(Document):
    """One page of a statement.

    Attributes:
        image_table: pictures of the tables on the page.
        tables: the vendor's ``json``: the rows of each table, in the order of `image_table`.
    """

    image_table: list[Image] = listed()
    tables: list[list[StatementRow]] = listed("json")
