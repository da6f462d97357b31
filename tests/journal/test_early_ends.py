"""Batches that end early, whatever ends them: what was sent is written down, and the next run finishes."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from cvs_async import AsyncCVS, Done, Failed, InvalidInputError
from cvs_async.batch import Outcome
from cvs_async.batch.journal import Journal
from cvs_async.batch.journal.writer import Writer
from cvs_async.sandbox import Sandbox
from tests.support.servers import until
from tests.support.service import Service, closed, errors, files, kinds, numbered, records, run


async def leaves(cvs: AsyncCVS, path: Path) -> None:
    async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
        for _ in range(5):
            await anext(batch)


async def raises(cvs: AsyncCVS, path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
            async for outcome in batch:
                if outcome.item.index >= 5:
                    raise OSError(errno.ENOSPC, "No space left on device", "results.jsonl")


async def is_cancelled(cvs: AsyncCVS, path: Path) -> None:
    seen = list[Outcome[Any]]()

    async def consume() -> None:
        async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
            async for outcome in batch:
                seen.append(outcome)

    task = asyncio.create_task(consume())
    await until(lambda: len(seen) >= 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def times_out(cvs: AsyncCVS, path: Path) -> None:
    with anyio.CancelScope() as scope:
        async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
            async for outcome in batch:
                if outcome.item.index >= 5:
                    scope.deadline = anyio.current_time()


async def stops(cvs: AsyncCVS, path: Path) -> None:
    async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
        async for outcome in batch:
            if outcome.item.index >= 5:
                batch.stop()


@pytest.mark.parametrize("end", [leaves, raises, is_cancelled, times_out, stops])
async def test_a_batch_that_ends_early_is_finished_by_the_next_and_nothing_is_paid_twice(path: Path, end: Any) -> None:
    service = Service(latency=0.03)
    async with service.client() as cvs:
        await end(cvs, path)
        paid = service.ended
        assert 0 < service.sent.total() < 40
        assert paid == service.sent.total(), "what was in flight has come to its end"
        assert Counter(record.state for record in records(path).values())["billed"] == paid
        assert closed(path)
        outcomes, stats = await run(cvs, numbered(40), path, concurrency=8)
    assert kinds(outcomes) == [Done] * 40
    assert set(service.sent.values()) == {1}
    assert (stats.replayed, stats.billed) == (paid, 40 - paid)


async def leave_in_flight(cvs: AsyncCVS, service: Service, path: Path, count: int, how: str) -> None:
    """Leave a batch with `count` requests in flight, which are answered a while after that."""
    assert service.go is not None

    async def batch() -> None:
        with anyio.CancelScope() as scope:
            async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8):
                await until(lambda: service.sent.total() == count)
                if how == "cancel":
                    scope.cancel()

    task = asyncio.create_task(batch())
    await until(lambda: service.sent.total() == count)
    await asyncio.wait([task], timeout=0.1)
    assert not task.done(), "it waits for what was sent"
    service.go.set()
    await task


@pytest.mark.parametrize("how", ["leave", "cancel"])
async def test_a_journal_is_closed_when_all_that_was_sent_is_written_down(path: Path, how: str) -> None:
    service = Service(go=asyncio.Event())
    async with service.client() as cvs:
        await leave_in_flight(cvs, service, path, 8, how)
        assert service.ended == service.sent.total() == 8
        assert Counter(record.state for record in records(path).values())["billed"] == 8
        assert closed(path)


@pytest.mark.parametrize("how", ["leave", "cancel"])
async def test_a_request_that_is_taken_back_does_not_end_the_wait_for_the_others(
    path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, written = Journal.sent, list[str]()

    async def holds(journal: Journal, key: str, *, check_sum: str | None) -> None:
        await sent(journal, key, check_sum=check_sum)
        written.append(key)
        if len(written) > 1:  # these were not sent when the batch ended
            await anyio.sleep_forever()

    monkeypatch.setattr(Journal, "sent", holds)
    service = Service(go=asyncio.Event())
    async with service.client() as cvs:
        await leave_in_flight(cvs, service, path, 1, how)
    states = Counter(record.state for record in records(path).values())
    assert states["billed"] == service.ended == 1
    assert set(states) == {"billed", "planned"}


async def test_an_answer_that_is_being_written_down_is_kept_though_its_request_is_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, begun, go_on = Writer.commit, asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(writer: Writer, group: Any) -> Any:
        if any(call.method == "ended" for call in group):
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(60)
        return commit(writer, group)

    monkeypatch.setattr(Writer, "commit", slowly)
    cvs = Service().client(drain_timeout=0)
    async with cvs.batch(cvs.ocr.card, numbered(1), journal=path):
        await begun.wait()
        await cvs.aclose()  # cancels every request at once
        assert cvs.stats.in_flight == 0
        loop.call_later(0.05, go_on.set)
    assert [record.state for record in records(path).values()] == ["billed"]


@pytest.mark.parametrize("end", ["break", "cancel"])
async def test_a_source_that_cannot_be_closed_leaves_no_journal_open(path: Path, end: str) -> None:
    async def source() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"document"
        finally:
            await asyncio.sleep(0.01)
            raise ZeroDivisionError("in the source")

    async with Service().client() as cvs:
        with anyio.CancelScope() as scope, suppress(ZeroDivisionError):
            async with cvs.batch(cvs.ocr.card, source(), journal=path) as batch:
                await anext(batch)
                if end == "cancel":
                    scope.cancel()
    assert closed(path)


async def test_a_source_that_raises_half_way_loses_nothing(path: Path) -> None:
    def source() -> Iterator[bytes]:
        yield from numbered(10)
        raise ZeroDivisionError("in the source")

    service, seen = Service(latency=0.01), list[int]()
    async with service.client() as cvs:
        with pytest.raises(ZeroDivisionError, match="in the source"):
            async with cvs.batch(cvs.ocr.card, source(), journal=path, concurrency=4) as batch:
                async for outcome in batch:
                    seen.append(outcome.item.index)
        assert sorted(seen) == list(range(10))
        _, stats = await run(cvs, numbered(12), path)
    assert (stats.replayed, stats.billed, service.sent.total()) == (10, 2, 12)


async def test_a_file_that_is_deleted_meanwhile_fails_alone(tmp_path: Path, path: Path) -> None:
    scans = files(tmp_path / "scans", 5)

    def source() -> Iterator[Path]:
        for scan in scans:
            if scan.name == "3.jpg":
                scan.unlink()
            yield scan

    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, source(), path)
        assert kinds(outcomes) == [Done, Done, Done, Failed, Done]
        [error] = errors(outcomes)
        assert isinstance(error, InvalidInputError)
        assert "3.jpg) does not exist" in str(error)
        assert (stats.done, stats.failed, stats.billed, stats.not_sent) == (4, 1, 4, 1)
        files(tmp_path / "scans", 5)
        _, stats = await run(cvs, scans, path)
    assert (stats.done, stats.replayed, stats.billed) == (5, 4, 1)


async def test_a_large_file_deleted_before_it_is_sent_fails_alone(
    sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(jpg + bytes(2 << 20))
    sent = Journal.sent

    async def deleting(journal: Journal, key: str, *, check_sum: str | None) -> None:
        await sent(journal, key, check_sum=check_sum)
        large.unlink(missing_ok=True)

    monkeypatch.setattr(Journal, "sent", deleting)
    outcomes, stats = await run(cvs, [jpg, large, jpg + b"2"], path)
    assert kinds(outcomes) == [Done, Failed, Done]
    [error] = errors(outcomes)
    assert "large.jpg" in str(error)
    assert error.charge == "free"
    assert (stats.billed, sandbox.ledger.billed) == (2, 2)
