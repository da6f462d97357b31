"""``cvs-async demo``: samples, sandbox, batch and results, without the real service."""

from __future__ import annotations

import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio.to_thread
import typer
from attrs import define, field
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..batch import Batch, Done, JsonLines, Outcome, Stats
from ..batch.sinks import refusal
from ..client import AsyncCVS
from ..errors import CVSError
from ..models import Page, Recognized, StatementPage
from ..models import Table as CellTable
from ._common import Concurrency, console, exit_on_error, fail, find_operation, messages, run, shown
from ._places import refuse_existing
from ._progress import Display, beating

if TYPE_CHECKING:
    from ..sandbox import Sample


def command(
    folder: Annotated[
        Path, typer.Argument(help="Folder for samples and results; created if missing.", metavar="FOLDER")
    ] = Path("cvs-demo"),
    count: Annotated[int, typer.Option(help="Number of sample documents.", min=1, metavar="N")] = 240,
    concurrency: Concurrency = 16,
    latency: Annotated[float, typer.Option(help="Seconds that the sandbox takes to answer.", min=0, metavar="N")] = 0.1,
    report: Annotated[
        Path | None, typer.Option(help="Also write a report page: a .html file, or a folder.", metavar="FILE")
    ] = None,
) -> None:
    """Write sample documents, send them to a sandbox on this machine, and show the results. Needs no key."""
    try:
        from .. import sandbox  # noqa: F401 - fails now if it is not installed
    except CVSError as error:
        fail(str(error))
    if report is not None:
        from ..look.template import require_libraries

        with exit_on_error():
            require_libraries()
            refuse_existing(report)
    run(_demo(folder, count, concurrency, latency, report))


async def _demo(folder: Path, count: int, concurrency: int, latency: float, report: Path | None) -> int:
    from ..sandbox import Sandbox

    out, show = messages(), DemoReport()
    results = folder / "results.jsonl"
    await anyio.to_thread.run_sync(_remove_earlier, results)
    with out.status(Text(f"Writing {count} sample documents to {shown(folder / 'samples')} ...")):
        samples = await anyio.to_thread.run_sync(_write, folder / "samples", count)
    async with (
        Sandbox(latency=latency) as sandbox,
        AsyncCVS("demo", "demo", base_url=sandbox.base_url, max_connections=concurrency) as cvs,
        JsonLines(results) as sink,
    ):
        out.print(f"Sending {count} documents to the sandbox at {sandbox.base_url}, {concurrency} at a time.")
        started = time.monotonic()
        for name, paths in samples.items():
            await _read(cvs.batch(find_operation(name), paths, concurrency=concurrency), name, sink, show, cvs)
        seconds = time.monotonic() - started
    show.print(console())
    out.print(
        f"{count} documents in {seconds:.1f} s. The sandbox counted {sandbox.ledger.requests} requests, "
        f"{sandbox.ledger.billed} of them billed."
    )
    out.print(f"Results, one JSON line a file: {shown(results)}. Documents: {shown(folder / 'samples')}.")
    if report is not None:
        await anyio.to_thread.run_sync(_report, results, report)
    else:
        out.print(f"To view them: cvs-async report {shown(results)} --to report.html")
    return 0


def _report(results: Path, to: Path) -> None:
    from ..look.options import ReportOptions
    from ..look.report import write_report
    from ..look.summary import Limits

    # Confidences of the sandbox are at least 0.93, and the review queue should not be empty.
    remarks = write_report([results], to, ReportOptions(limits=Limits(0.94)))
    messages().print(f"Report page with {remarks.pictures} pictures: {shown(to)}.")


def _remove_earlier(results: Path) -> None:
    """Remove the results of an earlier demo, which contain only samples. Refuse any other file."""
    if not os.path.lexists(results):
        return
    if not results.is_file() or not _is_of_a_demo(results):  # reading a pipe would block
        raise refusal(results, FileExistsError(), "choose another folder for the demo")
    results.unlink()


def _is_of_a_demo(results: Path) -> bool:
    from ..sandbox.samples import is_name_of_sample

    try:
        with results.open(encoding="utf-8") as file:
            sources = (Path(json.loads(line)["source"]) for line in file)
            return all(source.parent.name == "samples" and is_name_of_sample(source.name) for source in sources)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


async def _read(batch: Batch[Any], name: str, sink: JsonLines, show: DemoReport, cvs: AsyncCVS) -> None:
    async with batch as outcomes:
        with Display(messages(), name, batch.stats, lambda: cvs.stats) as display:
            async with beating(display.show):
                async for outcome in outcomes:
                    await sink.write(outcome)
                    show.add(outcome)
    show.stats[name] = batch.stats


def _write(folder: Path, count: int) -> dict[str, list[Path]]:
    """Write the samples and return their paths by the operation that reads them."""
    from ..sandbox import write_samples

    paths: defaultdict[str, list[Path]] = defaultdict(list)
    sample: Sample
    for sample in write_samples(folder, count):
        paths[sample.operation].append(sample.path)
    return dict(sorted(paths.items()))


