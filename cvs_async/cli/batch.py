"""``cvs-async batch``: one operation over many files."""

from __future__ import annotations

import shlex
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from attrs import define, field

from .._limits.pace import RateLimit
from ..batch import Batch, Held
from ..batch.outcome import Reason
from ..batch.prices import Prices
from ..client import AsyncCVS
from ..errors import InvalidInputError
from ._client import AllowInsecure, BaseUrl, open_client
from ._common import (
    INTERRUPTED,
    MOST_CALLS,
    Fields,
    GetThumb,
    Operation,
    SendAsOption,
    Settings,
    ThumbsOption,
    check_thumbs,
    exit_on_error,
    fail,
    find_operation,
    gentle_interrupt,
    is_terminal,
    messages,
    options_of,
    other_than_auto,
    parse_fields,
    run,
)
from ._items import STDIN, Items, open_items
from ._places import refuse_existing, refuse_overlap, refuse_used
from ._prices import PriceFile, PriceList, bill_of, parse_prices
from ._progress import Display, beating
from ._results import (
    AmountsOption,
    DatesOption,
    DelimiterOption,
    ExcelOption,
    RawOption,
    Results,
    RowsOption,
    TableOptions,
    named,
)
from ._summary import Failures, exit_code, print_plan, print_summary, skipped

HELD_BECAUSE: dict[Reason, str] = {
    "quota": "the account is out of requests",
    "in_doubt": "sent without an answer; --in-doubt retry sends them again and may pay twice",
    "ceiling": "--max-billed is reached",
    "stop": "the batch stopped before sending them",
}

NOWHERE = (
    "Nothing was sent: the results would flood this terminal. Write them to a file: --out results.jsonl, .csv"
    " or .parquet, or use a pipe; --out - prints them here anyway."
)

MOST_BY_ITSELF = 256
"""Upper limit of ``--concurrency auto``."""


