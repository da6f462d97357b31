"""``cvs-async reconcile``: what was paid, to lay beside the vendor's invoice."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from attrs import define, field
from rich.table import Table

from .._stdout import check_stdout
from ..batch._drafts import draft_path, move_to_new, private
from ..batch.journal import Charges, JournalReader
from ..batch.sinks import refusal
from ..batch.tables import FORMULA
from ._common import JournalPath, console, messages, told_errors
from ._places import refuse_existing, refuse_overlap

STDOUT = "-"
COLUMNS = ("day", "operation", "key", "check_sum", "billed", "free", "free_by_code", "unknown")


def command(
    journal: JournalPath,
    table: Annotated[
        str | None, typer.Option("--csv", help="A row for each document; - is standard output.", metavar="FILE")
    ] = None,
) -> None:
    """Add up by day (UTC) and operation which requests were billed, free, or perhaps billed."""
    with told_errors(), ExitStack() as stack:
        reader = stack.enter_context(JournalReader(journal))
        if table not in (None, STDOUT):
            refuse_overlap(journal, Path(table), None)
        rows = None if table is None else csv.writer(stack.enter_context(_opened(table)))
        if rows is not None:
            rows.writerow(COLUMNS)
        sums: dict[tuple[str, str], Sum] = {}
        for charges in reader.reconcile():
            sums.setdefault((charges.day, charges.operation), Sum()).add(charges)
            if rows is not None:
                rows.writerow(_row(charges))
        (messages() if table == STDOUT else console()).print(_table(sums))
        if reader.warning is not None:
            messages().print(reader.warning, markup=False)


@define
class Sum:
    """The requests of a day and operation."""

    documents: int = 0
    billed: int = 0
    free: Counter[str] = field(factory=Counter)
    unknown: int = 0

    def add(self, charges: Charges) -> None:
        """Take a document into account."""
        self.documents += 1
        self.billed += charges.billed
        self.free.update({str(code): number for code, number in charges.free.items()})
        self.unknown += charges.unknown


def _table(sums: dict[tuple[str, str], Sum]) -> Table:
    table = Table("day (UTC)", "operation", "documents", "billed", "free", "free by code", "unknown", show_footer=True)
    for (day, operation), one in sums.items():
        free = _by_code(one.free)
        table.add_row(day, operation, *map(str, (one.documents, one.billed, one.free.total(), free, one.unknown)))
    table.columns[0].footer = "all"
    table.columns[3].footer = str(sum(one.billed for one in sums.values()))
    table.columns[4].footer = str(sum(one.free.total() for one in sums.values()))
    table.columns[6].footer = str(sum(one.unknown for one in sums.values()))
    return table


def _row(charges: Charges) -> tuple[Any, ...]:
    check_sum = charges.check_sum or ""
    if check_sum.startswith(FORMULA):
        check_sum = f"'{check_sum}"  # or a spreadsheet runs it
    free = Counter({str(code): number for code, number in charges.free.items()})
    head = (charges.day, charges.operation, charges.key, check_sum)
    return (*head, charges.billed, free.total(), _by_code(free), charges.unknown)


def _by_code(free: Counter[str]) -> str:
    return ", ".join(f"{number} × {code}" for code, number in sorted(free.items()))


@contextmanager
def _opened(name: str) -> Iterator[IO[str]]:
    """Standard output, or a new private file, which gets its name when all of it is written."""
    if name == STDOUT:
        check_stdout()
        yield sys.stdout
        return
    path = Path(name)
    refuse_existing(path)
    draft = draft_path(path)
    try:
        file = open(draft, "x", encoding="utf-8-sig", newline="", opener=private)  # noqa: SIM115 - closed below
    except OSError as error:
        raise refusal(path, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        move_to_new(draft, path)
    except FileExistsError as error:
        raise refusal(path, error, "choose another name") from error
    finally:
        draft.unlink(missing_ok=True)
