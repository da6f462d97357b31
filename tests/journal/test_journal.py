"""The journal of a batch: it stays right after cancelling, kills, second writers and full disks."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cvs_async import AsyncCVS, ConfigurationError
from cvs_async.batch.journal import Journal, JournalError, JournalReader, Output, Record, purge_journal
from cvs_async.batch.journal.records import identity_of
from cvs_async.batch.journal.writer import Writer
from cvs_async.errors import Charge
from tests.support.journals import on_open

WINDOWS = sys.platform == "win32"
ANSWER = b'{"errorCode": "0", "data": [{"name": "secret of a customer"}]}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claims.db"


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def files_beside(path: Path) -> list[Path]:
    return list(path.parent.iterdir())


def key_of(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


A, B, C = map(key_of, range(3))


async def claim(journal: Journal, key: str, source: str = "a.jpg", reference: str | None = None) -> Record | None:
    return await journal.claim(key, operation="ocr.card", source=source, reference=reference)


async def known(journal: Journal, key: str) -> Record:
    record = await claim(journal, key)
    assert record is not None
    return record


async def end(
    journal: Journal, key: str, charge: Charge = "billed", content: bytes | None = ANSWER, **more: Any
) -> None:
    more = {"http_status": 200, "error": None, "code": 0} | more
    await journal.ended(key, charge=charge, content=content, **more)


async def send(
    journal: Journal, key: str, charge: Charge = "billed", content: bytes | None = ANSWER, **more: Any
) -> None:
    await journal.sent(key, check_sum=key[:16])
    await end(journal, key, charge, content, **more)


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


@define
class Model:
    """One document as plainly as can be: what each of its requests cost.

    ``open`` are those without an end that left since the journal was opened, ``stale`` those of earlier runs;
    ``refused`` are free, and would be so again.
    """

    claimed: bool = False
    charges: list[str] = field(factory=list)
    content: bytes | None = None

    def apply(self, step: str, number: int) -> bool:
        """Return whether the step is allowed."""
        match step:
            case "claim":
                self.claimed = True
            case "sent" if self.claimed:
                self.charges.append("open")
            case "withdrawn" if self.charges[-1:] == ["open"]:
                self.charges.pop()
            case "billed" | "free" | "refused" | "unknown" if self.charges:
                if self.charges[-1] != "billed":
                    if step == "billed" or "billed" not in self.charges:
                        self.content = None if step == "unknown" else b"%d" % number
                    self.charges[-1] = step
            case "reopen":
                self.charges = ["stale" if charge == "open" else charge for charge in self.charges]
            case _:
                return False
        return True

    def told(self) -> tuple[Any, ...]:
        """State, attempts, unknown attempts, billed, content."""
        last = self.charges[-1] if self.charges else "planned"
        billed = self.charges.count("billed")
        free = self.charges.count("free") + self.charges.count("refused")
        unknown = len(self.charges) - billed - free - (last == "open")
        state = last
        if last in ("open", "stale"):
            state = "sent"
        elif billed:
            state = "billed"
        elif last == "refused":
            state = "free"
        elif unknown:
            state = "unknown"
        return state, len(self.charges), unknown, billed, self.content


STEPS = ("claim", "sent", "sent", "withdrawn", "billed", "free", "refused", "unknown", "reopen")


def of_one(*steps: str) -> list[tuple[str, int]]:
    return [(step, 0) for step in ("claim", *steps)]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1)), max_size=16))
@example(of_one("sent", "unknown", "sent", "free"))
@example(of_one("sent", "reopen", "sent", "free", "sent", "refused"))
@example(of_one("sent", "free", "sent", "billed", "sent", "unknown", "sent", "free"))
@settings(max_examples=60, deadline=None)
def test_any_sequence_agrees_with_a_plain_model(steps: list[tuple[str, int]]) -> None:
    async def run(path: Path) -> None:
        models = Model(), Model()
        journal = await Journal(path).__aenter__()
        for number, (step, which) in enumerate(steps):
            allowed = models[which].apply(step, number)
            if step == "reopen":
                models[1 - which].apply(step, number)
                await journal.aclose()
                journal = await Journal(path).__aenter__()
                continue
            try:
                await perform(journal, step, key_of(which), b"%d" % number)
            except LookupError:
                assert not allowed, step
            else:
                assert allowed, step
        told = [await tell(journal, key_of(which)) for which, model in enumerate(models) if model.claimed]
        await journal.aclose()
        expected = [model.told() for model in models if model.claimed]
        assert told == expected
        for model in models:
            model.apply("reopen", 0)
        with JournalReader(path) as reader:
            figures = reader.figures()
            rows = list(reader.reconcile())
            read = [(r.state, r.attempts, r.unknown_attempts, r.billed, r.content) for r, _, _ in reader.records()]
        expected = [model.told() for model in models if model.claimed]
        assert sorted(read, key=repr) == sorted(expected, key=repr)
        assert figures.unknown == sum(row.unknown for row in rows) == sum(row[2] for row in expected)
        assert figures.billed == sum(row.billed for row in rows) == sum(row[3] for row in expected)
        assert figures.billed + figures.free + figures.unknown == sum(row[1] for row in expected)
        assert {state: count for state, count in figures.states.items() if count} == {
            row[0]: sum(other[0] == row[0] for other in expected) for row in expected
        }

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder, "claims.db")))


async def perform(journal: Journal, step: str, key: str, content: bytes) -> None:
    match step:
        case "claim":
            await claim(journal, key)
        case "sent":
            await journal.sent(key, check_sum=None)
        case "withdrawn":
            await journal.withdrawn(key)
        case "billed":
            await end(journal, key, "billed", content)
        case "free":
            await end(journal, key, "free", content, error="ServerError", http_status=503, code=None)
        case "refused":
            await end(journal, key, "free", content, error="InvalidImageError", code=3)
        case "unknown":
            await end(journal, key, "unknown", None, error="TimeoutError", code=None)


async def tell(journal: Journal, key: str) -> tuple[Any, ...]:
    record = await known(journal, key)
    content = await journal.content(key)
    return record.state, record.attempts, record.unknown_attempts, record.billed, content


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


@pytest.mark.skipif(WINDOWS, reason="modes are of POSIX")
async def test_only_the_owner_may_read_it(path: Path) -> None:
    umask = os.umask(0)
    try:
        async with Journal(path) as journal:
            await claim(journal, A)
            files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(umask)
    assert set(files) == {"claims.db", "claims.db-wal", "claims.db-shm", "claims.db-lock"}
    assert set(files.values()) == {0o600}


def database(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(";".join(statements))
    connection.close()


def text_file(path: Path) -> None:
    path.write_text("name,amount\n")


def other_database(path: Path) -> None:
    database(path, "CREATE TABLE theirs (id)")


def other_application(path: Path) -> None:
    database(path, "PRAGMA application_id = 7", "CREATE TABLE theirs (id)", "PRAGMA journal_mode = WAL")


async def make(path: Path) -> None:
    async with Journal(path) as journal:
        await journal.claim_many([(key_of(number), "ocr.card", f"{number}.jpg", None) for number in range(500)])


@pytest.mark.parametrize("other", [text_file, other_database, other_application])
async def test_other_files_are_refused_and_not_changed(path: Path, other: Any) -> None:
    other(path)
    before = read(path)
    with pytest.raises(JournalError, match=r"claims\.db is .*: choose another name"):
        await Journal(path).__aenter__()
    with pytest.raises(JournalError, match="choose another name"), JournalReader(path):
        pass
    with pytest.raises(JournalError, match="choose another name"):
        await asyncio.to_thread(purge_journal, path, 0)
    assert read(path) == before
    assert [file.name for file in path.parent.iterdir()] == ["claims.db"]


async def test_a_newer_version_is_refused_and_not_changed(path: Path) -> None:
    await make(path)
    database(path, "PRAGMA user_version = 99", "PRAGMA wal_checkpoint(TRUNCATE)")
    before = read(path)
    with pytest.raises(JournalError, match="newer version of cvs_async: update"):
        await Journal(path).__aenter__()
    assert read(path) == before


def as_version_1(path: Path) -> None:
    """Take away what later versions have added."""
    as_version_2(path)
    database(
        path,
        "DROP TABLE outputs",
        "ALTER TABLE journal DROP COLUMN origin",
        "ALTER TABLE journal DROP COLUMN account",
        "PRAGMA user_version = 1",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )


def as_version_2(path: Path) -> None:
    """Take away what version 3 has added."""
    database(
        path,
        "DROP TABLE openings",
        "ALTER TABLE sources DROP COLUMN files",
        "PRAGMA user_version = 2",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )


@pytest.mark.parametrize("older", [as_version_1, as_version_2])
async def test_a_journal_of_an_older_version_is_upgraded_with_all_it_has(
    path: Path, older: Callable[[Path], None]
) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A)
    older(path)
    with JournalReader(path) as reader:
        assert reader.figures().billed == 1
    for _ in range(2):
        async with Journal(path) as journal:
            assert await journal.content(A) == ANSWER
            await journal.made([Output("/out.jsonl", "1:2")])
            assert await journal.outputs("/out.jsonl") == [Output("/out.jsonl", "1:2")]


async def test_files_that_a_batch_has_made_are_known_by_path_and_identity(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out\udcff.jsonl"
    one = Output(str(out), identity_of(os.stat(tmp_path)), 10, 2**62)
    async with Journal(path) as journal:
        assert await journal.outputs(str(out)) == []
        await journal.made([one, evolve(one, identity="9:18446744073709551615")])
        await journal.made([evolve(one, size=11)])
        assert [(o.identity, o.size) for o in await journal.outputs(str(out))] == [
            (one.identity, 11),
            ("9:18446744073709551615", 10),
        ]
        assert await journal.outputs(str(tmp_path)) == []


@pytest.mark.parametrize("where", ["middle", "end", "header"])
async def test_a_damaged_journal_is_refused_and_not_changed(path: Path, where: str) -> None:
    await make(path)
    content = bytearray(read(path))
    if where == "middle":
        content[4096 * 2 :] = b"\xa5" * (len(content) - 4096 * 2)
    elif where == "end":
        del content[len(content) // 2 :]
    else:
        content[100:4096] = b"\xa5" * 3996
    write(path, bytes(content))
    with pytest.raises(JournalError, match=r"claims\.db is damaged .*: restore it from a backup"):
        await Journal(path).__aenter__()
    assert read(path) == content
    assert not any(thread.name == "cvs-async-journal" for thread in threading.enumerate())


PAGE = 4096
LEAVES = {"of a table": 0x0D, "of an index": 0x0A}
"""First byte of a leaf page of a b-tree."""


@pytest.mark.parametrize("kind", LEAVES.values(), ids=list(LEAVES))
async def test_one_damaged_page_of_a_large_journal_is_noticed(path: Path, kind: int) -> None:
    async with Journal(path) as journal:
        await asyncio.gather(*(claim(journal, key_of(number), "scans/" + "x" * 99) for number in range(1500)))
        await asyncio.gather(*(journal.sent(key_of(number), check_sum="x" * 99) for number in range(1500)))
    whole = read(path)
    leaves = [
        place
        for place in range(PAGE, len(whole), PAGE)
        if whole[place] == kind and whole[place + 3 : place + 5] > b"\0\0"
    ]
    assert len(leaves) > 20
    for place in leaves[:: len(leaves) // 8]:
        write(path, whole[: place + 8] + b"\xa5" * 512 + whole[place + 520 :])
        with pytest.raises(JournalError, match="is damaged"):
            await Journal(path).__aenter__()
    write(path, whole)
    async with Journal(path) as journal:
        assert (await known(journal, key_of(1499))).state == "sent"


async def test_a_missing_folder_and_a_folder_are_refused(tmp_path: Path) -> None:
    for wrong in (tmp_path / "missing" / "claims.db", tmp_path):
        with pytest.raises(JournalError, match=f"journal {wrong} cannot be used: .*; check the disk"):
            await Journal(wrong).__aenter__()
        with pytest.raises(JournalError, match=str(wrong)), JournalReader(wrong):
            pass


@pytest.mark.parametrize("folder", ["/proc", "/dev/null"])
async def test_a_folder_without_write_permission_is_reported(folder: str) -> None:
    with pytest.raises(JournalError, match=f"{folder}/claims.db"):
        await Journal(f"{folder}/claims.db").__aenter__()


async def test_a_refused_folder_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(JournalError, match=r"claims\.db cannot be used: Permission denied; check"):
        await Journal(path).__aenter__()


async def test_readers_read_while_it_is_written(path: Path) -> None:
    async with Journal(path) as journal:
        with JournalReader(path) as reader:
            await claim(journal, A)
            assert reader.figures().documents == 1
            await journal.sent(A, check_sum=None)
            await journal.note({"total": 9, "gate": "open"})
            figures = reader.figures()
            assert (figures.writer, figures.in_flight, figures.unknown) == (os.getpid(), 1, 0)
            assert figures.noted == {"total": 9, "gate": "open"}
            assert [record.this_run for record, _, _ in reader.records()] == [True]
            assert list(reader.reconcile()) == []
            await end(journal, A)
            assert reader.figures().states["billed"] == 1
            assert [row.billed for row in reader.reconcile()] == [1]
    with JournalReader(path) as reader:
        figures = reader.figures()
        assert (figures.writer, figures.in_flight, figures.billed) == (None, 0, 1)
        assert figures.first_at is not None
        assert figures.last_at is not None
        assert figures.first_at <= figures.last_at


async def test_an_export_has_each_source_in_the_order_of_claiming(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvs_async.batch.journal.reader.PAGE", 2)
    async with Journal(path) as journal:
        await claim(journal, A, "a.jpg")
        await claim(journal, B, "b.jpg", "id-1")
        await claim(journal, A, "copy of a.jpg")
        await claim(journal, C, "c.jpg")
        await claim(journal, A, "a.jpg", "id-2")
        for _ in range(2):  # a second run claims the same
            await claim(journal, A, "copy of a.jpg")
            await claim(journal, A, "a.jpg", "id-2")
            await claim(journal, B, "b.jpg", "id-1")
        await send(journal, A, "free", b"no", code=5)
        await send(journal, A)
    with JournalReader(path) as reader:
        rows = [(name, reference, record.source, record.content) for record, name, reference in reader.records()]
        assert rows == [
            ("a.jpg", None, "a.jpg", ANSWER),
            ("b.jpg", "id-1", "b.jpg", None),
            ("copy of a.jpg", None, "a.jpg", ANSWER),
            ("c.jpg", None, "c.jpg", None),
            ("a.jpg", "id-2", "a.jpg", ANSWER),
        ]
        assert {record.content for record, _, _ in reader.records(content=False)} == {None}
        figures = reader.figures()
    assert (figures.sources, figures.documents, figures.duplicates) == (5, 3, 2)
    assert figures.states == {"planned": 2, "sent": 0, "billed": 1, "free": 0, "unknown": 0}


async def test_reconcile_has_each_day_and_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0  # 2023-11-14, 22:13 UTC
    monkeypatch.setattr("time.time", lambda: now)
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A, "free", code=5)
        await send(journal, A, "free", code=5)
        await send(journal, A, "free", None, http_status=429, error="RateLimitedError", code=None)
        await send(journal, A, "unknown", None, error="TimeoutError", code=None)
        now += 7200
        await send(journal, A)
        await claim(journal, B)
        await journal.sent(B, check_sum="left")
    with JournalReader(path) as reader:
        rows = [(r.day, r.operation, r.key, r.check_sum, r.billed, dict(r.free), r.unknown) for r in reader.reconcile()]
    assert rows == sorted(
        [
            ("2023-11-14", "ocr.card", A, A[:16], 0, {5: 2, "RateLimitedError": 1}, 1),
            ("2023-11-15", "ocr.card", A, A[:16], 1, {}, 0),
            ("2023-11-15", "ocr.card", B, "left", 0, {}, 1),
        ],
        key=lambda row: row[:3],
    )


async def test_purging_drops_old_answers_and_keeps_what_was_paid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    async with Journal(path) as journal:
        monkeypatch.setattr("time.time", lambda: real() - 1000)
        await claim(journal, A)
        await send(journal, A, content=b"old secret " + os.urandom(200_000))
        monkeypatch.undo()
        await claim(journal, B)
        await send(journal, B)
    size = len(read(path))
    assert await asyncio.to_thread(purge_journal, path, 500) == 1
    assert await asyncio.to_thread(purge_journal, path, 500) == 0
    assert len(read(path)) < size - 150_000
    async with Journal(path) as journal:
        assert (await known(journal, A)).billed == 1
        assert await journal.content(A) is None
        assert await journal.content(B) == ANSWER
    with pytest.raises(JournalError, match="there is no journal"):
        await asyncio.to_thread(purge_journal, path.with_name("missing.db"), 0)


async def test_what_is_purged_goes_by_when_it_was_answered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    async with Journal(path) as journal:
        monkeypatch.setattr("time.time", lambda: now - 1000)
        await claim(journal, A)
        await journal.sent(A, check_sum=None)
        monkeypatch.setattr("time.time", lambda: now - 500)
        await end(journal, A)
    monkeypatch.undo()
    assert await asyncio.to_thread(purge_journal, path, 750) == 0
    assert await asyncio.to_thread(purge_journal, path, 250) == 1


async def test_what_is_purged_is_nowhere_in_the_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, secrets = time.time, [os.urandom(400) for _ in range(40)]
    async with Journal(path) as journal:
        for number, secret in enumerate(secrets):
            monkeypatch.setattr("time.time", lambda old=number % 2: real() - 1000 * old)
            await claim(journal, key_of(number))
            await send(journal, key_of(number), content=secret)
    monkeypatch.undo()
    with JournalReader(path) as reader:  # keeps the -wal from being dropped with the last connection
        reader.figures()
        assert await asyncio.to_thread(purge_journal, path, 500) == 20
        held = b"".join(map(read, files_beside(path)))
    assert [secret[100:164] in held for secret in secrets] == [True, False] * 20


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


async def test_openings_and_files_are_noted_so_that_originals_can_be_found(
    cvs: AsyncCVS, path: Path, jpg: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(jpg)
    keys = set[str]()
    for source in (["a.jpg"], ["b.jpg", b"1234"]):
        async with cvs.batch(cvs.ocr.card, source, journal=path, get_thumb=True, check_sum="mine") as outcomes:
            keys |= {outcome.item.key or "" async for outcome in outcomes if outcome.item.index == 0}
    [key] = keys
    with JournalReader(path) as reader:
        openings = reader.sessions()
        files = reader.files(key)
        all_keys = [other.hex() for other in reader.keys()]  # noqa: SIM118 - it is not a dictionary
        others = [reader.files(other) for other in all_keys if other != key]
    assert [(one.number, one.folder, one.operation) for one in openings] == [
        (1, str(tmp_path), "ocr.card"),
        (2, str(tmp_path), "ocr.card"),
    ]
    assert [one.parameters for one in openings] == [{"get_thumb": True}] * 2
    states = [os.stat(name) for name in ("a.jpg", "b.jpg")]
    assert [(file.name, file.sizes, file.modified_ns) for file in files] == [
        (name, (state.st_size,), (state.st_mtime_ns,)) for name, state in zip(("a.jpg", "b.jpg"), states, strict=True)
    ]
    assert [[(file.sizes, file.modified_ns) for file in known] for known in others] == [[((), ())]]


@pytest.mark.parametrize("older", [as_version_1, as_version_2])
async def test_journals_of_older_versions_say_nothing_of_openings(path: Path, older: Callable[[Path], None]) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
    older(path)
    with JournalReader(path) as reader:
        assert (reader.sessions(), reader.files(A)) == ([], [])
    async with Journal(path, info=("ocr.card", "{}")) as journal:
        await claim(journal, B)
        await claim(journal, A, source="new name")
    with JournalReader(path) as reader:
        [session] = reader.sessions()
        assert session.operation == "ocr.card"
        assert [(file.sizes, file.session) for file in reader.files(A)] == [((), None), ((), session)]
        assert [file.session for file in reader.files(B)] == [session]


async def test_each_name_has_the_opening_in_which_it_was_met(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, claims in enumerate(([(A, "a")], [], [(A, "a"), (A, "b"), (B, "a")], [(B, "c")]), start=1):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        async with Journal(path, info=("ocr.card", f'{{"number": {number}}}')) as journal:
            for key, name in claims:
                await claim(journal, key, source=name)
    with JournalReader(path) as reader:
        met = {key: [(file.name, file.session) for file in reader.files(key)] for key in (A, B)}
    places = {
        key: [(name, one and one.number, one and one.folder, one and one.parameters) for name, one in files]
        for key, files in met.items()
    }
    assert places == {
        A: [("a", 1, f"{tmp_path / '1'}", {"number": 1}), ("b", 3, f"{tmp_path / '3'}", {"number": 3})],
        B: [("a", 3, f"{tmp_path / '3'}", {"number": 3}), ("c", 4, f"{tmp_path / '4'}", {"number": 4})],
    }


async def test_purge_drops_openings_without_a_document_and_keeps_the_others(path: Path) -> None:
    for number, claims in enumerate(([A], [], [B], []), start=1):
        async with Journal(path, info=("ocr.card", f'{{"number": {number}}}')) as journal:
            for key in claims:
                await claim(journal, key)
            if number == 4:
                await send(journal, A)  # planned by the first one, and sent by this one
    async with Journal(path):
        pass
    assert await asyncio.to_thread(purge_journal, path, -60) == 1
    with JournalReader(path) as reader:
        assert [one.number for one in reader.sessions()] == [1, 3, 4]
        assert [[file.session and file.session.number for file in reader.files(key)] for key in (A, B)] == [[1], [3]]
    async with Journal(path, info=("ocr.card", "{}")) as journal:
        await claim(journal, C)
    with JournalReader(path) as reader:
        assert [file.session and file.session.number for file in reader.files(C)] == [6]
