"""One process writes to a journal, under any name and regardless of the lock file."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cvs_async import Done
from cvs_async.batch.journal import Journal, JournalError, JournalReader, purge_journal
from cvs_async.batch.journal import files as journal_files
from cvs_async.batch.journal import lock as journal_lock
from cvs_async.batch.journal import open as journal_open
from cvs_async.batch.journal.files import is_journal, verify
from cvs_async.batch.journal.lock import lock_path, writer_of
from tests.support.journals import ANSWER, claim, end, key_of, known, read, send
from tests.support.service import Service, numbered, run

LINUX = sys.platform == "linux"
POSIX = sys.platform != "win32"
A, B = key_of(1), key_of(2)


async def make(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        await send(journal, A)


async def in_use(path: Path) -> str:
    """The error of a second writer."""
    with pytest.raises(JournalError, match="is in use by") as caught:
        await Journal(path).__aenter__()
    return str(caught.value)


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def link_to_it(path: Path) -> Path:
    (link := path.with_name("link.db")).symlink_to(path)
    return link


def link_to_a_link(path: Path) -> Path:
    (link := path.with_name("other.db")).symlink_to(link_to_it(path).name)
    return link


def link_to_its_folder(path: Path) -> Path:
    (link := path.with_name("folder")).symlink_to(path.parent)
    return link / path.name


@pytest.mark.skipif(not POSIX, reason="symbolic links need a privilege")
@pytest.mark.parametrize("linked", [link_to_it, link_to_a_link, link_to_its_folder])
async def test_a_journal_is_the_same_through_a_symbolic_link(path: Path, linked: Callable[[Path], Path]) -> None:
    await make(path)
    link = linked(path)
    before = names(path.parent)
    async with Journal(path) as journal:
        assert f"in use by process {os.getpid()}" in await in_use(link)
        with pytest.raises(JournalError, match="is in use by process"):
            await asyncio.to_thread(purge_journal, link, 0)
        await journal.sent(A, check_sum=None)
        with JournalReader(link) as reader:
            figures = reader.figures()
        assert (figures.writer, figures.in_flight) == (os.getpid(), 1)
    async with Journal(link) as journal:
        assert f"in use by process {os.getpid()}" in await in_use(path)
        assert await journal.content(A) == ANSWER
    assert names(path.parent) == before, "nothing is put beside a link"


@pytest.mark.skipif(not POSIX, reason="symbolic links need a privilege")
async def test_a_journal_is_made_where_a_link_points_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.db"
    link.symlink_to("real/claims.db")
    await make(link)
    assert link.is_symlink()
    assert names(tmp_path / "real") == ["claims.db", "claims.db-lock"]


async def test_a_journal_with_several_hard_links_is_refused(path: Path) -> None:
    await make(path)
    other = path.with_name("other.db")
    os.link(path, other)
    before = names(path.parent)
    for name in (path, other):
        with pytest.raises(JournalError, match=r"has 2 names .*remove the others .* or copy it"):
            await Journal(name).__aenter__()
        with pytest.raises(JournalError, match="has 2 names"), JournalReader(name):
            pass
        with pytest.raises(JournalError, match="has 2 names"):
            await asyncio.to_thread(purge_journal, name, 0)
    assert names(path.parent) == before
    other.unlink()
    async with Journal(path) as journal:
        assert await journal.content(A) == ANSWER


async def test_a_link_that_is_made_while_a_batch_runs_opens_nothing(path: Path) -> None:
    async with Journal(path) as journal:
        os.link(path, path.with_name("other.db"))
        with pytest.raises(JournalError, match="has 2 names"):
            await Journal(path.with_name("other.db")).__aenter__()
        assert await claim(journal, A) is None


@pytest.mark.skipif(not LINUX, reason="elsewhere only the lock file is locked, see the next test")
@pytest.mark.parametrize("by", ["unlink", "replace", "rename"])
async def test_a_removed_lock_file_lets_no_second_writer_in(path: Path, by: str) -> None:
    async with Journal(path) as journal:
        if by == "replace":
            path.with_name("empty").touch()
            path.with_name("empty").replace(lock_path(path))
        elif by == "rename":
            lock_path(path).rename(path.with_name("away"))
        else:
            lock_path(path).unlink()
        assert "another process, whose lock file was removed" in await in_use(path)
        with pytest.raises(JournalError, match="is in use by"):
            await asyncio.to_thread(purge_journal, path, 0)
        await claim(journal, A)
        await send(journal, A)
    async with Journal(path) as journal:
        assert await journal.content(A) == ANSWER


async def test_a_batch_sends_nothing_more_after_another_writer_opened_the_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_lock, "_try_byte", lambda _: True)  # as where only the lock file is locked
    service, seen, sent, other = Service(latency=0.01), list[Any](), 0, Journal(path)
    async with service.client() as cvs:
        batch = cvs.batch(cvs.ocr.card, numbered(100), journal=path, concurrency=4)
        with pytest.raises(JournalError, match=r"was opened by another process .*: nothing more is sent"):
            async with batch as outcomes:
                async for outcome in outcomes:
                    seen.append(outcome)
                    if len(seen) == 12:
                        lock_path(path).unlink()
                        await other.__aenter__()
                        sent = service.sent.total()
        assert service.sent.total() <= sent + 4
        assert [type(outcome) for outcome in seen] == [Done] * service.sent.total()
        await other.aclose()
        _, stats = await run(cvs, numbered(100), path)
    assert (stats.done, set(service.sent.values())) == (100, {1}), "what was in flight is written down"


async def test_a_request_that_is_not_sent_is_not_in_doubt_after_another_writer_opened_the_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_lock, "_try_byte", lambda _: True)
    async with Journal(path) as journal:
        for key in (A, B):
            await claim(journal, key)
            await journal.sent(key, check_sum=None)
        lock_path(path).unlink()
        async with Journal(path) as other:
            for asked in (
                journal.sent(A, check_sum=None),  # a copy, which must not leave, while the first is in flight
                journal.withdrawn(A),
                end(journal, A),
                journal.withdrawn(B),
                claim(journal, key_of(3)),
            ):
                with pytest.raises(JournalError, match="was opened by another process"):
                    await asked
            first, second = await known(other, A), await known(other, B)
            assert (first.state, first.attempts, await other.content(A)) == ("billed", 1, ANSWER)
            assert (second.state, second.attempts) == ("planned", 0)
            assert await claim(other, key_of(3)) is None


@pytest.mark.skipif(not POSIX, reason="flock is of POSIX")
@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EIO])
async def test_a_file_system_that_cannot_lock_is_reported(
    path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(path)

    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    match = f"claims.db cannot be locked: {os.strerror(code)}; keep the journal on a local disk"
    for attempt in (Journal(path).__aenter__(), asyncio.to_thread(purge_journal, path, 0)):
        with pytest.raises(JournalError, match=match):
            await attempt
    with JournalReader(path) as reader:
        assert (reader.figures().writer, reader.figures().billed) == (None, 1)


@pytest.mark.skipif(not LINUX, reason="locks of descriptors are of Linux")
@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOLCK])
async def test_locks_of_descriptors_may_be_unknown_but_may_not_fail(
    path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.fcntl", refuse)
    if code == errno.ENOLCK:
        with pytest.raises(JournalError, match="cannot be locked: No locks available; keep"):
            await Journal(path).__aenter__()
    else:
        async with Journal(path):
            assert f"in use by process {os.getpid()}" in await in_use(path)


async def test_a_file_system_without_shared_memory_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(path)

    def refuse(*_: Any) -> None:
        error = sqlite3.OperationalError("locking protocol")
        error.sqlite_errorname = "SQLITE_PROTOCOL"
        raise error

    monkeypatch.setattr(journal_files, "verify", refuse)
    with pytest.raises(JournalError, match="cannot be locked: locking protocol; keep the journal on a local disk"):
        await Journal(path).__aenter__()


@pytest.mark.skipif(not POSIX, reason="symbolic links need a privilege")
@pytest.mark.parametrize("how", ["content", "symlink", "link", "fifo"])
async def test_a_file_that_only_has_the_name_of_a_lock_is_not_touched(path: Path, how: str) -> None:
    users = path.with_name("customers.txt")
    users.write_text("")
    if how == "content":
        lock_path(path).write_text("a user's own, with 7 words in it")
    elif how == "symlink":
        lock_path(path).symlink_to(users)
    elif how == "link":
        os.link(users, lock_path(path))
    else:
        os.mkfifo(lock_path(path))
    users.write_text("An, Bình, Chi") if how != "link" else None
    before = names(path.parent)
    with pytest.raises(JournalError, match=r"claims\.db"):
        await Journal(path).__aenter__()
    assert names(path.parent) == before
    assert how == "link" or users.read_text() == "An, Bình, Chi"
    assert how != "content" or lock_path(path).read_text() == "a user's own, with 7 words in it"


async def test_a_lock_file_that_is_replaced_just_before_it_is_locked_is_opened_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, times = journal_lock._try_lock, 0

    def replaced(file: int, *, exclusive: bool) -> bool:
        nonlocal times
        times += 1
        if times == 1:
            lock_path(path).unlink()
            lock_path(path).touch()
        return real(file, exclusive=exclusive)

    monkeypatch.setattr(journal_lock, "_try_lock", replaced)
    async with Journal(path):
        monkeypatch.undo()
        assert writer_of(path) == os.getpid()
        assert f"in use by process {os.getpid()}" in await in_use(path)


async def test_a_journal_that_is_replaced_while_it_is_opened_is_not_written_to(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(path)
    other = path.with_name("other.db")
    shutil.copy(path, other)
    content = read(other)

    def replaced(path: Path) -> None:
        verify(path)
        other.replace(path)

    monkeypatch.setattr(journal_files, "verify", replaced)
    with pytest.raises(JournalError, match="was replaced while"):
        await Journal(path).__aenter__()
    assert read(path) == content
    monkeypatch.undo()
    async with Journal(path) as journal:
        assert await journal.content(A) == ANSWER


# --- locks of SQLite, which POSIX gives up when a process closes the file by any other descriptor

SHARED = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)"


def is_locked(path: Path) -> bool:
    """Return whether a process has SQLite's shared lock on it."""
    program = subprocess.run([sys.executable, "-c", SHARED, str(path)], stderr=subprocess.PIPE, timeout=60)
    assert program.returncode == 0 or b"BlockingIOError" in program.stderr
    return program.returncode != 0


