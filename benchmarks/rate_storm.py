"""A service that takes 50 requests a second, without and with `rate_limit`; and what it costs to wait for a turn."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from benchmarks._tools import picture, print_table, serving, verdict
from cvs_async import AsyncCVS, Timeout
from cvs_async._limits.pace import RateLimit, RateLimiter

RATE = 50
COUNT = 500
CONCURRENCY = 64
REFUSED_BOUND = 5.0
FAILED_BOUND = 0.0
SLOWER_BOUND = 1.5
"""Times the least time in which the service could answer them all."""
CONNECTIONS = 10
HANGING = 3.0
BACKLOG = 300
NOTHING = {"errorCode": "0", "data": []}
WAITERS = 10_000
WAITER_BOUND = 50.0
BODY = picture(10_000, 0)


def main() -> None:
    """Measure, and print the tables."""
    print_table(
        ("calls", "requests", "refused", "failed", "seconds", "ideal", "", ""),
        _storm("told by HTTP 429 alone", None),
        _storm(f"rate_limit=RateLimit({RATE})", RateLimit(RATE)),
    )
    print()
    most = asyncio.run(_hanging())
    print_table(
        ("calls, of a client whose 10 connections hang for 3 s at first", f"most requests in 1 s of {RATE}", ""),
        (BACKLOG, most, verdict(most, RATE + 1, "")),
    )
    print()
    print_table(
        (f"{WAITERS:,} waiters", "µs CPU each", "timers in the loop", ""),
        asyncio.run(_pace()),
        asyncio.run(_client(None)),
        asyncio.run(_client(300.0)),
    )


def _storm(name: str, limit: RateLimit | None) -> tuple[object, ...]:
    with serving("strict", number=RATE) as server:
        started = time.perf_counter()
        failed = asyncio.run(_batch(server.url, limit))
        seconds, counts = time.perf_counter() - started, server.counts()
    ideal = COUNT / RATE
    good = failed <= FAILED_BOUND and seconds <= SLOWER_BOUND * ideal
    refused = "" if limit is None else f"refused, {verdict(counts['refused'], REFUSED_BOUND, '')}"
    within = f"no call fails, {SLOWER_BOUND:g} times ideal: {'met' if good else 'not met'}"
    figures = (counts["requests"], counts["refused"], failed, f"{seconds:.1f}", f"{ideal:.0f}")
    return f"{COUNT}, {name}", *figures, within, refused


async def _batch(base_url: str, limit: RateLimit | None) -> int:
    async with (
        AsyncCVS("key", "secret", base_url=base_url, rate_limit=limit) as cvs,
        cvs.batch(cvs.ocr.card, [BODY] * COUNT, concurrency=CONCURRENCY) as outcomes,
    ):
        async for _ in outcomes:
            pass
    return COUNT - outcomes.stats.done


async def _hanging() -> int:
    """The most requests in any second, where callers wait for a connection that have had their turn."""
    sent: list[float] = []

    async def answer(_: httpx.Request) -> httpx.Response:
        sent.append(time.perf_counter())
        await asyncio.sleep(HANGING if len(sent) <= CONNECTIONS else 0)
        return httpx.Response(200, json=NOTHING)

    limits: Any = {"max_connections": CONNECTIONS, "rate_limit": RateLimit(RATE)}
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer), **limits) as cvs:
        await asyncio.gather(*(cvs.ocr.card(BODY) for _ in range(BACKLOG)))
    return max(sum(first <= other < first + 1 for other in sent) for first in sent)


async def _pace() -> tuple[object, ...]:
    """The pace alone, fast enough that CPU is all it takes."""
    pace, began = RateLimiter(RateLimit(WAITERS, burst=1)), asyncio.get_running_loop().time()
    cpu = time.process_time()
    waiters = [asyncio.create_task(pace.wait(began)) for _ in range(WAITERS)]
    await asyncio.sleep(0)
    timers = _timers()
    await asyncio.gather(*waiters)
    cpu = time.process_time() - cpu
    said = f"{verdict(cpu * 1e6 / WAITERS, WAITER_BOUND, ' µs')}; {verdict(timers, 1, ' timer')}"
    return "RateLimit alone", _each(cpu), timers, said


async def _client(total: float | None) -> tuple[object, ...]:
    """Callers of a client that come, wait for their turn a little, and are cancelled."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=NOTHING))
    timeout = Timeout(total=total)
    async with AsyncCVS("key", "secret", transport=transport, rate_limit=RateLimit(1, per=3600)) as cvs:
        cpu = time.process_time()
        callers = [asyncio.create_task(cvs.ocr.card(BODY, timeout=timeout)) for _ in range(WAITERS)]
        await asyncio.sleep(1)
        timers = _timers()
        cpu = time.process_time() - cpu
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
    # Each call that is bounded as a whole has a timer of its own for that, which the rate has no part in.
    said = verdict(timers, 1, " timer") if total is None else "one for the bound on each call"
    return f"callers of a client, Timeout(total={total})", _each(cpu), timers, said


def _each(cpu: float) -> str:
    return f"{cpu * 1e6 / WAITERS:.0f}"


def _timers() -> int:
    """Timers that will still go off; the loop keeps them to itself."""
    scheduled: list[asyncio.TimerHandle] = getattr(asyncio.get_running_loop(), "_scheduled", [])
    return sum(not timer.cancelled() for timer in scheduled)


if __name__ == "__main__":
    main()
