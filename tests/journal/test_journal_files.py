"""The files of a journal: other files, versions and damage are refused, and nothing of them is changed."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvs_async.batch.journal import Journal, JournalError, JournalReader, Output, purge_journal
from tests.support.journals import (
    ANSWER,
    WINDOWS,
    A,
    as_version_1,
    as_version_2,
    claim,
    database,
    key_of,
    known,
    read,
    send,
    write,
)


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
