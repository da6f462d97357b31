"""Progress that fits the terminal: nothing of it is ever cut, and what does not fit is left out whole."""

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
"""Columns of the bar."""
PLAIN = 5.0
"""Seconds between two lines, where standard error is no terminal."""
REFRESHES = 4
"""How often a second the terminal is written to."""


@frozen
class Part:
    """A piece of a line. Where a line is too long, the pieces of the lowest rank are left out first."""

    text: str
    rank: int = 0
    mark: str = " · "
    """What stands between it and the piece before."""


def fitted(parts: Sequence[Part], width: int) -> str:
    """Return the line of the most important parts that has at most so many columns. Empty parts do not count.

    The most important one is there in any case.
    """
    kept = [part for part in parts if part.text]
    while len(kept) > 1 and cell_len(_joined(kept)) > width:
        del kept[min(range(len(kept)), key=lambda place: (kept[place].rank, -place))]
    return _joined(kept)


def _joined(parts: Sequence[Part]) -> str:
    return "".join(part.text if not number else f"{part.mark}{part.text}" for number, part in enumerate(parts))


@frozen
class Look:
    """How far something is.

    Attributes:
        name: what it is.
        done: how much of it.
        total: of how much; None is unknown.
        pace: the rest of the first line.
        counts: the second line.
    """

    name: str
    done: int
    total: int | None
    pace: tuple[Part, ...] = ()
    counts: tuple[Part, ...] = ()

    @property
    def _through(self) -> Part:
        return Part(f"{self.done} of {'?' if self.total is None else self.total}", 9)

    def line(self) -> str:
        """Return all of it in one line, however long."""
        return f"{self.name}: {_joined([part for part in (self._through, *self.counts, *self.pace) if part.text])}"

    def lines(self, width: int) -> RenderableType:
        """Return a bar and all the rest in one line, where that fits; else in two, and without what does not fit."""
        whole = [part for part in (self._through, *self.counts, *self.pace) if part.text]
        bar = ProgressBar(self.total, min(self.done, self.total or self.done), BAR, pulse=self.total is None)
        if cell_len(self.name) + BAR + cell_len(_joined(whole)) + 2 <= width:
            return _row(Text(self.name), bar, Text(_joined(whole)))
        first = (self._through, *self.pace)
        said, room = fitted(first, width), width - BAR - 1
        if cell_len(said) > room:
            return self._above(Text(said), width)
        if cell_len(self.name) + 1 + cell_len(said) > room:
            return self._above(_row(bar, Text(said)), width)
        return self._above(_row(Text(self.name), bar, Text(said)), width)

    def _above(self, first: RenderableType, width: int) -> RenderableType:
        second = fitted(self.counts, width)
        return Group(first, Text(second)) if second else first


def _row(*cells: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(*cells)
    return grid


class Showing:
    """Shows how far something is: a bar on a terminal, else a line now and then."""

    def __init__(self, console: Console, look: Callable[[], Look]) -> None:
        self._console = console
        self._look = look
        self._printed = time.monotonic()
        self._live = Live(
            get_renderable=lambda: look().lines(console.width),
            console=console,
            refresh_per_second=REFRESHES,
            redirect_stdout=False,  # results are not for this console
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it meanwhile."""
        if not self._console.is_terminal:
            yield
            return
        with self._live:
            yield

    def beat(self) -> None:
        """Print a line, where there is no terminal, and the last one is some time ago. To be called often."""
        if not self._console.is_terminal and time.monotonic() >= self._printed + PLAIN:
            self._printed = time.monotonic()
            self._console.print(self._look().line(), markup=False)
