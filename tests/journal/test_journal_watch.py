"""A journal that is removed, replaced or cut while a batch writes to it ends the batch before more is paid."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvs_async import Done
from cvs_async.batch.journal import Journal, JournalError, JournalReader, purge_journal
from cvs_async.batch.journal.files import verify
from cvs_async.batch.journal.watch import Harmed, Watch
from tests.support.journals import claim, end, key_of, send
from tests.support.service import Service, numbered, run

AT_ONCE = 4


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    """By a copy of itself, as a program does that restores or synchronizes files."""
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    copy.replace(path)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut_by_a_byte(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


HARMS = [remove, replace, cut, empty, cut_by_a_byte]
FILES = {"journal": lambda path: path, "wal": wal_of}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("which", FILES)
async def test_a_batch_ends_before_more_is_sent(tmp_path: Path, which: str, harm: Callable[[Path], None]) -> None:
    path, service, seen = tmp_path / "claims.db", Service(latency=0.005), list[Any]()
    sent = 0
    async with service.client() as cvs:
        batch = cvs.batch(cvs.ocr.card, numbered(200), journal=path, concurrency=AT_ONCE)
        with pytest.raises(JournalError, match=r"claims\.db(-wal)? was .* while a batch wrote to it: nothing more"):
            async with batch as outcomes:
                async for outcome in outcomes:
                    seen.append(outcome)
                    if len(seen) == 20:
                        harm(FILES[which](path))
                        sent = service.sent.total()
        assert 0 < sent <= service.sent.total() <= sent + AT_ONCE
        assert [type(outcome) for outcome in seen] == [Done] * service.sent.total(), "all that was answered has come"


@pytest.mark.parametrize("harm", [remove, replace])
async def test_nothing_is_lost_where_only_the_name_of_the_wal_is(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    path, service = tmp_path / "claims.db", Service(latency=0.005)
    await harmed(path, service, lambda: harm(wal_of(path)))
    async with service.client() as cvs:
        _, stats = await run(cvs, numbered(50), path)
    assert (stats.done, set(service.sent.values())) == (50, {1})


@pytest.mark.parametrize("harm", [remove, replace])
async def test_what_a_lost_journal_held_is_saved_beside_it(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    path, service = tmp_path / "claims.db", Service(latency=0.005)
    said = await harmed(path, service, lambda: harm(path))
    [saved] = [tmp_path / name for name in os.listdir(tmp_path) if name.startswith("claims.db-saved-")]
    assert str(saved) in said
    assert saved.stat().st_mode & 0o777 == 0o600
    async with service.client() as cvs:
        _, stats = await run(cvs, numbered(50), saved)
    assert (stats.done, set(service.sent.values())) == (50, {1})


async def test_a_run_after_a_removed_journal_is_refused_as_its_wal_is_still_there(tmp_path: Path) -> None:
    path, service = tmp_path / "claims.db", Service(latency=0.005)
    await harmed(path, service, path.unlink)
    before = service.sent.total()
    async with service.client() as cvs:
        with pytest.raises(JournalError, match=r"claims\.db-wal beside it"):
            await run(cvs, numbered(50), path)
    assert service.sent.total() == before


def kept(path: Path) -> dict[str, bytes]:
    """The journal, what was saved of it, and the mark that it was cut."""
    files = [path, *path.parent.glob(f"{path.name}-saved-*"), *path.parent.glob(f"{path.name}-cut")]
    return {file.name: file.read_bytes() for file in files if file.exists()}


def saved_of(path: Path) -> Path:
    [saved] = path.parent.glob(f"{path.name}-saved-*")
    return saved


async def refused(path: Path, match: str) -> None:
    """The next batch, its plan and a purge end before anything is sent, and nothing has changed."""
    service, before = Service(), kept(path)
    async with service.client() as cvs:
        with pytest.raises(JournalError, match=match):
            await run(cvs, numbered(50), path)
        with pytest.raises(JournalError, match=match.partition(":")[0]):
            await cvs.batch(cvs.ocr.card, list(numbered(50)), journal=path).plan()
    with pytest.raises(JournalError, match=match):
        purge_journal(path, 0)
    assert service.sent.total() == 0
    assert kept(path) == before


@pytest.mark.parametrize("also", ["", "-wal", "older"])
async def test_a_journal_is_not_begun_anew_beside_what_was_saved_of_a_lost_one(tmp_path: Path, also: str) -> None:
    path, service = tmp_path / "claims.db", Service(latency=0.005)
    async with service.client() as cvs:
        await run(cvs, numbered(5), path)
    older = path.read_bytes()

    def harm() -> None:
        remove(path)
        if also:
            remove(wal_of(path))
        if also == "older":
            path.write_bytes(older)

    await harmed(path, service, harm)
    saved = saved_of(path)
    if also == "-wal":
        wal_of(path).unlink(missing_ok=True)
    if also:
        await refused(path, rf"{saved.name}.* holds what .*held when it was removed.*: to go on with it, move it to")
    for companion in ("-wal", "-shm"):
        path.with_name(path.name + companion).unlink(missing_ok=True)
    saved.replace(path)
    async with service.client() as cvs:
        _, stats = await run(cvs, numbered(50), path)
    assert (stats.done, set(service.sent.values())) == (50, {1})


async def test_an_index_of_the_wal_that_is_set_back_writes_over_nothing(tmp_path: Path) -> None:
    path, service, count, index = tmp_path / "claims.db", Service(latency=0.005), 0, b""
    shm = path.with_name("claims.db-shm")
    async with service.client() as cvs:
        with pytest.raises(JournalError, match=r"claims\.db-shm was set back while a batch wrote"):
            async with cvs.batch(cvs.ocr.card, numbered(60), journal=path, concurrency=AT_ONCE) as outcomes:
                async for _ in outcomes:
                    count += 1
                    if count == 10:
                        index = shm.read_bytes()
                    if count == 30:
                        with shm.open("r+b") as file:
                            file.write(index)
        assert 30 <= service.sent.total() < 60
        _, stats = await run(cvs, numbered(60), path)
    assert stats.replayed >= 30 - AT_ONCE
    assert (stats.done + stats.held, set(service.sent.values())) == (60, {1})


async def test_a_journal_that_was_renamed_without_its_wal_is_whole(tmp_path: Path) -> None:
    path, service = tmp_path / "claims.db", Service(latency=0.005)
    renamed = tmp_path / "renamed" / "other.db"
    renamed.parent.mkdir()
    await harmed(path, service, lambda: os.rename(path, renamed))
    async with service.client() as cvs:
        _, stats = await run(cvs, numbered(50), renamed)
    assert (stats.done, set(service.sent.values())) == (50, {1})


@pytest.mark.parametrize("harm", [cut, empty])
async def test_a_journal_that_was_cut_is_refused_until_its_mark_is_removed(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    path, service = tmp_path / "claims.db", Service(latency=0.005)
    await harmed(path, service, lambda: harm(wal_of(path)))
    mark = path.with_name("claims.db-cut")
    assert "was cut from" in mark.read_text()
    assert mark.stat().st_mode & 0o777 == 0o600
    await refused(
        path, "was cut while a batch wrote to it, .*: restore .* only remove claims.db-cut; then they are sent"
    )
    with JournalReader(path) as reader:
        assert "was cut while a batch wrote to it" in str(reader.figures().warning)
    away = path.with_name("away.db")
    path.rename(away)
    wal_of(path).unlink(missing_ok=True)
    await refused(path, "there is no journal .*, but claims.db-cut beside it")
    away.rename(path)
    mark.unlink()
    async with service.client() as cvs:
        _, stats = await run(cvs, numbered(50), path)
    assert stats.done + stats.held == 50
    assert not mark.exists()


async def harmed(path: Path, service: Service, harm: Callable[[], None]) -> str:
    """Run a batch whose journal is harmed after 10 outcomes, and return the error."""
    async with service.client() as cvs:
        batch, count = cvs.batch(cvs.ocr.card, numbered(50), journal=path, concurrency=AT_ONCE), 0
        with pytest.raises(JournalError) as caught:
            async with batch as outcomes:
                async for _ in outcomes:
                    count += 1
                    if count == 10:
                        harm()
    return str(caught.value)


async def test_a_wal_that_was_cut_is_not_copied_into_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    async with Journal(path) as journal:
        for number in range(30):
            await claim(journal, key_of(number))
            await send(journal, key_of(number), content=os.urandom(5000))
        content = path.read_bytes()
        os.truncate(wal_of(path), 50_000)
        with pytest.raises(JournalError, match="was cut from"):
            await journal.sent(key_of(0), check_sum=None)
        with pytest.raises(JournalError, match="was cut from"):
            await end(journal, key_of(0))
    assert path.read_bytes() == content
    assert wal_of(path).stat().st_size == 50_000
    verify(path)
    with JournalReader(path) as reader:
        assert 0 < reader.figures().billed < 30


async def test_it_is_noticed_while_nothing_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    async with Journal(path) as journal:
        wal_of(path).unlink()
        with pytest.raises(JournalError, match="was removed"):
            await journal.note({})


@pytest.mark.parametrize("during", ["COMMIT", "BEGIN IMMEDIATE"])
async def test_it_is_noticed_before_the_result_is_reported(
    tmp_path: Path, during: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "claims.db"
    async with Journal(path) as journal:
        await claim(journal, key_of(0))
        looks = 0
        look = Watch.look

        def harmed(watch: Watch) -> None:
            nonlocal looks
            looks += 1
            if looks == (1 if during == "BEGIN IMMEDIATE" else 2):
                os.truncate(wal_of(path), 32)
            look(watch)

        monkeypatch.setattr(Watch, "look", harmed)
        with pytest.raises(JournalError, match="was cut"):
            await journal.sent(key_of(0), check_sum=None)


async def test_checkpoints_and_purges_do_not_count_as_harm(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    for _ in range(3):
        async with Journal(path) as journal:
            for number in range(60):
                await claim(journal, key_of(number))
                await send(journal, key_of(number), "free", content=os.urandom(100_000), code=1)
        await asyncio.to_thread(purge_journal, path, 0)
        with JournalReader(path) as reader:
            async with Journal(path) as journal:  # with a reader beside it
                await send(journal, key_of(1), "free", code=1)
            reader.figures()


def test_a_journal_that_shrinks_to_the_size_of_its_database_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    path.write_bytes(bytes(10_000))
    wal_of(path).write_bytes(bytes(100))
    watch = Watch(path, 4096)
    for size in (10_000, 8192, 9000):
        os.truncate(path, size)
        watch.look()
    os.truncate(path, 8999)
    with pytest.raises(Harmed, match="was cut from 9,000 to 8,999 bytes"):
        watch.look()
