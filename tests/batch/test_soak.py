"""Long batches: memory stays flat, nothing stays open, few files are needed, and all books agree."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.soak import run, sandbox
from cvs_async import AsyncCVS
from cvs_async.batch import Batch, JournalReader
from cvs_async.sandbox import Sandbox
from tests.scripts.crash_batch import PIXEL
from tests.support.servers import ANSWER


@pytest.mark.soak
async def test_a_soak_leaves_nothing_open_and_all_books_agree(tmp_path: Path) -> None:
    with sandbox(0.03) as service:
        soak = await run(service, tmp_path / "soak.db", items=2_000, concurrency=16)
    assert [(name, value) for name, value, _, _ in soak.books()] == [(name, due) for name, _, due, _ in soak.books()]
    assert all(even for _, _, _, even in soak.leaks()), soak.leaks()
    assert soak.batch.finished == 2_000
    assert min(soak.service[kind] for kind in ("503", "reset", "lost")) > 0


# --- memory

AT_ONCE = 10
WARM, LAST = 500, 2_000
FEW = 750
"""Normal variation; one object or block of memory for every second item would exceed it."""


async def all_wait(batch: Batch[Any], taken: int, bound: int, total: int) -> None:
    """Until every outcome that may wait for its consumer does."""
    while batch.stats.finished - taken < min(bound, total - taken):  # noqa: ASYNC110 - a batch tells of outcomes only
        await asyncio.sleep(0.001)


async def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=ANSWER)


@pytest.mark.soak
@pytest.mark.parametrize("ordered", [False, True])
async def test_no_item_leaves_anything_in_memory(tmp_path: Path, ordered: bool) -> None:
    documents, total = (b"document %d" % number for number in range(LAST + 100)), LAST + 100
    options: Any = {"journal": tmp_path / "batch.db", "concurrency": AT_ONCE, "ordered": ordered}
    counts: dict[int, tuple[int, int]] = {}
    async with (
        AsyncCVS("key", "secret", transport=httpx.MockTransport(answer)) as cvs,
        cvs.batch(cvs.ocr.card, documents, **options) as outcomes,
    ):
        for taken in range(LAST + 1):
            if taken % AT_ONCE == 0:  # a consumer that rests, until everything waits for it
                await all_wait(outcomes, taken, AT_ONCE * (4 if ordered else 1), total)
            if taken in (WARM, LAST):
                gc.collect()
                counts[taken] = len(gc.get_objects()), sys.getallocatedblocks()
            await anext(outcomes)
    objects, blocks = (last - warm for warm, last in zip(counts[WARM], counts[LAST], strict=True))
    assert objects <= FEW
    assert blocks <= FEW


# --- few files

LIMITED = """
import asyncio, resource, sys
from cvs_async import AsyncCVS, folder

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

async def run(base_url, scans, journal):
    async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
        async with cvs.batch(cvs.ocr.card, folder(scans), journal=journal, concurrency=16) as outcomes:
            print([type(outcome).__name__ async for outcome in outcomes].count("Done"))

asyncio.run(run(*sys.argv[1:]))
"""


def test_sixty_four_files_are_enough_for_sixteen_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    scans, journal = tmp_path / "scans", tmp_path / "batch.db"
    scans.mkdir()
    for number in range(150):  # every tenth is read piece by piece, while it is sent
        (scans / f"{number:03}.png").write_bytes(PIXEL + b"%d" % number + bytes(0 if number % 10 else 3 << 20))
    command = [sys.executable, "-c", LIMITED, sandbox.base_url, str(scans), str(journal)]
    assert subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout == b"150\n"
    with JournalReader(journal) as reader:
        assert reader.figures().states["billed"] == sandbox.ledger.billed == 150
