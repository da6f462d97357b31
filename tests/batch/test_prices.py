"""Prices: exact sums, and no guess where one is missing or can be read in two ways."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import InvalidInputError
from cvs_async.batch import Plan, Prices
from cvs_async.sandbox import Sample, Sandbox
from tests.support.commands import run

COUNTS = st.dictionaries(st.sampled_from(["ocr.card", "ocr.claims", "ekyc.card"]), st.integers(0, 10**9))
CENTS = st.dictionaries(st.sampled_from(["ocr.card", "ocr.claims"]), st.integers(0, 10**15 - 1))


@given(CENTS, COUNTS)
def test_sums_are_exact_and_name_what_has_no_price(cents: dict[str, int], counts: dict[str, int]) -> None:
    prices = Prices({name: Decimal(price).scaleb(-6) for name, price in cents.items()})
    bill = prices.bill(counts)
    whole = sum(cents.get(name, 0) * count for name, count in counts.items())
    assert int(bill.amount.scaleb(6)) == bill.amount.scaleb(6) == whole
    assert bill.unpriced == {name: count for name, count in counts.items() if count and name not in cents}


@pytest.mark.parametrize(
    ("given", "each", "currency"),
    [
        ("1000", "1000", None),
        ("1000đ", "1000", "VND"),
        ("1.000 đ", "1000", "VND"),
        ("$0.05", "0.05", "USD"),
        ("1,234,567.89", "1234567.89", None),
        ("0.125", "0.125", None),
        ("0", "0", None),
    ],
)
def test_prices_are_read_as_people_write_them(given: str, each: str, currency: str | None) -> None:
    assert Prices.parse([f"ocr.card={given}"]) == Prices({"ocr.card": Decimal(each)}, currency)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["ocr.card=1.000"], "two ways, 1.000: write 1000, or 1.0000"),
        (["ocr.card=1,250 USD"], "two ways"),
        (["ocr.card=-5"], "at least 0"),
        (["ocr.card=nan"], "must be a number"),
        (["ocr.card=8%"], "must be a number"),
        (["ocr.card=1e6"], "must be a number"),
        (["ocr.card=12345678901234"], "more than 9 digits"),
        (["ocr.card=0.00000000001"], "more than 9 digits"),
        (["ocr.card"], "OPERATION=AMOUNT"),
        (["=5"], "OPERATION=AMOUNT"),
        (["ocr.card=5đ", "ocr.claims=$1"], "USD and VND: give all in one currency"),
    ],
)
def test_a_price_that_cannot_be_read_is_refused(given: list[str], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        Prices.parse(given)


@pytest.mark.parametrize("price", [0.05, True, Decimal("inf"), Decimal("nan"), Decimal(-1)])
def test_a_price_in_python_is_exact_and_not_negative(price: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"ocr\.card"):
        Prices({"ocr.card": price})


def test_a_file_has_dotted_names_tables_and_exact_decimals(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        '\ufeffcurrency = "VND"\nocr.card = 1000\n"ocr.claims" = "2.500 đ"\n[ocr.document]\ninvoice = 0.1\n', "utf-8"
    )
    prices = Prices.load(file)
    each = {"ocr.card": Decimal(1000), "ocr.claims": Decimal(2500), "ocr.document.invoice": Decimal("0.1")}
    assert prices == Prices(each, "VND")
    assert str(prices.bill({"ocr.card": 2312, "ocr.document.invoice": 3})) == "2,312,000.3 VND"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"ocr.card 1000", "is not TOML"),
        (b"ocr.card = [1]", "must be a number"),
        (b"ocr.card = inf", "at least 0"),
        (b"ocr.card = nan", "at least 0"),
        (b"currency = 5", "currency must be text"),
        (b"\xff\xfe1", "not in UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "prices.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=rf"prices .*prices\.toml: .*{why}"):
        Prices.load(file)


def test_prices_of_the_command_line_go_before_those_of_the_file() -> None:
    file = Prices({"ocr.card": 1, "ocr.claims": 2}, "VND")
    assert file.with_others(Prices({"ocr.card": 5})) == Prices({"ocr.card": 5, "ocr.claims": 2}, "VND")
    with pytest.raises(InvalidInputError, match="VND and USD"):
        file.with_others(Prices({}, "USD"))


def test_a_plan_has_a_cost() -> None:
    bill = Plan(most_billed=12, operation="ocr.card").cost(Prices({"ocr.card": 1000}))
    assert (str(bill), bill.unpriced) == ("12,000", {})


def test_plan_and_summary_of_a_batch_have_sums(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text("ocr.card = 7\nocr.claims = 9\n")
    words = ["batch", "ocr.card", samples[0].path.parent, "--prices", tmp_path / "prices.toml", "--price"]
    out = ["--out", tmp_path / "r.jsonl"]
    planned = run(*words, "ocr.card=1000đ", "--dry-run", sandbox=sandbox)
    assert f"maximum cost │ {len(samples) * 1000:,} VND" in " ".join(planned.stdout.split())
    ended = run(*words, "ocr.card=1000đ", *out, sandbox=sandbox)
    assert f"billed: {sandbox.ledger.billed * 1000:,} VND\n" in ended.stderr
    other = run(
        *words[:3], "--price", "ocr.claims=5", "--max-billed", "2", "--out", tmp_path / "s.jsonl", sandbox=sandbox
    )
    assert "billed: no price for 2 requests of ocr.card\n" in other.stderr


@pytest.mark.parametrize(
    ("price", "why"),
    [("ocr.crad=5", "did you mean ocr.card"), ("zzz=5", "operations"), ("ocr.card=1.000", "two ways")],
)
def test_a_wrong_price_is_refused_before_anything_is_sent(price: str, why: str, sandbox: Sandbox) -> None:
    ended = run("batch", "ocr.card", "missing.jpg", "--price", price, sandbox=sandbox)
    assert (ended.exit_code, why in ended.stderr, sandbox.ledger.requests) == (2, True, 0)


def test_two_prices_for_one_operation_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"ocr\.card has two prices: give one"):
        Prices.parse(["ocr.card=1000", "ocr.claims=5", "ocr.card=2000"])
    assert Prices.parse(["ocr.card=1000", "ocr.card=1000"]).each == {"ocr.card": 1000}
