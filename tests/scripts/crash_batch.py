"""The program that test_crash.py kills: python -m tests.scripts.crash_batch BASE_URL JOURNAL RESULTS COUNT IN_DOUBT

It says ``began``, then acknowledges each outcome once its line is with the operating system, by its key and status,
and at the end says ``through``.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from cvs_async import AsyncCVS, Held, RetryPolicy
from cvs_async.batch import JsonLines

AT_ONCE = 16
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63f80f0001010100b138f6140000000049454e44ae426082"
)


def say(line: str) -> None:
    """Tell who reads along, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run(base_url: str, journal: str, results: str, count: int, in_doubt: Any) -> None:
    """One run, which may not come to its end."""
    documents = (PIXEL + b"%d" % number for number in range(count))
    retry = RetryPolicy(initial=0.01, maximum=0.05)
    async with (
        AsyncCVS("key", "secret", base_url=base_url, retry=retry) as cvs,
        JsonLines(results, append=True) as sink,
        cvs.batch(cvs.ocr.card, documents, journal=journal, concurrency=AT_ONCE, in_doubt=in_doubt) as outcomes,
    ):
        say("began")
        async for outcome in outcomes:
            await sink.write(outcome)
            status = outcome.reason if isinstance(outcome, Held) else type(outcome).__name__
            say(f"{outcome.item.key} {status}")
    say("through")


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]))
