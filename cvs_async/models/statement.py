"""Bank statements (vendor document 001, ``bank_statement``)."""

from __future__ import annotations

from attrs import frozen

from .fields import Document, Image, listed
from .tables import BLANK, Cell, Row


@frozen(kw_only=True)
class StatementRow(Row):
    """One row of a statement. Amounts and dates are text as printed."""

    date: Cell = BLANK
    """Date (ngày), such as ``05/06/2024``."""
    description: Cell = BLANK
    """Description (mô tả), such as ``Chuyển khoản mẫu``."""
    debit: Cell = BLANK
    """Amount taken from the account, as printed (nợ), such as ``500.000``."""
    credit: Cell = BLANK
    """Amount added to the account, as printed (có), such as ``1.000.000``."""
    balance: Cell = BLANK
    """Balance after it, as printed (số dư), such as ``12.500.000``."""


@frozen(kw_only=True)
class StatementPage(Document):
    """One page of a statement."""

    image_table: list[Image] = listed()
    """Pictures of the tables on the page (ảnh các bảng trên trang)."""
    tables: list[list[StatementRow]] = listed("json")
    """The rows of each table, in the order of `image_table`; the vendor's ``json`` (các hàng của từng bảng)."""
