"""Outcomes as tables and pictures: CSV, Parquet, thumbnails."""

from __future__ import annotations

import asyncio
import base64
import csv
import errno
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import AsyncCVS, ConfigurationError, CVSError, Done, Failed, Held, InvalidInputError
from cvs_async._codec.converter import structure
from cvs_async._codec.reply import Reply
from cvs_async._system.atomic import AtomicFile
from cvs_async.batch import Outcome
from cvs_async.batch.outcome import Item, Requests
from cvs_async.batch.sinks import InThread
from cvs_async.batch.sinks.thumbnails import Thumbnails
from cvs_async.batch.tables import COLUMNS, FORMULA, Csv, Layout, Parquet, Table, find
from cvs_async.batch.tables import parquet_file as module
from cvs_async.errors import DecodeError, OutOfRequestsError
from cvs_async.models import fields_of
from cvs_async.models.faces import FaceImage, FaceMatching, PersonWithCard
from cvs_async.models.general import Page
from cvs_async.models.invoice import Invoice
from cvs_async.models.recognized import Recognized
from tests.support.outcomes import failed, read, rows

JPG, PNG = b"\xff\xd8\xff picture", b"\x89PNG\r\n\x1a\n picture"


def done(data: Any, returns: Any = list[Recognized], index: int = 0, source: object = "scan.jpg") -> Done[Any]:
    """An item that was read."""
    read = data if returns is None else structure(data, returns)
    return Done(Item(index, source, reference="A-17"), Reply(operation="ocr.card", data=read, raw={}))


def card(**info: Any) -> dict[str, Any]:
    """A paper as the service sends it."""
    return {"type": "passport", "info": info}


