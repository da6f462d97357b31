"""The journal of a batch: it stays right after cancelling, kills, second writers and full disks."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cvs_async import ConfigurationError
from cvs_async.batch.journal import Journal, JournalError, JournalReader, purge_journal
from cvs_async.batch.journal.writer import Writer
from tests.support.journals import ANSWER, A, B, claim, end, key_of, known, on_open, send


async def test_a_new_key_is_planned_and_a_known_one_is_returned(path: Path) -> None:
    async with Journal(path) as journal:
        assert await claim(journal, A, "first.jpg") is None
        record = await claim(journal, A, "second.jpg")
        assert record is not None
        assert (record.key, record.operation, record.source, record.state) == (A, "ocr.card", "first.jpg", "planned")
        assert (record.attempts, record.planned_at is None, record.sent_at, record.this_run) == (0, False, None, False)


async def test_what_was_billed_is_there_with_its_answer(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await journal.sent(A, check_sum="0123")
        assert (await known(journal, A)).state == "sent"
        await end(journal, A)
        record = await known(journal, A)
        assert (record.state, record.check_sum, record.attempts, record.billed) == ("billed", "0123", 1, 1)
        assert (record.http_status, record.error, record.code, record.this_run) == (200, None, 0, True)
        assert record.content is None
        assert await journal.content(A) == ANSWER
        assert await journal.content(B) is None


async def test_a_paid_answer_stays_when_a_later_attempt_fails(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A)
        await send(journal, A, "free", b"busy", http_status=500, error="ServerError", code=None)
        await send(journal, A, "unknown", None, http_status=None, error="TimeoutError", code=None)
        record = await known(journal, A)
        assert (record.state, record.attempts, record.billed, record.unknown_attempts) == ("billed", 3, 1, 1)
        assert (record.http_status, record.error, record.code) == (200, None, 0)
        assert await journal.content(A) == ANSWER


async def test_the_last_answer_replaces_a_free_one(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A, "free", b"one", code="E-1")
        assert await journal.content(A) == b"one"
        await send(journal, A, "unknown", None, http_status=None, error="TimeoutError", code=None)
        assert await journal.content(A) is None
        assert (await known(journal, A)).state == "unknown"
        await send(journal, A, "billed", b"")
        assert await journal.content(A) == b""


async def test_a_withdrawn_request_leaves_no_trace(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A, "free", b"one", code=4)
        before = await known(journal, A)
        await journal.sent(A, check_sum="other")
        await journal.withdrawn(A)
        assert await known(journal, A) == before
        assert await journal.content(A) == b"one"


async def test_invalid_calls_are_refused_and_harm_nothing(path: Path) -> None:
    async with Journal(path) as journal:
        for refused in (journal.sent(A, check_sum=None), end(journal, A), journal.withdrawn(A)):
            with pytest.raises(LookupError):
                await refused
        await claim(journal, A)
        with pytest.raises(LookupError):
            await end(journal, A)
        with pytest.raises(ValueError, match="64 hex digits"):
            await claim(journal, "abcd")
        await send(journal, A)
        with pytest.raises(LookupError):
            await journal.withdrawn(A)
        assert (await known(journal, A)).state == "billed"


async def test_a_second_end_settles_an_unknown_charge(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A, "unknown", None)
        await end(journal, A, "billed")
        await end(journal, A, "unknown", None)
        record = await known(journal, A)
        assert (record.state, record.attempts, record.unknown_attempts, record.billed) == ("billed", 1, 0, 1)


async def test_odd_names_and_codes_are_kept(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A, "đơn \udcff.jpg", "số\x00 1")
        await send(journal, A, "free", code=1 << 80)
        record = await known(journal, A)
        assert (record.source, record.code) == ("đơn \\udcff.jpg", str(1 << 80))
        await claim(journal, B)
        await send(journal, B, "free", code="007")
        assert (await known(journal, B)).code == "007"


async def test_requests_of_an_earlier_run_without_an_end_are_in_doubt(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await journal.sent(A, check_sum=None)
        record = await known(journal, A)
        assert (record.state, record.this_run, record.unknown_attempts) == ("sent", True, 0)
    async with Journal(path) as journal:
        record = await known(journal, A)
        assert (record.state, record.this_run, record.unknown_attempts) == ("sent", False, 1)
        with pytest.raises(LookupError):
            await journal.withdrawn(A)
        await send(journal, A)
        record = await known(journal, A)
        assert (record.state, record.attempts, record.unknown_attempts, record.billed) == ("billed", 2, 1, 1)


async def test_many_claims_are_answered_in_their_order(path: Path) -> None:
    async with Journal(path) as journal:
        claims = [(key_of(number), "ocr.card", f"{number}.jpg", None) for number in range(700)]
        assert await journal.claim_many(claims) == [None] * 700
        await send(journal, key_of(3), "free", code=1)
        await send(journal, key_of(3))
        for lot in (claims, claims[::-1], claims[100:650], [claims[5]] * 20, claims[690:] + claims[:30], []):
            records = await journal.claim_many(lot)
            assert [record and record.source for record in records] == [name for _, _, name, _ in lot]
        new = (key_of(1000), "ocr.card", "new.jpg", None)
        first, second, third = await journal.claim_many([claims[3], new, new])
        assert first is not None
        assert (first.state, first.attempts) == ("billed", 2)
        assert second is None
        assert third is not None
        assert third.state == "planned"


class Gate:
    """Holds the writer up before a group, and notes what was in the groups."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.groups: list[int] = []
        self.entered = threading.Event()
        self.open = threading.Event()
        real = Writer.commit

        def commit(writer: Any, group: Any) -> Any:
            self.groups.append(len(group))
            self.entered.set()
            assert self.open.wait(30)
            return real(writer, group)

        monkeypatch.setattr(Writer, "commit", commit)


