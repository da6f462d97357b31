"""Checks of what was read, which cost nothing: numbers, dates, check digits and sums that contradict each other."""

from typing import TYPE_CHECKING

from .._names import missing
from ..models.finding import Finding, FindingKind
from .papers import check_paper
from .zones import check_digit, check_zone

__all__ = ["Finding", "FindingKind", "check_digit", "check_paper", "check_zone"]


def __dir__() -> list[str]:
    """List what is for users: the modules of this package are not."""
    return __all__


if not TYPE_CHECKING:  # for them a wrong name stays an error

    def __getattr__(name: str) -> object:
        raise missing(__name__, name)
