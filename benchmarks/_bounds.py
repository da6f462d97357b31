"""Promised bounds on speed, as ratios within one run where possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from benchmarks._contenders import BY_HAND, JOURNALED, OURS, POOL, THREADS
from benchmarks._contest import Figures
from benchmarks._scenes import BASE, KB, LONG, MB, SLOW_SERVICE, Results


@frozen
class Bound:
    """A promise.

    Attributes:
        text: its description.
        limit: the bound.
        value: measured value; None if not measured.
        least: whether the bound is a minimum rather than a maximum.
        unit: of both.
    """

    text: str
    limit: float
    value: float | None
    least: bool = False
    unit: str = ""

    def kept(self, tolerance: float = 1.0) -> bool:
        """Return whether the bound is kept, or missed by at most this factor; an unmeasured one counts as kept."""
        if self.value is None:
            return True
        return self.value >= self.limit / tolerance if self.least else self.value <= self.limit * tolerance

    @property
    def row(self) -> tuple[str, ...]:
        bound = f"{'≥' if self.least else '≤'} {self.limit:g}{self.unit}"
        if self.value is None:
            return self.text, bound, "-", "not measured"
        return (
            self.text,
            bound,
            f"{self.value:.{3 if self.value < 1 else 2}f}{self.unit}",
            "ok" if self.kept() else "missed",
        )


def bounds(
    results: Results, growth: tuple[int, float] | None, first: float | None, overhead: float | None
) -> list[Bound]:
    """Return all bounds."""
    return [
        *_cpu(results),
        *_shares(results),
        *_memory(results),
        _growth(growth),
        *_lags(results),
        Bound("first outcome, folder of 100,000 files", 1.0, first, unit=" s"),
        Bound("single call above the bare transport, CPU", 120.0, overhead, unit=" µs"),
    ]


def _cpu(results: Results) -> Iterator[Bound]:
    at = {number: _scene(results, 100 * KB, number) for number in (16, 64, 256, 1_000)}
    for number in (64, 256, 1_000):
        yield Bound(f"CPU to aiohttp by hand, {number:,} at once", 1.5, _ratio(at[number], OURS, BY_HAND))
    for number in (64, 256, 1_000):
        yield Bound(f"CPU to aiohttp, with journal, {number:,} at once", 1.9, _ratio(at[number], JOURNALED, BY_HAND))
    for number, scene in at.items():
        yield Bound(f"CPU to requests + threads, {number:,} at once", 1.0, _ratio(scene, OURS, THREADS))
    for number, times in ((64, 10.0), (256, 40.0)):
        yield Bound(f"CPU of a httpx pool to ours, {number:,} at once", times, _ratio(at[number], POOL, OURS), True)
    few, many = at[16].get(OURS), at[1_000].get(OURS)
    growth = many.cpu / few.cpu if few is not None and many is not None else None
    yield Bound("CPU at 1,000 at once to 16", 1.3, growth)


def _shares(results: Results) -> Iterator[Bound]:
    for number, share in ((64, 0.93), (256, 0.75)):
        ours = _scene(results, 100 * KB, number, SLOW_SERVICE).get(OURS)
        value = None if ours is None else ours.rate * SLOW_SERVICE / number
        yield Bound(f"of the ideal with 200 ms, {number:,} at once", share, value, True)


def _memory(results: Results) -> Iterator[Bound]:
    for size, most in ((100 * KB, 75.0), (MB, 110.0), (5 * MB, 110.0), (20 * MB, 130.0)):
        peaks = [
            ours.peak
            for latency in (0.0, SLOW_SERVICE)
            if (ours := _scene(results, size, 64, latency).get(OURS)) is not None
        ]
        name = f"{size // MB} MB" if size >= MB else f"{size // KB} KB"
        yield Bound(f"peak memory, {name} files, 64 at once", most, max(peaks, default=None), unit=" MB")


def _growth(growth: tuple[int, float] | None) -> Bound:
    items, megabytes = growth or (LONG, None)
    return Bound(f"memory growth, {BASE:,} to {items:,} items", 15.0, megabytes, unit=" MB")


def _lags(results: Results) -> Iterator[Bound]:
    for latency, name, most in ((SLOW_SERVICE, "200 ms latency", 20.0), (0.0, "saturated", 60.0)):
        ours = _scene(results, MB, 64, latency).get(OURS)
        lag = None if ours is None else ours.lag
        _, p99, longest = lag or (None, None, None)
        yield Bound(f"loop lag p99, 1 MB files, 64 at once, {name}", most, p99, unit=" ms")
        yield Bound(f"longest stall, 1 MB files, 64 at once, {name}", 100.0, longest, unit=" ms")


def _scene(results: Results, size: int, at_once: int, latency: float = 0.0) -> Mapping[str, Figures]:
    wanted = (size, at_once, latency)
    return {name: figures for (*key, name), figures in results.items() if tuple(key) == wanted and figures.done}


def _ratio(scene: Mapping[str, Figures], one: str, other: str) -> float | None:
    return scene[one].cpu / scene[other].cpu if one in scene and other in scene else None
