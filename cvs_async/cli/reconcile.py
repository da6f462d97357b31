"""``cvs-async reconcile``: charges by day, to compare with the vendor's invoice."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import IO, Annotated, TypeAlias

import typer
from attrs import define, field
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .._system.atomic import AtomicFile
from .._system.stdout import check_stdout
from .._text.escape import escaped
from .._text.period import Period
from ..batch.journal import Charges
from ..batch.journal.several import Journals
from ..batch.prices import Bill, Prices
from ..batch.sinks import refusal
from ..batch.tables import FORMULA
from ._against import MATCHES, MEANINGS, Comparison, Joined, Pair, joining
from ._common import JournalPaths, console, exit_on_error, messages
from ._places import refuse_existing, refuse_overlap
from ._prices import PriceFile, PriceList, bill_of, format_bill, parse_prices
from ._zones import VIETNAM, SinceOption, UntilOption, format_moment, parse_period, parse_zone

STDOUT = "-"
ABOUT = ("operation", "key", "source", "id", "papers", "check_sum")
COUNTED = ("billed", "free", "free_by_code", "unknown")
TIMES = ("sent_at", "ended_at")
COLUMNS = ("day", *ABOUT, *COUNTED, *TIMES)
MATCHED = ("match", *ABOUT, *COUNTED, "vendor_billed", "vendor_free", *TIMES)
COPIES = " | "
"""Separator between the names of a document; several inputs of one item are separated by commas."""

Write: TypeAlias = Callable[[Sequence[object]], object]


def command(
    journals: JournalPaths,
    table: Annotated[
        str | None,
        typer.Option(
            "--csv", help="New CSV file with a row for each document and day; - is standard output.", metavar="FILE"
        ),
    ] = None,
    zone: Annotated[
        str, typer.Option("--tz", help=f"Time zone of days and times, such as {VIETNAM}.", metavar="ZONE")
    ] = "UTC",
    since: SinceOption = None,
    until: UntilOption = None,
    price: PriceList = None,
    prices: PriceFile = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Vendor's list of requests to compare with: CSV with a column check_sum.", metavar="FILE"),
    ] = None,
) -> None:
    """Count billed, free and possibly billed requests by day and operation.

    With --against, your requests are compared with those in the vendor's list by check_sum, which is the beginning of
    the document's key unless you set it. A line of the list is one charged request, unless it has a column count,
    charge or code. --csv then has a row for each check_sum and the result of the comparison. If the list covers only
    some days, select them with --since and --until.
    """
    with exit_on_error(), ExitStack() as stack:
        days = parse_zone(zone)
        period = parse_period(since, until)
        opened = stack.enter_context(Journals(journals))
        if table not in (None, STDOUT):
            refuse_overlap(journals, Path(table), None, inputs=map(os.fspath, filter(None, [against])))
        known = parse_prices(price, prices, opened.billed)
        joined: Joined | None = None
        if against is not None:
            joined = stack.enter_context(joining())
            joined.read(against)
        write: Write = _discard
        if table is not None:
            write = _writer(stack.enter_context(_opened(table)))
        charges = _within(opened.reconcile(days, papers=table is not None), period, joined)
        if joined is None:
            sums = _sum_up(_written(charges, days, known, write))
        else:
            sums = _sum_up(_joined(charges, joined))
            _write_matches(joined, days, write)
        out = messages() if table == STDOUT else console()
        _print(out, sums, ", ".join(filter(None, (zone, str(period)))), known, opened)
        if joined is not None:
            _print_matches(out, joined.comparison)
        for remark in opened.remarks:
            messages().print(remark, markup=False)


@define
class Sum:
    """Counts of one day and operation.

    Attributes:
        documents: number of documents with a request on that day.
        billed, unknown: number of requests with this charge.
        free: number of free requests by code.
    """

    documents: int = 0
    billed: int = 0
    free: Counter[str] = field(factory=Counter)
    unknown: int = 0
    _key: str | None = None

    def add(self, charges: Charges) -> None:
        """Add charges. Those of one document must follow each other."""
        self.documents += charges.key != self._key
        self._key = charges.key
        self.billed += charges.billed
        self.free.update({str(code): number for code, number in charges.free.items()})
        self.unknown += charges.unknown


Sums: TypeAlias = dict[tuple[str, str], Sum]


def _within(found: Iterator[Charges], period: Period, joined: Joined | None) -> Iterator[Charges]:
    """Yield the charges of a period."""
    for charges in found:
        if charges.day in period:
            yield charges
        elif joined is not None:
            joined.add_elsewhen(charges)


def _sum_up(found: Iterable[Charges]) -> Sums:
    sums: Sums = {}
    for charges in found:
        sums.setdefault((charges.day, charges.operation), Sum()).add(charges)
    return sums


def _joined(found: Iterable[Charges], joined: Joined) -> Iterator[Charges]:
    """Yield charges after adding them to a comparison."""
    for charges in found:
        joined.add(charges)
        yield charges


def _written(found: Iterable[Charges], zone: tzinfo, prices: Prices | None, write: Write) -> Iterator[Charges]:
    """Yield charges after writing their rows."""
    write(COLUMNS if prices is None else (*COLUMNS, "amount", "currency"))
    for charges in found:
        write((*_row(charges, zone), *_amount(charges, prices)))
        yield charges


def _row(charges: Charges, zone: tzinfo) -> Sequence[object]:
    free = Counter({str(code): number for code, number in charges.free.items()})
    about = (charges.operation, charges.key, *_names(charges.sources), charges.papers, charges.check_sum)
    counted = (charges.billed, free.total(), _by_code(free), charges.unknown)
    return (charges.day, *about, *counted, *(format_moment(at, zone) for at in (charges.sent_at, charges.ended_at)))


def _amount(charges: Charges, prices: Prices | None) -> Sequence[object]:
    """Return the cells for amount and currency; none without prices."""
    if prices is None:
        return ()
    bill = prices.bill({charges.operation: charges.billed})
    if charges.operation not in prices.each:
        return "", bill.currency
    return f"{bill.amount:f}", bill.currency


def _write_matches(joined: Joined, zone: tzinfo, write: Write) -> None:
    write(MATCHED)
    for pair in joined.pairs():
        write(_matched(pair, zone))


def _matched(pair: Pair, zone: tzinfo) -> Sequence[object]:
    free = Counter[str]()
    for one in pair.ours:
        free.update(one["free"])
    operations, keys = (COPIES.join(dict.fromkeys(one[name] for one in pair.ours)) for name in ("operation", "key"))
    sources = list(dict.fromkeys((name, reference) for one in pair.ours for name, reference in one["sources"]))
    papers = [one["papers"] for one in pair.ours if one["papers"] is not None]
    sent = min((one["sent_at"] for one in pair.ours), default=None)
    ended = max((one["ended_at"] for one in pair.ours if one["ended_at"] is not None), default=None)
    about = (operations, keys, *_names(sources), sum(papers) if papers else None, pair.check_sum)
    counted = (pair.billed, pair.free, _by_code(free), pair.unknown, pair.their_billed, pair.their_free)
    return (pair.match, *about, *counted, format_moment(sent, zone), format_moment(ended, zone))


def _names(sources: Sequence[tuple[str, str | None]]) -> tuple[str, str]:
    """Return the names of a document and the user's ids, an id for each name if there is any."""
    names = COPIES.join(name for name, _ in sources)
    references = [reference or "" for _, reference in sources]
    if not any(references):
        return names, ""
    return names, COPIES.join(references)


