"""CPU time of a call in the client's process, at up to 1,000 at once: this library, plain httpx, and aiohttp by hand.

Each figure is the median of fresh processes that take turns. Bodies of 100 KB in memory, answers of about 5 KB.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from statistics import median

from benchmarks._tools import in_child, picture, pin, print_table, serving, spread

BODY = 100_000
ROUNDS = 3
SECONDS = 2.5
"""Time limit for plain httpx, which becomes very slow."""
CALLS = {16: 400, 64: 600, 256: 1_000, 1_000: 3_000}
LATENCY = 0.05
"""Latency of the service, so that all requests are in flight at once."""
AUTHORIZATION = {"Authorization": "Basic a2V5OnNlY3JldA=="}

Call = Callable[[], Awaitable[object]]


def main() -> None:
    """Measure, and print the table."""
    pin(0)
    with serving("bare", LATENCY, core=1) as server:
        print_table(
            ("at once", "client", "calls", "ms CPU a call", "calls/s", "CPU to aiohttp"),
            *(row for at_once in CALLS for row in _rows(server.url, at_once)),
        )


def _rows(base_url: str, at_once: int) -> list[tuple[object, ...]]:
    runs: dict[str, list[list[float]]] = {name: [] for name in CLIENTS}
    for _ in range(ROUNDS):
        for name in CLIENTS:
            runs[name].append(in_child("benchmarks.transport_cost", base_url, name, at_once))
    medians = {name: [median(figures) for figures in zip(*taken, strict=True)] for name, taken in runs.items()}
    return [_row(at_once, name, medians[name], medians["aiohttp"][1]) for name in CLIENTS]


def _row(at_once: int, name: str, figures: list[float], least: float) -> tuple[object, ...]:
    answered, cpu, rate = figures
    if not answered:
        return f"{at_once:,}", name, 0, "-", "-", "-"
    return f"{at_once:,}", name, f"{answered:,.0f}", f"{cpu:.2f}", f"{rate:,.0f}", f"{cpu / least:.2f}"


def child(base_url: str, name: str, at_once: int) -> None:
    """Print how many calls were answered, the milliseconds of CPU for each, and how many a second."""
    print(json.dumps(asyncio.run(_measure(base_url, name, at_once))), flush=True)


async def _measure(base_url: str, name: str, at_once: int) -> tuple[int, float, float]:
    answered = 0
    async with CLIENTS[name](base_url, at_once) as call:

        async def counted() -> None:
            nonlocal answered
            await call()
            answered += 1

        await call()  # one-time work, such as creating the pool, is excluded from the cost of a call
        cpu, wall = time.process_time(), time.perf_counter()
        work = asyncio.create_task(spread(counted, CALLS[at_once], at_once))
        await asyncio.wait((work,), timeout=SECONDS if name == "httpx" else None)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        if not work.done():  # cancelling them is even slower in httpx
            print(json.dumps((answered, cpu * 1e3 / max(answered, 1), answered / wall)), flush=True)
            os._exit(0)
    return answered, cpu * 1e3 / answered, answered / wall


@asynccontextmanager
async def _cvs(base_url: str, at_once: int) -> AsyncIterator[Call]:
    from cvs_async import AsyncCVS

    body = picture(BODY, 0)
    async with AsyncCVS("key", "secret", base_url=base_url, max_connections=at_once) as cvs:
        yield lambda: cvs.ocr.card(body)


@asynccontextmanager
async def _httpx(base_url: str, at_once: int) -> AsyncIterator[Call]:
    import httpx

    body = picture(BODY, 0)
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False, headers=AUTHORIZATION) as client:

        async def call() -> object:
            response = await client.post(f"{base_url}/ocr/card", files={"img": ("img.png", body, "image/png")})
            return response.json()

        yield call


@asynccontextmanager
async def _aiohttp(base_url: str, at_once: int) -> AsyncIterator[Call]:
    import aiohttp

    body = picture(BODY, 0)
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector, headers=AUTHORIZATION) as session:

        async def call() -> object:
            form = aiohttp.FormData()
            form.add_field("img", body, filename="img.png", content_type="image/png")
            async with session.post(f"{base_url}/ocr/card", data=form) as response:
                return await response.json()

        yield call


CLIENTS: dict[str, Callable[[str, int], AbstractAsyncContextManager[Call]]] = {
    "aiohttp": _aiohttp,
    "cvs_async": _cvs,
    "httpx": _httpx,
}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main()
