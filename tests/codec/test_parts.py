"""Opened inputs: read in pieces, off the event loop, and refused if their files change."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cvs_async import InvalidInputError
from cvs_async._codec.inputs import CHUNK, Part, load
from tests.support.inputs import CARD, CONTENTS, JPEG, PDF, Reader, content, load_part


def test_the_repr_of_a_part_has_no_content() -> None:
    assert repr(Part("ảnh.jpg", "image/jpeg", 6, b"CANARY")) == (
        "Part(filename='ảnh.jpg', content_type='image/jpeg', size=6)"
    )


async def test_content_in_memory_can_be_read_twice() -> None:
    part = await load_part(JPEG)
    assert await content(part) == await content(part) == JPEG


LARGE = 2 * CHUNK + 12345


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file too large to be read whole."""
    path = tmp_path / "hồ sơ lớn.pdf"
    path.write_bytes(PDF + os.urandom(LARGE - len(PDF)))
    return path


@pytest.mark.parametrize(("size", "pieces"), [(1, 1), (CHUNK, 1), (CHUNK + 1, 2), (2 * CHUNK, 2), (LARGE, 3)])
async def test_small_files_are_one_piece_and_large_ones_are_streamed(tmp_path: Path, size: int, pieces: int) -> None:
    data = os.urandom(size)
    (tmp_path / "ảnh.jpg").write_bytes(data)
    part = await load_part(tmp_path / "ảnh.jpg")
    assert part.size == size
    for _ in range(2):
        chunks = [chunk async for chunk in part.chunks()]
        assert len(chunks) == pieces
        assert b"".join(chunks) == data
        assert size <= CHUNK or max(map(len, chunks)) <= CHUNK


async def test_a_large_file_is_not_kept_in_memory(large: Path) -> None:
    part = await load_part(large)
    assert (part.filename, part.content_type, part.size) == (large.name, "application/pdf", LARGE)
    assert part._content == large


@pytest.mark.parametrize(("data", "content_type", "suffix"), CONTENTS)
async def test_the_content_type_of_a_large_file_without_suffix_is_seen_in_its_content(
    tmp_path: Path, data: bytes, content_type: str, suffix: str
) -> None:
    (tmp_path / "căn cước").write_bytes(data.ljust(CHUNK + 1))
    assert (await load_part(tmp_path / "căn cước")).content_type == content_type


@pytest.mark.parametrize(("data", "content_type", "suffix"), CONTENTS)
async def test_a_large_file_without_suffix_is_named_like_a_small_one(
    tmp_path: Path, data: bytes, content_type: str, suffix: str
) -> None:
    (tmp_path / "căn cước").write_bytes(data.ljust(CHUNK + 1))
    assert (await load_part(tmp_path / "căn cước")).filename == "căn cước" + suffix


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def shrink(path: Path) -> None:
    os.truncate(path, LARGE - 1)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (grow, "its size changed while it was being sent"),
        (shrink, "its size changed while it was being sent"),
        (empty, "its size changed while it was being sent"),
        (Path.unlink, "does not exist while it was being sent"),
        (replace_by_a_folder, f"cannot be read: {os.strerror(errno.EISDIR)} while it was being sent"),
    ],
)
async def test_a_file_that_changes_before_it_is_sent_is_refused(
    large: Path, change: Callable[[Path], None], said: str
) -> None:
    part = await load_part(large)
    change(large)
    with pytest.raises(InvalidInputError) as caught:
        await content(part)
    assert str(caught.value) == f"{large}: {said}"


@pytest.mark.parametrize("change", [grow, shrink])
async def test_a_file_that_changes_while_it_is_sent_is_refused(large: Path, change: Callable[[Path], None]) -> None:
    chunks = (await load_part(large)).chunks()
    sent = [await anext(chunks)]
    change(large)
    with pytest.raises(InvalidInputError, match="its size changed while it was being sent"):
        while True:
            sent.append(await anext(chunks))
    assert sum(map(len, sent)) <= LARGE


async def test_no_file_is_open_between_the_pieces(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, closed = list[int](), list[int]()
    really_open, really_close = os.open, os.close

    def noting_open(*args: Any, **kwargs: Any) -> int:
        opened.append(really_open(*args, **kwargs))
        return opened[-1]

    def noting_close(descriptor: int) -> None:
        closed.append(descriptor)
        really_close(descriptor)

    part = await load_part(large)
    monkeypatch.setattr(os, "open", noting_open)
    monkeypatch.setattr(os, "close", noting_close)
    async for _ in part.chunks():
        assert opened
        assert opened == closed


async def test_a_file_object_is_read_off_the_event_loop() -> None:
    reader = Reader(JPEG)
    await load_part(reader)
    assert len(reader.threads) == 1
    assert threading.get_ident() not in reader.threads


@pytest.mark.parametrize("size", [100, LARGE])
async def test_a_path_is_looked_at_and_read_off_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = tmp_path / "ảnh.jpg"
    path.write_bytes(bytes(size))
    threads: list[int] = []

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            threads.append(threading.get_ident())
            return function(*args, **kwargs)

        return noted

    for name in ("open", "fstat", "read"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    monkeypatch.setattr(io, "open", noting(io.open))
    assert len(await content(await load_part(path))) == size
    assert len(threads) >= 2
    assert threading.get_ident() not in threads


async def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scan.jpg").write_bytes(JPEG)
    real = os.fstat

    def fstat(file: int) -> os.stat_result:
        status = real(file)
        with open(tmp_path / "scan.jpg", "ab") as more:
            more.write(b" and more")
        return status

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(InvalidInputError, match="changes while it is read"):
        await load(CARD, {"img": tmp_path / "scan.jpg"}, "file")
