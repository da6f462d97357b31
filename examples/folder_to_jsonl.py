"""Reads every picture and PDF of a folder, and writes one line of JSON for each.

    python examples/folder_to_jsonl.py scans/ results.jsonl

with CVS_API_KEY and CVS_API_SECRET in the environment, and CVS_BASE_URL for a sandbox.
"""

import asyncio
import sys

from cvs_async import AsyncCVS, CVSError, folder
from cvs_async.batch import JsonLines


async def main(source: str, target: str) -> None:
    async with (
        AsyncCVS() as cvs,
        JsonLines(target) as results,
        cvs.batch(cvs.ocr.card, folder(source), concurrency=32) as outcomes,
    ):
        async for outcome in outcomes:
            await results.write(outcome)
    stats = outcomes.stats
    print(f"{stats.done} done, {stats.failed} failed, {stats.held} held, {stats.rate:.0f} files a second")
    print(f"{stats.billed} billed, {stats.free} free, {stats.unknown} in doubt")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except CVSError as error:
        sys.exit(str(error))
