"""``cvs-async status``: counts of a journal, also while its batch is running."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer
from rich.table import Table

from .._text.json import dumps
from ..batch.journal import JournalFigures
from ..batch.journal.several import Journals
from ..batch.prices import Bill
from ._common import STATES, JournalPaths, console, exit_on_error, format_span, format_time, print_result
from ._prices import PriceFile, PriceList, format_bill, parse_prices

MEANINGS = {
    "planned": "known, never sent",
    "sent": "sent, not answered yet",
    "billed": "answered and paid for",
    "free": "ended without charge",
    "unknown": "possibly paid for: connection lost, or answered without a code",
}


def command(
    journals: JournalPaths,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
    price: PriceList = None,
    prices: PriceFile = None,
) -> None:
    """Print progress, charges and remaining items of batches from their journals, also while they are running.

    Several journals are added up. A document in more than one of them counts once, and so does a request that two
    journals have because one is a copy of the other.
    """
    with exit_on_error():
        with Journals(journals) as opened:
            each = opened.figures()
            total = opened.sum_up(each)
            bill = None
            if known := parse_prices(price, prices, opened.billed):
                bill = known.bill(opened.billed())
            remarks = opened.remarks
        paths = [reader.path for reader in opened.readers]
        if as_json:
            print_result(dumps(_plain_sum(total, dict(zip(paths, each, strict=True))) | _plain_bill(bill)))
        else:
            _print(total, bill)
            for path, figures in zip(paths, each, strict=True):
                name = f"{path}: " if len(paths) > 1 else ""
                console().print(f"{name}{_activity(figures)}", markup=False)
            for remark in remarks:
                console().print(remark, markup=False)


def _in_doubt(figures: JournalFigures) -> int:
    """Return the number of documents whose last request may have been charged, has no reply and is not in flight."""
    return figures.states["unknown"] - figures.answered + figures.states["sent"] - figures.in_flight


def _left(figures: JournalFigures) -> int | None:
    """Return the number of items without an outcome, as last recorded by the batch; None if unknown."""
    noted = figures.noted or {}
    if noted.get("total") is None:
        return None
    return max(int(noted["total"]) - _through(noted), 0)


def _through(noted: Mapping[str, Any]) -> int:
    """Return the number of items with an outcome, and of skipped ones."""
    return sum(noted.get(name) or 0 for name in ("done", "failed", "held", "skipped"))


def _plain(figures: JournalFigures) -> dict[str, Any]:
    plain = {"running": figures.writer is not None, "left": _left(figures), "in_doubt": _in_doubt(figures)}
    plain["not_sent"] = figures.states["planned"]
    return attrs.asdict(figures) | plain


def _plain_sum(total: JournalFigures, each: Mapping[Path, JournalFigures]) -> dict[str, Any]:
    """Return one journal's figures, or the sum of several with the figures of each."""
    if len(each) == 1:
        return _plain(total)
    left = [number for figures in each.values() if (number := _left(figures)) is not None]
    plain = {
        "running": any(figures.writer is not None for figures in each.values()),
        "left": sum(left) if len(left) == len(each) else None,
        "journals": [{"path": str(path)} | _plain(figures) for path, figures in each.items()],
    }
    return _plain(total) | plain


def _plain_bill(bill: Bill | None) -> dict[str, Any]:
    if bill is None:
        return {}
    return {"amount": f"{bill.amount:f}", "currency": bill.currency, "unpriced": dict(bill.unpriced)}


def _print(figures: JournalFigures, bill: Bill | None) -> None:
    out = console()
    documents = Table("documents", "", "", title_justify="left")
    for state, number in figures.states.items():
        documents.add_row(STATES.get(state, state), f"{number:,}", MEANINGS[state])
    documents.add_row("all", f"{figures.documents:,}", f"under {figures.sources:,} names", end_section=True)
    documents.columns[1].justify = "right"
    out.print(documents)
    lines = [
        f"Requests: {figures.billed:,} billed, {figures.free:,} free, {figures.unknown:,} unknown, "
        f"{figures.in_flight:,} in flight.",
        *(f"Cost of billed requests: {format_bill(one)}." for one in filter(None, [bill])),
        f"Duplicates: {figures.duplicates:,}. In doubt: {_in_doubt(figures):,}.{_answered(figures)}",
        f"Answered by {figures.origin or 'a service that was not noted'}.",
        f"Since {format_time(figures.first_at)}; last request {format_time(figures.last_at)}.",
    ]
    for line in lines:
        out.print(line, markup=False)


def _answered(figures: JournalFigures) -> str:
    if not figures.answered:
        return ""
    return f" Answered, with an unknown charge: {figures.answered:,}."


def _activity(figures: JournalFigures) -> str:
    """Return a sentence on the batch that is running, or on the last one."""
    return _running(figures) if figures.writer is not None else _ended(figures)


def _running(figures: JournalFigures) -> str:
    noted = figures.noted or {}
    total = "?" if noted.get("total") is None else f"{noted['total']:,}"
    return (
        f"Process {figures.writer} is running a batch: {_through(noted):,} of {total} items "
        f"({noted.get('done', 0):,} done, {noted.get('failed', 0):,} failed, {noted.get('held', 0):,} held), "
        f"{noted.get('rate', 0)} a second, {format_span(noted.get('eta'))} left."
    )


def _ended(figures: JournalFigures) -> str:
    if figures.noted is None:
        return "No batch is running."
    left, held = _left(figures), figures.noted.get("held", 0)
    remaining = "an unknown number of items remained"
    if left is not None:
        remaining = f"{left:,} items remained"
    last = format_time(figures.noted_at)
    sentence = f"No batch is running. When the last one ended, {last}, {remaining} and {held:,} were held."
    if left == held == 0:
        return sentence
    return f"{sentence} To resume, run the same command again."
