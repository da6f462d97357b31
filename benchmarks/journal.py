"""The journal: items through it in a second at 16, 64 and 256 at once, and a million known keys claimed again.

python -m benchmarks.journal [FOLDER]     on the disk of that folder; else where temporary files are
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks._tools import in_child, peak_memory, print_table, spread, verdict
from cvs_async.batch.journal import Claim, Journal, JournalReader

ITEMS = {16: 20_000, 64: 40_000, 256: 80_000}
SIZES = (0, 5_000)
"""Bytes of an answer."""
KEYS = 1_000_000
LOT = 1_000
"""Number of keys claimed at once."""
SECONDS = 5.0
MEGABYTES = 300.0


def main(folder: str | None) -> None:
    """Measure, and print the tables."""
    with TemporaryDirectory(dir=folder) as root:
        rows = [
            (at_once, size, *in_child("benchmarks.journal", "items", Path(root, f"{at_once}-{size}.db"), at_once, size))
            for at_once in ITEMS
            for size in SIZES
        ]
        print_table(
            ("at once", "bytes each", "items/s", "peak MB"),
            *((at_once, size, f"{rate:,.0f}", f"{peak:.0f}") for at_once, size, rate, peak in rows),
        )
        print()
        print_table(("1,000,000 keys", "seconds", "", "peak MB", ""), *_keys(Path(root, "keys.db")))


def _keys(path: Path) -> Iterator[tuple[object, ...]]:
    for step in ("claimed first", "sent and ended", "claimed again", "figures", "exported without contents"):
        seconds, peak = in_child("benchmarks.journal", step, path)
        bound = step == "claimed again"
        met = (verdict(seconds, SECONDS, " s"), verdict(peak, MEGABYTES, " MB")) if bound else ("", "")
        yield step, f"{seconds:.1f}", met[0], f"{peak:.0f}", met[1]


def child(step: str, path: Path, count: int = KEYS, size: int = 0) -> None:
    """Measure one step, and print its figure and the peak memory in MB; `count` is of keys, or items at once."""
    if step == "items":
        figure = asyncio.run(_items(path, count, size))
    elif step in ("figures", "exported without contents"):
        figure = _read(path, step)
    else:
        figure = asyncio.run(_claim(path, count) if step.startswith("claimed") else _answer(path, count))
    print(json.dumps((figure, peak_memory())))


async def _items(path: Path, at_once: int, size: int) -> float:
    """Items a second: each is claimed, marked as sent, and ended."""
    numbers, answer = itertools.count(), _answer_of(size)

    async def item() -> None:
        key = _key(next(numbers))
        await journal.claim(key, operation="ocr.card", source=f"/data/claims/{key[:8]}.jpg")
        await journal.sent(key, check_sum=key[:16])
        await journal.ended(key, charge="billed", content=answer, http_status=200, error=None, code=0)

    async with Journal(path) as journal:
        started = time.perf_counter()
        await spread(item, ITEMS[at_once], at_once)
        return ITEMS[at_once] / (time.perf_counter() - started)


async def _claim(path: Path, count: int) -> float:
    """Seconds for all keys, without what it takes to make them up."""
    seconds = 0.0
    async with Journal(path) as journal:
        for lot in _lots(count):
            started = time.perf_counter()
            await journal.claim_many(lot)
            seconds += time.perf_counter() - started
    return seconds


async def _answer(path: Path, count: int) -> float:
    started = time.perf_counter()

    async def item(key: str) -> None:
        await journal.sent(key, check_sum=key[:16])
        await journal.ended(key, charge="billed", content=None, http_status=200, error=None, code=0)

    async with Journal(path) as journal:
        for lot in _lots(count):
            await asyncio.gather(*(item(key) for key, *_ in lot))
    return time.perf_counter() - started


def _read(path: Path, step: str) -> float:
    started = time.perf_counter()
    with JournalReader(path) as reader:
        if step == "figures":
            reader.figures()
        else:
            for _ in reader.records(content=False):
                pass
    return time.perf_counter() - started


def _lots(count: int) -> Iterator[list[Claim]]:
    for start in range(0, count, LOT):
        yield [
            (_key(number), "ocr.card", f"/data/scan-{number:07}.jpg", None, f"{100_000 + number}:1732600000000000000")
            for number in range(start, start + LOT)
        ]


def _key(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def _answer_of(size: int) -> bytes:
    """Return JSON of about `size` bytes that compresses like an answer."""
    numbers = Random(size)
    return json.dumps([{"value": numbers.randrange(10**9), "confidence": 0.99} for _ in range(size // 40)]).encode()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        child(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        main(sys.argv[1] if len(sys.argv) == 2 else None)
