"""Check sums in invoices, quotations and bank statements, with tolerance for rounding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ..models.fields import Document, Readable
from ..models.finding import Finding
from ..models.invoice import Invoice
from ..models.quotation import PriceQuotation, QuotationLine
from ..models.statement import StatementPage, StatementRow
from ..models.tables import Cell

UNKNOWN_LINES = 10
"""Number of separately rounded lines that is assumed for an invoice without a table."""

HUNDRED = Decimal(100)


def check_sums(document: Document) -> Iterator[Finding]:
    """Check the sums in a document."""
    match document:
        case Invoice():
            yield from _check_invoice(document)
        case PriceQuotation():
            yield from _check_quotation(document)
        case StatementPage():
            for place, table in enumerate(document.tables):
                yield from _check_balances(f"tables.{place}", table)


# --- invoices and quotations


def _check_invoice(invoice: Invoice) -> Iterator[Finding]:
    rows = [_labelled(row) for row in invoice.table]
    for place, row in enumerate(rows):
        for finding in _check_line(row):
            yield finding.below(f"table.{place}")
    lines = len(rows) or UNKNOWN_LINES
    if _is_whole(rows):
        amounts = [row.get("amount_before_tax") for row in rows]
        yield from _check_lines("sub_total", [amounts], invoice.sub_total.as_number())
    net, tax, rate = invoice.sub_total.as_number(), invoice.vat_amount.as_number(), _rate(invoice.vat_rate)
    if _is_off(net, rate, tax, lines):
        yield Finding("vat_amount", "amount", "the tax differs from the rate times the sum before tax")
    yield from _check_total("total_amount", net, tax, invoice.total_amount.as_number())


def _check_total(path: str, net: Decimal | None, tax: Decimal | None, total: Decimal | None) -> Iterator[Finding]:
    if net is not None and tax is not None and total is not None and not _near(net + tax, total, 1, net, tax):
        yield Finding(path, "amount", "the total differs from the sum before tax plus tax")


Numbers = Mapping[str, Decimal]


def _labelled(row: Sequence[Cell]) -> dict[str, Decimal]:
    """Return the numbers in a row by label, without labels that occur more than once."""
    found: dict[str, Decimal] = {}
    twice: set[str] = set()
    for cell in row:
        label, value = cell.label, cell.as_number()
        if label == "tax":
            value = _rate(cell)
        if isinstance(label, str) and value is not None:
            twice |= {label} & found.keys()
            found[label] = value
    return {label: value for label, value in found.items() if label not in twice}


def _check_line(row: Numbers) -> Iterator[Finding]:
    quantity, price, net = row.get("quantity"), row.get("unit_price"), row.get("amount_before_tax")
    rate, tax, total = row.get("tax"), row.get("tax_amount"), row.get("amount_total")
    if quantity is not None and price is not None and net is not None and not _is_product(quantity, price, net):
        yield Finding("amount_before_tax", "amount", "the amount differs from quantity times unit price")
    if _is_off(net, rate, tax, 1):
        yield Finding("tax_amount", "amount", "the tax differs from the rate times the amount")
    yield from _check_total("amount_total", net, tax, total)


def _is_whole(rows: Sequence[Numbers]) -> bool:
    """Return whether the lines on the page must add up to the total. There are two exceptions:

    1. The numbers of the lines do not count from 1: the table begins on another page.
    2. Only some lines have a quantity or price: the others may be discounts or remarks.
    """
    numbers = [row["number"] for row in rows if "number" in row]
    if numbers and numbers != list(range(1, len(rows) + 1)):
        return False
    return len({"quantity" in row or "unit_price" in row for row in rows}) == 1


def _check_lines(path: str, ways: Sequence[Sequence[Decimal | None]], total: Decimal | None) -> Iterator[Finding]:
    """Check that the lines add up in at least one of several ways, such as before and after discounts."""
    amounts = [[value for value in way if value is not None] for way in ways]
    if total is None or any(not values or len(values) != len(way) for values, way in zip(amounts, ways, strict=True)):
        return
    if not any(_near(sum(values, Decimal()), total, len(values), *values) for values in amounts):
        yield Finding(path, "amount", "the lines add up to another sum")


def _check_quotation(quotation: PriceQuotation) -> Iterator[Finding]:
    gross: list[Decimal | None] = []
    net: list[Decimal | None] = []
    for place, line in enumerate(quotation.table):
        discount, full = line.discount.as_number(), _full_price(line)
        if _is_off(full, _rate(line.percent_discount), discount, 1):
            yield Finding(f"table.{place}.discount", "amount", "the discount differs from the percentage of the price")
        gross.append(full)
        if full is not None:
            full -= discount or 0
        net.append(full)
    sub_total = quotation.sub_total.as_number()
    yield from _check_lines("sub_total", [gross, net], sub_total)
    tax, total = quotation.vat_amount.as_number(), quotation.total_amount.as_number()
    yield from _check_total("total_amount", sub_total, tax, total)


def _full_price(line: QuotationLine) -> Decimal | None:
    """Return the price of a line before its discount; None if it is unknown, or the quantity ambiguous."""
    quantity, price = line.quantity.as_number(), line.unit_price.as_number()
    if quantity is None or price is None or quantity >= 1000:  # 1,000 may mean 1.000
        return None
    return quantity * price


def _is_product(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    """Return whether quantity times price is the amount. A quantity of 1,000 may mean a thousand or 1.000."""
    readings = [quantity]
    if quantity >= 1000:
        readings.append(quantity / 1000)
    # A price, and a quantity with decimals, may be rounded: by half a unit of the last digit.
    inexact = Decimal()
    if _unit(quantity) < 1:
        inexact = abs(price) * _unit(quantity) / 2
    return any(
        abs(reading * price - amount) <= abs(reading) * _unit(price) / 2 + inexact + _unit(amount)
        for reading in readings
    )


def _is_off(amount: Decimal | None, rate: Decimal | None, share: Decimal | None, roundings: int) -> bool:
    """Return whether a printed share differs from its percentage of an amount; False if a number is missing."""
    if amount is None or rate is None or share is None:
        return False
    return not _near(amount * rate / HUNDRED, share, roundings, amount)


def _near(sum_: Decimal, printed: Decimal, roundings: int, *terms: Decimal) -> bool:
    """Return whether a sum equals the printed number, within `roundings` times the coarsest unit of the numbers."""
    return abs(sum_ - printed) <= roundings * max(map(_unit, (printed, *terms)))


def _unit(number: Decimal) -> Decimal:
    """Return the value of one step in the last decimal place of a number, such as 0.01 for 12.50; at most 1."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):  # infinity or NaN
        return Decimal(1)
    return Decimal(1).scaleb(min(exponent, 0))


