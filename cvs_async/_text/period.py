"""A period of days."""

from __future__ import annotations

from attrs import frozen


@frozen
class Period:
    """Days from `since` to `until`, both included; None for no bound. Days are texts such as ``2026-11-24``."""

    since: str | None = None
    until: str | None = None

    def __contains__(self, day: str) -> bool:
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None

    def __str__(self) -> str:
        bounds = (("from", self.since), ("to", self.until))
        return " ".join(f"{word} {day}" for word, day in bounds if day is not None)
