"""Business papers that consist mostly of a table: garage quotations and bank statements."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from . import people
from .drawing import LABEL, RED, Ink
from .people import Person, Repair, printed
from .sheet import A4, Column, Drawn, Sheet, Table, cell, triple

__all__ = ["bank_statement", "price_quotation"]

_VAT = 10

_REPAIRS = (
    Column("number", "STT", 100, False),
    Column("description", "Phụ tùng, dịch vụ", 372, False),
    Column("quantity", "SL", 424),
    Column("unit_price", "Đơn giá", 546),
    Column("percent_discount", "% giảm", 628),
    Column("discount", "Giảm giá", 728),
    Column("amount", "Thành tiền", 850),
)


def price_quotation(customer: Person, chance: Random) -> Drawn:
    """Draw a garage's quotation for the repair of a vehicle."""
    sheet = Sheet(A4, (244, 248, 240), chance)
    repairs = people.repairs(chance)
    _garage(sheet, chance)
    _customer(sheet, customer, chance)
    table = Table(50, 420, _REPAIRS)
    inks = table.drawn(sheet, [_repair(row, repair) for row, repair in enumerate(repairs, 1)])
    sheet.info["table"] = [_quoted(row) for row in inks.rows]
    _quoted_sums(sheet, inks.bottom, sum(repair.amount for repair in repairs))
    sheet.signature(240, 1100, "Khách hàng", customer.name.title())
    sheet.signature(660, 1100, "Cố vấn dịch vụ", "Vũ Văn Mẫu")
    sheet.void()
    return sheet.drawn("price_quotation")


def _garage(sheet: Sheet, chance: Random) -> None:
    name = f"GARA Ô TÔ {chance.choice(('MẪU', 'VÍ DỤ', 'MINH HỌA', 'GIẢ ĐỊNH'))} {chance.randint(1, 9)}"
    sheet.field("name_of_garage", 50, 66, name, size=28, bold=True)
    sheet.text(50, 100, f"{chance.choice(people.STREETS)}, {people.place(chance)}", size=19, color=LABEL)
    sheet.block()
    sheet.text(450, 172, "BÁO GIÁ SỬA CHỮA XE", size=36, bold=True, color=RED, align="m")
    quoted = date(chance.randint(2023, 2025), chance.randint(1, 12), chance.randint(1, 28))
    delivered = quoted + timedelta(days=chance.randint(2, 12))
    sheet.block()
    sheet.labelled("quotation_date", 50, 224, "Ngày báo giá:", printed(quoted), size=21)
    sheet.labelled("estimated_delivery_date", 450, 224, "Ngày dự kiến giao xe:", printed(delivered), size=21)


def _customer(sheet: Sheet, customer: Person, chance: Random) -> None:
    vehicle = people.vehicle(chance)
    sheet.block()
    for row, (label, value) in enumerate(
        (
            ("Khách hàng:", customer.name),
            ("Biển số xe:", vehicle.plate),
            ("Nhãn hiệu, số loại:", f"{vehicle.brand} {vehicle.model}"),
            ("Số khung:", vehicle.chassis),
        )
    ):
        sheet.label(50, 272 + 36 * row, label)
        sheet.text(240, 272 + 36 * row, value, size=21)


def _repair(row: int, repair: Repair) -> dict[str, str]:
    return {
        "number": str(row),
        "description": repair.name,
        "quantity": str(repair.quantity),
        "unit_price": printed(repair.price),
        "percent_discount": f"{repair.percent}%",
        "discount": printed(repair.discount),
        "amount": printed(repair.amount),
    }


def _quoted(row: dict[str, Ink]) -> dict[str, Any]:
    """Return a row as the vendor answers it, without number and amount."""
    fields = [triple(name, ink) for name, ink in row.items() if name not in ("number", "amount")]
    return {name: value for field in fields for name, value in field.items()}


def _quoted_sums(sheet: Sheet, top: int, net: int) -> None:
    tax = net * _VAT // 100
    rows = (
        ("sub_total", "Cộng trước thuế:", printed(net)),
        ("vat_amount", f"Thuế GTGT {_VAT}%:", printed(tax)),
        ("total_amount", "Tổng cộng sau thuế:", printed(net + tax)),
    )
    sheet.sums(660, top, 38, rows)


_ENTRIES = (
    Column("date", "Ngày", 170, False),
    Column("description", "Mô tả", 448, False),
    Column("debit", "Nợ", 576),
    Column("credit", "Có", 704),
    Column("balance", "Số dư", 850),
)
_GAINS = ("Nhận chuyển khoản mẫu", "Lương tháng ví dụ", "Lãi tiền gửi")
_COSTS = ("Chuyển khoản mẫu", "Rút tiền mặt tại cây mẫu", "Thanh toán hóa đơn điện", "Phí quản lý tài khoản")


def bank_statement(customer: Person, chance: Random) -> Drawn:
    """Draw a page of a bank statement. Boxes of cells are relative to the corner of their table."""
    sheet = Sheet(A4, (240, 246, 250), chance)
    sheet.text(50, 70, chance.choice(people.BANKS), size=28, bold=True, color=(30, 70, 140))
    sheet.block()
    sheet.text(450, 150, "SAO KÊ TÀI KHOẢN", size=36, bold=True, color=RED, align="m")
    sheet.text(450, 180, "Bank account statement", size=20, color=LABEL, align="m")
    sheet.block()
    account = f"000{chance.randrange(10**9):09}"
    for row, (label, value) in enumerate((("Chủ tài khoản:", customer.name), ("Số tài khoản:", account))):
        sheet.label(50, 236 + 38 * row, label)
        sheet.text(220, 236 + 38 * row, value, size=23, bold=True)
    table, entries = Table(50, 320, _ENTRIES), _entries(chance)
    rows = table.drawn(sheet, entries).rows
    cells = [_statement_row(sheet, table, row, inks) for row, inks in enumerate(rows, 1)]
    sheet.info["json"] = [cells]  # one table a page
    sheet.void()
    return sheet.drawn("bank_statement")


def _entries(chance: Random) -> list[dict[str, str]]:
    day = date(chance.randint(2023, 2025), chance.randint(1, 12), 1)
    balance, entries = chance.randint(10, 90) * 1_000_000, []
    for _ in range(chance.randint(8, 17)):
        day += timedelta(days=chance.randint(0, 3))
        amount = chance.randint(1, 80) * 50_000
        entry = {"date": printed(day), "debit": "", "credit": ""}
        if chance.random() < 0.5:
            balance += amount
            entry |= {"description": chance.choice(_GAINS), "credit": printed(amount)}
        else:
            balance -= amount
            entry |= {"description": chance.choice(_COSTS), "debit": printed(amount)}
        entries.append(entry | {"balance": printed(balance)})
    return entries


def _statement_row(sheet: Sheet, table: Table, row: int, inks: dict[str, Ink]) -> list[dict[str, Any]]:
    cells = []
    for left, column in zip(table.lefts, table.columns, strict=True):
        box = [left - table.left, table.ROW * row, column.right - table.left, table.ROW * (row + 1)]
        if column.label in inks:
            cells.append(cell(inks[column.label]) | {"box": box})
        else:
            cells.append({"value": "", "score": sheet.confidence(), "box": box})
    return cells
