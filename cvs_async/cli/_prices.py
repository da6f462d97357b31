"""Options for prices, and amounts of money in sentences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated

import typer

from .._text.hints import did_you_mean, nearest
from ..api import OPERATIONS
from ..batch.prices import Bill, Prices
from ..errors import InvalidInputError

PriceList = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        help="Price of a billed request, such as ocr.card=1000 or ocr.card='0.05 USD'. Repeatable.",
        metavar="NAME=AMOUNT",
    ),
]
PriceFile = Annotated[
    Path | None,
    typer.Option("--prices", help="TOML file with prices, such as ocr.card = 1000.", metavar="FILE"),
]


def parse_prices(
    given: list[str] | None, file: Path | None, others: Callable[[], Collection[str]] = tuple
) -> Prices | None:
    """Return the prices given with --price and in a file; those of --price take precedence. None without any.

    Args:
        given: values of --price.
        file: value of --prices.
        others: returns known operations in addition to those of the library.

    Raises:
        InvalidInputError: a price cannot be parsed, or its operation does not exist.
    """
    if not given and file is None:
        return None
    prices = Prices.parse(given or [])
    if file is not None:
        prices = Prices.load(file).with_others(prices)
    unknown = [operation for operation in prices.each if operation not in OPERATIONS]
    known = others() if unknown else ()
    for operation in unknown:
        if operation not in known:
            advice = did_you_mean(nearest(operation, OPERATIONS)) or "; `cvs-async operations` lists them"
            raise InvalidInputError(f"there is a price for {operation}, which is not an operation{advice}")
    return prices


def bill_of(prices: Prices | None, billed: Mapping[str, int]) -> Bill | None:
    """Return the cost of billed requests by operation; None without prices."""
    return None if prices is None else prices.bill(billed)


def format_bill(bill: Bill) -> str:
    """Format a bill, with the requests without a price: "2,000 VND, without 3 requests of ocr.claims: no price"."""
    if not bill.unpriced:
        return str(bill)
    missing = " and ".join(f"{count:,} requests of {name}" for name, count in sorted(bill.unpriced.items()))
    if not bill.amount:
        return f"no price for {missing}"
    return f"{bill}, without {missing}: no price"
