"""Prices from the command line, and amounts of money in sentences."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from .._text.hints import nearest
from ..api import OPERATIONS
from ..batch.prices import Bill, Prices
from ..errors import InvalidInputError

PriceList = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        help="Price of a billed request, such as ocr.card=1000 or ocr.card='0.05 USD'. Repeatable.",
        metavar="OPERATION=AMOUNT",
    ),
]
PriceFile = Annotated[
    Path | None,
    typer.Option("--prices", help="TOML file of prices, with lines such as ocr.card = 1000.", metavar="FILE"),
]


def parse_prices(given: list[str] | None, file: Path | None, known: Collection[str] = ()) -> Prices | None:
    """Return the prices given with --price, completed from a file; None if nothing is given.

    Args:
        given: values of --price.
        file: value of --prices.
        known: operations in addition to those of the library.

    Raises:
        InvalidInputError: a price cannot be parsed, or its operation does not exist.
    """
    if not given and file is None:
        return None
    prices = Prices({}) if file is None else Prices.load(file)
    prices = prices.with_others(Prices.parse(given or []))
    for operation in prices.each:
        if operation not in OPERATIONS and operation not in known:
            near = " or ".join(nearest(operation, OPERATIONS))
            advice = f"did you mean {near}?" if near else "`cvs-async operations` lists them"
            raise InvalidInputError(f"there is a price for {operation}, which is not an operation; {advice}")
    return prices


def format_bill(bill: Bill) -> str:
    """Format an amount with the requests it excludes: "2,000 VND, without 3 requests of ocr.claims: no price"."""
    if not bill.unpriced:
        return str(bill)
    missing = " and ".join(f"{count:,} requests of {name}" for name, count in sorted(bill.unpriced.items()))
    return f"{bill}, without {missing}: no price" if bill.amount else f"no price for {missing}"
