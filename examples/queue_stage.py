"""One stage of a pipeline: takes paths from a queue, and puts typed outcomes on another.

    python examples/queue_stage.py scans/

Both queues are bounded: a slow consumer of outcomes slows the calls, and these slow the producer of paths.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from cvs_async import AsyncCVS, Done, Failed, Held, folder
from cvs_async.batch import Entry, Outcome
from cvs_async.models import Recognized

Paths = asyncio.Queue[Path | Entry | None]
Results = asyncio.Queue[Outcome[list[Recognized]] | None]


async def read_papers(cvs: AsyncCVS, paths: Paths, results: Results) -> None:
    """Run the stage. None marks the end of either queue."""

    async def waiting() -> AsyncIterator[Path | Entry]:
        while (path := await paths.get()) is not None:
            yield path

    async with cvs.batch(cvs.ocr.card, waiting(), concurrency=8) as outcomes:
        async for outcome in outcomes:
            await results.put(outcome)
    await results.put(None)


async def find_files(root: str, paths: Paths) -> None:
    async for path in folder(root):
        await paths.put(path)
    await paths.put(None)


async def main(root: str) -> None:
    paths, results = Paths(maxsize=16), Results(maxsize=16)
    async with AsyncCVS() as cvs, asyncio.TaskGroup() as tasks:
        tasks.create_task(find_files(root, paths))
        tasks.create_task(read_papers(cvs, paths, results))
        while (outcome := await results.get()) is not None:
            match outcome:
                case Done(item, reply):
                    print(item.source, *(paper.type for paper in reply.data))
                case Failed(item, error) | Held(item, error=error):
                    print(item.source, error)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
