"""Seconds until the first outcome of a batch over a folder of 100,000 files."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks._tools import in_child, picture, print_table, serving, verdict

FILES = 100_000
ROUNDS = 3
BOUND = 1.0


def main() -> None:
    """Measure, and print the table."""
    seconds = first_outcome()
    print_table(("files", "first outcome after s", ""), (f"{FILES:,}", f"{seconds:.2f}", verdict(seconds, BOUND, " s")))


def first_outcome(rounds: int = ROUNDS) -> float:
    """Seconds, with the client made and connected before."""
    with _folder() as folder, serving("bare", core=1) as server:
        return median(float(in_child("benchmarks.first_outcome", server.url, folder)) for _ in range(rounds))


@contextmanager
def _folder() -> Iterator[Path]:
    content = picture(16, 0)
    with TemporaryDirectory() as root:
        for number in range(FILES):
            Path(root, f"scan-{number:06}.png").write_bytes(content)
        yield Path(root)


async def _measure(origin: str, path: str) -> float:
    from cvs_async import AsyncCVS, folder

    async with AsyncCVS("key", "secret", base_url=origin) as cvs:
        await cvs.ocr.card(picture(16, 0))
        started = time.perf_counter()
        async with cvs.batch(cvs.ocr.card, folder(path), concurrency=64) as outcomes:
            await anext(outcomes)
            return time.perf_counter() - started


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asyncio.run(_measure(sys.argv[1], sys.argv[2]))))
    else:
        main()
