"""A journal whose writer was killed is what SQLite makes of it and its WAL, and nothing else."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async.batch import Stats
from cvs_async.batch.journal import Journal, JournalError, JournalReader, purge_journal
from cvs_async.batch.journal import wal as journal_wal
from cvs_async.batch.journal.wal import FRAME, HEADER, Wal, read_wal
from tests.support.commands import run as cli
from tests.support.journals import claim, key_of, send
from tests.support.service import Service, kinds, numbered, run

COUNT = 12
PAGE = 4096

KILLED = """
import asyncio, os, sys
import httpx
from tests.support.service import GOOD, Service, numbered

def large(_):
    return httpx.Response(200, json=GOOD | {"data": [{"type": os.urandom(1500).hex()}]})

async def main():
    async with Service(large).client() as cvs:
        async with cvs.batch(cvs.ocr.card, numbered(int(sys.argv[2])), journal=sys.argv[1], concurrency=2) as batch:
            assert len([outcome async for outcome in batch]) == int(sys.argv[2])
            os.kill(os.getpid(), 9)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a batch that was killed when it had all its answers. All of it is in the WAL."""
    path = tmp_path_factory.mktemp("killed") / "claims.db"
    program = [sys.executable, "-c", KILLED, str(path), str(COUNT)]
    assert subprocess.run(program, cwd=Path(__file__).parents[2], timeout=60).returncode == -9
    return path


def copied(path: Path, to: Path) -> Path:
    """The journal and its WAL, without anything else."""
    to.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", to / f"{path.name}{suffix}")
    return to / path.name


def frames(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and content of the pages in a WAL."""
    content = wal_of(path).read_bytes()
    for start in range(HEADER, len(content) - PAGE, FRAME + PAGE):
        yield struct.unpack_from(">I", content, start)[0], content[start + FRAME : start + FRAME + PAGE]


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def checkpoint(path: Path, writes: int, rest: int) -> None:
    """Do the first writes of a checkpoint, and `rest` bytes of the next one."""
    pages = sorted(dict(frames(path)).items())
    with path.open("r+b") as file:
        for number, page in pages[:writes]:
            file.seek((number - 1) * PAGE)
            file.write(page)
        if rest and writes < len(pages):
            number, page = pages[writes]
            file.seek((number - 1) * PAGE)
            file.write(page[:rest])


async def read_by_all(path: Path) -> None:
    """Status, export, reconcile, plan, batch and purge see every answer."""
    with JournalReader(path) as reader:
        figures = reader.figures()
        assert (figures.billed, figures.states["billed"], figures.warning) == (COUNT, COUNT, None)
        assert sum(record.content is not None for record, _, _ in reader.records()) == COUNT
        assert sum(row.billed for row in reader.reconcile()) == COUNT
    service = Service()
    async with service.client() as cvs:
        plan = await cvs.batch(cvs.ocr.card, list(numbered(COUNT)), journal=path).plan()
        assert (plan.known, plan.most_billed) == ({"billed": COUNT}, 0)
        _, stats = await run(cvs, numbered(COUNT), path)
    assert (stats.replayed, stats.done, service.sent.total()) == (COUNT, COUNT, 0)


