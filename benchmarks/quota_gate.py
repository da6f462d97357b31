"""1,000 callers whose account is empty after 100 answers: number of requests spent on refusals."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from benchmarks._tools import Service, picture, print_table, serving, verdict
from cvs_async import AsyncCVS, OutOfRequestsError, Reply

CALLERS = 1_000
QUOTA = 100
CONNECTIONS = 50
LATENCY = 0.05
EMPTY = 2.0
"""Seconds from the first refusal until the account is refilled."""
PROBE = 0.2
FAST = 2.0
"""Seconds within which calls that must not wait have failed; those before them were answered in 0.1 s."""
BODY = picture(10_000, 0)


def main() -> None:
    """Measure, and print the table."""
    print_table(
        ("quota", "done", "out of requests", "other errors", "requests", "refused", "billed", "seconds", ""),
        _run("wait"),
        _run("raise"),
    )


def _run(mode: Literal["wait", "raise"]) -> tuple[object, ...]:
    with serving("account", LATENCY, QUOTA) as server:
        started = time.perf_counter()
        done, held, billed = asyncio.run(_callers(server, mode))
        seconds, counts = time.perf_counter() - started, server.counts()
    refused = counts["refused"]
    spent = CONNECTIONS + (EMPTY / PROBE + 1 if mode == "wait" else 0)
    wanted = (CALLERS, 0) if mode == "wait" else (QUOTA, CALLERS - QUOTA)
    right = (done, held) == wanted and billed == counts["answered"] == done
    said = [
        f"every call ends as it ought to, paid for once: {'met' if right else 'not met'}",
        f"refused, {verdict(refused, spent, '')}",
        *([f"seconds, {verdict(seconds, FAST, '')}"] if mode == "raise" else []),
    ]
    figures = (counts["requests"], refused, counts["answered"], f"{seconds:.1f}")
    return mode, done, held, CALLERS - done - held, *figures, "; ".join(said)


async def _callers(server: Service, mode: Literal["wait", "raise"]) -> tuple[int, int, int]:
    """Return the number of finished calls, of calls refused because the account is empty, and of calls billed by the
    client's count.
    """
    async with AsyncCVS(
        "key", "secret", base_url=server.url, quota=mode, quota_probe=PROBE, max_connections=CONNECTIONS
    ) as cvs:
        refill = asyncio.create_task(_refill(cvs, server))
        results = await asyncio.gather(*(cvs.ocr.card(BODY) for _ in range(CALLERS)), return_exceptions=True)
        refill.cancel()
    held = sum(isinstance(result, OutOfRequestsError) for result in results)
    return sum(isinstance(result, Reply) for result in results), held, cvs.stats.billed


async def _refill(cvs: AsyncCVS, server: Service) -> None:
    for _ in range(1_000):
        if cvs.stats.gate != "open":
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(EMPTY)
    server.set(CALLERS)


if __name__ == "__main__":
    main()
