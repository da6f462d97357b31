"""Find contradictions in results: numbers, dates, check digits, sums. Nothing is sent, so it is free."""

from typing import TYPE_CHECKING

from .._text.names import missing
from ..models.finding import Finding, FindingKind
from .papers import check_paper
from .zones import check_digit, check_zone

__all__ = ["Finding", "FindingKind", "check_digit", "check_paper", "check_zone"]


def __dir__() -> list[str]:
    """List the public names, without the modules of this package."""
    return __all__


if not TYPE_CHECKING:  # type checkers report a wrong name

    def __getattr__(name: str) -> object:
        raise missing(__name__, name)
