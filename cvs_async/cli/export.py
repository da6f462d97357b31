"""``cvs-async export``: results from a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio.to_thread
import typer

from .._text.hints import did_you_mean, nearest
from ..batch import Done, Failed, Held, Outcome
from ..batch.journal import JournalReader
from ..batch.journal.several import Journals
from ..batch.replay import outcomes_of
from ..errors import InvalidInputError
from ._bars import Look, Showing
from ._common import Fields, JournalPaths, ThumbsOption, exit_on_error, fail, messages, parse_fields, run
from ._places import refuse_existing, refuse_overlap
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

if TYPE_CHECKING:
    from ..look.review import Verdict

MANY = 16
"""Number of outcomes decoded together."""


def command(
    journals: JournalPaths,
    to: Annotated[
        Path,
        typer.Option(help="New file: .csv, .parquet, .xlsx or .jsonl; - is standard output.", metavar="FILE"),
    ],
    fields: Fields = None,
    rows: RowsOption = "paper",
    dates: DatesOption = "printed",
    amounts: AmountsOption = "printed",
    raw: RawOption = False,
    delimiter: DelimiterOption = None,
    excel: ExcelOption = False,
    thumbs: ThumbsOption = None,
    review: Annotated[
        Path | None,
        typer.Option(help="Verdicts from `cvs-async view`; corrected values are written.", metavar="FILE"),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Outcomes to write: done, failed, held. Default: all.", metavar="STATUS,…"),
    ] = None,
) -> None:
    """Write the results in journals to a file, in the order in which the batches read the files. Sends nothing.

    Several journals are merged: each file name has one outcome, the paid one if there is one. A table has the
    documented fields of all operations in the journals. While a batch is running, the export has the results so far.
    Files that the batch could not open are not in a journal.
    """
    out = named(to)
    wanted = parse_status(status)
    with exit_on_error():
        table = TableOptions(
            fields=parse_fields(fields),
            operation=_operations(journals),
            rows=rows,
            dates=dates,
            amounts=amounts,
            raw=raw,
            delimiter=delimiter,
            excel=excel,
        )
        results = Results(out, table, draft=True, thumbs=thumbs)
        if out is not None:
            refuse_existing(out)
        refuse_overlap(journals, out, thumbs, inputs=map(str, filter(None, [review])))
        verdicts = _verdicts(review)
    run(_export(journals, results, wanted, verdicts))


def _verdicts(review: Path | None) -> Mapping[str, list[Verdict]]:
    if review is None:
        return {}
    from ..look.review import Review

    if not review.is_file():
        raise InvalidInputError(f"{review}: verdicts not found; `cvs-async view` writes them")
    return Review(review).by_key()


def _operations(journals: Sequence[Path]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for journal in journals:
        with JournalReader(journal) as reader:
            found |= dict.fromkeys(reader.operations())
    return tuple(found)


async def _export(
    paths: list[Path], results: Results, wanted: frozenset[type], verdicts: Mapping[str, list[Verdict]]
) -> int:
    count = through = 0
    with Journals(paths) as journals:
        total = sum(figures.sources for figures in await anyio.to_thread.run_sync(journals.figures))
        outcomes = outcomes_of(journals.records())
        showing = Showing(messages(), lambda: Look("export", through, total))
        async with results:
            with showing.shown():
                while group := await anyio.to_thread.run_sync(_some, outcomes):
                    for outcome in group:
                        if type(outcome) in wanted:
                            await results.write(outcome, _corrected(outcome, verdicts))
                            count += 1
                    through += len(group)
                    showing.beat()
            results.whole = True
        remarks = await anyio.to_thread.run_sync(lambda: journals.remarks)
        remarks = [*remarks, *_error_rates(verdicts)]
    for remark in (f"{count:,} outcomes in {results.path or 'standard output'}", *results.remarks, *remarks):
        messages().print(remark, markup=False)
    return 0


def _corrected(outcome: Outcome[Any], verdicts: Mapping[str, list[Verdict]]) -> dict[str, Any] | None:
    if not verdicts:
        return None
    from ..look.review import corrected

    return corrected(outcome, verdicts)


def _error_rates(verdicts: Mapping[str, list[Verdict]]) -> Iterator[str]:
    if not verdicts:
        return
    from ..look.review import error_rates

    for rate in error_rates(chain.from_iterable(verdicts.values())):
        yield f"Confidence {rate.least:g} to {rate.most:g}: {rate.wrong} of {rate.reviewed} reviewed values were wrong."


_STATUSES: dict[str, type] = {"done": Done, "failed": Failed, "held": Held}


def parse_status(given: str | None) -> frozenset[type]:
    """Return the kinds of outcomes given with --status; all kinds by default."""
    if given is None:
        return frozenset(_STATUSES.values())
    names = [name.strip().lower() for name in given.split(",")]
    for name in names:
        if name not in _STATUSES:
            fail(f"--status takes {', '.join(_STATUSES)}, not {name}{did_you_mean(nearest(name, _STATUSES))}")
    return frozenset(_STATUSES[name] for name in names)


def _some(outcomes: Iterator[Outcome[Any]]) -> list[Outcome[Any]]:
    return list(islice(outcomes, MANY))
