"""Lateness of a 5 ms ticker in the event loop during a batch of 1 MB files."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from benchmarks._tools import pictures, print_table, service, tick, verdict
from cvs_async import AsyncCVS

CONCURRENCY = 64
BOUND = 100.0
FILES = 40
SIZE = 1_000_000
RUNS = {0.0: 4_000, 0.2: 2_000}
"""Number of documents by latency of the service."""


def main() -> None:
    """Measure, and print the table."""
    rows = []
    with pictures(FILES, SIZE) as paths:
        for latency, count in RUNS.items():
            with service("bare", latency) as base_url:
                source = itertools.islice(itertools.cycle(paths), count)
                rows.append(_row(latency, *asyncio.run(_measure(base_url, source))))
    print_table(("latency", "files", "files/s", "p50 ms", "p99 ms", "max ms", ""), *rows)


async def _measure(base_url: str, source: Iterable[Path]) -> tuple[list[float], int, float]:
    """The lateness of each tick in milliseconds, the number of files done, and the seconds it took."""
    lateness: list[float] = []
    async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
        ticker = asyncio.create_task(tick(lateness))
        started = perf_counter()
        async with cvs.batch(cvs.ocr.card, source, concurrency=CONCURRENCY) as outcomes:
            async for _ in outcomes:
                pass
        seconds = perf_counter() - started
        ticker.cancel()
    return lateness, outcomes.stats.done, seconds


def _row(latency: float, lateness: list[float], done: int, seconds: float) -> tuple[object, ...]:
    percentiles = quantiles(lateness, n=100)
    worst = max(lateness)
    figures = (f"{figure:.1f}" for figure in (percentiles[49], percentiles[98], worst))
    return f"{latency * 1000:.0f} ms", done, f"{done / seconds:.0f}", *figures, verdict(worst, BOUND, " ms")


if __name__ == "__main__":
    main()
