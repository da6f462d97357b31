"""`concurrency="auto"` against a service with a hidden limit of 40 at once, which is lifted to 120 after 30 seconds.

python -m benchmarks.auto_concurrency [crowded|queue]     the service refuses more, or lets them wait in line
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from typing import Literal

from attrs import define, field

from benchmarks._tools import Service, pin, print_table, serving, verdict
from cvs_async import AsyncCVS, RetryPolicy

KINDS = {"crowded": "at most so many at once, else HTTP 429", "queue": "so many are worked on, the others wait in line"}
LATENCY = 0.2
LIMIT, LIFTED = 40, 120
SPAN = 30.0
"""Seconds before and after the limit is raised."""
WINDOW = 2.0
ENOUGH = 0.8
AT_ONCE = 200
BODY = b"\x89PNG\r\n\x1a\n" + bytes(1_000)
BEST_FOR = 4.0
"""Seconds for which the optimum is measured, with a client that knows the limit."""

Auto = Literal["auto"] | None


@define
class Window:
    """Figures of two seconds: answers a second, requests refused, and the client's limit at the end."""

    until: float
    limit: int
    rate: float
    refused: int
    found: int
    share: float = 0.0


@define
class Run:
    """Counters of a running batch."""

    done: int = 0
    failed: int = 0
    windows: list[Window] = field(factory=list)


def main(kinds: list[str]) -> None:
    """Measure, and print the tables."""
    pin(0)
    for kind in kinds:
        with serving(kind, LATENCY, LIMIT, core=1) as server:
            best = {limit: asyncio.run(_measure(server, {limit: BEST_FOR}, limit, None)) for limit in (LIMIT, LIFTED)}
            run = asyncio.run(_measure(server, dict.fromkeys(best, SPAN), AT_ONCE, "auto"))
        print(f"{LIMIT}, then {LIFTED}: {KINDS[kind]}")
        for limit, known in best.items():
            rate = max(window.rate for window in known.windows)
            print(f"best: with max_connections={limit}, {rate:.0f}/s, of {limit / LATENCY:.0f} without any overhead")
            for window in run.windows:
                window.share = window.rate / rate if window.limit == limit else window.share
        print_table(("second", "of best", "refused", "limit", ""), *map(_row, run.windows))
        for name, limit in (("found", LIMIT), ("found again once lifted", LIFTED)):
            print(f"{ENOUGH:.0%} of the best {name} {_verdict([each for each in run.windows if each.limit == limit])}")
        print(f"{run.done:,} calls done, {run.failed:,} failed\n")


def _row(window: Window) -> tuple[object, ...]:
    bar = "#" * round(20 * window.share) + (" <" if window.share >= ENOUGH else "")
    return f"{window.until:.0f}", f"{window.share:.0%}", window.refused, window.found, bar


def _verdict(windows: list[Window]) -> str:
    """Return the time when two consecutive windows were good, and the number of good ones after them."""
    good = [window.share >= ENOUGH for window in windows]
    first = next((number for number, pair in enumerate(itertools.pairwise(good)) if all(pair)), None)
    if first is None:
        return f"never; bound {SPAN:g} s: not met"
    seconds = (first + 1) * WINDOW
    after = good[first:]
    return f"in {seconds:.0f} s, {verdict(seconds, SPAN, ' s')}; {sum(after)} of {len(after)} windows since were so"


async def _measure(server: Service, limits: dict[int, float], connections: int, auto: Auto) -> Run:
    """Run a batch while the service has each limit for its number of seconds."""
    run = Run()
    retry = RetryPolicy(attempts=10)
    async with (
        AsyncCVS(
            "key", "secret", base_url=server.url, concurrency=auto, max_connections=connections, retry=retry
        ) as cvs,
        cvs.batch(cvs.ocr.card, itertools.repeat(BODY), concurrency=AT_ONCE) as outcomes,
    ):
        watcher = asyncio.create_task(_watch(cvs, server, limits, run))
        async for _ in outcomes:
            run.done, run.failed = outcomes.stats.done, outcomes.stats.failed + outcomes.stats.held
            if watcher.done():
                break
    await watcher
    return run


async def _watch(cvs: AsyncCVS, server: Service, limits: dict[int, float], run: Run) -> None:
    """Take a reading every two seconds."""
    started = before = time.perf_counter()
    counts = server.counts()
    for limit, seconds in limits.items():
        server.set(limit)
        for _ in range(round(seconds / WINDOW)):
            await asyncio.sleep(WINDOW)
            now, counted = time.perf_counter(), server.counts()
            answered, refused = (counted[name] - counts[name] for name in ("answered", "refused"))
            run.windows.append(Window(now - started, limit, answered / (now - before), refused, cvs.stats.limit))
            before, counts = now, counted


if __name__ == "__main__":
    main(sys.argv[1:] or list(KINDS))