@pytest.mark.parametrize("rest", [0, 100, PAGE // 2])
async def test_a_checkpoint_that_was_cut_short_anywhere_costs_nothing(killed: Path, tmp_path: Path, rest: int) -> None:
    writes = len(dict(frames(killed)))
    assert writes > 5
    for done in range(writes + 1):
        path = copied(killed, tmp_path / f"{done}")
        checkpoint(path, done, rest)
        other = copied(path, tmp_path / f"{done}-purged")
        await read_by_all(path)
        assert purge_journal(other, 1e9) == 0
        await read_by_all(other)


async def test_a_lost_first_page_is_read_from_the_wal(killed: Path, tmp_path: Path) -> None:
    path = copied(killed, tmp_path / "torn")
    with path.open("r+b") as file:
        file.write(bytes(PAGE))
    await read_by_all(path)


def test_every_command_reads_a_journal_whose_checkpoint_was_cut_short(
    killed: Path,
    tmp_path: Path,
) -> None:
    path = copied(killed, tmp_path / "cut")
    checkpoint(path, 1, 0)
    for words in (
        ["status", path],
        ["export", path, "--to", tmp_path / "out.jsonl"],
        ["reconcile", path],
        ["purge", path, "--older-than", "1d"],
    ):
        ended = cli(*words)
        assert (ended.exit_code, ended.stderr.count("damaged")) == (0, 0), ended.output
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == COUNT


async def test_another_file_is_not_read_from_a_wal_beside_it(killed: Path, tmp_path: Path) -> None:
    path = copied(killed, tmp_path / "text")
    path.write_text("name,amount\n" * 1000)
    shutil.copy(path, wal_of(path))
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(JournalError, match="is not a journal: choose another name"):
        await Journal(path).__aenter__()
    with pytest.raises(JournalError, match="is not a journal: choose another name"), JournalReader(path):
        pass
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


async def test_a_newer_version_that_only_the_wal_has_is_not_changed(tmp_path: Path) -> None:
    path, copy = tmp_path / "claims.db", tmp_path / "copy.db"
    async with Journal(path) as journal:
        await claim(journal, key_of(1))
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    before = copy.read_bytes(), wal_of(copy).read_bytes()
    with pytest.raises(JournalError, match="newer version of cvs_async: update"):
        await Journal(copy).__aenter__()
    with pytest.raises(JournalError, match="newer version of cvs_async: update"), JournalReader(copy):
        pass
    assert (copy.read_bytes(), wal_of(copy).read_bytes()) == before


async def test_the_error_says_that_a_new_journal_pays_everything_again(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    async with Journal(path) as journal:
        await claim(journal, key_of(1))
    path.write_bytes(path.read_bytes()[:PAGE] + b"\xa5" * 3 * PAGE)
    with pytest.raises(JournalError, match=r"begin another journal; then every document .* paid for, again"):
        await Journal(path).__aenter__()


BUSY = """
import asyncio, sys
from cvs_async.batch.journal import Journal
from tests.support.journals import claim, key_of, send

async def main():
    for run in range(4):
        async with Journal(sys.argv[1]) as journal:
            for number in range(run * 150 + 1, run * 150 + 151):
                await claim(journal, key_of(number))
                await send(journal, key_of(number), content=b"x" * 20_000)

asyncio.run(main())
"""


def test_no_reader_is_refused_beside_a_batch_that_opens_writes_checkpoints_and_closes(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    asyncio.run(one_answer(path))
    program = [sys.executable, "-c", BUSY, str(path)]
    reads = 0
    with subprocess.Popen(program, cwd=Path(__file__).parents[2]) as writer:
        while writer.poll() is None:
            with JournalReader(path) as reader:
                assert reader.figures().billed >= 1
                assert reader.warning is None
            reads += 1
    assert (writer.returncode, reads > 20) == (0, True)
    with JournalReader(path) as reader:
        assert reader.figures().billed == 601


async def one_answer(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, key_of(0))
        await send(journal, key_of(0))


# --- damage to the WAL


def recovered(path: Path) -> int:
    """Return the number of answers that SQLite finds."""
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM requests WHERE charge = 'billed'").fetchone()[0])


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


@pytest.mark.parametrize("where", ["header", "salt", "first frame", "middle", "zeroed", "size of a page"])
def test_damage_in_the_wal_is_reported_before_anything_is_sent(
    killed: Path,
    tmp_path: Path,
    where: str,
) -> None:
    path = copied(killed, tmp_path / "damaged")
    wal = wal_of(path)
    middle = HEADER + (len(list(frames(path))) // 2) * (FRAME + PAGE)
    at = {"header": 26, "salt": 17, "size of a page": 10, "first frame": HEADER + FRAME + 9}.get(where, middle + 600)
    overwrite(wal, at, b"\xa5" if where != "zeroed" else bytes(2 * PAGE))
    before = path.read_bytes(), wal.read_bytes()
    with pytest.raises(JournalError, match=r"-wal is damaged: .* \(\d+ commits\) .*restore .*wal_checkpoint"):
        asyncio.run(again(path))
    with pytest.raises(JournalError, match="-wal is damaged"):
        purge_journal(path, 0)
    with pytest.raises(JournalError, match="-wal is damaged"):
        asyncio.run(planned(path))
    with JournalReader(path) as reader:
        assert "-wal is damaged" in str(reader.warning)
        assert reader.figures().warning == reader.warning
    for words in (["status", path], ["reconcile", path], ["export", path, "--to", tmp_path / "out.jsonl"]):
        ended = cli(*words)
        assert (ended.exit_code, "is damaged" in " ".join(ended.output.split())) == (0, True)
    assert (path.read_bytes(), wal.read_bytes()) == before, "nothing is lost of what a human could still save"
    with closing(sqlite3.connect(path)) as database:  # what the sentence says
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    stats = asyncio.run(again(path))
    assert stats.done + stats.held == COUNT


async def planned(path: Path) -> None:
    async with Service().client() as cvs:
        await cvs.batch(cvs.ocr.card, list(numbered(COUNT)), journal=path).plan()


async def again(path: Path) -> Stats:
    async with Service().client() as cvs:
        _, stats = await run(cvs, numbered(COUNT), path)
    return stats


@pytest.mark.parametrize("whole", [0, 1, 3])
async def test_a_wal_of_which_the_beginning_is_a_hole_is_damaged(killed: Path, tmp_path: Path, whole: int) -> None:
    path = copied(killed, tmp_path / "hole")
    size = wal_of(path).stat().st_size
    overwrite(wal_of(path), 0, bytes(HEADER + whole * (FRAME + PAGE)))
    assert wal_of(path).stat().st_size == size
    assert read_wal(wal_of(path)).is_damaged
    with pytest.raises(JournalError, match="-wal is damaged"):
        await again(path)


async def test_a_frame_torn_by_a_kill_is_not_damage(killed: Path, tmp_path: Path) -> None:
    content = wal_of(killed).read_bytes()
    stale = content.translate(bytes(value ^ 0x55 for value in range(256)))  # of an earlier round of the WAL
    count, length = len(list(frames(killed))), len(content)
    for number, torn in ((number, torn) for number in range(1, count + 1) for torn in (0, 1, FRAME, FRAME + 700)):
        path = copied(killed, tmp_path / f"{number}-{torn}")
        end = HEADER + number * (FRAME + PAGE)
        assert wal_of(path).read_bytes() == content
        for rest in (b"", stale[min(end + torn, length) :]):
            wal_of(path).write_bytes(content[: end + torn] + rest)
            assert not read_wal(wal_of(path)).is_damaged
        with JournalReader(path) as reader:
            assert reader.warning is None
            seen = reader.figures().billed
        assert seen == recovered(path)


def test_a_wal_without_a_commit_is_not_damage(tmp_path: Path) -> None:
    wal = tmp_path / "claims.db-wal"
    assert read_wal(wal) == Wal()
    for content in (b"", b"\0" * 10, b"\0" * 10_000, b"\x37\x7f\x06\x82" + bytes(28)):
        wal.write_bytes(content)
        assert read_wal(wal) == Wal()


def test_a_wal_that_grows_while_it_is_read_is_not_called_damaged(
    killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wal = wal_of(copied(killed, tmp_path / "growing"))
    content = wal.read_bytes()
    real = journal_wal._recover

    def grow(*arguments: Any) -> int:
        end = real(*arguments)
        with wal.open("ab") as file:
            file.write(content[HEADER:])
        return end

    monkeypatch.setattr(journal_wal, "_recover", grow)
    assert not read_wal(wal).is_damaged
    monkeypatch.undo()
    assert read_wal(wal).is_damaged


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=12), st.integers(0, 120_000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_wal_is_read_as_sqlite_reads_it(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]], at: int, damaged: bool
) -> None:
    path, copy = (tmp_path_factory.mktemp("wal") / name for name in ("one.db", "two.db"))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript("PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA cache_size = 10")
        database.executescript("CREATE TABLE t (x); PRAGMA wal_checkpoint")
        for size, whole in steps:
            database.execute("BEGIN")
            database.execute("INSERT INTO t VALUES (randomblob(?))", (size * 300,))
            database.execute("COMMIT" if whole else "ROLLBACK")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    if damaged and at < wal_of(copy).stat().st_size:
        overwrite(wal_of(copy), at, bytes([wal_of(copy).read_bytes()[at] ^ 1]))
    wal = read_wal(wal_of(copy))
    with closing(sqlite3.connect(copy)) as database:
        database.execute("SELECT * FROM t").fetchall()
        [(_, found, _)] = database.execute("PRAGMA wal_checkpoint").fetchall()
        [(stored,)] = database.execute("SELECT count(*) FROM t").fetchall()
    assert wal.frames == max(found, 0)
    if not damaged:
        assert not wal.is_damaged
        assert stored == sum(whole for _, whole in steps)


# --- making a journal


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
@pytest.mark.parametrize("empty", [False, True])
async def test_no_journal_is_made_beside_the_log_of_one_that_is_gone(
    killed: Path, tmp_path: Path, suffix: str, empty: bool
) -> None:
    path = copied(killed, tmp_path / "gone")
    left = path.with_name(path.name + suffix)
    wal_of(path).rename(left)
    path.unlink()
    if empty:
        path.touch()
    before = left.read_bytes()
    service = Service()
    async with service.client() as cvs:
        with pytest.raises(JournalError, match=f"there is no journal .*claims.db{suffix} beside it.*paid for, again"):
            await run(cvs, numbered(2), path)
        with pytest.raises(JournalError, match=r"there is no journal .* beside it"):
            await cvs.batch(cvs.ocr.card, list(numbered(2)), journal=path).plan()
    with pytest.raises(JournalError, match=r"there is no journal .* beside it"), JournalReader(path):
        pass
    assert (service.sent.total(), left.read_bytes()) == (0, before)


async def test_an_empty_log_and_an_empty_file_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    path.touch()
    wal_of(path).touch()
    async with Service().client() as cvs:
        outcomes, _ = await run(cvs, numbered(2), path)
    assert len(kinds(outcomes)) == 2


async def test_a_file_that_appears_while_a_journal_is_made_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "claims.db"
    path.with_name("claims.db-new").write_text("a user's own")

    def appear(*_: object, **__: object) -> str:
        path.write_text("theirs")
        return "0123abcd"

    monkeypatch.setattr("secrets.token_hex", appear)
    with pytest.raises(JournalError, match="made by another program meanwhile"):
        await Journal(path).__aenter__()
    assert path.read_text() == "theirs"
    assert sorted(os.listdir(tmp_path)) == ["claims.db", "claims.db-lock", "claims.db-new"]


MAKER = """
import asyncio, sys
from cvs_async.batch.journal import Journal, JournalError
from tests.support.journals import claim, key_of

async def main():
    sys.stdin.readline()
    while True:
        try:
            async with Journal(sys.argv[1]) as journal:
                await claim(journal, key_of(int(sys.argv[2])))
                return
        except JournalError as error:
            assert "in use by process" in str(error), error

asyncio.run(main())
"""


def test_processes_that_make_the_same_journal_at_once_share_one(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    root = Path(__file__).parents[2]
    makers = [
        subprocess.Popen([sys.executable, "-c", MAKER, str(path), str(number)], stdin=subprocess.PIPE, cwd=root)
        for number in range(4)
    ]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write(b"\n")
        maker.stdin.close()
    assert [maker.wait(60) for maker in makers] == [0] * 4
    with JournalReader(path) as reader:
        assert reader.figures().documents == 4
