"""Progress display of a running batch."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Protocol, Self

from attrs import evolve
from rich.console import Console

from .._limits.quota import GateState
from ..batch import Outcome, Stats
from ..stats import ClientStats
from ._bars import Look, Part, Showing
from ._common import format_span

GATES: dict[GateState, str] = {
    "open": "",
    "closed": "out of requests",
    "half-open": "out of requests, to be tried",
    "probing": "out of requests, trying",
}
BEAT = 0.25
WINDOW = 30.0
"""Seconds over which the rate is averaged. Results replayed from the journal would distort a longer average."""


class Sink(Protocol):
    """Destination of outcomes."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    async def write(self, outcome: Outcome[Any], /) -> None:
        """Add one outcome."""


class Display:
    """Display of a running batch: a bar on a terminal, otherwise a line every few seconds."""

    def __init__(self, console: Console, name: str, stats: Stats, client: Callable[[], ClientStats]) -> None:
        self._name = name
        self._stats = stats
        self._client = client
        self._looks = deque[tuple[float, int]](maxlen=round(WINDOW / BEAT))
        self._showing = Showing(console, self._look)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._showing.shown())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def show(self) -> None:
        """Update the display. Call it often: the display limits its output."""
        self._looks.append((time.monotonic(), self._stats.finished))
        self._showing.beat()

    def _look(self) -> Look:
        """Return a snapshot of the progress. Counts of 0 are omitted."""
        stats, rate = self._stats, self._rate()
        through = stats.finished + stats.skipped
        left = ""
        if rate and stats.total is not None and stats.total > through:
            left = f"{format_span((stats.total - through) / rate)} left"
        return Look(
            self._name,
            through,
            stats.total,
            pace=(Part(f"{rate:.0f}/s", 1), Part(left, 2)),
            counts=(
                *_counted(stats, done=3, failed=6, held=5),
                *_counted(stats, billed=9, free=2, unknown=7, not_sent=4),
                Part(GATES[self._client().gate], 8),
            ),
        )

    def _rate(self) -> float:
        if len(self._looks) < 2:
            return self._stats.rate
        (then, before), (now, finished) = self._looks[0], self._looks[-1]
        return (finished - before) / max(now - then, 1e-9)


def _counted(stats: Stats, **ranks: int) -> list[Part]:
    """Return parts for the named counts that are not 0."""
    parts = [Part(f"{number} {name}", rank, ", ") for name, rank in ranks.items() if (number := getattr(stats, name))]
    return [*(evolve(part, mark=" · ") for part in parts[:1]), *parts[1:]]


@asynccontextmanager
async def beating(*work: Callable[[], object]) -> AsyncGenerator[None]:
    """Call functions every `BEAT` seconds while the block is running."""

    async def beat() -> None:
        while True:
            for each in work:
                each()
            await asyncio.sleep(BEAT)

    task = asyncio.ensure_future(beat())
    try:
        yield
    finally:
        task.cancel()