async def table(folder: Path, outcomes: Iterable[Outcome[Any]], *fields: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file after these outcomes."""
    async with Csv(folder / "out.csv", fields) as sink:
        for outcome in outcomes:
            await sink.write(outcome)
    return rows(folder / "out.csv")


async def test_each_paper_is_a_row_and_so_is_each_failure(tmp_path: Path) -> None:
    papers = done([card(id="P1", id_id=2), {"type": "new", "info": {"id": "N1"}}])
    held = Held(Item(2, b"123"), "quota", OutOfRequestsError("out of requests", charge="free"))
    found = await table(tmp_path, [papers, failed(1), held], "info.id")
    assert [shown(row) | {"info.id": row["info.id"]} for row in found] == [
        shown(index="0", source="scan.jpg", id="A-17", operation="ocr.card", status="done", charge="billed", code="0")
        | told
        for told in (
            {"type": "passport", "paper": "1", "papers": "2", "page": "2", "billed": "1", "info.id": "P1"},
            {"type": "new", "paper": "2", "papers": "2", "billed": "0", "info.id": "N1"},
        )
    ] + [
        shown(index="1", source="front.jpg; https://x/back.jpg?…", status="failed", error="InvalidInputError: is empty")
        | unread,
        shown(index="2", source="3 bytes", status="held", error="OutOfRequestsError: out of requests") | unread,
    ]
    assert list(found[0]) == [*COLUMNS, "info.id"]


unread = {"charge": "free", "papers": "0", "billed": "0", "info.id": ""}


def shown(row: Mapping[str, str] | None = None, **told: str) -> dict[str, str]:
    """Return the first columns of a row; for an expected row, empty except for the given values."""
    return {name: (row or told).get(name, "") for name in COLUMNS}


async def test_an_answer_without_a_paper_is_a_row_too(tmp_path: Path) -> None:
    assert [row["status"] for row in await table(tmp_path, [done([])], "info.id")] == ["done"]


async def test_a_single_value_is_one_row(tmp_path: Path) -> None:
    outcomes = [done({"matching": 81.5, "match": -1}, FaceMatching), done({"matching": 7}, None)]
    assert [row["matching"] for row in await table(tmp_path, outcomes, "matching")] == ["81.5", "7"]


async def test_a_file_for_excel_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    await table(tmp_path, [done([card(name="Nguyễn Văn Ảnh")])], "info.name")
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfindex,source,")
    assert "Nguyễn Văn Ảnh\r\n".encode() in content


async def test_what_may_be_a_formula_is_made_text(tmp_path: Path) -> None:
    data = {"a": "=1+1", "b": "\tx", "c": -1, "d": "1-1", "e": "＝1"}
    [row] = await table(tmp_path, [done(data, None, source="@scan.jpg")], *"abcde")
    assert [row[name] for name in ("source", *"abcde")] == ["'@scan.jpg", "'=1+1", "'\tx", "-1", "1-1", "'＝1"]


async def test_cells_hold_values_as_people_read_them(tmp_path: Path) -> None:
    data = [card(id="P1", id_confidence=0.5, id_box=[1, 2, 3, 4], new=[1, "ả"]) | {"valid": True}]
    fields = ("info.id.confidence", "info.id.box", "info.new", "valid", "info.name", "info.extra.new.1")
    [row] = await table(tmp_path, [done(data)], *fields)
    assert [row[name] for name in fields] == ["0.5", "[1, 2, 3, 4]", '[1, "ả"]', "true", "", "ả"]


async def test_fields_that_no_paper_has_are_reported_at_the_end(tmp_path: Path) -> None:
    outcomes: list[Outcome[Any]] = [failed(), done([card()]), done([card(new=None)])]
    unmatched = []
    async with Csv(tmp_path / "out.csv", ["info.id", "info.new", "info.nmae", "info.id.value.x"]) as sink:
        for outcome in outcomes:
            await sink.write(outcome)
            unmatched.append(sink.unmatched)
    assert unmatched == [
        (),  # unknown before the first paper
        ("info.new", "info.nmae", "info.id.value.x"),
        ("info.nmae", "info.id.value.x"),
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [(["id"], "info.id"), (["a", "a"], "column already"), (["info..id"], "not the path"), ([""], "not the path")],
)
def test_fields_that_cannot_be_columns_are_refused(tmp_path: Path, fields: list[str], said: str) -> None:
    for sink in (Csv, Parquet):
        with pytest.raises(InvalidInputError, match=said):
            sink(tmp_path / "out", fields)


async def test_one_field_may_be_given_as_text(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv", "info.id") as sink:
        await sink.write(done([card(id="P1")]))
    assert [row["info.id"] for row in rows(sink.path)] == ["P1"]


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(cells, cells), max_size=10), st.sampled_from([",", ";", "\t"]))
@settings(max_examples=60, deadline=None)
def test_a_csv_file_gives_back_what_was_written(values: list[tuple[str, str]], delimiter: str) -> None:
    async def write(path: Path) -> None:
        async with Csv(path, ["a", "b"], delimiter=delimiter) as sink:
            for a, b in values:
                await sink.write(done({"a": a, "b": b}, None))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.csv"
        asyncio.run(write(path))
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = list(csv.reader(file, delimiter=delimiter))[1:]
    assert [tuple(row[-2:]) for row in found] == [(plain(a), plain(b)) for a, b in values]
    assert not any(cell.startswith(FORMULA) for row in found for cell in row)


def plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


async def test_half_a_letter_harms_no_table(tmp_path: Path) -> None:
    [row] = await table(tmp_path, [done({"a": "x\ud800"}, None)], "a")
    assert row["a"] == "x\N{REPLACEMENT CHARACTER}"
    async with Parquet(tmp_path / "out.parquet", ["a"]) as sink:
        await sink.write(done({"a": "x\ud800"}, None))
    assert read(sink.path)[0]["a"] == "x\N{REPLACEMENT CHARACTER}"


names = st.text("abcxyz_1", min_size=1, max_size=5)
trees = st.recursive(
    st.integers() | cells | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    yield path, tree
    parts = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for name, part in parts:
        yield from leaves(part, (*path, str(name)))


@given(trees)
def test_every_part_of_an_answer_has_a_path(tree: Any) -> None:
    for path, value in leaves(tree):
        assert find(tree, path) == (True, value)
        assert find(tree, (*path, "no such name")) == (False, None)


@given(st.lists(st.sampled_from(["info", "id", "value", "extra", "0", "box", "__class__", "text", "type", "page"])))
def test_whatever_path_is_asked_for_finding_never_raises(path: Sequence[str]) -> None:
    paper = structure([card(id="P1", id_box=[1, 2, 3, 4], id_id=1)], list[Recognized])[0]
    found, value = find(paper, path)
    assert found or value is None
    assert not isinstance(value, type)


def test_cells_and_texts_of_pages_have_paths() -> None:
    [page] = structure([[[[{"text": "một"}, {"text": "hai"}]]]], list[Page])
    assert find(page, ["text"]) == (True, "một hai")
    assert find(page, ["0", "0", "1", "text"]) == (True, "hai")
    invoice = structure([{"type": "invoice", "info": {"table": [[{"value": "7"}]]}}], list[Recognized])[0]
    assert find(invoice, ["info", "table", "0", "0"]) == (True, "7")
    assert find(invoice, ["info", "table", "0", "1"]) == (False, None)


async def test_a_file_of_results_is_never_overwritten(tmp_path: Path) -> None:
    taken = tmp_path / "out"
    taken.write_text("paid for")
    for sink in (Csv(taken), Parquet(taken)):
        with pytest.raises(InvalidInputError, match="is never written over"):
            async with sink:
                pass
    with pytest.raises(InvalidInputError, match="is a folder"):
        async with Csv(tmp_path):
            pass
    with pytest.raises(InvalidInputError, match="cannot be written: No such file"):
        async with Csv(tmp_path / "nowhere" / "out.csv"):
            pass
    assert taken.read_text() == "paid for"


async def test_rows_can_be_appended_to_a_table_with_the_same_columns(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    for index in range(2):
        async with Csv(path, ["a"], append=True) as sink:
            await sink.write(done({"a": index}, None, index))
    assert [row["a"] for row in rows(path)] == ["0", "1"]
    with pytest.raises(InvalidInputError, match="different columns"):
        async with Csv(path, ["b"], append=True):
            pass
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InvalidInputError, match="within a row"):
        async with Csv(path, ["a"], append=True):
            pass


async def test_each_outcome_is_in_the_file_once_it_is_written(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv", ["a"]) as sink:
        await sink.write(done({"a": 1}, None))
        assert len(rows(sink.path)) == 1


async def test_sinks_are_written_to_inside_of_their_with(tmp_path: Path) -> None:
    for sink in (Csv(tmp_path / "a"), Parquet(tmp_path / "b"), Thumbnails(tmp_path / "c")):
        with pytest.raises(RuntimeError, match="async with"):
            await sink.write(failed())


def test_a_delimiter_is_one_that_spreadsheets_know(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="delimiter"):
        Csv(tmp_path / "out.csv", delimiter="|")


class Full:
    """A file on a disk that is full after some bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, content: bytes) -> int:
        fits = content[: self._room]
        if not fits:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._room -= len(fits)
        written: int = self._file.write(fits)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


