"""What a batch looks like while it runs, and in the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from .. import errors
from ..batch import Batch, JsonLines, Outcome, Stats
from ..errors import CVSError
from ._common import FAILED

LOOKS = 12


def print_summary(console: Console, stats: Stats) -> None:
    """A batch in a few lines."""
    console.print(
        f"{stats.finished} items: {stats.done} done, {stats.failed} failed, {stats.held} held; "
        f"{stats.billed} billed, {stats.free} free, {stats.unknown} unknown; "
        f"{stats.elapsed:.1f} s, {stats.rate:.1f} a second"
    )
    for kind, times in stats.errors.most_common():
        console.print(f"  {times} × {kind}: {_meaning(kind)}", markup=False)


def exit_code(stats: Stats) -> int:
    """0 only if every item is done."""
    return FAILED if stats.failed or stats.held else 0


def _meaning(kind: str) -> str:
    """The first line of an error's description."""
    return (getattr(errors, kind, CVSError).__doc__ or "").strip().partition("\n")[0].rstrip(".")


def make_progress(console: Console) -> Progress:
    """A bar on standard error; nothing where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


async def drain(batch: Batch[Any], sink: JsonLines, progress: Progress, task: TaskID) -> list[Outcome[Any]]:
    """Take all outcomes of a batch: write them, show how it goes. Returns a few of each kind for a look."""
    seen: list[Outcome[Any]] = []
    kinds: Counter[type] = Counter()
    async with batch as outcomes:
        async for outcome in outcomes:
            await sink.write(outcome)
            kinds[type(outcome)] += 1
            if kinds[type(outcome)] <= LOOKS:
                seen.append(outcome)
            progress.update(task, advance=1, note=_note(outcomes.stats))
    return seen


def _note(stats: Stats) -> str:
    return f"{stats.failed} failed, {stats.held} held, {stats.billed} billed, {stats.rate:.0f}/s"
