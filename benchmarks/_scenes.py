"""Scenes: files, concurrency, latency of the service, and contenders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from attrs import evolve, frozen

from benchmarks._contenders import BY_HAND, CONTENDERS, JOURNALED, OURS, POOL, THREADS
from benchmarks._contest import Figures, Load, measure
from benchmarks._tools import pictures, serving

KB, MB = 1_000, 1_000_000
SLOW_SERVICE = 0.2
FILES = {100 * KB: 200, MB: 40, 5 * MB: 12, 20 * MB: 4}
"""Number of files by size; they are sent repeatedly."""
COUNTS = {100 * KB: 2_000, MB: 500, 5 * MB: 192, 20 * MB: 96}
"""Number of measured documents by size."""
MOST = 4_000


@frozen
class Scene:
    """A scene and its contenders.

    Attributes:
        size: bytes of a file.
        at_once: documents in flight.
        latency: latency of the service in seconds.
        names: of the contenders.
        rounds: in which they take turns.
        seconds: time limit of a run; half of it for slow contenders.
        count, warm: as in `Load`; 0 selects a suitable number.
    """

    size: int
    at_once: int
    latency: float = 0.0
    names: tuple[str, ...] = tuple(CONTENDERS)
    rounds: int = 3
    seconds: float = 12.0
    count: int = 0
    warm: int = 0

    @property
    def title(self) -> str:
        size = f"{self.size // MB} MB" if self.size >= MB else f"{self.size // KB} KB"
        latency = f"{self.latency * 1000:.0f} ms" if self.latency else "no"
        return f"{size} files, {self.at_once:,} at once, {latency} latency"

    @property
    def documents(self) -> int:
        """Return the number of measured documents."""
        if self.latency:
            return self.count or min(MOST, round(4 * self.at_once / self.latency))
        return self.count or max(COUNTS[self.size], 2 * self.at_once)


Results = dict[tuple[int, int, float, str], Figures]
"""Medians by size, concurrency, latency and contender."""

FAST = (THREADS, BY_HAND, OURS, JOURNALED)
BASE = 1_000
"""Number of items after which memory must not grow."""
LONG = 10_000
"""Number of items of a long batch."""


def full(rounds: int) -> list[Scene]:
    """Return all scenes."""
    scenes = [Scene(100 * KB, at_once, seconds=24.0) for at_once in (16, 64, 256, 1_000)]
    scenes += [Scene(100 * KB, at_once, SLOW_SERVICE) for at_once in (16, 64, 256, 1_000)]
    scenes += [Scene(MB, at_once, latency) for latency in (0.0, SLOW_SERVICE) for at_once in (16, 64, 256)]
    scenes += [Scene(5 * MB, 64), Scene(20 * MB, 16, seconds=20.0), Scene(20 * MB, 64, seconds=30.0)]
    return [evolve(scene, rounds=rounds) for scene in scenes]


def long(items: int) -> Scene:
    """Return a batch whose items after the first thousand are measured."""
    return Scene(100 * KB, 64, names=(OURS,), rounds=1, seconds=60.0, count=items - BASE, warm=BASE)


def quick() -> list[Scene]:
    """Return short scenes for the bounds; slow contenders only where they are compared."""
    ours = (BY_HAND, OURS)
    scenes = [
        Scene(100 * KB, 16, names=FAST[:-1], count=800),
        Scene(100 * KB, 64, names=(POOL, *FAST), count=1_000),
        Scene(100 * KB, 256, names=(POOL, *FAST), count=1_000),
        Scene(100 * KB, 1_000, names=FAST, count=1_200),
        Scene(100 * KB, 64, SLOW_SERVICE, names=ours, count=640),
        Scene(100 * KB, 256, SLOW_SERVICE, names=ours, count=1_000),
        Scene(MB, 64, names=ours, count=250),
        Scene(MB, 64, SLOW_SERVICE, names=ours, count=320),
        Scene(5 * MB, 64, names=(OURS,), count=64),
        Scene(20 * MB, 64, names=(OURS,), count=32, warm=32),
    ]
    return [evolve(scene, rounds=1, seconds=8.0 if POOL in scene.names else 4.0) for scene in scenes]


def run(scenes: Iterable[Scene], told: Callable[[Scene, Mapping[str, Figures | None]], None]) -> Results:
    """Measure the scenes and report each when it is done; None stands for a contender that is not installed."""
    results: Results = {}
    with ExitStack() as stack:
        services = {latency: stack.enter_context(serving("bare", latency, core=1)) for latency in (0.0, SLOW_SERVICE)}
        folders: dict[int, Path] = {}
        for scene in scenes:
            if scene.size not in folders:
                folders[scene.size] = stack.enter_context(pictures(FILES[scene.size], scene.size))[0].parent
            medians = _run(scene, services[scene.latency].url, folders[scene.size])
            told(scene, medians)
            key = (scene.size, scene.at_once, scene.latency)
            results |= {(*key, name): figures for name, figures in medians.items() if figures is not None}
    return results


def _run(scene: Scene, origin: str, folder: Path) -> dict[str, Figures | None]:
    load = Load(origin, str(folder), scene.at_once, scene.documents, scene.seconds, scene.warm)
    short = evolve(load, seconds=scene.seconds / 2)
    runs: dict[str, list[Figures]] = {name: [] for name in scene.names if CONTENDERS[name].installed}
    for _ in range(scene.rounds):
        for name, taken in runs.items():
            taken.append(measure(name, short if CONTENDERS[name].slow else load))
    return {name: _medians(runs[name]) if name in runs else None for name in scene.names}


def _medians(runs: list[Figures]) -> Figures:
    error = next((figures.error for figures in runs if figures.error), None)
    runs = [figures for figures in runs if figures.done]
    if not runs:
        return Figures(0, error=error)
    lags = [figures.lag for figures in runs if figures.lag is not None]
    return Figures(
        done=round(median(figures.done for figures in runs)),
        cpu=median(figures.cpu for figures in runs),
        rate=median(figures.rate for figures in runs),
        peak=median(figures.peak for figures in runs),
        before=median(figures.before for figures in runs),
        lag=_of_each(lags) if lags else None,
        error=error,
    )


def _of_each(lags: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    p50, p99, most = (median(values) for values in zip(*lags, strict=True))
    return p50, p99, most


def rows(scene: Scene, medians: Mapping[str, Figures | None]) -> Iterator[tuple[str, ...]]:
    """Yield a table of one scene, with its header first."""
    yield ("", *(title for title in COLUMNS if scene.latency or title != SHARE))
    by_hand = medians.get(BY_HAND)
    for name, figures in medians.items():
        if figures is None:
            cells = [MISSING] + ["-"] * (len(COLUMNS) - 1)
        elif not figures.done:
            cells = [figures.error or "none answered in time"] + ["-"] * (len(COLUMNS) - 1)
        else:
            cells = _cells(scene, figures, by_hand)
        yield name, *(cell for title, cell in zip(COLUMNS, cells, strict=True) if scene.latency or title != SHARE)


def _cells(scene: Scene, figures: Figures, by_hand: Figures | None) -> list[str]:
    ratio = figures.cpu / by_hand.cpu if by_hand is not None and by_hand.done else 0.0
    return [
        f"{figures.cpu:.2f}",
        f"{ratio:.2f}" if ratio else "-",
        f"{figures.rate:,.0f}",
        f"{figures.rate * scene.latency / scene.at_once:.2f}",
        f"{figures.peak:.0f}",
        *(f"{lag:.1f}" for lag in figures.lag or ()),
        *("-" for _ in range(0 if figures.lag else 3)),
        f"{figures.done:,}{f', then {figures.error}' if figures.error else ''}",
    ]


SHARE = "of the ideal"
COLUMNS = (
    "CPU ms a document",
    "to aiohttp",
    "documents/s",
    SHARE,
    "peak MB",
    "lag p50 ms",
    "p99",
    "max",
    "documents",
)
MISSING = "not installed: pip install 'cvs_async[bench]'"
