"""The bytes sent are those opened and hashed: replaced, overwritten and short files, and odd names."""

from __future__ import annotations

import hashlib
import io
import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, Done, Endpoint, Failed, InvalidInputError, RetryPolicy
from cvs_async._codec import inputs as inputs_module
from cvs_async._codec import part as part_module
from cvs_async._codec.inputs import CHUNK, Part, load
from cvs_async._codec.request import Base64
from cvs_async.batch import JournalReader, JsonLines, Outcome, folder, manifest
from cvs_async.sandbox import Sandbox

CARD = Endpoint[Any]("ocr/card")
SIZE = 3 * CHUNK + 1234
GOOD = {"data": [], "errorCode": "0", "errorMessage": "Success"}


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file too large to be read whole."""
    path = tmp_path / "hồ sơ lớn.pdf"
    path.write_bytes(b"%PDF-".ljust(SIZE, b"A"))
    return path


async def opened(path: Path) -> Part:
    part = (await load(CARD, {"img": path}, "file"))["img"]
    assert isinstance(part, Part)
    return part


def overwrite(path: Path) -> None:
    """In place, with as many bytes."""
    with path.open("r+b") as file:
        file.write(b"%PDF-".ljust(SIZE, b"B"))


def overwrite_the_end(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"B")


def overwrite_unseen(path: Path) -> None:
    """In place, with the times of the file put back."""
    status = path.stat()
    overwrite(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    """By another file of the same size and time."""
    other = path.with_suffix(".new")
    other.write_bytes(b"%PDF-".ljust(SIZE, b"B"))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.rename(path)


CHANGES = [overwrite, overwrite_the_end, overwrite_unseen, replace]


# A file that changes


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("form", [Part, Base64])
async def test_a_file_that_changes_is_never_sent_whole(
    large: Path, change: Callable[[Path], None], after: int, form: type[Part | Base64]
) -> None:
    part = await opened(large)
    body = part if form is Part else Base64(part)
    chunks, sent = body.chunks(), 0
    for _ in range(after):
        sent += len(await anext(chunks))
    change(large)
    with pytest.raises(InvalidInputError, match="changed while it was being sent"):
        async for chunk in chunks:
            sent += len(chunk)
    assert sent < body.size


@pytest.mark.parametrize("change", CHANGES)
async def test_a_file_that_changes_after_it_was_opened_is_not_hashed(
    large: Path, change: Callable[[Path], None]
) -> None:
    part = await opened(large)
    change(large)
    with pytest.raises(InvalidInputError, match="changed while it was being read"):
        part.digest()


@pytest.mark.parametrize("form", [Part, Base64])
async def test_a_change_that_no_time_shows_is_found_by_the_digest(
    large: Path, form: type[Part | Base64], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (inputs_module, part_module):  # a file system with coarse times
        monkeypatch.setattr(module, "stamp_of", lambda _: (0, 0, 0, 0, 0))
    part = await opened(large)
    part.digest()
    body, sent = part if form is Part else Base64(part), 0
    overwrite_the_end(large)
    for _ in range(2):  # also when it is sent again
        with pytest.raises(InvalidInputError, match="changed while it was being sent"):
            async for chunk in body.chunks():
                sent += len(chunk)
    assert CHUNK < sent < 2 * (body.size - 1)


async def test_a_file_that_stays_is_sent_as_it_was_hashed(large: Path) -> None:
    part = await opened(large)
    digest = part.digest()
    for _ in range(2):
        assert hashlib.sha256(b"".join([chunk async for chunk in part.chunks()])).digest() == digest


class Changing:
    """Service that answers from a list, and calls a function before each answer."""

    def __init__(self, *statuses: int, then: Callable[[], None] = lambda: None) -> None:
        self.statuses = list(statuses)
        self.then = then
        self.received: list[bytes] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.received.append(await request.aread())
        status = self.statuses.pop(0)
        self.then()
        return httpx.Response(status, json=GOOD) if status == 200 else httpx.Response(status)

    def client(self) -> AsyncCVS:
        retry = RetryPolicy(attempts=3, initial=0.001)
        return AsyncCVS("key", "secret", transport=httpx.MockTransport(self), retry=retry)


@pytest.mark.parametrize("send_as", ["file", "base64"])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_call_sends_the_same_document_each_time_or_none(
    large: Path, change: Callable[[Path], None], send_as: Any
) -> None:
    service = Changing(503, 200, then=lambda: change(large))
    async with service.client() as cvs:
        with pytest.raises(InvalidInputError, match="changed while it was being sent") as caught:
            await cvs.ocr.card(large, send_as=send_as)
    assert caught.value.charge == "free"
    assert len(service.received) == 1


@pytest.mark.parametrize("send_as", ["file", "base64"])
async def test_a_changed_document_of_a_batch_costs_nothing_and_is_paid_once_under_its_own_key(
    sandbox: Sandbox, jpg: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, send_as: Any
) -> None:
    path, journal = tmp_path / "scan.jpg", tmp_path / "claims.db"
    before, after = jpg.ljust(SIZE, b"a"), jpg.ljust(SIZE, b"b")
    path.write_bytes(before)
    real = Part._read

    def swapping(part: Part, path: Path, offset: int) -> bytes:
        if offset == CHUNK:
            path.write_bytes(after)
        return real(part, path, offset)

    async def outcome() -> Outcome[Any]:
        async with cvs.batch(cvs.ocr.card, [path], **options) as outcomes:
            [one] = [one async for one in outcomes]
        return one

    options: dict[str, Any] = {"journal": journal, "send_as": send_as}
    async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
        with monkeypatch.context() as patch:
            patch.setattr(Part, "_read", swapping)
            refused = await outcome()
        assert isinstance(refused, Failed)
        assert (type(refused.error), refused.error.charge) == (InvalidInputError, "free")
        assert sandbox.ledger.billed == 0
        new = await outcome()
        path.write_bytes(before)
        old = await outcome()
    assert refused.item.key == old.item.key != new.item.key
    sent = [upload.sha256 for entry in sandbox.ledger for upload in entry.uploads]
    assert sent == [hashlib.sha256(content).hexdigest() for content in (after, before)]


async def test_a_file_is_hashed_once_however_often_it_is_sent(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Part] = []
    real = Part.digest
    monkeypatch.setattr(Part, "digest", lambda part: hashed.append(part) or real(part))  # type: ignore[func-returns-value]
    service = Changing(503, 503, 200)
    async with service.client() as cvs, cvs.batch(cvs.ocr.card, [large]) as outcomes:
        assert [type(outcome) async for outcome in outcomes] == [Done]
    assert len(hashed) == 1
    assert len({content[-SIZE:].count(b"A") for content in service.received}) == 1


# A read that gives less than was asked for


@pytest.mark.parametrize("size", [1, 100_000, CHUNK, SIZE])
@pytest.mark.parametrize("most", [7_000, 65_536])
async def test_a_file_is_read_to_its_end_however_little_a_read_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, most: int
) -> None:
    path, content, real = tmp_path / "scan.jpg", os.urandom(size), os.read
    path.write_bytes(content)
    monkeypatch.setattr(os, "read", lambda descriptor, count: real(descriptor, min(count, most)))
    part = await opened(path)
    assert part.size == size
    assert b"".join([chunk async for chunk in part.chunks()]) == content


class Dribbling(io.RawIOBase):
    """A file object that gives at most a kilobyte at a time."""

    def __init__(self, content: bytes, end: bytes | str | None = b"") -> None:
        self.content, self.end = content, end

    def read(self, size: int = -1) -> Any:
        piece, self.content = self.content[:1000], self.content[1000:]
        return piece or self.end


async def test_a_file_object_is_read_to_its_end_however_little_a_read_gives() -> None:
    content = os.urandom(123_456)
    part = (await load(CARD, {"img": Dribbling(content)}, "file"))["img"]
    assert isinstance(part, Part)
    assert part.content == content


@pytest.mark.parametrize("end", [None, "text"])
async def test_a_file_object_that_stops_before_its_end_is_refused(end: Any) -> None:
    with pytest.raises(InvalidInputError, match="returns no bytes before its end"):
        await load(CARD, {"img": Dribbling(bytes(5000), end)}, "file")


@pytest.mark.parametrize("change", [lambda path: os.truncate(path, 10), lambda path: path.write_bytes(bytes(2000))])
async def test_a_small_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    path, real = tmp_path / "scan.jpg", os.read
    path.write_bytes(bytes(1000))

    def changing(descriptor: int, count: int) -> bytes:
        change(path)
        return real(descriptor, count)

    monkeypatch.setattr(os, "read", changing)
    with pytest.raises(InvalidInputError, match="changes while it is read"):
        await opened(path)


# Something else in a file's place


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
async def test_something_else_in_the_place_of_a_file_is_refused_and_not_waited_for(
    large: Path, make: Callable[[Path], None], begun: bool
) -> None:
    part = await opened(large)
    chunks = part.chunks()
    if begun:
        await anext(chunks)
    os.unlink(large)
    make(large)
    with pytest.raises(InvalidInputError, match=r"(is not a regular file|Is a directory) while it was being sent"):
        await anext(chunks)
    with pytest.raises(InvalidInputError, match=r"(is not a regular file|Is a directory) while it was being read"):
        part.digest()
    with pytest.raises(OSError, match=r"not a regular file|Is a directory"):
        part.open()


# Names


NFC, NFD = unicodedata.normalize("NFC", "Nguyễn Ậm"), unicodedata.normalize("NFD", "Nguyễn Ậm")
TONES_APART = "Nguyê\u0303n Â\u0323m"


@pytest.mark.parametrize("there", [NFC, NFD, TONES_APART])
@pytest.mark.parametrize("asked", [NFC, NFD, TONES_APART])
async def test_a_path_is_found_however_its_accents_are_put_together(tmp_path: Path, there: str, asked: str) -> None:
    (tmp_path / there).mkdir()
    (tmp_path / there / f"{asked}.jpg").write_bytes(b"in a folder")
    (tmp_path / f"{there}.jpg").write_bytes(b"document")
    assert (await opened(tmp_path / f"{asked}.jpg")).content == b"document"
    assert (await opened(tmp_path / asked / f"{there}.jpg")).content == b"in a folder"


async def test_of_two_names_that_look_the_same_each_is_itself(tmp_path: Path) -> None:
    for name in (NFC, NFD):
        (tmp_path / name).write_bytes(name.encode())
    for name in (NFC, NFD):
        assert (await opened(tmp_path / name)).content == name.encode()


@pytest.mark.parametrize("name", ["Nguyen Am.jpg", "Nguyễn Âm.jpg", "không có.jpg"])
async def test_a_name_that_looks_different_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{NFD}.jpg").write_bytes(b"document")
    with pytest.raises(InvalidInputError, match="does not exist"):
        await opened(tmp_path / name)


async def test_a_manifest_finds_them_too(tmp_path: Path) -> None:
    (tmp_path / f"{NFD}.jpg").write_bytes(b"document")
    (tmp_path / "items.csv").write_text(f"path\n{NFC}.jpg\n", encoding="utf-8")
    service = Changing(200)
    async with service.client() as cvs, cvs.batch(cvs.ocr.card, manifest(tmp_path / "items.csv")) as outcomes:
        assert [type(outcome) async for outcome in outcomes] == [Done]


async def test_names_that_are_not_utf_8_stay_distinct_and_equal_in_every_output(tmp_path: Path) -> None:
    for number in (0xFE, 0xFF):
        (tmp_path / os.fsdecode(b"scan-%c.jpg" % number)).write_bytes(b"document %d" % number)
        (tmp_path / os.fsdecode(b"none-%c.jpg" % number)).touch()
    service, journal, out = Changing(200, 200), tmp_path / "claims.db", tmp_path / "results.jsonl"
    async with service.client() as cvs, JsonLines(out) as sink:
        async with cvs.batch(cvs.ocr.card, folder(tmp_path), journal=journal) as outcomes:
            async for outcome in outcomes:
                await sink.write(outcome)
        plan = await cvs.batch(cvs.ocr.card, folder(tmp_path)).plan()
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    names = {record["source"] for record in records if record["status"] == "done"}
    assert names == {f"{tmp_path}/scan-\\udcfe.jpg", f"{tmp_path}/scan-\\udcff.jpg"}
    with JournalReader(journal) as reader:
        assert {record.source for record, _, _ in reader.records()} == names
    failed = [record for record in records if record["status"] == "failed"]
    assert {record["source"] for record in failed} == {name for name, _ in plan.unreadable}
    assert len({record["source"] for record in failed}) == 2
    assert all(record["source"] in record["error"]["text"] for record in failed)