def command(
    operation: Operation,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, quoted patterns such as 'scans/**/*.jpg', URLs; - reads them from standard input.",
            metavar="PATH",
            show_default=False,
        ),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="List of files to use instead of paths, with ids and arguments: JSON Lines or CSV.", metavar="FILE"
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Files or subfolders to skip, such as '*_draft.pdf'. Repeatable.",
            metavar="PATTERN",
        ),
    ] = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Paths on standard input end with NUL, as those of find -print0.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Results file: .csv, .parquet, .xlsx or .jsonl. Default, and -: standard output.", metavar="FILE"
        ),
    ] = None,
    fields: Fields = None,
    rows: RowsOption = "paper",
    dates: DatesOption = "printed",
    amounts: AmountsOption = "printed",
    raw: RawOption = False,
    delimiter: DelimiterOption = None,
    excel: ExcelOption = False,
    append: Annotated[bool, typer.Option("--append", help="Append to the results file if it exists.")] = False,
    thumbs: ThumbsOption = None,
    journal: Annotated[
        Path | None,
        typer.Option(help="Journal file. To resume, run the same command with it again.", metavar="FILE"),
    ] = None,
    moved_from: Annotated[
        str | None,
        typer.Option(help="Continue a journal whose service had this address.", metavar="URL"),
    ] = None,
    other_account: Annotated[
        bool, typer.Option("--other-account", help="Continue a journal that was paid for with another api_key.")
    ] = False,
    in_doubt: Annotated[
        str,
        typer.Option(
            help="Items sent by an earlier run without an answer: report, skip, or retry, which may pay twice.",
            metavar="ACTION",
        ),
    ] = "report",
    dedupe: Annotated[bool, typer.Option(help="With --journal, send only one of several identical files.")] = True,
    replay: Annotated[bool, typer.Option(help="Also output results that the journal already has.")] = True,
    quota: Annotated[
        str,
        typer.Option(
            help="If the account is out of requests: raise holds the remaining items, wait waits.", metavar="ACTION"
        ),
    ] = "raise",
    max_billed: Annotated[
        int | None, typer.Option(help="Maximum number of charged calls in this run.", min=0, metavar="N")
    ] = None,
    price: PriceList = None,
    prices: PriceFile = None,
    max_failures: Annotated[
        int,
        typer.Option(help="Stop after N consecutive failures not caused by files; 0 never stops.", min=0, metavar="N"),
    ] = 50,
    drain: Annotated[
        float,
        typer.Option(help="Seconds to wait for calls in flight after Ctrl-C, SIGTERM or SIGHUP.", min=0, metavar="N"),
    ] = 30.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the files, send nothing, and print the plan and its cost.")
    ] = False,
    concurrency: Annotated[
        str, typer.Option(help="Maximum number of calls in flight; auto adapts it.", metavar="N")
    ] = "16",
    rate: Annotated[
        float | None, typer.Option(help="Maximum number of requests a second.", min=0.001, metavar="N")
    ] = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="Write results in the order of the files.")] = False,
    settings: Settings = None,
    get_thumb: GetThumb = False,
    send_as: SendAsOption = "auto",
    base_url: BaseUrl = None,
    allow_insecure: AllowInsecure = False,
) -> None:
    """Read many files and record the outcome of each.

    Folders are searched recursively for pictures and PDFs. Operations with several inputs take files in groups.

    With --journal you can resume a batch, however it ended, with the same command, and nothing is paid for twice. Each
    run then rewrites the results file, under a hidden name until the end. It replaces only a file made with the same
    journal. After Ctrl-C, SIGTERM or loss of the terminal, the command waits for calls in flight; a second Ctrl-C ends
    it at once.

    Exit codes: 0 all items are done; 1 some failed; 3 some are held, and others may have failed; 2 the command was
    refused, or the journal or results cannot be written; 130 interrupted.
    """
    if out is None and not dry_run and is_terminal():
        fail(NOWHERE)
    out = named(out)
    endpoint = find_operation(operation)
    if not endpoint.images:
        fail(f"{operation} reads no files: use `cvs-async call`.")
    options = options_of(endpoint, settings, send_as=other_than_auto(send_as), get_thumb=get_thumb or None)
    if thumbs is not None and manifest is None:
        check_thumbs(endpoint, options)
    rules = {
        "journal": journal,
        "in_doubt": in_doubt,
        "dedupe": dedupe,
        "replay": replay,
        "quota": quota,
        "max_billed": max_billed,
        "max_consecutive_failures": max_failures or None,
        "moved_from": moved_from,
        "other_account": other_account,
        "ordered": ordered,
    }
    client = {
        "base_url": base_url,
        "allow_insecure": allow_insecure,
        "rate_limit": None if rate is None else RateLimit(rate),
        "drain_timeout": drain,
    } | _concurrency(concurrency)
    with exit_on_error():
        known_prices = parse_prices(price, prices)
        items = open_items(endpoint, paths or [], manifest, exclude or [], null)
        goes_on = journal is not None and replay and not append
        table = TableOptions(
            fields=parse_fields(fields),
            operation=(operation,),
            rows=rows,
            dates=dates,
            amounts=amounts,
            raw=raw,
            delimiter=delimiter,
            excel=excel,
        )
        results = Results(out, table, append=append, draft=goes_on, thumbs=thumbs)
        refuse_overlap([*filter(None, [journal])], out, thumbs, manifest=manifest, inputs=paths or [])
        if goes_on and journal is not None and not journal.exists():
            _refuse_unsafe(out, thumbs)
    bounds: dict[str, Any] = {"drain": drain, "dry_run": dry_run, "goes_on": goes_on}
    run(_batch(items, results, client, rules | options, journal=journal, prices=known_prices, **bounds))


async def _batch(
    items: Items,
    results: Results,
    client: dict[str, Any],
    options: dict[str, Any],
    *,
    journal: Path | None,
    drain: float,
    prices: Prices | None,
    dry_run: bool,
    goes_on: bool,
) -> int:
    async with open_client(files=items.paths, **client) as cvs:
        batch = cvs.batch(items.endpoint, items, concurrency=client["max_connections"], **options)
        if dry_run:
            items.ready.set()
            print_plan(await batch.plan(), prices, items.nothing_found)
            return 0
        if goes_on:
            results.notes = batch.journal
        return await Run(cvs, batch, items, results, journal, drain, prices).run()


