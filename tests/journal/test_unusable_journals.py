"""Journals that cannot be used, from the beginning or from some answer on."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import Done, RetryPolicy
from cvs_async.batch import Outcome
from cvs_async.batch.journal import JournalError
from cvs_async.batch.journal.writer import Writer
from tests.support.journals import on_open
from tests.support.service import GOOD, Service, kinds, numbered, reasons, run


async def refused(path: Path, match: str) -> str:
    """Return the error; nothing was sent and no item was taken."""
    service, source = Service(), numbered(3)
    async with service.client() as cvs:
        with pytest.raises(JournalError, match=match) as caught:
            await run(cvs, source, path)
    assert service.sent.total() == 0
    assert next(source) == b"document 0"
    return str(caught.value)


async def test_a_missing_folder_is_reported_before_anything_is_sent(tmp_path: Path) -> None:
    assert "nowhere" in await refused(tmp_path / "nowhere" / "claims.db", "No such file or directory")


async def test_a_read_only_folder_is_reported_before_anything_is_sent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open  # permissions mean nothing to root, who may run the tests

    def read_only(name: Any, flags: int, *more: Any, **options: Any) -> int:
        if flags & os.O_CREAT and str(name).startswith(str(path)):
            raise OSError(errno.EROFS, "Read-only file system", str(name))
        return real(name, flags, *more, **options)

    monkeypatch.setattr(os, "open", read_only)
    assert "claims.db" in await refused(path, "Read-only file system.*check the disk, the folder and its permissions")


async def test_a_journal_of_another_batch_is_refused(path: Path) -> None:
    service = Service()
    async with service.client() as cvs, cvs.batch(cvs.ocr.card, numbered(3), journal=path) as batch:
        await anext(batch)
        await refused(path, f"in use by process {os.getpid()}")
        assert len([outcome async for outcome in batch]) == 2


HOLDER = """
import asyncio, sys
from cvs_async.batch.journal import Journal

async def hold():
    async with Journal(sys.argv[1]):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(hold())
"""


async def test_a_journal_of_another_process_is_refused_with_its_id(path: Path) -> None:
    pipes: Any = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(path), **pipes)
    assert holder.stdin is not None
    assert holder.stdout is not None
    await holder.stdout.readline()
    await refused(path, f"in use by process {holder.pid}")
    holder.stdin.close()
    await holder.wait()
    async with Service().client() as cvs:
        assert kinds((await run(cvs, numbered(2), path))[0]) == [Done] * 2


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for some answers of incompressible text."""
    on_open(monkeypatch, lambda database: database.execute("PRAGMA max_page_count = 60"))


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_full_disk_ends_the_batch_and_loses_nothing_that_was_answered(
    path: Path, ordered: bool, small_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def large(_: bytes) -> httpx.Response:
        return httpx.Response(200, json=GOOD | {"data": [{"type": os.urandom(6_000).hex()}]})

    service, seen = Service(large, latency=0.01), list[Outcome[Any]]()
    async with service.client() as cvs:
        batch = cvs.batch(cvs.ocr.card, numbered(100), journal=path, concurrency=8, ordered=ordered)
        with pytest.raises(JournalError, match="full"):
            async with batch as outcomes:
                async for outcome in outcomes:
                    seen.append(outcome)
        assert kinds(seen) == [Done] * service.sent.total(), "all that was answered has come"
        assert 8 < len(seen) < 60
        monkeypatch.undo()
        again, stats = await run(cvs, numbered(100), path, concurrency=8)
        assert set(service.sent.values()) == {1}
        assert stats.replayed + stats.billed + stats.held == 100
        assert 0 < stats.held <= 8, "answers that had no room are in doubt"
        assert set(reasons(again)) == {"Done", "in_doubt"}
        last, _ = await run(cvs, numbered(100), path, concurrency=8, in_doubt="retry")
    assert kinds(last) == [Done] * 100


async def test_a_journal_that_breaks_with_the_last_answer_ends_the_batch_with_its_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(writer: Any, calls: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Writer, "ended", full)
    seen = list[Outcome[Any]]()
    async with Service().client() as cvs:
        with pytest.raises(JournalError, match="No space left"):
            async with cvs.batch(cvs.ocr.card, numbered(1), journal=path, concurrency=4) as batch:
                async for outcome in batch:
                    seen.append(outcome)
    assert kinds(seen) == [Done]


async def test_a_full_disk_loses_no_answer_that_waits_for_one_before_it(path: Path, small_disk: None) -> None:
    def answer(body: bytes) -> httpx.Response:
        if b"document 0" in body:
            return httpx.Response(503, headers={"Retry-After": "0.3"})
        return httpx.Response(200, json=GOOD | {"data": [{"type": os.urandom(60_000).hex()}]})

    service, seen = Service(answer, latency=0.01), list[Outcome[Any]]()
    async with service.client(retry=RetryPolicy(attempts=2)) as cvs:
        batch = cvs.batch(cvs.ocr.card, numbered(8), journal=path, concurrency=8, ordered=True)
        with pytest.raises(JournalError, match="full"):
            async with batch as outcomes:
                async for outcome in outcomes:
                    seen.append(outcome)
    assert [outcome.item.index for outcome in seen if isinstance(outcome, Done)] == list(range(1, 8))