async def test_a_full_disk_leaves_whole_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Csv(tmp_path / "out.csv", ["a"]) as sink:
        await sink.write(done({"a": 1}, None))
        before = sink.path.read_bytes()
        monkeypatch.setattr(sink, "_file", Full(sink._file, 10))
        with pytest.raises(OSError, match="No space left"):
            await sink.write(done({"a": 2}, None))
        assert sink.path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_disk_that_is_full_from_the_start_is_an_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        async with Csv("/dev/full", append=True):
            pass


async def test_a_write_that_is_cancelled_is_brought_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go, inner = threading.Event(), threading.Event(), Csv._put

    def slow(sink: Csv, outcome: Outcome[Any]) -> None:
        begun.set()
        go.wait(5)
        inner(sink, outcome)

    monkeypatch.setattr(Csv, "_put", slow)

    async def write() -> None:
        async with Csv(tmp_path / "out.csv", ["a"]) as sink:
            await sink.write(done({"a": 1}, None))

    task = asyncio.create_task(write())
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0.01)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row["a"] for row in rows(tmp_path / "out.csv")] == ["1"]


async def test_a_parquet_file_holds_papers_with_all_of_their_json(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    lost = DecodeError("no JSON", charge="unknown", attempts=2, raw=b"<html>")
    held = Held(Item(2, "b.jpg"), "in_doubt", lost)
    outcomes: list[Outcome[Any]] = [done([card(id="P1", new=5)]), failed(1), held]
    async with Parquet(tmp_path / "out.parquet", ["info.id", "info.new"], raw=True) as sink:
        for outcome in outcomes:
            await sink.write(outcome)
        assert not sink.path.exists()
    first, second, third = read(sink.path)
    assert list(first) == [*COLUMNS, "info.id", "info.new", "raw"]
    assert json.loads(first.pop("raw"))["info"]["id"]["value"] == "P1"
    assert first == {
        **dict.fromkeys(COLUMNS),
        "index": 0,
        "source": "scan.jpg",
        "id": "A-17",
        "operation": "ocr.card",
        "type": "passport",
        "paper": 1,
        "papers": 1,
        "status": "done",
        "charge": "billed",
        "code": 0,
        "billed": 1,
        "info.id": "P1",
        "info.new": "5",
    }
    assert (second["status"], second["raw"], second["info.id"], second["billed"]) == ("failed", None, None, 0)
    assert (third["charge"], third["raw"], third["error"]) == ("unknown", "<html>", "DecodeError: no JSON")
    assert sink.unmatched == ()
    assert os.listdir(tmp_path) == ["out.parquet"]


async def test_a_parquet_file_is_written_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(module, "ROWS", 3)
    async with Parquet(tmp_path / "out.parquet") as sink:
        await sink.write(done([card()] * 4))
        for index in range(1, 5):
            await sink.write(failed(index))
    assert [row["index"] for row in read(sink.path)] == [0, 0, 0, 0, 1, 2, 3, 4]
    metadata = parquet.ParquetFile(sink.path).metadata
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [3, 3, 2]


async def test_an_empty_batch_is_an_empty_table(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    async with Parquet(tmp_path / "out.parquet") as sink:
        pass
    assert read(sink.path) == []


async def test_a_batch_that_ends_in_an_error_keeps_its_rows_under_another_name(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    sink = Parquet(tmp_path / "out.parquet")
    with pytest.raises(LookupError):
        async with sink:
            await sink.write(failed())
            raise LookupError
    assert not sink.path.exists()
    assert len(read(tmp_path / "out.parquet.part")) == 1
    with pytest.raises(InvalidInputError, match="unfinished run"):
        async with Parquet(tmp_path / "out.parquet"):
            pass


async def test_a_full_disk_leaves_no_parquet_file_that_looks_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(module, "ROWS", 1)
    opening = AtomicFile.open
    monkeypatch.setattr(AtomicFile, "open", lambda new: Full(opening(new), 100))
    sink = Parquet(tmp_path / "out.parquet")
    with pytest.raises(OSError, match="No space left"):
        async with sink:
            for index in range(10):
                await sink.write(failed(index))
    monkeypatch.undo()
    assert not sink.path.exists()


async def test_a_sink_that_failed_does_not_end_as_if_it_had_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(module, "ROWS", 1)
    sink = Parquet(tmp_path / "out.parquet", operation="ocr.card")
    with pytest.raises(OSError, match="could not be written"):
        async with sink:
            monkeypatch.setattr(sink, "_writer", _Broken(sink._writer))
            for _ in range(2):
                with pytest.raises(OSError, match=r"disk|could not be written"):
                    await sink.write(failed())
    assert not sink.path.exists()


class _Broken:
    """A writer of a table that cannot write."""

    def __init__(self, writer: Any) -> None:
        self.close = writer.close

    def write_table(self, *_: object) -> None:
        raise OSError("the disk is full")


async def test_a_file_that_was_made_meanwhile_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    sink = Parquet(tmp_path / "out.parquet")
    with pytest.raises(FileExistsError, match="created by another process"):
        async with sink:
            sink.path.write_text("of somebody else")
    assert sink.path.read_text() == "of somebody else"


def test_without_pyarrow_the_error_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'cvs_async\[parquet\]'"):
        Parquet(tmp_path / "out.parquet")


def picture(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_pictures_become_files_that_are_named_by_item_and_paper(tmp_path: Path) -> None:
    papers = [card(image=picture(JPG)), {"type": "../../etc/Passwd", "info": {"image": picture(PNG)}}]
    faces = {"matching": {"face1": picture(b"GIF8"), "face2": picture(JPG)}, "ocr": papers[0]}
    async with Thumbnails(tmp_path / "a" / "thumbs") as sink:
        await sink.write(done(papers, index=3))
        await sink.write(failed(4))
        await sink.write(done(faces, PersonWithCard, index=5))
    files = {path.name: path.read_bytes() for path in sink.folder.iterdir()}
    assert files == {
        "3-0-passport.jpg": JPG,
        "3-1-_etc_passwd.png": PNG,
        "5-0-face1.bin": b"GIF8",
        "5-1-face2.jpg": JPG,
        "5-2-passport.jpg": JPG,
    }
    assert sink.skipped == 0


async def test_invalid_pictures_are_counted(tmp_path: Path) -> None:
    async with Thumbnails(tmp_path) as sink:
        for index, image in enumerate(["?", "ảnh", "data:image/jpeg;base64,", picture(JPG)]):
            await sink.write(done([card(image=image)], index=index))
    assert sink.skipped == 3
    assert os.listdir(tmp_path) == ["3-0-passport.jpg"]


@given(st.text(), st.binary(min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_nothing_of_an_answer_leads_out_of_the_folder(kind: str, content: bytes) -> None:
    async def write(folder: Path) -> None:
        async with Thumbnails(folder) as sink:
            await sink.write(done([{"type": kind, "info": {"image": picture(content)}}]))

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(write(Path(name) / "thumbs"))
        assert [path.name for path in Path(name).iterdir()] == ["thumbs"]
        [file] = (Path(name) / "thumbs").iterdir()
        assert file.read_bytes() == content
        assert file.name.isascii()
        assert len(file.name) < 64


async def test_a_folder_with_files_is_refused_unless_one_appends(tmp_path: Path) -> None:
    (tmp_path / "0-0-passport.jpg").write_bytes(b"old")
    with pytest.raises(InvalidInputError, match="holds files"):
        async with Thumbnails(tmp_path):
            pass
    async with Thumbnails(tmp_path, append=True) as sink:
        await sink.write(done([card(image=picture(JPG))]))
    assert (tmp_path / "0-0-passport.jpg").read_bytes() == JPG
    with pytest.raises(InvalidInputError, match="is a file"):
        async with Thumbnails(tmp_path / "0-0-passport.jpg"):
            pass


async def test_a_folder_that_cannot_be_written_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: str, flags: int) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("cvs_async._system.atomic.open_private", read_only)
    with pytest.raises(InvalidInputError, match="cannot be written: Read-only file system"):
        async with Thumbnails(tmp_path):
            pass
    assert os.listdir(tmp_path) == []


async def test_of_two_that_begin_in_one_empty_folder_none_writes_over_the_others_pictures(tmp_path: Path) -> None:
    async with Thumbnails(tmp_path) as one, Thumbnails(tmp_path) as two:
        await one.write(done([card(image=picture(JPG))]))
        await two.write(done([card(image=picture(JPG + b"another"))]))
    files = {path.name: path.read_bytes() for path in one.folder.iterdir()}
    assert files == {"0-0-passport.jpg": JPG, "0-0-passport-2.jpg": JPG + b"another"}


async def test_a_picture_that_cannot_be_written_is_an_error_and_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(os, "link", replace)
    async with Thumbnails(tmp_path) as sink:
        with pytest.raises(OSError, match="No space left"):
            await sink.write(done([card(image=picture(JPG))]))
    assert os.listdir(tmp_path) == []


async def test_a_batch_goes_into_all_of_them(tmp_path: Path, cvs: AsyncCVS, jpg: bytes) -> None:
    pytest.importorskip("pyarrow")
    sinks: list[InThread] = [Csv(tmp_path / "out.csv"), Parquet(tmp_path / "out.parquet"), Thumbnails(tmp_path / "a")]
    batch = cvs.batch(cvs.ocr.card, [jpg, b"", jpg], get_thumb=True, ordered=True)
    async with batch, sinks[0], sinks[1], sinks[2]:
        async for outcome in batch:
            for sink in sinks:
                await sink.write(outcome)
    assert [row["status"] for row in rows(tmp_path / "out.csv")] == ["done", "failed", "done"]
    assert rows(tmp_path / "out.csv")[0]["info.id"].startswith("SANDBOX")
    assert [row["status"] for row in read(tmp_path / "out.parquet")] == ["done", "failed", "done"]
    assert sorted(path.name[:4] for path in (tmp_path / "a").iterdir()) == ["0-0-", "2-0-"]


def test_an_error_of_any_kind_has_a_row() -> None:
    table = Table(Layout(fields=["info.id"], raw=True))
    [row] = table.add(Failed(Item(0, "a.jpg"), CVSError("anything")))
    assert row[COLUMNS.index("error")] == "CVSError: anything"
    assert row[-1] is None


# --- what every table has


async def test_without_fields_every_documented_field_has_a_column(tmp_path: Path) -> None:
    invoice = {"type": "invoice", "info": {"total_amount": "1.100.000", "id": "x"}}
    async with Csv(tmp_path / "out.csv", operation="ocr.document.invoice") as sink:
        await sink.write(evolve(done([invoice], list[Recognized[Invoice]]), "ocr.document.invoice"))
    [row] = rows(sink.path)
    assert row["info.total_amount"] == "1.100.000"
    named = [name for name in row if name.startswith("info.")]
    fields = next(field.fields for field in fields_of("ocr.document.invoice") if field.name == "info")
    assert named == [field.path for field in fields if field.kind == "text"]


def evolve(outcome: Done[Any], operation: str) -> Done[Any]:
    return attrs.evolve(outcome, reply=attrs.evolve(outcome.reply, operation=operation))


async def test_columns_are_the_same_whatever_papers_come(tmp_path: Path) -> None:
    headers = set[tuple[str, ...]]()
    for number, papers in enumerate([[card(id="P1")], [{"type": "chip_id_card_back", "info": {}}], []]):
        async with Csv(tmp_path / f"{number}.csv") as sink:
            await sink.write(failed())
            await sink.write(done(papers))
        headers.add(tuple(rows(sink.path)[0]))
    [names] = headers
    assert {"info.person_number", "info.sur_name", "info.ethnicity"} < set(names)


async def test_a_table_of_several_operations_has_the_columns_of_all(tmp_path: Path) -> None:
    operations = ["ocr.card", "ocr.document.invoice"]
    async with Csv(tmp_path / "out.csv", operation=operations) as sink:
        await sink.write(done([card(id="P1")]))
        await sink.write(evolve(done([{"type": "invoice", "info": {"form": "1"}}]), "ocr.document.invoice"))
    found = [(row["operation"], row["info.id"], row["info.form"]) for row in rows(sink.path)]
    assert found == [("ocr.card", "P1", ""), ("ocr.document.invoice", "", "1")]


async def test_an_operation_that_is_not_the_librarys_has_its_data_as_a_whole(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv") as sink:
        await sink.write(evolve(done({"new": 1}, None), "ocr.new"))
    assert [row["data"] for row in rows(sink.path)] == ['{"new": 1}']


async def test_an_id_in_an_answer_is_not_the_users_own(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv", operation="face_search.search") as sink:
        await sink.write(evolve(done([{"id": "481", "url": "u"}], list[FaceImage]), "face_search.search"))
    assert [(row["id"], row["data.id"], row["url"]) for row in rows(sink.path)] == [("A-17", "481", "u")]


async def test_the_lowest_confidence_of_a_paper_is_in_its_row(tmp_path: Path) -> None:
    goods = {"table": [[{"value": "1", "score": 0.25, "label": "number"}]]}
    papers = [
        card(id="P1", id_confidence=0.5, dob="1", dob_confidence=0.75, confidence=0.9),
        card(confidence=0.3),
        {"type": "invoice", "info": goods},
        card(id="P1"),
    ]
    found = await table(tmp_path, [done(papers)], "info.id")
    assert [row["min_confidence"] for row in found] == ["0.5", "0.3", "0.25", ""]


async def test_what_was_paid_is_counted_once(tmp_path: Path) -> None:
    def of(index: int, **how: Any) -> Done[Any]:
        item = Item(index, "a.jpg", key="0123456789abcdef" * 4)
        return attrs.evolve(done([card(), card()]), item=item, **how)

    twice = Requests(1.0, 2.0, billed=2)
    first_run = [of(0), of(1, deduplicated=True)]
    assert [row["billed"] for row in await table(tmp_path, first_run, "info.id")] == ["1", "0", "0", "0"]
    (tmp_path / "out.csv").unlink()
    second_run = [of(0, replayed=True), of(1, replayed=True)]
    assert [row["billed"] for row in await table(tmp_path, second_run, "info.id")] == ["1", "0", "0", "0"]
    (tmp_path / "out.csv").unlink()
    assert [row["billed"] for row in await table(tmp_path, [of(0, requests=twice)], "info.id")] == ["2", "0"]


async def test_times_are_in_utc(tmp_path: Path) -> None:
    outcome = attrs.evolve(done([card()]), requests=Requests(0.5, 1.75, billed=1))
    [row] = await table(tmp_path, [outcome], "info.id")
    assert (row["sent_at"], row["ended_at"]) == ("1970-01-01T00:00:00.500+00:00", "1970-01-01T00:00:01.750+00:00")
    async with Parquet(tmp_path / "out.parquet") as sink:
        await sink.write(outcome)
    assert read(sink.path)[0]["sent_at"].isoformat() == "1970-01-01T00:00:00.500000+00:00"


@pytest.mark.parametrize("journal", [True, False])
async def test_a_batch_knows_when_an_item_was_sent(cvs: AsyncCVS, jpg: bytes, tmp_path: Path, journal: bool) -> None:
    before = time.time()

    async def seen() -> list[tuple[Any, ...]]:
        table = Table(Layout(operation="ocr.card"))
        names = [column.name for column in table.columns or ()]
        batch = cvs.batch(cvs.ocr.card, [jpg, b"", b"junk"], journal=tmp_path / "j.db" if journal else None)
        async with batch as outcomes:
            found = [row async for outcome in outcomes for row in table.add(outcome)]
        assert {row[names.index("operation")] for row in found} == {"ocr.card"}
        places = [names.index(name) for name in ("index", "sent_at", "ended_at")]
        return sorted((tuple(row[place] for place in places) for row in found), key=str)

    first = await seen()
    assert [(index, sent is None) for index, sent, _ in first] == [(0, False), (1, True), (2, False)]
    assert all(before - 1 < sent <= ended <= time.time() + 1 for _, sent, ended in first if sent)
    if journal:
        again = await seen()
        assert [sent is None for _, sent, _ in again] == [False, True, False]
        assert abs(again[0][1] - first[0][1]) < 1


async def test_a_table_with_unknown_columns_is_appended_to_only_with_its_operation(tmp_path: Path) -> None:
    async with Csv(tmp_path / "out.csv") as sink:
        await sink.write(done([card(id="P1")]))
    with pytest.raises(InvalidInputError, match="name their operation"):
        async with Csv(sink.path, append=True):
            pass
    with pytest.raises(InvalidInputError, match="different columns"):
        async with Csv(sink.path, append=True, operation="ocr.claims"):
            pass
    async with Csv(sink.path, append=True, operation="ocr.card") as more:
        await more.write(done([card(id="P2")]))
    assert [row["info.id"] for row in rows(sink.path)] == ["P1", "P2"]


async def test_numbers_of_any_size_harm_no_table(tmp_path: Path) -> None:
    outcome = evolve(done({"matching": 1e400, "match": 10**30}, FaceMatching), "ekyc.face_matching")
    async with Parquet(tmp_path / "out.parquet") as sink:
        await sink.write(outcome)
    assert [(row["matching"], row["match"]) for row in read(sink.path)] == [(None, None)]
    assert sink.table.unread["match"] == 1
