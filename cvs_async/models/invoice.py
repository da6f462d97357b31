"""Invoices (vendor document 001, chapters "Hóa đơn" and "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Document, Image, Paper, Text, listed, paper
from .tables import Cell


@frozen(kw_only=True)
class Goods(Document):
    """One line of what was bought: `coin` is its price."""

    name: Text = EMPTY
    coin: Text = EMPTY


@frozen(kw_only=True)
class BankAccount(Document):
    """An account of the supplier, and its bank."""

    account_no: Text = EMPTY
    bank: Text = EMPTY


@paper("invoice")
@frozen(kw_only=True)
class Invoice(Paper):
    """One page of an invoice. Amounts and dates are text as printed.

    Attributes:
        form: the invoice form's number (mẫu số).
        serial_no: its series (ký hiệu).
        tax_code: of the supplier.
        info_goods: what was bought, in short.
        account_bank: the supplier's bank accounts.
        table: the table of goods, row by row; each cell's `label` says which column it is of.
        image_table: the part of the picture that holds the table; only with ``get_thumb``.
    """

    date: Text = EMPTY
    form: Text = EMPTY
    invoice_no: Text = EMPTY
    serial_no: Text = EMPTY
    supplier: Text = EMPTY
    tax_code: Text = EMPTY
    total_amount: Text = EMPTY
    payment_method: Text = EMPTY
    sub_total: Text = EMPTY
    vat_amount: Text = EMPTY
    purchaser_name: Text = EMPTY
    lookup_website: Text = EMPTY
    lookup_code: Text = EMPTY
    buyer_name: Text = EMPTY
    supplier_address: Text = EMPTY
    vat_rate: Text = EMPTY
    info_goods: list[Goods] = listed()
    account_bank: list[BankAccount] = listed()
    table: list[list[Cell]] = listed()
    image_table: Image | None = None
