"""The cost of billed requests in money, computed exactly from the user's prices."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from attrs import evolve, field, frozen

from ..errors import InvalidInputError
from ..models.amounts import Amount, parse_amount

DIGITS = 9
"""Maximum number of digits before and after the decimal point of a price, so that sums stay exact."""

_TWO_WAYS = re.compile(r"\D*[1-9]\d{0,2}[.,]\d{3}\D*")
"""Ambiguous prices, which are refused: 1.000 is a thousand in Vietnam and one elsewhere. Đồng have no decimals."""


@frozen
class Bill:
    """A sum of money.

    Attributes:
        amount: of requests whose operation has a price.
        currency: as given with the prices; None if not given.
        unpriced: number of requests of operations without a price, by operation; not included in `amount`.
    """

    amount: Decimal
    currency: str | None = None
    unpriced: Mapping[str, int] = field(factory=dict)

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency or ''}".rstrip()


def _exact(prices: Mapping[str, Decimal | int | str]) -> dict[str, Decimal]:
    return {operation: _price(operation, price) for operation, price in prices.items()}


@frozen
class Prices:
    """The price of one billed request of each operation: ``Prices({"ocr.card": 1000}, "VND")``.

    Args:
        each: prices by operation. A float is refused, because it is not exact.
        currency: appended to sums.

    Raises:
        InvalidInputError: a price is not a number of at least 0, or has more than 9 digits before or after the point.
    """

    each: Mapping[str, Decimal] = field(converter=_exact)
    currency: str | None = None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read prices from a TOML file with lines such as ``ocr.card = 1000``, and optionally ``currency = "VND"``.

        Raises:
            InvalidInputError: the file cannot be read, or contains anything else.
        """
        try:
            found = tomllib.loads(Path(path).read_text("utf-8-sig"), parse_float=Decimal)
        except OSError as error:
            raise InvalidInputError(f"prices {path}: {error.strerror or 'cannot be read'}") from error
        except UnicodeDecodeError:
            raise InvalidInputError(f"prices {path}: is not in UTF-8; save the file as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise InvalidInputError(
                f"prices {path}: is not TOML ({error}); write lines such as: ocr.card = 1000"
            ) from None
        currency = found.pop("currency", None)
        if not isinstance(currency, (str, type(None))):
            raise InvalidInputError(f'prices {path}: currency must be text, such as currency = "VND"')
        try:
            return cls._of(_flat(found), currency)
        except InvalidInputError as error:
            raise InvalidInputError(f"prices {path}: {error}") from None

    @classmethod
    def parse(cls, given: Iterable[str]) -> Self:
        """Read prices such as ``ocr.card=1000`` or ``ocr.card=1000đ``.

        Raises:
            InvalidInputError: a price cannot be parsed, or an operation has two prices.
        """
        pairs = [(operation.strip(), price.strip()) for operation, _, price in (one.partition("=") for one in given)]
        for operation, price in pairs:
            if not operation or not price:
                raise InvalidInputError(f"a price is OPERATION=AMOUNT, such as ocr.card=1000, and not {operation}")
        twice = [operation for operation, prices in Counter(name for name, _ in set(pairs)).items() if prices > 1]
        if twice:
            raise InvalidInputError(f"{twice[0]} has two prices: give one")
        return cls._of(dict(pairs), None)

    @classmethod
    def _of(cls, prices: Mapping[str, object], currency: str | None) -> Self:
        amounts = {operation: _amount(operation, price) for operation, price in prices.items()}
        units = {unit for amount in amounts.values() if (unit := amount.unit)}
        if currency:
            units.add(currency)
        if len(units) > 1:
            raise InvalidInputError(f"prices are in {' and '.join(sorted(units))}: give all in one currency")
        return cls({operation: amount.value for operation, amount in amounts.items()}, next(iter(units), None))

    def with_others(self, others: Prices) -> Prices:
        """Return these prices and others, which take precedence.

        Raises:
            InvalidInputError: the two are in different currencies.
        """
        if self.currency and others.currency and self.currency != others.currency:
            raise InvalidInputError(f"prices are in {self.currency} and {others.currency}: give all in one currency")
        return evolve(others, each={**self.each, **others.each}, currency=others.currency or self.currency)

    def bill(self, requests: Mapping[str, int]) -> Bill:
        """Return the cost of these requests.

        Args:
            requests: number of requests by operation.
        """
        amount = sum((self.each[name] * count for name, count in requests.items() if name in self.each), Decimal())
        unpriced = {name: count for name, count in requests.items() if count and name not in self.each}
        return Bill(amount, self.currency, unpriced)


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Return prices by full names: TOML reads ``ocr.card`` as a key in a table."""
    flat: dict[str, object] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _amount(operation: str, given: object) -> Amount:
    """Return a price from a number, or from text with a currency."""
    if isinstance(given, (int, Decimal)) and not isinstance(given, bool):
        return Amount(Decimal(given))
    amount = parse_amount(given) if isinstance(given, str) else None
    if amount is None or amount.unit == "%":
        raise InvalidInputError(f"the price of {operation} must be a number, such as 1000 or 0.05 USD, not {given}")
    if amount.unit != "VND" and _TWO_WAYS.fullmatch(str(given)):
        whole = f"{amount.value:f}"
        raise InvalidInputError(
            f"the price of {operation} can be read in two ways, {given}: write {whole}, or {whole[:-3]}.{whole[-3:]}0"
        )
    return amount


def _price(operation: str, given: Decimal | int | str) -> Decimal:
    if isinstance(given, (bool, float)):
        raise InvalidInputError(f"the price of {operation} must be a Decimal, whole number or text, not {given!r}")
    price = _amount(operation, given).value
    if not price.is_finite() or price < 0:
        raise InvalidInputError(f"the price of {operation} must be at least 0, not {given}")
    exponent = price.as_tuple().exponent
    if price >= 10**DIGITS or (isinstance(exponent, int) and exponent < -DIGITS):
        raise InvalidInputError(f"the price of {operation} has more than {DIGITS} digits: {given}")
    return price
