"""A journal that is finished is read where nothing may be written."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cvs_async.batch.journal import Journal, JournalError, JournalReader, purge_journal
from tests.support.commands import run as cli
from tests.support.journals import ANSWER, as_version_1, claim, key_of, send
from tests.support.service import Service, numbered

COUNT = 3
NOBODY = 65534

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Create a folder that others can list; the one of pytest is for its owner only."""
    with TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be bound by permissions, as root is not."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@contextmanager
def closed(*paths: Path) -> Iterator[None]:
    """Make these files and folders read-only for all."""
    modes = [(path, stat.S_IMODE(path.stat().st_mode)) for path in paths]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with unprivileged():
            yield
    finally:
        for path, mode in modes:
            path.chmod(mode)


async def make(path: Path) -> None:
    async with Journal(path) as journal:
        for number in range(COUNT):
            await claim(journal, key_of(number))
            await send(journal, key_of(number))


def killed(path: Path) -> None:
    """Make a journal whose writer was killed: all of it is in the WAL."""
    before = path.with_name("before.db")

    async def write() -> None:
        async with Journal(before) as journal:
            for number in range(COUNT):
                await claim(journal, key_of(number))
                await send(journal, key_of(number))
            for suffix in ("", "-wal"):
                shutil.copy(f"{before}{suffix}", f"{path}{suffix}")

    asyncio.run(write())


def read_all(path: Path) -> None:
    with JournalReader(path) as reader:
        figures = reader.figures()
        assert (figures.billed, figures.documents, figures.writer) == (COUNT, COUNT, None)
        assert [record.content for record, _, _ in reader.records()] == [ANSWER] * COUNT
        assert sum(row.billed for row in reader.reconcile()) == COUNT


def files(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}*"))


@pytest.mark.parametrize("what", ["folder", "files", "both"])
@pytest.mark.parametrize("left", ["nothing", "an empty WAL", "empty WAL and index"])
def test_a_finished_journal_is_read(folder: Path, what: str, left: str) -> None:
    path = folder / "claims.db"
    asyncio.run(make(path))
    if left != "nothing":
        path.with_name("claims.db-wal").touch()
    if left == "empty WAL and index":
        path.with_name("claims.db-shm").write_bytes(bytes(32768))
    path.chmod(0o644)
    content, names = path.read_bytes(), files(path)
    with closed(*([folder] if what != "files" else []), *(files(path) if what != "folder" else [])):
        read_all(path)
    assert path.read_bytes() == content
    assert what == "files" or files(path) == names


def test_a_finished_journal_of_version_1_is_read(folder: Path) -> None:
    path = folder / "claims.db"
    asyncio.run(make(path))
    as_version_1(path)
    with closed(folder, *files(path)):
        read_all(path)


def test_every_command_reads_a_finished_journal(
    folder: Path,
) -> None:
    path, to = folder / "claims.db", folder / "to"
    asyncio.run(make(path))
    to.mkdir()
    to.chmod(0o777)

    def told(name: str) -> list[str]:
        commands = (["status", path], ["export", path, "--to", to / name], ["reconcile", path])
        ended = [cli(*words) for words in commands]
        assert [one.exit_code for one in ended] == [0, 0, 0], [one.output for one in ended]
        return [one.output.replace(name, "") for one in ended]

    before = told("1.jsonl")
    with closed(folder, *files(path)):
        assert told("2.jsonl") == before
    assert (to / "1.jsonl").read_bytes() == (to / "2.jsonl").read_bytes()


async def test_a_plan_reads_a_finished_journal(folder: Path) -> None:
    path = folder / "claims.db"
    await make(path)
    async with Service().client() as cvs:
        with closed(folder, *files(path)):
            plan = await cvs.batch(cvs.ocr.card, list(numbered(2)), journal=path).plan()
    assert plan.count == plan.most_billed == 2


def test_the_error_for_an_unrecoverable_wal_says_to_copy_both_files(folder: Path, tmp_path: Path) -> None:
    path = folder / "claims.db"
    killed(path)
    with closed(folder, *files(path)):
        match = (
            r"claims\.db has a -wal, which cannot be recovered .* copy both files to a folder in which you may write"
        )
        with pytest.raises(JournalError, match=match), JournalReader(path):
            pass
    for file in files(path):
        shutil.copy(file, tmp_path)
    read_all(tmp_path / path.name)


async def test_writing_is_refused_there_by_name(folder: Path) -> None:
    path = folder / "claims.db"
    await make(path)
    with closed(folder, *files(path)):
        with pytest.raises(JournalError, match=r"claims\.db cannot be used: Permission denied; check the disk"):
            await Journal(path).__aenter__()
        with pytest.raises(JournalError, match=r"claims\.db cannot be used: Permission denied; check the disk"):
            purge_journal(path, 0)


def test_a_write_while_a_finished_journal_is_read_is_an_error(folder: Path) -> None:
    path = folder / "claims.db"
    asyncio.run(make(path))
    with closed(folder, *files(path)):
        reader = JournalReader(path).__enter__()
    with pytest.raises(JournalError, match="was written to while it was read: read it again"):
        asyncio.run(change(path, reader))


async def change(path: Path, reader: JournalReader) -> None:
    async with Journal(path) as journal:
        await claim(journal, key_of(100))
        try:
            reader.figures()
        finally:
            reader.__exit__(None, None, None)


def test_nothing_is_left_beside_a_journal_that_was_closed_and_read(tmp_path: Path) -> None:
    path = tmp_path / "claims.db"
    asyncio.run(make(path))
    for _ in range(2):
        read_all(path)
        assert [file.name for file in files(path)] == ["claims.db", "claims.db-lock"]


async def test_a_journal_is_whole_without_its_wal_once_it_is_closed(tmp_path: Path) -> None:
    path, copy = tmp_path / "claims.db", tmp_path / "copy.db"
    await make(path)
    with JournalReader(path) as reader:
        reader.figures()
        async with Journal(path) as journal:
            await claim(journal, key_of(100))
        shutil.copy(path, copy)
    with JournalReader(copy) as reader:
        assert reader.figures().documents == COUNT + 1
    assert [file.name for file in files(path)] == ["claims.db", "claims.db-lock"]
