"""What a batch looks like while it runs."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from .._quota import GateState
from ..batch import Outcome, Stats
from ..stats import ClientStats
from ._common import told_span
from ._summary import told

GATES: dict[GateState, str] = {
    "open": "",
    "closed": "out of requests",
    "half-open": "out of requests, to be tried",
    "probing": "out of requests, trying",
}
LOOKS = 12
BEAT = 0.25
PLAIN = 5.0
"""Seconds between two lines, where standard error is no terminal."""
WINDOW = 30.0
"""Seconds over which the rate is told: what the journal had is through in no time."""


class Sink(Protocol):
    """Where outcomes go."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    async def write(self, outcome: Outcome[Any], /) -> None:
        """Add one outcome."""


class Display:
    """A batch while it runs: a bar on a terminal, else a line now and then."""

    def __init__(self, console: Console, name: str, stats: Stats, client: Callable[[], ClientStats]) -> None:
        self._console = console
        self._name = name
        self._stats = stats
        self._client = client
        self._printed = time.monotonic()
        self._looks = deque[tuple[float, int]](maxlen=round(WINDOW / BEAT))
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(20),
            TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=None, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._update()
        self._bar.stop()

    def show(self) -> None:
        """Look how far it is. To be called often: it knows itself when to write."""
        self._looks.append((time.monotonic(), self._stats.finished))
        if self._console.is_terminal:
            self._update()
        elif time.monotonic() >= self._printed + PLAIN:
            self._printed = time.monotonic()
            self._console.print(f"{self._name}: {self.note()}", markup=False)

    def _update(self) -> None:
        stats = self._stats
        self._bar.update(self._task, total=stats.total, completed=stats.finished + stats.skipped, note=self.note())

    def note(self) -> str:
        """How far it is, in a line without what is 0."""
        stats, rate, gate = self._stats, self._rate(), self._client().gate
        through = stats.finished + stats.skipped
        left = None if stats.total is None or not rate else max(stats.total - through, 0) / rate
        parts = [
            f"{through} of {'?' if stats.total is None else stats.total}",
            told(stats, "done", "failed", "held"),
            told(stats, "billed", "free", "unknown", "not_sent"),
            f"{rate:.0f}/s",
            f"{told_span(left)} left" if left else "",
            GATES[gate],
        ]
        return " · ".join(part for part in parts if part)

    def _rate(self) -> float:
        if len(self._looks) < 2:
            return self._stats.rate
        (then, before), (now, finished) = self._looks[0], self._looks[-1]
        return (finished - before) / max(now - then, 1e-9)


@asynccontextmanager
async def beating(*work: Callable[[], object]) -> AsyncGenerator[None]:
    """Call functions again and again meanwhile."""

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


class Looks:
    """A few outcomes of each kind, for a look."""

    def __init__(self) -> None:
        self.kept: list[Outcome[Any]] = []
        self._kinds: Counter[type] = Counter()

    def add(self, outcome: Outcome[Any]) -> None:
        """Keep it, if there are not many of its kind yet."""
        self._kinds[type(outcome)] += 1
        if self._kinds[type(outcome)] <= LOOKS:
            self.kept.append(outcome)
