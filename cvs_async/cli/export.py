"""``cvs-async export``: results out of a journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
import typer

from ..batch import Outcome
from ..batch._journals import Journals
from ..batch.journal import JournalReader
from ..batch.replay import outcomes_of
from ._common import Fields, JournalPaths, messages, parse_fields, run, told_errors
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

MANY = 16
"""Outcomes that are decoded at once."""


def command(
    journals: JournalPaths,
    to: Annotated[Path, typer.Option(help="The file to write: .csv, .parquet, .xlsx or .jsonl; - is standard output.")],
    fields: Fields = None,
    rows: RowsOption = "paper",
    dates: DatesOption = "printed",
    amounts: AmountsOption = "printed",
    raw: RawOption = False,
    delimiter: DelimiterOption = None,
    excel: ExcelOption = False,
    thumbs: Annotated[Path | None, typer.Option(help="A folder for the pictures in the answers.")] = None,
) -> None:
    """Write the results that journals have, in the order in which the files were first met. Sends nothing.

    What several journals have of a document is put together: each of its names has one outcome, the paid one if there
    is one. A table has the documented fields of all operations in the journals. While a batch runs, this is what there
    is so far. Files that could never be read are not in a journal.
    """
    out = named(to)
    with told_errors():
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
        refuse_overlap(journals, out, thumbs)
    run(_export(journals, results))


def _operations(journals: Sequence[Path]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for journal in journals:
        with JournalReader(journal) as reader:
            found |= dict.fromkeys(reader.operations())
    return tuple(found)


async def _export(paths: list[Path], results: Results) -> int:
    count = 0
    with Journals(paths) as journals:
        outcomes = outcomes_of(journals.records())
        async with results:
            while group := await anyio.to_thread.run_sync(_some, outcomes):
                for outcome in group:
                    await results.write(outcome)
                count += len(group)
            results.whole = True
        remarks = await anyio.to_thread.run_sync(lambda: journals.remarks)
    for remark in (f"{count:,} outcomes in {results.path or 'standard output'}", *results.remarks, *remarks):
        messages().print(remark, markup=False)
    return 0


def _some(outcomes: Iterator[Outcome[Any]]) -> list[Outcome[Any]]:
    return list(islice(outcomes, MANY))
