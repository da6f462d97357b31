"""Summary of a finished batch, and the plan of a dry run."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from .. import errors
from ..batch import Bill, Failed, Outcome, Stats
from ..batch.outcome import name_of
from ..batch.plan import Plan
from ..batch.prices import Prices
from ..batch.sources.listing import format_passed_over
from ..errors import CVSError
from ._common import FAILED, HELD, STATES, console
from ._prices import format_bill

SHOWN = 3
"""Number of failed items listed for each kind of error."""

MEANINGS = {
    "APIError": "the service refused it with an undocumented code",
    "ConfigurationError": "the client is misconfigured; nothing was sent",
    "ConnectError": "the service could not be reached; nothing was sent",
    "ConnectionLostError": "the connection broke before the answer arrived; the charge is unknown",
    "DecodeError": "the answer is not valid",
    "InvalidInputError": "a file, URL or argument is unusable; nothing was sent",
    "RateLimitedError": "too many concurrent requests (HTTP 429): lower --concurrency or set --rate",
    "RedirectError": "the service sent a redirect, which is never followed",
    "ResponseTooLargeError": "the answer is larger than max_response_bytes",
    "ServerError": "the service or a proxy failed (HTTP 5xx)",
    "TimeoutError": "it took longer than the timeout",
    "TransportError": "no usable answer arrived",
}
"""Explanations by error name. Other errors have a description that is itself such a clause."""


class Failures:
    """The first failed items of each kind of error."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def add(self, outcome: Outcome[Any]) -> None:
        """Record an outcome."""
        if isinstance(outcome, Failed):
            lines = self._lines.setdefault(type(outcome.error).__name__, [])
            if len(lines) < SHOWN:
                lines.append(_which_and_why(outcome))

    def of(self, kind: str) -> list[str]:
        """Return a line for each of the first items that failed with an error of this kind."""
        return self._lines.get(kind, [])


def print_summary(console: Console, stats: Stats, failures: Failures, bill: Bill | None = None) -> None:
    """Print the counts of a batch, its cost if prices are known, and its errors."""
    noun = "item" if stats.finished == 1 else "items"
    known = format_counts(stats, "replayed", "deduplicated", "skipped")
    console.print(
        f"{stats.finished} {noun}: {stats.done} done, {stats.failed} failed, {stats.held} held; "
        f"{stats.billed} billed, {stats.free} free, {stats.unknown} unknown, {stats.not_sent} not sent; "
        f"{f'{known}; ' if known else ''}{stats.elapsed:.1f} s, {_sent_rate(stats):.1f} sent a second"
    )
    if bill is not None:
        more = f"; {stats.unknown} unknown are not in it" if stats.unknown else ""
        console.print(f"  billed: {format_bill(bill)}{more}")
    for kind, times in stats.errors.most_common():
        if kind == CVSError.__name__:  # error of held items, which are listed by reason
            continue
        console.print(f"  {times} × {kind}: {meaning(kind)}")
        for line in failures.of(kind):
            console.print(f"    {line}")


def exit_code(stats: Stats) -> int:
    """Return 0 only if every item is done."""
    if stats.held:
        return HELD
    if stats.failed:
        return FAILED
    return 0


def meaning(kind: str) -> str:
    """Return the explanation of an error as a clause without a full stop."""
    described = getattr(errors, kind, CVSError).__doc__ or ""
    return MEANINGS.get(kind) or " ".join(described.partition("\n\n")[0].split()).rstrip(".")


def format_counts(stats: Stats, *names: str) -> str:
    """Format the named counts that are not 0, such as "5 done, 1 failed"."""
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name in names if (number := getattr(stats, name)))


def _sent_rate(stats: Stats) -> float:
    """Return the requests a second of this run, without items that were replayed or never sent."""
    return (stats.billed + stats.free + stats.unknown) / max(stats.elapsed, 1e-9)


def _which_and_why(outcome: Failed) -> str:
    name, text = name_of(outcome.item.source), str(outcome.error)
    if name in text:
        return text
    return f"{name}: {text}"


def skipped(by_extension: Counter[str]) -> list[str]:
    """Return a sentence that counts the skipped files; none without any."""
    if not by_extension:
        return []
    return [f"{format_passed_over(by_extension)}."]


def print_plan(plan: Plan, prices: Prices | None, nothing_found: str) -> None:
    """Print what a batch would do and its maximum cost; `nothing_found` is the sentence for a batch without items."""
    table = Table("", "", show_header=False)
    table.add_row("items", f"{plan.count:,}")
    table.add_row("bytes", f"{plan.bytes:,}")
    pages = "unknown; to count them: pip install 'cvs_async[pdf]'"
    if plan.pages is not None:
        pages = f"{plan.pages:,}"
    table.add_row("pages", pages)
    table.add_row("duplicates", f"{plan.duplicates:,}")
    table.add_row("unreadable", f"{plan.unreadable_count:,}")
    for state, number in sorted(plan.known.items()):
        table.add_row(f"in the journal: {STATES.get(state, state)}", f"{number:,}")
    table.add_row("maximum billed calls", f"{plan.most_billed:,}")
    if prices is not None:
        table.add_row("maximum cost", format_bill(plan.cost(prices)))
    out = console()
    out.print("Nothing was sent. A run would process:")
    out.print(table)
    for sentence in skipped(plan.passed_over):
        out.print(sentence)
    if plan.count == 0:
        out.print(nothing_found, markup=False)
    for _, reason in plan.unreadable:
        out.print(reason, markup=False)
    if plan.unreadable_count > len(plan.unreadable):
        out.print(f"… and {plan.unreadable_count - len(plan.unreadable):,} more", markup=False)
