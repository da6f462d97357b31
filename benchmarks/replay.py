"""A batch that is run again: CPU time of an item whose answer the journal has already."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks._contenders import files
from benchmarks._tools import in_child, pictures, pin, print_table, serving

if TYPE_CHECKING:
    from cvs_async import AsyncCVS

FILES = 100
SIZE = 100_000
COUNT = 1_000
AT_ONCE = 64


def main() -> None:
    """Measure, and print the table."""
    print_table(("run", "ms CPU an item", "items/s"), *rows())


def rows() -> list[tuple[str, str, str]]:
    """The first run, and the second one."""
    with pictures(FILES, SIZE) as paths, serving("bare", core=1) as server:
        runs = in_child("benchmarks.replay", server.url, paths[0].parent)
    return [(name, f"{cpu:.2f}", f"{rate:,.0f}") for name, (cpu, rate) in zip(("sent", "replayed"), runs, strict=True)]


async def _measure(origin: str, folder: Path) -> list[tuple[float, float]]:
    from cvs_async import AsyncCVS

    async with AsyncCVS("key", "secret", base_url=origin) as cvs:
        with TemporaryDirectory() as root:
            return [await _run(cvs, folder, Path(root, "journal.db"), known) for known in (0, COUNT)]


async def _run(cvs: AsyncCVS, folder: Path, journal: Path, known: int) -> tuple[float, float]:
    """Milliseconds of CPU an item, and items a second."""
    cpu, wall = time.process_time(), time.perf_counter()
    source = files(folder, COUNT)
    async with cvs.batch(cvs.ocr.card, source, concurrency=AT_ONCE, journal=journal, dedupe=False) as outcomes:
        async for _ in outcomes:
            pass
    assert outcomes.stats.replayed == known
    return (time.process_time() - cpu) * 1e3 / COUNT, COUNT / (time.perf_counter() - wall)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        pin(0)
        print(json.dumps(asyncio.run(_measure(sys.argv[1], Path(sys.argv[2])))))
    else:
        main()
