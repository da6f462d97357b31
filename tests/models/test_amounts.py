"""Reading numbers and amounts as papers print them."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async.models import Amount, Cell, Field, parse_amount, parse_number


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("57479760", "57479760", None),
        ("128.800.800", "128800800", None),
        ("128,800,800", "128800800", None),
        ("1 234 567", "1234567", None),
        ("1\u00a0234\u00a0567 đ", "1234567", "VND"),
        ("1'234'567.5", "1234567.5", None),
        ("1.234.567,89", "1234567.89", None),
        ("1,234,567.89", "1234567.89", None),
        ("1.234", "1234", None),
        ("1,234", "1234", None),
        ("1,5", "1.5", None),
        ("1.50", "1.50", None),
        ("0,125", "0.125", None),
        ("1234.567", "1234.567", None),
        ("0", "0", None),
        ("12.000.000 VNĐ", "12000000", "VND"),
        ("12.000.000 đồng", "12000000", "VND"),
        ("12.000.000 ₫", "12000000", "VND"),
        ("USD 1,200.00", "1200.00", "USD"),
        ("$1,200", "1200", "USD"),
        ("-$1,200", "-1200", "USD"),
        ("8%", "8", "%"),
        ("8,5 %", "8.5", "%"),
        ("-1.000.000", "-1000000", None),
        ("\u22121.000", "-1000", None),
        ("1.000-", "-1000", None),
        ("(1.000.000)", "-1000000", None),
        ("+1.000", "1000", None),
        ("128.800. 800", "128800800", None),
        ("１２３", "123", None),
        ("1\u2019234\u2019567", "1234567", None),
        ("\u2013500.000", "-500000", None),
        ("\u2011500.000 đ", "-500000", "VND"),
        ("1.000.000 VN\u00d0", "1000000", "VND"),
        ("8.125%", "8.125", "%"),
        ("10,000 %", "10.000", "%"),
        ("% 12,500", "12.500", "%"),
        ("-6.125%", "-6.125", "%"),
        ("1.234.567%", "1234567", "%"),
        ("1,234.5%", "1234.5", "%"),
        ("(1.000.000 đ)", "-1000000", "VND"),
        ("(1.200$)", "-1200", "USD"),
        ("(100)", "-100", None),
        ("(5 đ)", "-5", "VND"),
        ("1.234,567", "1234.567", None),
        ("05", "5", None),
        ("000", "0", None),
        ("1.000 đ ", "1000", "VND"),
    ],
)
def test_an_amount_is_read_as_it_is_printed(text: str, value: str, unit: str | None) -> None:
    assert parse_amount(text) == Amount(Decimal(value), unit)
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "đ", "một triệu", "12 triệu", "1.2 tỷ", "KCT", "1.23.456", "1.2345.678", "1,2,3", "1.234.567.89"),
        *("12-05-2024", "19/05/2024", "1e5", "(1.000", "1.000)", "(-1.000)", "--5", "5 USD đ", "1..000", "9" * 101),
        *("1.000 2.000", "12 34", "0x10", "\ud800"),
        *("500\u3251", "1.000\u3251", "\u216b", "5\u00bd"),
        *("(1)", "(10)", "(10%)", "(10)%", "(% 10)", "1.000.000 -"),
        *("0123456789", "0500", "012.345", "05,000", "00.500", "1'000.000", "1 234.567"),
        *("1.000,000 đ", "1,000.000 VND", "1.234.567,000 đồng"),
        *("500\u00b9", "1.000\u00b2", "10\u2460", "\u00b2", "1.00\u2070 đ"),
    ],
)
def test_other_text_is_not_parsed_as_an_amount(text: str) -> None:
    assert parse_amount(text) is None


def test_an_absent_text_has_no_amount() -> None:
    assert parse_amount(None) is None
    assert parse_number(None) is None


@pytest.mark.parametrize("kind", [Field, Cell])
def test_fields_and_cells_are_read_as_more_than_text(kind: type[Field[str]] | type[Cell]) -> None:
    assert kind(value="Ngày 19 tháng 05 năm 2024").as_date() == datetime.date(2024, 5, 19)
    assert kind(value="1.200 đ").as_amount() == Amount(Decimal(1200), "VND")
    assert kind(value="8%").as_number() == 8
    assert (kind(value="không").as_date(), kind(value="không").as_amount(), kind().as_number()) == (None, None, None)


AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, places=2)


@given(AMOUNTS, st.sampled_from(["", " đ", " VND", "%"]))
def test_both_notations_give_the_amount_back(amount: Decimal, unit: str) -> None:
    international = f"{amount:,.2f}"
    vietnamese = international.translate(str.maketrans(",.", ".,"))
    for text in (international + unit, vietnamese + unit, f"{amount:.2f}{unit}"):
        found = parse_amount(text)
        assert found is not None
        assert found.value == amount


@given(st.integers(-(10**18), 10**18), st.sampled_from([".", ",", " ", "'", "\u00a0"]))
def test_whole_numbers_come_back_from_any_grouping(number: int, mark: str) -> None:
    assert parse_number(f"{number:,}".replace(",", mark)) == number


@given(st.text())
def test_no_text_makes_it_fail(text: str) -> None:
    assert parse_amount(text) is None or isinstance(parse_number(text), Decimal)