@define
class DemoReport:
    """Report printed at the end of the demo."""

    stats: dict[str, Stats] = field(factory=dict)
    _read: list[tuple[str, str, str, str]] = field(factory=list)
    _failed: list[tuple[str, str]] = field(factory=list)
    _types: Counter[str] = field(factory=Counter)

    def add(self, outcome: Outcome[Any]) -> None:
        """Keep the values of an outcome, or why it failed, if there are only a few of its kind."""
        path = Path(str(outcome.item.source))
        if not isinstance(outcome, Done):
            if len(self._failed) < MOST_FAILURES:
                self._failed.append((path.name, str(outcome.error).replace(str(path), path.name)))
            return
        for row in _rows(outcome.reply.data):
            self._types[row[0]] += 1
            if self._types[row[0]] <= ROWS_A_TYPE:
                self._read.append((path.name, *row))

    def print(self, console: Console) -> None:
        """Print three tables: values, failures, counts."""
        read = Table("file", "type", "values", "confidence", title="Some of the results")
        failed = Table("file", "why", title="What failed")
        for row in self._read:
            read.add_row(*row)
        for failure in self._failed:
            failed.add_row(*failure)
        for table in (read, failed, self._counts()):
            console.print(table)

    def _counts(self) -> Table:
        heads = (name.replace("_", " ") for name in COUNTED[1:])
        counts = Table("operation", "files", *heads, title="Summary", show_footer=True)
        for name, stats in self.stats.items():
            counts.add_row(name, *(str(getattr(stats, column)) for column in COUNTED))
        counts.columns[0].footer = "all"
        for place, column in enumerate(COUNTED, start=1):
            counts.columns[place].footer = str(sum(getattr(stats, column) for stats in self.stats.values()))
        return counts


COUNTED = ("finished", "done", "failed", "held", "billed", "free", "unknown", "not_sent")
ROWS_A_TYPE = 2
MOST_FAILURES = 12
TELLING = (
    "id",
    "name",
    "insure_name",
    "patient_name",
    "sur_name",
    "given_name",
    "document_number",
    "registration_number",
    "company_name",
    "name_of_garage",
    "supplier",
    "total_amount",
    "total_payment",
    "diagnose",
)
"""Fields that distinguish papers, for the table."""


def _rows(data: Sequence[object]) -> Iterator[tuple[str, str, str]]:
    """Yield the type, some values and the lowest confidence of each paper or page."""
    for part in data:
        if isinstance(part, Page):
            yield _page_row(part)
        elif isinstance(part, StatementPage):
            rows = [row for table in part.tables for row in table]
            balance = next((row.balance.value for row in reversed(rows)), "?")
            yield "bank_statement", f"{len(rows)} rows, last balance {balance}", ""
        elif isinstance(part, CellTable):
            yield _table_row(part)
        elif isinstance(part, Recognized):
            yield _paper_row(part)
        elif isinstance(part, Mapping) and isinstance(part.get("info"), Mapping):
            yield _plain_row(part)


def _page_row(page: Page) -> tuple[str, str, str]:
    text = " ".join(page.text.split())
    confidences = [item.confidence for block in page for line in block for item in line if item.confidence is not None]
    return "(text)", text[:60] + "…" * (len(text) > 60), f"{min(confidences, default=0):.2f}"


def _plain_row(paper: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the row of a paper that stays JSON, because the vendor does not publish its answer."""
    info: Mapping[str, Any] = paper["info"]
    filled = [name for name in TELLING if info.get(name)][:3]
    confidences = [info.get(f"{name}_confidence", 1.0) for name in filled]
    return str(paper.get("type")), " · ".join(str(info[name]) for name in filled), f"{min(confidences, default=1):.2f}"


def _table_row(table: CellTable) -> tuple[str, str, str]:
    scores = [cell.score for row in table.rows for cell in row if cell.score is not None]
    heads = " · ".join(text or "" for text in table.info[0]) if table.rows else ""
    return "(table)", f"{len(table.rows)} rows: {heads}", f"{min(scores):.2f}" if scores else ""


def _paper_row(paper: Recognized[Any]) -> tuple[str, str, str]:
    fields = [getattr(paper.info, name) for name in TELLING if hasattr(paper.info, name)]
    filled = [part for part in fields if part.value is not None][:3]
    confidences = [part.confidence for part in filled if part.confidence is not None]
    if not confidences:  # the machine-readable zone has one confidence for all its fields
        confidences = [
            c for name in ("confidence", "mrz_confidence") if (c := getattr(paper.info, name, None)) is not None
        ]
    return (
        paper.type or "?",
        " · ".join(part.value for part in filled),
        f"{min(confidences):.2f}" if confidences else "",
    )