def _rate(field: Readable) -> Decimal | None:
    """Return a percentage; None for a number below 1 without a percent sign, which may be a fraction."""
    amount = field.as_amount()
    if amount is None or amount.unit not in ("%", None) or (amount.unit is None and 0 < amount.value < 1):
        return None
    return amount.value


# --- bank statements


def _check_balances(path: str, rows: Sequence[StatementRow]) -> Iterator[Finding]:
    """Check each balance against the adjacent one, from oldest to newest in the direction in which more of them fit."""
    down = list(_links(rows, range(len(rows))))
    up = list(_links(rows, range(len(rows) - 1, -1, -1)))
    links = max(down, up, key=lambda each: sum(fits for _, fits in each))
    broken = [place for place, fits in links if not fits]
    if len(broken) == len(links) > 1:
        yield Finding(path, "balance", "no balance follows from an adjacent one")
        return
    for place in sorted(broken):
        yield Finding(f"{path}.{place}.balance", "balance", "the balance does not follow from an adjacent one")


def _links(rows: Sequence[StatementRow], order: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """Yield each row whose balance can be computed from the row before it, and whether the balance is correct."""
    before: Decimal | None = None
    for place in order:
        row = rows[place]
        balance, change = row.balance.as_number(), _change(row)
        if before is not None and balance is not None and change is not None:
            yield place, _near(before + change, balance, 1, change)
        before = balance


def _change(row: StatementRow) -> Decimal | None:
    """Return the change of balance in a row; None if it is missing or not an amount."""
    credit, debit = _printed(row.credit), _printed(row.debit)
    if credit is None and debit is None:
        return None
    if any(amount is not None and amount.is_nan() for amount in (credit, debit)):
        return None
    return abs(credit or Decimal()) - abs(debit or Decimal())


def _printed(cell: Cell) -> Decimal | None:
    """Return the amount in a cell; None if it is empty, NaN if it is not an amount."""
    if not isinstance(cell.value, str) or not re.search(r"\w", cell.value):
        return None
    number = cell.as_number()
    if number is None:
        return Decimal("NaN")
    return number
