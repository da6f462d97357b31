"""Findings of checks."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import evolve, frozen

from .dictionaries import Serializable

FindingKind: TypeAlias = Literal[
    "number_form",
    "province",
    "birth_year",
    "sex",
    "check_digit",
    "date_impossible",
    "date_order",
    "date_future",
    "expired",
    "amount",
    "balance",
    "sides_differ",
]
"""Kind of contradiction: see `cvs_async.checks.check_paper` for all kinds except the last, which `pair` finds."""


@frozen
class Finding(Serializable):
    """A contradiction. It names fields and never contains their values, so it may be logged.

    Attributes:
        path: path of the field, such as ``info.id`` or ``info.table.0.5``.
        kind: kind of contradiction, for programs.
        message: description, for people.
    """

    path: str
    kind: FindingKind
    message: str

    def below(self, prefix: str) -> Finding:
        """Return the finding with its path relative to an enclosing document."""
        if not prefix:
            return self
        return evolve(self, path=f"{prefix}.{self.path}")