def _by_code(free: Counter[str]) -> str:
    return ", ".join(f"{number} × {code}" for code, number in sorted(free.items()))


def _print(out: Console, sums: Sums, zone: str, prices: Prices | None, journals: Journals) -> None:
    table = _table(f"Documents and requests by day ({zone})")
    heads = ["day", "documents", "requests\nbilled", "requests\nunknown"]
    if prices is not None:
        heads.append("cost of\nbilled")
    for head in heads:
        table.add_column(Text(head), no_wrap=True)
    for head in ("operation", "requests free,\nby code"):
        table.add_column(Text(head), overflow="fold")
    billed, free, unknown = Counter[str](), 0, 0
    for (day, operation), one in sums.items():
        billed[operation] += one.billed
        free += one.free.total()
        unknown += one.unknown
        numbers = (f"{number:,}" for number in (one.documents, one.billed, one.unknown))
        by_code = f"{one.free.total():,} ({_by_code(one.free)})".removesuffix(" ()")
        table.add_row(day, *numbers, *_cost(bill_of(prices, {operation: one.billed})), operation, by_code)
    bill = bill_of(prices, billed)
    totals = ["all", "", f"{billed.total():,}", f"{unknown:,}", *_cost(bill), "", f"{free:,}"]
    for column, total in zip(table.columns, totals, strict=True):
        column.footer = total
    table.show_footer = True
    out.print(table)
    if bill is not None:
        out.print(f"Cost of billed requests: {format_bill(bill)}.")
    if not_sent := journals.sum_up(journals.figures()).states["planned"]:
        out.print(f"Documents not sent and not listed: {not_sent:,}.")


def _table(title: str) -> Table:
    return Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)


def _cost(bill: Bill | None) -> list[str]:
    """Return the cell with a cost, "" if no price is known; no cell without prices."""
    if bill is None:
        return []
    if bill.unpriced and not bill.amount:
        return [""]
    return [f"{bill.amount:,f}"]


def _print_matches(out: Console, comparison: Comparison) -> None:
    table = _table("check_sums in these journals and in the vendor's file")
    for head in ("match", "check_sums", "ours:\nbilled", "unknown", "theirs:\nbilled"):
        table.add_column(Text(head), no_wrap=True)
    table.add_column("")
    for match in MATCHES:
        sums = comparison.sums[match]
        numbers = (sums.check_sums, sums.billed, sums.unknown, sums.their_billed)
        table.add_row(match, *(f"{number:,}" for number in numbers), MEANINGS[match])
    out.print(table)
    for remark in comparison.remarks:
        out.print(remark)


def _discard(_: Sequence[object]) -> None:
    """Write no row, if no CSV is required."""


def _writer(file: IO[str]) -> Write:
    shown: Callable[[str], str]
    if file.isatty():
        shown, end = escaped, "\n"
    else:
        shown, end = str, "\r\n"
    rows = csv.writer(file, lineterminator=end)
    return lambda cells: rows.writerow([_cell(cell, shown) for cell in cells])


def _cell(value: object, shown: Callable[[str], str]) -> object:
    """Return a spreadsheet cell, escaped so that it is not run as a formula or obeyed by a terminal."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    if value.startswith(FORMULA):
        value = f"'{value}"
    return shown(value)


@contextmanager
def _opened(name: str) -> Iterator[IO[str]]:
    """Open standard output, or a new private file that gets its name when it is complete."""
    if name == STDOUT:
        check_stdout()
        yield sys.stdout
        return
    path = Path(name)
    refuse_existing(path)
    new = AtomicFile(path)
    try:
        raw = new.open()
    except OSError as error:
        raise refusal(path, error) from error
    try:
        with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.commit()
    except FileExistsError as error:
        raise refusal(path, error, "choose another name") from error
    finally:
        new.discard()
