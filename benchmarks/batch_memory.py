"""Peak memory of short and long batches, in fresh processes: it must not grow with the number of items."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks._tools import in_child, picture, pictures, print_table, service, verdict

CONCURRENCY = 64
BOUND = 1.2
SMALL = 10_000
LARGE = 1_000_000
FILES = 20
RUNS = 3
"""Runs of each batch; the median is shown, because reuse of freed memory depends on the threads' timing."""


def main() -> None:
    """Measure, and print the table."""
    with service("sandbox") as base_url, pictures(FILES, LARGE) as paths:
        small = _compare("10 KB in memory", base_url, (1_000, 10_000))
        large = _compare("1 MB from disk", base_url, (300, 1_500), paths[0].parent)
        print_table(("items", "count", "items/s", "peak MB", ""), *small, *large)


def _compare(
    name: str, base_url: str, counts: tuple[int, int], folder: Path | None = None
) -> Iterator[tuple[str, ...]]:
    arguments = () if folder is None else (folder,)
    first = 0.0
    for count in counts:
        runs = [in_child("benchmarks.batch_memory", base_url, count, *arguments) for _ in range(RUNS)]
        peak, rate = (median(figures) for figures in zip(*runs, strict=True))
        ratio = f"ratio {peak / first:.2f}, {verdict(peak / first, BOUND, '')}" if first else ""
        first = first or peak
        yield name, f"{count:,}", f"{rate:.0f}", f"{peak:.0f}", ratio


def child(base_url: str, count: int, folder: Path | None) -> None:
    """Run one batch, and print its peak memory in MB and its items a second."""
    started = perf_counter()
    done = asyncio.run(_batch(base_url, _from_disk(folder, count) if folder else _in_memory(count)))
    assert done == count
    print(json.dumps((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, count / (perf_counter() - started))))


async def _batch(base_url: str, source: Iterator[object]) -> int:
    from cvs_async import AsyncCVS

    async with (
        AsyncCVS("key", "secret", base_url=base_url) as cvs,
        cvs.batch(cvs.ocr.card, source, concurrency=CONCURRENCY) as outcomes,
    ):
        async for _ in outcomes:
            pass
    return outcomes.stats.done


def _in_memory(count: int) -> Iterator[bytes]:
    return (picture(SMALL, number) for number in range(count))


def _from_disk(folder: Path, count: int) -> Iterator[Path]:
    paths = sorted(folder.iterdir())
    return (paths[number % len(paths)] for number in range(count))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None)
    else:
        main()