async def test_what_waits_is_committed_in_one_group(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    async with Journal(path) as journal:
        tasks = [asyncio.create_task(claim(journal, A))]
        await asyncio.to_thread(gate.entered.wait, 30)
        tasks += [asyncio.create_task(claim(journal, key_of(number))) for number in range(1, 51)]
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(*tasks)
    assert gate.groups == [1, 50]


async def test_a_cancelled_caller_harms_no_other_and_its_job_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    async with Journal(path) as journal:
        tasks = [asyncio.create_task(claim(journal, key_of(number))) for number in range(10)]
        await asyncio.to_thread(gate.entered.wait, 30)
        for task in tasks[::2]:
            task.cancel()
        results = asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        gate.open.set()
        cancelled = [isinstance(result, asyncio.CancelledError) for result in await results]
        assert cancelled == [True, False] * 5
        assert all([await claim(journal, key_of(number)) for number in range(10)])


async def test_closing_commits_what_is_queued_even_when_cancelled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    threads = threading.active_count()

    async def body() -> None:
        async with Journal(path) as journal:
            tasks.extend(asyncio.create_task(claim(journal, key_of(number))) for number in range(10))
            await asyncio.sleep(3600)

    tasks: list[asyncio.Task[Any]] = []
    running = asyncio.create_task(body())
    await asyncio.to_thread(gate.entered.wait, 30)
    running.cancel()
    await asyncio.sleep(0)
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.gather(*tasks) == [None] * 10
    with JournalReader(path) as reader:
        assert reader.figures().documents == 10
    assert sum(thread.name == "cvs-async-journal" for thread in threading.enumerate()) == 0, threads


async def test_a_closed_journal_takes_no_more(path: Path) -> None:
    journal = Journal(path)
    await journal.aclose()
    with pytest.raises(RuntimeError, match="inside of"):
        await claim(journal, A)
    async with journal:
        await claim(journal, A)
    await journal.aclose()
    with pytest.raises(RuntimeError, match="inside of"):
        await claim(journal, A)
    with pytest.raises(RuntimeError, match="once"):
        await journal.__aenter__()


async def test_a_second_writer_is_refused_with_the_process_id(path: Path) -> None:
    async with Journal(path) as journal:
        for other in (Journal(path), Journal(path)):
            with pytest.raises(JournalError, match=f"{path.name} is in use by process {os.getpid()}"):
                await other.__aenter__()
        with pytest.raises(JournalError, match="is in use"):
            await asyncio.to_thread(purge_journal, path, 0)
        await claim(journal, A)
    async with Journal(path) as journal:
        assert await claim(journal, A) is not None


async def test_the_error_is_one_of_configuration() -> None:
    assert issubclass(JournalError, ConfigurationError)


async def test_what_was_asked_for_in_the_turn_of_closing_is_written(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        last = asyncio.ensure_future(journal.sent(A, check_sum=None))
        await asyncio.sleep(0)
        await journal.aclose()
        async with asyncio.timeout(60):
            await last
    with JournalReader(path) as reader:
        assert [record.state for record, _, _ in reader.records()] == ["sent"]


async def test_a_full_disk_fails_every_waiter_and_closes_cleanly(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_disk(database: sqlite3.Connection) -> None:
        [(pages,)] = database.execute("PRAGMA page_count").fetchall()
        database.execute(f"PRAGMA max_page_count = {pages + 4}")

    on_open(monkeypatch, fill_disk)
    async with Journal(path) as journal:
        await claim(journal, A)
        await journal.sent(A, check_sum=None)
        full = [end(journal, A, content=os.urandom(100_000)), *(claim(journal, key_of(n)) for n in range(1, 9))]
        results = await asyncio.gather(*full, return_exceptions=True)
        for result in results:
            assert isinstance(result, JournalError)
            assert "claims.db" in str(result)
            assert "full" in str(result)
        with pytest.raises(JournalError, match="full"):
            await claim(journal, B)
    monkeypatch.undo()
    async with Journal(path) as journal:
        assert (await known(journal, A)).state == "sent"
        assert await claim(journal, B) is None


async def test_nothing_of_an_answer_is_in_a_repr(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A)
        assert "secret" not in repr(journal)
    with JournalReader(path) as reader:
        [(record, _, _)] = reader.records()
        assert record.content == ANSWER
        assert "secret" not in f"{record!r}{reader!r}{reader.figures()!r}{list(reader.reconcile())!r}"


CHILD = """
import asyncio, hashlib, sys
from cvs_async.batch.journal import Journal

async def main(path, first):
    async def work(start):
        for number in range(start, start + 10**6, 16):
            key = hashlib.sha256(b"%d" % number).hexdigest()
            await journal.claim(key, operation="ocr.card", source=str(number))
            await journal.sent(key, check_sum=None)
            print("sent", key, flush=True)
            await journal.ended(key, charge="billed", content=b"x" * 3000, http_status=200, error=None, code=0)
            print("done", key, flush=True)
    async with Journal(path) as journal:
        await asyncio.gather(*(work(first + start) for start in range(16)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def killed(path: Path, first: int, lines: int) -> Iterator[str]:
    """Yield the output of a writer that is killed in the middle of its work."""
    with subprocess.Popen([sys.executable, "-c", CHILD, path, str(first)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(lines):
            yield child.stdout.readline()
        with JournalReader(path) as reader:
            assert reader.figures().writer == child.pid
        child.kill()
        yield from child.stdout


async def test_nothing_acknowledged_is_lost_to_kill_9(path: Path) -> None:
    done: set[str] = set()
    sent: set[str] = set()
    for run, lines in enumerate((1, 250, 611)):
        for line in await asyncio.to_thread(list, killed(path, run * 10**7, lines)):
            if len(line) == 70:
                (sent if line.startswith("sent") else done).add(line[5:69])
        copy = path.with_name("copy.db")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
        for journal in (copy, path):
            with JournalReader(journal) as reader:
                states = {record.key: record.state for record, _, _ in reader.records()}
                figures = reader.figures()
            assert {states[key] for key in done} <= {"billed"}
            assert {states[key] for key in sent} <= {"billed", "sent"}
            assert figures.writer is None
            assert figures.unknown == figures.states["sent"] <= 16 * (run + 1)
    async with Journal(path) as again:
        for key in done:
            assert await again.content(key) == b"x" * 3000
