"""Invoices (vendor document 001, chapters "Hóa đơn" and "Thông tin trả về" of OCR)."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from .fields import EMPTY, Document, Image, Paper, Text, listed, paper
from .tables import Cell


class GoodsLabel(StrEnum):
    """Documented labels of `Invoice.table`. The service may return others: `Cell.label` is a text, equal to these."""

    NUMBER = "number"
    """Number of the row (số thứ tự), such as ``1``."""
    DESCRIPTION = "description"
    """Good or service (tên hàng hóa, dịch vụ), such as ``Giấy in khổ A4``."""
    UNIT = "unit"
    """Unit (đơn vị tính), such as ``Ream``."""
    QUANTITY = "quantity"
    """Quantity (số lượng), such as ``10``."""
    UNIT_PRICE = "unit_price"
    """Price of one (đơn giá), such as ``68.000``."""
    AMOUNT_BEFORE_TAX = "amount_before_tax"
    """Amount before tax (tổng tiền trước thuế), such as ``680.000``."""
    TAX = "tax"
    """Tax rate (thuế suất), such as ``10%``."""
    TAX_AMOUNT = "tax_amount"
    """Tax (tiền thuế), such as ``68.000``."""
    AMOUNT_TOTAL = "amount_total"
    """Amount with tax (tổng tiền sau thuế), such as ``748.000``."""
    BATCH_NO = "batch_no"
    """Batch number (số lô), such as ``M001``."""
    EXPIRED_DATE = "expired_date"
    """Best before (hạn dùng), such as ``12/2027``."""


@frozen(kw_only=True)
class Goods(Document):
    """A purchased item."""

    name: Text = EMPTY
    """Name of a good or service (tên hàng hóa, dịch vụ), such as ``Giấy in khổ A4``."""
    coin: Text = EMPTY
    """Its price (giá của hàng hóa, dịch vụ), such as ``680.000``."""


@frozen(kw_only=True)
class BankAccount(Document):
    """An account of the supplier, and its bank."""

    account_no: Text = EMPTY
    """Account number (số tài khoản), such as ``000000000001``."""
    bank: Text = EMPTY
    """Name of the bank (tên ngân hàng), such as ``Ngân hàng TMCP Mẫu``."""


@paper("invoice")
@frozen(kw_only=True)
class Invoice(Paper):
    """One page of an invoice. Amounts and dates are text as printed."""

    date: Text = EMPTY
    """Date of the invoice (ngày lập hóa đơn), such as ``Ngày 03 tháng 05 năm 2024``."""
    form: Text = EMPTY
    """Number of the invoice form (mẫu số), such as ``1``."""
    invoice_no: Text = EMPTY
    """Number of the invoice (số hóa đơn), such as ``00000012``."""
    serial_no: Text = EMPTY
    """Series of the invoice (ký hiệu hóa đơn), such as ``C24TMAU``."""
    supplier: Text = EMPTY
    """Name of the seller (nhà cung cấp), such as ``CÔNG TY TNHH VÍ DỤ``."""
    tax_code: Text = EMPTY
    """Tax code of the seller (mã số thuế nhà cung cấp), such as ``0001234567``."""
    total_amount: Text = EMPTY
    """Sum with tax, as printed (tổng tiền thanh toán), such as ``1.100.000``."""
    payment_method: Text = EMPTY
    """Method of payment (hình thức thanh toán), such as ``Chuyển khoản``."""
    sub_total: Text = EMPTY
    """Sum before tax, as printed (tiền trước thuế), such as ``1.000.000``."""
    vat_amount: Text = EMPTY
    """Tax, as printed (tiền thuế), such as ``100.000``."""
    purchaser_name: Text = EMPTY
    """Name of the organization that buys (tên đơn vị mua hàng), such as ``CÔNG TY CỔ PHẦN MINH HỌA``."""
    lookup_website: Text = EMPTY
    """Web site for looking up the invoice (đường dẫn tra cứu), such as ``https://tracuu.example.com``."""
    lookup_code: Text = EMPTY
    """Code with which it is looked up (mã tra cứu), such as ``000MAU00001A``."""
    buyer_name: Text = EMPTY
    """Full name of the person who buys (họ tên người mua hàng), such as ``Lê Văn Mẫu``."""
    supplier_address: Text = EMPTY
    """Address of the seller (địa chỉ nhà cung cấp), such as ``Số 1 Đường Mẫu, Hà Nội``."""
    vat_rate: Text = EMPTY
    """Tax rate (thuế suất VAT), such as ``10%``."""
    info_goods: list[Goods] = listed()
    """Purchased items in short (thông tin hàng hóa, dịch vụ)."""
    account_bank: list[BankAccount] = listed()
    """The seller's bank accounts (tài khoản ngân hàng của nhà cung cấp)."""
    table: list[list[Cell]] = listed()
    """The table of goods, row by row; each cell's `label` is one of `GoodsLabel` (bảng hàng hóa theo từng hàng)."""
    image_table: Image | None = None
    """The part of the picture that holds the table; only with ``get_thumb`` (ảnh phần bảng trong hóa đơn)."""
    image_seals: Image | None = None
    """The stamp, cut out (ảnh con dấu)."""
    valid_seals: bool | None = None
    """True if the paper has a red stamp (có dấu đỏ), such as ``True``."""
