"""Garages' price quotations (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Document, Image, Paper, Text, listed


@frozen(kw_only=True)
class QuotationLine(Document):
    """One part or service in a quotation. Amounts are text as printed; `percent_discount` is 0 to 100."""

    description: Text = EMPTY
    quantity: Text = EMPTY
    unit_price: Text = EMPTY
    percent_discount: Text = EMPTY
    discount: Text = EMPTY


@frozen(kw_only=True)
class PriceQuotation(Paper):
    """What a garage asks for a repair. Amounts and dates are text as printed.

    Attributes:
        total_amount: with VAT.
        sub_total: without VAT.
        image_table: the part of the picture that holds the table; only with ``get_thumb``.
    """

    name_of_garage: Text = EMPTY
    quotation_date: Text = EMPTY
    estimated_delivery_date: Text = EMPTY
    total_amount: Text = EMPTY
    sub_total: Text = EMPTY
    vat_amount: Text = EMPTY
    table: list[QuotationLine] = listed()
    image_table: Image | None = None
