"""Thousands of calls cancelled at random on a pool of 10: everything must be whole and accounted for afterwards.

python -m benchmarks.cancel_churn [COUNT]     ends with 1 if anything is not
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

import anyio

from benchmarks._tools import Service, picture, print_table, serving, spread
from cvs_async import AsyncCVS

COUNT = 10_000
POOL = 10
LATENCY = 0.02
LONGEST = 0.04
"""Maximum seconds before a call is cancelled."""
CROWDS = (5, 15, 50)
"""Numbers of concurrent callers for a third of the calls each: with and without waiting for a connection."""
CALMING = 10.0
"""Seconds within which all drained requests must have finished."""
BODY = picture(10_000, 0)

Row = tuple[str, object, object, str]


def main(count: int) -> int:
    """Measure, print the table, and give the exit status."""
    with serving("bare", LATENCY) as server:
        rows = asyncio.run(_churn(server, count))
    print_table(("after the churn", "is", "ought to be", ""), *rows)
    return any(row[3] == "not met" for row in rows)


async def _churn(server: Service, count: int) -> list[Row]:
    started, files, ends = time.perf_counter(), _open_files(), Counter[str]()
    async with AsyncCVS("key", "secret", base_url=server.url, max_connections=POOL) as cvs:
        chance = Random(0)

        async def call() -> None:
            way = chance.choice(WAYS)
            ends[await way(lambda: cvs.ocr.card(BODY), chance.uniform(0, LONGEST))] += 1

        for number, crowd in enumerate(CROWDS):
            await spread(call, len(range(number, count, len(CROWDS))), crowd)
        rows = [
            _row("calls", sum(ends.values()), "", True),
            _row("of them answered", ends["answered"], "", True),
            _row("seconds", f"{time.perf_counter() - started:.1f}", "", True),
            *await _calm(cvs),
            *await _serves(cvs),
            *_books(cvs, server),
        ]
    await asyncio.sleep(0.1)
    gc.collect()
    left = len(asyncio.all_tasks()) - 1
    return [*rows, _row("tasks left", left, 0, left == 0), _equal("file descriptors", _open_files(), files)]


async def _calm(cvs: AsyncCVS) -> list[Row]:
    """Wait for drained requests."""
    for _ in range(int(CALMING / LATENCY)):
        if cvs.stats.in_flight:
            await asyncio.sleep(LATENCY)
    stats, left = cvs.stats, len(asyncio.all_tasks()) - 1
    return [_equal("in flight", stats.in_flight, 0), _equal("waiting", stats.waiting, 0), _equal("tasks", left, 0)]


async def _serves(cvs: AsyncCVS) -> list[Row]:
    """Use the whole pool at once."""
    started = time.perf_counter()
    results = await asyncio.gather(*(cvs.ocr.card(BODY, timeout=5) for _ in range(POOL)), return_exceptions=True)
    seconds = time.perf_counter() - started
    good = sum(not isinstance(result, BaseException) for result in results)
    opened = cvs.stats.connections or 0
    return [
        _equal(f"answers to {POOL} calls at once", good, POOL),
        _row("  seconds they took", f"{seconds:.2f}", "< 1", seconds < 1),
        _row("connections open", opened, f"<= {POOL}", opened <= POOL),
    ]


def _books(cvs: AsyncCVS, server: Service) -> list[Row]:
    stats, asked = cvs.stats, server.counts()["requests"]
    return [
        _equal("billed", stats.billed, asked),
        _row("  free: cancelled before anything was sent", stats.free, "", True),
        _row("  drained: cancelled afterwards", stats.drained, "", True),
        _equal("unknown", stats.unknown, 0),
    ]


def _row(name: str, value: object, bound: object, good: bool) -> Row:
    return name, value, bound, ("met" if good else "not met") if bound != "" else ""


def _equal(name: str, value: int, bound: int) -> Row:
    return _row(name, value, bound, value == bound)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


async def _cancelled(call: Callable[[], Awaitable[object]], seconds: float) -> str:
    task = asyncio.ensure_future(call())
    await asyncio.wait((task,), timeout=seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return "cancelled" if task.cancelled() else "answered"


async def _timed(call: Callable[[], Awaitable[object]], seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            await call()
    except TimeoutError:
        return "cancelled"
    return "answered"


async def _scoped(call: Callable[[], Awaitable[object]], seconds: float) -> str:
    with anyio.move_on_after(seconds) as scope:
        await call()
    return "cancelled" if scope.cancelled_caught else "answered"


WAYS = (_cancelled, _timed, _scoped)

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else COUNT))
