"""Progress display that fits the terminal: parts that do not fit are omitted, never truncated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from attrs import frozen
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

BAR = 20
"""Width of the bar in columns."""
PLAIN = 5.0
"""Seconds between two lines when standard error is not a terminal."""
REFRESHES = 4
"""Terminal updates a second."""


@frozen
class Part:
    """Part of a line. If a line is too long, parts with the lowest rank are omitted first."""

    text: str
    rank: int = 0
    mark: str = " · "
    """Separator before this part."""


def fitted(parts: Sequence[Part], width: int) -> str:
    """Return a line of the highest-ranked parts that fits into `width` columns, ignoring empty parts.

    The highest-ranked part is always included.
    """
    kept = [part for part in parts if part.text]
    while len(kept) > 1 and cell_len(_joined(kept)) > width:
        del kept[min(range(len(kept)), key=lambda place: (kept[place].rank, -place))]
    return _joined(kept)


def _joined(parts: Sequence[Part]) -> str:
    first = "".join(part.text for part in parts[:1])
    return first + "".join(f"{part.mark}{part.text}" for part in parts[1:])


@frozen
class Look:
    """Snapshot of the progress of a task.

    Attributes:
        name: name of the task.
        done: finished amount.
        total: total amount; None if unknown.
        pace: parts of the first line, after the amount.
        counts: parts of the second line.
    """

    name: str
    done: int
    total: int | None
    pace: tuple[Part, ...] = ()
    counts: tuple[Part, ...] = ()

    @property
    def _through(self) -> Part:
        return Part(f"{self.done} of {'?' if self.total is None else self.total}", 9)

    @property
    def _whole(self) -> list[Part]:
        return [part for part in (self._through, *self.counts, *self.pace) if part.text]

    def line(self) -> str:
        """Return all parts in one line of any length."""
        return f"{self.name}: {_joined(self._whole)}"

    def lines(self, width: int) -> RenderableType:
        """Return a bar and all parts in one line if they fit, else in two lines without the parts that do not fit."""
        whole = self._whole
        bar = ProgressBar(self.total, min(self.done, self.total or self.done), BAR, pulse=self.total is None)
        if cell_len(self.name) + BAR + cell_len(_joined(whole)) + 2 <= width:
            return _row(Text(self.name), bar, Text(_joined(whole)))
        first = (self._through, *self.pace)
        text, room = fitted(first, width), width - BAR - 1
        if cell_len(text) > room:
            return self._above(Text(text), width)
        if cell_len(self.name) + 1 + cell_len(text) > room:
            return self._above(_row(bar, Text(text)), width)
        return self._above(_row(Text(self.name), bar, Text(text)), width)

    def _above(self, first: RenderableType, width: int) -> RenderableType:
        second = fitted(self.counts, width)
        if not second:
            return first
        return Group(first, Text(second))


def _row(*cells: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(*cells)
    return grid


class Showing:
    """Display of progress: a bar on a terminal, otherwise a line every few seconds."""

    def __init__(self, console: Console, look: Callable[[], Look]) -> None:
        self._console = console
        self._look = look
        self._printed = time.monotonic()
        self._live = Live(
            get_renderable=lambda: look().lines(console.width),
            console=console,
            refresh_per_second=REFRESHES,
            redirect_stdout=False,  # results are not written to this console
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the progress while the block is running."""
        if not self._console.is_terminal:
            yield
            return
        with self._live:
            yield

    def beat(self) -> None:
        """Print a line if standard error is not a terminal and the last line is `PLAIN` seconds old. Call it often."""
        if not self._console.is_terminal and time.monotonic() >= self._printed + PLAIN:
            self._printed = time.monotonic()
            self._console.print(self._look().line(), markup=False)
