"""CPU time of one awaited call after another, above that of the transport below it, with the same body and answer."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from statistics import median

from benchmarks._tools import in_child, picture, pin, print_table, serving, verdict

SIZE = 100_000
CALLS = 300
ROUNDS = 5
BOUND = 120.0


def main() -> None:
    """Measure, and print the table."""
    bare, call, decoded = figures()
    over = call - bare
    print_table(
        ("one after another", "µs CPU", ""),
        ("the transport alone, a request made beforehand", f"{bare:.0f}", ""),
        ("cvs.ocr.card", f"{call:.0f}", ""),
        ("overhead", f"{over:.0f}", verdict(over, BOUND, " µs")),
        ("of it decoding the answer", f"{decoded:.0f}", ""),
    )


def figures() -> tuple[float, float, float]:
    """Microseconds of CPU for a request of the transport, for a call, and for decoding its answer."""
    with serving("bare", core=1) as server:
        bare, call, decoded = in_child("benchmarks.single_call", server.url)
    return bare, call, decoded


async def _measure(origin: str) -> tuple[float, float, float]:
    from cvs_async import AsyncCVS, Timeout
    from cvs_async._codec.decoding import decode
    from cvs_async._codec.request import Body
    from cvs_async._exchange import Attempt, WireReply
    from cvs_async._http.aiohttp_backend import AiohttpBackend
    from cvs_async._http.backend import HttpBody, HttpRequest
    from cvs_async.api import OPERATIONS

    body = picture(SIZE, 0)
    answer = b""
    async with AsyncCVS("key", "secret", base_url=origin) as cvs, aclosing(AiohttpBackend(1, ())) as backend:

        async def bare() -> None:
            nonlocal answer
            attempt = Attempt()
            content = HttpBody(Body("image/jpeg", (body,)), attempt)
            request = HttpRequest("POST", f"{origin}/api/v2/ocr/card", {}, content, Timeout())
            response = await backend.send(request, attempt)
            answer = b"".join([chunk async for chunk in response])
            await response.aclose()

        async def call() -> None:
            await cvs.ocr.card(body)

        async def decoded() -> None:
            decode(OPERATIONS["ocr.card"], WireReply(200, answer))

        rounds = [[await _timed(work) for work in (bare, call, decoded)] for _ in range(ROUNDS)]
    transport_alone, whole, decoding = (median(taken) for taken in zip(*rounds[1:], strict=True))
    return transport_alone, whole, decoding


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        await work()
    return (time.process_time() - started) / CALLS * 1e6


if __name__ == "__main__":
    if len(sys.argv) > 1:
        pin(0)
        print(json.dumps(asyncio.run(_measure(sys.argv[1]))))
    else:
        main()
