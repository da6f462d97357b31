"""What a check finds in a paper that was read."""

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
"""What is wrong: see `cvs_async.checks.check_paper` for all kinds but the last, which `pair` finds."""


@frozen
class Finding(Serializable):
    """One contradiction. It names fields and never holds their values, so that it may be logged.

    Attributes:
        path: the field, as in the columns of tables: ``info.id``, ``info.table.0.5``.
        kind: what is wrong, for programs.
        message: what is wrong, for people.
    """

    path: str
    kind: FindingKind
    message: str

    def below(self, prefix: str) -> Finding:
        """Return the finding with its path seen from a document further out."""
        return evolve(self, path=f"{prefix}.{self.path}") if prefix else self
