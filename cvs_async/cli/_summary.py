"""What a batch has come to, in a few lines."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from .. import errors
from ..batch import Bill, Failed, Outcome, Stats
from ..batch.outcome import name_of
from ..errors import CVSError
from ._common import FAILED, HELD
from ._prices import told_bill

SHOWN = 3
"""How many failed items of each kind are named."""

MEANINGS = {
    "APIError": "the service refused it with a code that is not documented",
    "ConfigurationError": "the client cannot work as it is set up; nothing was sent",
    "ConnectError": "the service could not be reached; nothing was sent",
    "ConnectionLostError": "the connection broke before the answer came; what it cost is unknown",
    "DecodeError": "the answer is not what the service should send",
    "InvalidInputError": "a file, URL or argument cannot be used; nothing was sent",
    "RateLimitedError": "too many requests at once (HTTP 429): lower --concurrency, or give a --rate",
    "RedirectError": "the service answered with a redirect, which is never followed",
    "ResponseTooLargeError": "the answer is larger than max_response_bytes",
    "ServerError": "the service, or a proxy before it, has failed (HTTP 5xx)",
    "TimeoutError": "it took longer than the timeout",
    "TransportError": "no answer came back",
}
"""By the name of the error. What is not here has a description that is such a clause itself."""


class Failures:
    """The first failed items of each kind of error."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}

    def add(self, outcome: Outcome[Any]) -> None:
        """Take an outcome into account."""
        if isinstance(outcome, Failed):
            said = self._said.setdefault(type(outcome.error).__name__, [])
            if len(said) < SHOWN:
                said.append(_which_and_why(outcome))

    def of(self, kind: str) -> list[str]:
        """Return a line for each of the first items that failed with an error of this kind."""
        return self._said.get(kind, [])


def print_summary(console: Console, stats: Stats, failures: Failures, bill: Bill | None = None) -> None:
    """A batch in a few lines; with what it cost in money, where there are prices."""
    noun = "item" if stats.finished == 1 else "items"
    known = told(stats, "replayed", "deduplicated", "skipped")
    console.print(
        f"{stats.finished} {noun}: {stats.done} done, {stats.failed} failed, {stats.held} held; "
        f"{stats.billed} billed, {stats.free} free, {stats.unknown} unknown, {stats.not_sent} not sent; "
        f"{f'{known}; ' if known else ''}{stats.elapsed:.1f} s, {_sent_rate(stats):.1f} sent a second"
    )
    if bill is not None:
        more = f"; {stats.unknown} unknown are not in it" if stats.unknown else ""
        console.print(f"  billed: {told_bill(bill)}{more}")
    for kind, times in stats.errors.most_common():
        if kind == CVSError.__name__:  # of held items: they are told by their reasons
            continue
        console.print(f"  {times} × {kind}: {meaning(kind)}")
        for line in failures.of(kind):
            console.print(f"    {line}")


def exit_code(stats: Stats) -> int:
    """0 only if every item is done."""
    if stats.held:
        return HELD
    return FAILED if stats.failed else 0


def meaning(kind: str) -> str:
    """Return what an error of this name means, as a clause without a full stop."""
    described = getattr(errors, kind, CVSError).__doc__ or ""
    return MEANINGS.get(kind) or " ".join(described.partition("\n\n")[0].split()).rstrip(".")


def told(stats: Stats, *names: str) -> str:
    """Return the numbers of these names that are not 0: "5 done, 1 failed"."""
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name in names if (number := getattr(stats, name)))


def _sent_rate(stats: Stats) -> float:
    """Items with an outcome of this run a second; what was held unsent or replayed took no time of the service."""
    return (stats.billed + stats.free + stats.unknown) / max(stats.elapsed, 1e-9)


def _which_and_why(outcome: Failed) -> str:
    name, text = name_of(outcome.item.source), str(outcome.error)
    return text if name in text else f"{name}: {text}"
