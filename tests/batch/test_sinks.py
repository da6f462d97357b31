"""Files of results: whole lines, on the disk when the sink is left, and nothing of theirs destroyed."""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from cvs_async import CVSError, Failed, InvalidInputError
from cvs_async.batch import Csv, JsonLines, Parquet
from cvs_async.batch.outcome import Item
from cvs_async.cli._results import Results


def outcome(number: int) -> Failed:
    return Failed(Item(number, f"{number}.jpg"), CVSError("x" * 100))


def read(path: Path) -> bytes:
    return path.read_bytes()


def status(path: Path) -> os.stat_result:
    return path.stat()


@define
class Shorter:
    """File with limited writes that otherwise behaves like the real one."""

    file: Any
    write: Callable[[bytes], Awaitable[int]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


async def test_a_line_is_written_whole_in_however_many_pieces(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    async with JsonLines(out) as sink:
        file: Any = sink._file
        sink._file = Shorter(file, lambda line: file.write(line[:7]))  # type: ignore[assignment]
        for number in range(3):
            await sink.write(outcome(number))
    assert read(out).endswith(b"\n")
    assert [line.startswith(b'{"index": %d' % number) for number, line in enumerate(read(out).splitlines())] == [
        True
    ] * 3


async def test_a_disk_that_is_full_within_a_line_leaves_whole_lines(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    async with JsonLines(out) as sink:
        await sink.write(outcome(0))
        before, pieces = read(out), list[bytes]()
        file: Any = sink._file

        async def write(line: bytes) -> int:
            pieces.append(line)
            if len(pieces) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            written: int = await file.write(line[:9])
            return written

        sink._file = Shorter(file, write)  # type: ignore[assignment]
        with pytest.raises(OSError, match="No space left"):
            await sink.write(outcome(1))
    assert len(pieces) == 2
    assert read(out) == before


@pytest.mark.parametrize("kind", [JsonLines, Csv, Parquet])
async def test_results_are_on_the_disk_when_their_sink_is_closed(
    tmp_path: Path, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    synchronized, real = list[int](), os.fsync

    def fsync(file: int) -> None:
        synchronized.append(os.fstat(file).st_size)
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    out = tmp_path / "results"
    async with kind(out) as sink:
        await sink.write(outcome(0))
    assert synchronized == [status(out).st_size]


async def test_an_existing_results_file_is_refused_and_not_changed(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    os.close(os.open(out, os.O_CREAT))
    with pytest.raises(InvalidInputError, match="is never written over"):
        await JsonLines(out).__aenter__()
    assert read(out) == b""


async def test_a_file_that_is_made_anew_stays_as_private_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    os.close(os.open(out, os.O_CREAT, 0o600))
    os.chmod(out, 0o600)
    async with Results(out, draft=True) as results:
        await results.write(outcome(0))
        results.whole = True
    assert status(out).st_size > 0
    assert status(out).st_mode & 0o777 == 0o600