@define(eq=False)
class Run:
    """One run of a batch."""

    cvs: AsyncCVS
    batch: Batch[Any]
    items: Items
    results: Results
    journal: Path | None
    drain: float
    prices: Prices | None = None
    interrupted: bool = False
    taken: int = 0
    held: Counter[Reason] = field(factory=Counter)
    failures: Failures = field(factory=Failures)
    scope: anyio.CancelScope = field(factory=anyio.CancelScope)

    async def run(self) -> int:
        """Run the batch and return the exit code."""
        try:
            with gentle_interrupt(self._stop, self.drain):
                await self._take_all()
        finally:
            if self.items.ready.is_set():
                self._sum_up()
        if self.interrupted:
            return INTERRUPTED
        return exit_code(self.batch.stats)

    async def _take_all(self) -> None:
        with Display(messages(), self.items.endpoint.name, self.batch.stats, lambda: self.cvs.stats) as display:
            async with self.batch as outcomes, self.results, beating(display.show, self._leave):
                self._count_aside()
                self.items.ready.set()
                with self.scope:
                    async for outcome in outcomes:
                        await self.results.write(outcome)
                        self.taken += 1
                        self.failures.add(outcome)
                        if isinstance(outcome, Held):
                            self.held[outcome.reason] += 1
                    self.results.whole = not self.interrupted and not self.batch.stats.skipped

    def _stop(self) -> None:
        self.interrupted = True
        self.batch.stop()
        messages().print(
            f"Stopping; {self.cvs.stats.in_flight} calls in flight have {self.drain:g} s to finish. "
            "Ctrl-C again ends at once.",
            markup=False,
        )

    def _leave(self) -> None:
        """While the batch is stopping, cancel calls that only wait to send, such as those at a closed gate."""
        client, stats = self.cvs.stats, self.batch.stats
        only_waits = client.in_flight == 0 and client.waiting == stats.in_flight > 0
        if self.interrupted and only_waits and self.taken == stats.finished:
            self.scope.cancel()

    def _sum_up(self) -> None:
        stats = self.batch.stats
        name = self.items.endpoint.name
        print_summary(messages(), stats, self.failures, bill_of(self.prices, {name: stats.billed}))
        sentences = [f"  {number} held: {HELD_BECAUSE[reason]}" for reason, number in self.held.most_common()]
        if self.results.path is not None and stats.errors and self.results.path.exists():
            sentences.append(f"For details see {self.results.path}.")
        sentences += self.results.remarks
        sentences += skipped(self.items.passed_over)
        if stats.finished + stats.skipped == 0 and not self.interrupted:
            sentences.append(self.items.nothing_found)
        if self.interrupted or self.held:
            sentences += self._how_to_go_on()
        for sentence in sentences:
            messages().print(sentence, markup=False)

    def _how_to_go_on(self) -> list[str]:
        if self.journal is None:
            return ["Without --journal, running the same command again starts, and pays, from the beginning."]
        with_lines = ""
        if STDIN in self.items.paths:
            with_lines = ", with the same lines on standard input"
        return [
            f"To resume, run the same command again{with_lines}: {self.journal} has what is done and paid for.",
            f"To see the remaining items: cvs-async status {shlex.quote(str(self.journal))}",
        ]

    def _count_aside(self) -> None:
        """Count the items in a thread, while the batch is running."""

        def count() -> None:
            with suppress(InvalidInputError):  # a source that cannot be listed stops the batch with the reason
                self.batch.stats.total = self.items.count()

        threading.Thread(target=count, daemon=True).start()


def _concurrency(given: str) -> dict[str, Any]:
    if given == "auto":
        return {"max_connections": MOST_BY_ITSELF, "concurrency": "auto"}
    if not given.isdecimal() or not 1 <= len(given) <= 9 or not 1 <= int(given) <= MOST_CALLS:
        fail(f"--concurrency takes a number from 1 to {MOST_CALLS} or auto, not {given}.")
    return {"max_connections": int(given)}


def _refuse_unsafe(out: Path | None, thumbs: Path | None) -> None:
    """Refuse existing outputs: a new journal has not made them."""
    if out is not None:
        refuse_existing(out)
    if thumbs is not None:
        refuse_used(thumbs)
