"""Reading a journal, for exports, sums, openings and files, and removing old answers from it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from cvs_async import AsyncCVS
from cvs_async.batch.journal import Journal, JournalError, JournalReader, Output, purge_journal
from cvs_async.batch.journal.records import identity_of
from tests.support.journals import (
    ANSWER,
    A,
    B,
    C,
    as_version_1,
    as_version_2,
    claim,
    end,
    files_beside,
    key_of,
    known,
    read,
    send,
)


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


async def test_answers_with_an_unknown_charge_are_counted_apart(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A, "unknown", error=None, code=None)
        await claim(journal, B)
        await send(journal, B, "unknown", None, error="TimeoutError", code=None)
    with JournalReader(path) as reader:
        figures = reader.figures()
    assert (figures.states["unknown"], figures.answered) == (2, 1)


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
