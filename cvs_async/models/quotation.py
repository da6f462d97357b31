"""Garages' price quotations (vendor document 001, chapter "Thông tin trả về" of OCR)."""

from __future__ import annotations

from attrs import frozen

from .fields import EMPTY, Document, Image, Paper, Text, listed


@frozen(kw_only=True)
class QuotationLine(Document):
    """One part or service in a quotation. Amounts are text as printed; `percent_discount` is 0 to 100."""

    description: Text = EMPTY
    """Part or service (tên phụ tùng, dịch vụ sửa chữa), such as ``Lọc dầu động cơ``."""
    quantity: Text = EMPTY
    """Quantity (số lượng), such as ``2``."""
    unit_price: Text = EMPTY
    """Price of one (đơn giá), such as ``185.000``."""
    percent_discount: Text = EMPTY
    """Discount in percent, 0 to 100 (phần trăm giảm giá), such as ``10%``."""
    discount: Text = EMPTY
    """Discount, as printed (số tiền giảm giá), such as ``37.000``."""
    amount_total: Text = EMPTY
    """Amount with tax, as printed (tổng tiền sau thuế), such as ``366.300``."""
    tax: Text = EMPTY
    """Tax rate in percent (thuế suất), such as ``10%``."""


@frozen(kw_only=True)
class PriceQuotation(Paper):
    """A garage's quotation for a repair. Amounts and dates are text as printed."""

    name_of_garage: Text = EMPTY
    """Name of the garage (cơ sở sửa chữa), such as ``GARA Ô TÔ MẪU``."""
    quotation_date: Text = EMPTY
    """Date of the quotation (ngày báo giá), such as ``05/06/2024``."""
    estimated_delivery_date: Text = EMPTY
    """Estimated delivery date of the vehicle (ngày dự kiến giao xe), such as ``10/06/2024``."""
    total_amount: Text = EMPTY
    """Sum with tax, as printed (tổng tiền sau thuế), such as ``366.300``."""
    sub_total: Text = EMPTY
    """Sum before tax, as printed (tổng tiền trước thuế), such as ``333.000``."""
    vat_amount: Text = EMPTY
    """Tax, as printed (tiền thuế), such as ``33.300``."""
    make_model: Text = EMPTY
    """Make and model of the vehicle (hiệu xe, loại xe), such as ``MẪU MOTOR VÍ DỤ``."""
    number_plate: Text = EMPTY
    """Number plate (biển số xe), such as ``00A-000.01``."""
    table: list[QuotationLine] = listed()
    """Parts and services, line by line (bảng phụ tùng, dịch vụ)."""
    image_table: Image | None = None
    """The part of the picture that holds the table; only with ``get_thumb`` (ảnh của bảng trong báo giá)."""