@pytest.mark.skipif(not POSIX, reason="locks of POSIX")
async def test_no_look_at_a_journal_drops_the_locks_of_this_process(path: Path) -> None:
    async with Journal(path) as journal:
        await claim(journal, A)
        assert is_locked(path)
        assert is_journal(path)
        assert writer_of(path) == os.getpid()
        await in_use(path)
        with JournalReader(path) as reader:
            reader.figures()
        lock_path(path).unlink()
        if LINUX:
            await in_use(path)
        assert is_locked(path)
    assert not is_locked(path)
    with JournalReader(path) as reader:
        assert reader.figures().documents == 1
        assert is_locked(path)
        async with Journal(path) as journal:
            await claim(journal, B)
        assert is_locked(path), "the reader still has it"
        async with Journal(path) as journal:
            assert await claim(journal, B) is not None
    assert not is_locked(path)


async def test_every_descriptor_is_closed(path: Path) -> None:
    await make(path)
    before = names(Path("/dev/fd"))
    for _ in range(3):
        with JournalReader(path) as reader:
            reader.figures()
            await make(path)
            async with Journal(path):
                await in_use(path)
    assert names(Path("/dev/fd")) == before
    assert not journal_open._connections
    assert not journal_open._late
    assert not journal_open._held


# --- forked children

