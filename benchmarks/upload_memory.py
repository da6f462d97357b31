"""Peak memory and speed of 64 uploads of 50 MB files at once, each way in a fresh process."""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Literal

from benchmarks._tools import in_child, print_table, service, verdict

AT_ONCE = 64
SIZE = 50_000_000
FILES = 4
BOUND = 150.0
FORMS: tuple[Literal["file", "base64"], ...] = ("file", "base64")


def main() -> None:
    """Measure, and print the table."""
    rows = []
    with service("bare") as base_url, _files() as folder:
        for form in FORMS:
            peak, before, seconds = in_child("benchmarks.upload_memory", base_url, form, folder)
            speed = AT_ONCE * SIZE / 1e6 / seconds
            rows.append((form, f"{seconds:.1f}", f"{speed:.0f}", f"{before:.0f}", f"{peak:.0f}", _said(peak)))
    print_table((f"{AT_ONCE} of {SIZE // 10**6} MB as", "seconds", "MB/s", "MB before", "peak MB", ""), *rows)


def _said(peak: float) -> str:
    return verdict(peak, BOUND, " MB")


@contextmanager
def _files() -> Iterator[Path]:
    """Create sparse files: only their beginning occupies disk space."""
    with TemporaryDirectory() as root:
        for number in range(FILES):
            with Path(root, f"{number}.pdf").open("wb") as file:
                file.write(b"%PDF-1.7\n")
                file.truncate(SIZE)
        yield Path(root)


def child(base_url: str, form: Literal["file", "base64"], folder: Path) -> None:
    """Upload, and print the peak memory in MB, what it was before, and the seconds it took."""
    from cvs_async import AsyncCVS

    paths = itertools.islice(itertools.cycle(sorted(folder.iterdir())), AT_ONCE)

    async def upload() -> tuple[float, float]:
        async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
            before, started = _peak(), perf_counter()
            await asyncio.gather(*(cvs.ocr.card(path, send_as=form) for path in paths))
            return before, perf_counter() - started

    before, seconds = asyncio.run(upload())
    print(json.dumps((_peak(), before, seconds)))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], "base64" if sys.argv[2] == "base64" else "file", Path(sys.argv[3]))
    else:
        main()
