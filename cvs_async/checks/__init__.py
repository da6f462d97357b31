"""Checks of what was read, which cost nothing: numbers, dates, check digits and sums that contradict each other."""

from ..models.finding import Finding, FindingKind
from .papers import check_paper
from .zones import check_digit, check_zone

__all__ = ["Finding", "FindingKind", "check_digit", "check_paper", "check_zone"]