FORKED = """
import asyncio, os, sys
from cvs_async.batch.journal import Journal, JournalError, JournalReader
from tests.support.journals import claim, key_of

path = sys.argv[1]

def refused(attempt):
    try:
        attempt()
    except JournalError as error:
        return str(error)
    raise SystemExit("the child may use the journal")

def as_writer():
    async def main():
        async with Journal(path):
            pass
    asyncio.run(main())

def as_reader():
    with JournalReader(path):
        pass

def go_on(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        pass

def child(journal, reader):
    asyncio._set_running_loop(None)
    assert "forked" in refused(lambda: go_on(claim(journal, key_of(2))))
    assert "forked" in refused(reader.figures)
    assert "is in use by process" in refused(as_writer)
    assert "was open when this process was forked" in refused(as_reader)
    go_on(journal.aclose())
    reader.__exit__(None, None, None)

async def main():
    (ready, said), (closed, close) = os.pipe(), os.pipe()
    async with Journal(path) as journal:
        await claim(journal, key_of(1))
        with JournalReader(path) as reader:
            if not (process := os.fork()):
                try:
                    child(journal, reader)
                    os.write(said, b"refused")
                    os.read(closed, 1)
                    assert "was open when this process was forked" in refused(as_writer)
                    os.write(said, b"refused")
                except BaseException as error:
                    os.write(said, repr(error).encode())
                sys.stdin.readline()  # it lives on, as a worker of a pool does
                os._exit(0)
            print(await asyncio.to_thread(os.read, ready, 1000), flush=True)
            assert await claim(journal, key_of(1)) is not None
    async with Journal(path) as journal:
        print("opened again", flush=True)
    os.write(close, b".")
    print(os.read(ready, 1000), flush=True)
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), 9)
    os.waitpid(process, 0)

asyncio.run(main())
"""


@pytest.mark.skipif(not POSIX, reason="there is no fork")
@pytest.mark.parametrize("end", ["killed", "waits"])
def test_a_forked_child_neither_keeps_the_lock_nor_uses_the_journal(path: Path, end: str) -> None:
    program = [sys.executable, "-c", textwrap.dedent(FORKED), str(path), end]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(program, cwd=Path(__file__).parents[2], text=True, **pipes) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        lines = [parent.stdout.readline().strip() for _ in range(3)]
        assert lines == ["b'refused'", "opened again", "b'refused'"]
        if end == "killed":
            parent.wait(60)
        asyncio.run(make(path))  # while the child lives
        parent.stdin.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
