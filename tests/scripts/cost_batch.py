"""The program whose system calls test_cost.py counts: python -m tests.scripts.cost_batch BASE_URL FILE COUNT"""

from __future__ import annotations

import asyncio
import sys

from cvs_async import AsyncCVS, Done


async def main(url: str, file: str, count: int) -> None:
    """Send one file `count` times."""
    async with (
        AsyncCVS("key", "secret", base_url=url, max_connections=8) as cvs,
        cvs.batch(cvs.ocr.card, [file] * count, concurrency=8) as outcomes,
    ):
        done = [outcome async for outcome in outcomes if isinstance(outcome, Done)]
    if len(done) != count:
        raise SystemExit(f"{len(done)} of {count} were answered")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
