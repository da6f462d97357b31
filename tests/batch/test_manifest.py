"""Sources that are written down: manifests, glob patterns, standard input."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import threading
import tracemalloc
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import InvalidInputError
from cvs_async.batch import Entry, manifest, matches, standard_input
from cvs_async.batch.sources import manifests

T = TypeVar("T")


async def everything(source: AsyncIterable[T]) -> list[T]:
    return [item async for item in source]


async def entries(folder: Path, content: str | bytes, name: str = "items.csv") -> list[Entry]:
    return await everything(manifest(written(folder, content, name)))


def written(folder: Path, content: str | bytes, name: str = "items.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def test_a_line_of_json_is_an_entry(tmp_path: Path) -> None:
    line = {"id": "A-17", "path": "scans/ảnh.jpg", "get_thumb": True, "metadata": {"a": [1]}, "check_sum": None}
    [entry] = await entries(tmp_path, json.dumps(line), "items.jsonl")
    assert entry == Entry({"path": tmp_path / "scans/ảnh.jpg", "get_thumb": True, "metadata": {"a": [1]}}, "A-17")


async def test_a_row_of_csv_is_an_entry_and_an_empty_cell_is_absent(tmp_path: Path) -> None:
    content = 'id,img1,img2,width,get_thumb,type1\n7,a.jpg,"b, c.jpg",640,TRUE,card\n,/x/a.jpg,b.jpg,,,\n'
    first, second = await entries(tmp_path, content)
    assert first.reference == "7"
    assert first.values == {
        "img1": tmp_path / "a.jpg",
        "img2": tmp_path / "b, c.jpg",
        "width": 640,
        "get_thumb": True,
        "type1": "card",
    }
    assert second == Entry({"img1": Path("/x/a.jpg"), "img2": tmp_path / "b.jpg"})


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12),
        ("1.5", 1.5),
        ("false", False),
        ('"{""a"": 1}"', {"a": 1}),
        ("[1]", [1]),
        ("null", "null"),
        ("NaN", "NaN"),
        ("007", "007"),
        ("[1", "[1"),
        ("9" * 5000, "9" * 5000),
        ("[" * 5000, "[" * 5000),
    ],
    ids=["integer", "fraction", "boolean", "object", "list", "null", "nan", "zeros", "broken", "huge", "deep"],
)
async def test_cells_are_json_where_that_is_more_than_text(tmp_path: Path, cell: str, value: Any) -> None:
    [entry] = await entries(tmp_path, f"path,metadata\na.jpg,{cell}\n")
    assert entry.values["metadata"] == value


async def test_inputs_ids_and_check_sums_stay_text(tmp_path: Path) -> None:
    [entry] = await entries(tmp_path, "id,path,check_sum\n12,34,56\n")
    assert entry == Entry({"path": tmp_path / "34", "check_sum": "56"}, "12")


async def test_urls_stay_as_they_are(tmp_path: Path) -> None:
    url = "https://example.com/a.jpg?token=canary"
    assert [entry.values for entry in await entries(tmp_path, f"url\n{url}\n")] == [{"url": url}]
    assert [entry.values for entry in await entries(tmp_path, f"img\n{url}\n")] == [{"img": url}]


@pytest.mark.parametrize("url", ["s3://bucket/a?sig=CANARY", " https://example.com/?CANARY"])
async def test_a_url_that_the_service_does_not_download_is_not_a_path(tmp_path: Path, url: str) -> None:
    [entry] = await entries(tmp_path, f"path\n{url}\n")
    assert entry.problem is not None
    assert entry.problem.startswith("its path is a ")
    assert "CANARY" not in entry.problem


async def test_relative_paths_start_at_the_folder_of_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    written(tmp_path / "lists", "path\na.jpg\n")
    [entry] = await everything(manifest("lists/items.csv"))
    assert entry.values == {"path": Path("lists/a.jpg")}


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfid;path\r\n1;a.jpg\r\n",
        b"sep=;\r\nid;path\r\n1;a.jpg\r\n",
        b"id\tpath\n1\ta.jpg",
        b"id,path\n\n1,a.jpg\n  \n",
        b"id;path\r\n;\r\n1;a.jpg\r\n; \r\n;\r\n",
        b'id,path,width\n1,a.jpg,\n,,\n"","",""\n , ,',
        b"id\tpath\n1\ta.jpg\n\t\n",
    ],
    ids=["Excel", "Excel with sep", "tabs", "blank lines", "empty rows", "empty quoted rows", "empty rows of tabs"],
)
async def test_spreadsheets_are_read_as_they_save(tmp_path: Path, content: bytes) -> None:
    assert await entries(tmp_path, content) == [Entry({"path": tmp_path / "a.jpg"}, "1")]
    assert manifest(tmp_path / "items.csv").count() == 1


async def test_json_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert len(await entries(tmp_path, b'\xef\xbb\xbf{"path": "a.jpg"}\r\n', "items.json")) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "is not JSON "),
        (b"[1]", "not a JSON object"),
        (b'{"path": "a.jpg", "width": NaN}', "not usable JSON"),
        (b'{"path": "a.jpg", "path": "b.jpg"}', "a name twice"),
        (b'{"width": 5}', "names no input"),
        (b'{"path": 5}', "its path is not text"),
        (b'{"path": ""}', "its path is not text"),
        (b'{"url": "scan.jpg"}', "http://"),
        (b'{"path": "a.jpg", "id": []}', "its id is neither"),
        (b'{"path": "\xff"}', "UTF-8"),
        (b'{"path": ' + b"[" * 100_000, "not usable JSON"),
        (b'{"path": "' + b"x" * manifests.LONGEST_LINE + b'"}', "is longer than"),
    ],
)
async def test_a_broken_line_of_json_fails_its_item_only(tmp_path: Path, line: bytes, said: str) -> None:
    good = b'{"path": "a.jpg"}\n'
    first, broken, last = await entries(tmp_path, good + line + b"\n" + good, "items.jsonl")
    assert first == last == Entry({"path": tmp_path / "a.jpg"})
    assert broken.problem is not None
    assert said in broken.problem
    assert broken.origin.endswith("items.jsonl, line 2")
    assert broken.problem.endswith("correct the line and run the batch again")
    assert not broken.values


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('1,"a.jpg', "not a line of CSV"),
        ("1,a.jpg,more", "has 3 cells, and the first line has 2"),
        ("1", "has 1 cells"),
        ("1,", "names no input"),
    ],
)
async def test_a_broken_row_of_csv_fails_its_item_only(tmp_path: Path, line: str, said: str) -> None:
    broken, last = await entries(tmp_path, f"id,path\n{line}\n2,b.jpg\n")
    assert said in str(broken.problem)
    assert broken.origin.endswith("items.csv, line 2")
    assert last.reference == "2"


async def test_a_broken_item_keeps_its_id(tmp_path: Path) -> None:
    [entry] = await entries(tmp_path, '{"id": 5, "path": []}', "items.jsonl")
    assert entry.reference == "5"
    assert entry.problem


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("items.txt", "path\n", r"\.csv, \.jsonl"),
        ("items.csv", "", "no column of inputs"),
        ("items.csv", "path,\n", "name every column"),
        ("items.csv", "path,path\n", "each name once"),
        ("items.csv", "scan.jpg,5\n", "no column of inputs"),
        ("items.csv", "path".encode("utf-16"), "UTF-8"),
        ("items.json", '[\n{"path": "a.jpg"}\n]\n', "one JSON list"),
    ],
)
def test_an_unusable_manifest_is_refused_at_once(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        manifest(written(tmp_path, content, name))


def test_a_manifest_that_is_not_a_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.csv: No such file"):
        manifest(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InvalidInputError, match="not a regular file"):
        manifest(tmp_path / "folder.csv")


async def test_columns_of_inputs_can_be_given(tmp_path: Path) -> None:
    path = written(tmp_path, "photo,code\n12,12\n")
    [entry] = await everything(manifest(path, inputs=["photo"]))
    assert entry.values == {"photo": tmp_path / "12", "code": 12}


@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_count_counts_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    lines = '\n{"path": "a"}\r\n   \nbroken\n{"path": "b"}'
    source = manifest(written(tmp_path, lines, "items.jsonl"))
    monkeypatch.setattr(manifests, "CHUNK", chunk)
    assert source.count() == len(asyncio.run(everything(source))) == 3


async def test_a_manifest_that_changes_meanwhile_ends_the_batch(tmp_path: Path) -> None:
    path = written(tmp_path, '{"path": "scan.jpg"}\n' * 10_000, "items.jsonl")
    source = aiter(manifest(path))
    await anext(source)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(InvalidInputError, match="changed while it was being read"):
        async for _ in source:
            pass


async def test_a_long_manifest_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": 12345, "path": "scans/12345.jpg"}\n' * 20_000, "items.jsonl")
    tracemalloc.start()
    try:
        total = 0
        async for _ in manifest(path):
            total += 1
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 20_000
    assert most < 4 << 20


async def test_reading_a_manifest_leaves_no_file_open(tmp_path: Path) -> None:
    source = manifest(written(tmp_path, "path\n" + "a.jpg\n" * 50_000))
    before = len(os.listdir("/dev/fd"))
    await anext(aiter(source))
    assert len(os.listdir("/dev/fd")) == before


def test_the_repr_of_an_entry_has_no_values() -> None:
    assert "canary" not in repr(Entry({"url": "https://x/?token=canary"}, "A-17"))


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda name: name.strip() and not name.lower().startswith("http") and "/" not in name
)


@given(st.lists(st.tuples(names, st.none() | st.integers() | st.booleans() | st.text(min_size=1)), max_size=20))
@settings(max_examples=50, deadline=None)
def test_json_lines_come_back_as_they_were_written(rows: list[tuple[str, Any]]) -> None:
    lines = "\n".join(json.dumps({"path": name, "check_sum": value}) for name, value in rows)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(entries(Path(folder), lines, "items.jsonl"))
        wanted = [(Path(folder) / name, value) for name, value in rows]
    assert [(entry.values["path"], entry.values.get("check_sum")) for entry in found] == wanted


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_whatever_a_file_holds_each_line_is_an_entry(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), b"path,id\n" + content)
        found = asyncio.run(everything(manifest(path)))
        assert (
            len(found)
            == manifest(path).count()
            == sum(bool(line.strip(b' \t\r\v\f,"')) for line in content.split(b"\n"))
        )


def tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


NAMES = ("b.jpg", "a/2.jpg", "a/1.jpg", "a/a/3.jpg", ".hidden.jpg", ".git/x.jpg", "note.txt", "z/[1].jpg", "z/ảnh.png")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.jpg", ["b.jpg"]),
        ("**/*.jpg", ["b.jpg", "a/1.jpg", "a/2.jpg", "a/a/3.jpg", "z/[1].jpg"]),
        ("**", ["b.jpg", "note.txt", "a/1.jpg", "a/2.jpg", "a/a/3.jpg", "z/[1].jpg", "z/ảnh.png"]),
        ("**/a/**/*.jpg", ["a/1.jpg", "a/2.jpg", "a/a/3.jpg"]),
        ("*/?.jpg", ["a/1.jpg", "a/2.jpg"]),
        ("a/**/3.jpg", ["a/a/3.jpg"]),
        ("z/[[]1].jpg", ["z/[1].jpg"]),
        (".*/*.jpg", [".git/x.jpg"]),
        ("b.jpg", ["b.jpg"]),
        ("*.tiff", []),
        ("nowhere/*.jpg", []),
        ("b.jpg/*", []),
    ],
)
async def test_a_pattern_finds_its_files_in_order_and_once(tmp_path: Path, pattern: str, found: list[str]) -> None:
    tree(tmp_path, *NAMES)
    source = matches(tmp_path / pattern)
    assert [str(path).removeprefix(f"{tmp_path}/") async for path in source] == found
    assert source.count() == len(found)


async def test_a_pattern_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, *NAMES)
    monkeypatch.chdir(tmp_path)
    assert await everything(matches("*.jpg")) == [Path("b.jpg")]
    assert await everything(matches("z/*.png")) == [Path("z/ảnh.png")]


async def test_links_in_a_circle_do_not_lead_round_and_round(tmp_path: Path) -> None:
    tree(tmp_path, "a/1.jpg")
    (tmp_path / "a/up").symlink_to(tmp_path)
    assert matches(tmp_path / "**/*.jpg").count() == 1
    assert matches(tmp_path / "a/u*/a/*.jpg").count() == 1


@pytest.mark.parametrize("pattern", ["", "https://example.com/*.jpg", "*/../x.jpg"])
def test_an_unusable_pattern_is_refused_at_once(pattern: str) -> None:
    with pytest.raises(InvalidInputError, match="pattern"):
        matches(pattern)


parts = st.sampled_from(["**", "*", "a", "b", "?", "[ab]"])


@given(st.lists(parts, min_size=1, max_size=4).filter(lambda each: each[-1] != "**"))
@settings(max_examples=100, deadline=None)
def test_patterns_find_what_those_of_the_standard_library_do(pattern: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree(folder, "a/a/a", "a/a/b", "a/b/a/b", "b/a", "b/b/b", "c")
        expected = {path for path in folder.glob("/".join(pattern)) if path.is_file()}
        found = asyncio.run(everything(matches(folder.joinpath(*pattern))))
    assert len(found) == len(set(found))
    assert set(found) == expected


async def test_quotes_around_a_path_in_a_manifest_are_taken_off_unless_they_are_its_name(tmp_path: Path) -> None:
    (tmp_path / '"own".jpg"').write_bytes(b"x")
    (tmp_path / '"x.jpg"').write_bytes(b"x")
    rows = ['"C:\\scans\\a.jpg"', '"x.jpg"', '"https://example.com/a.jpg"', '"', '""']
    wanted = [tmp_path / "C:\\scans\\a.jpg", tmp_path / '"x.jpg"', "https://example.com/a.jpg", tmp_path / '"']
    lines = "\n".join(json.dumps({"path": row}) for row in rows)
    assert [e.values["path"] for e in await entries(tmp_path, lines, "items.jsonl")] == [*wanted, tmp_path / '""']
    quoted = ["path", *('"{}"'.format(row.replace('"', '""')) for row in rows[:3])]
    assert [e.values["path"] for e in await entries(tmp_path, "\n".join(quoted))] == wanted[:3]


async def piped(content: bytes, *, null: bool = False) -> list[str | Entry]:
    """Return the items read from the content on standard input."""
    reading, writing = os.pipe()
    try:
        os.write(writing, content)
        os.close(writing)
        return await everything(standard_input(reading, null=null))
    finally:
        os.close(reading)


async def test_a_byte_order_mark_belongs_to_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 2, 1 << 16):
        monkeypatch.setattr(manifests, "CHUNK", size)
        assert await piped(b"\xef\xbb\xbfa.jpg\r\nb.jpg\r\n") == ["a.jpg", "b.jpg"]
        assert await piped(b"\xef\xbb\xbf\r\nb.jpg") == ["b.jpg"]
        assert await piped(b"\xef\xbb\xbf") == []


async def test_a_list_in_utf_16_is_refused_by_name() -> None:
    with pytest.raises(InvalidInputError, match="save the list as UTF-8"):
        await piped("a.jpg\n".encode("utf-16"))


async def test_quotes_around_a_path_on_standard_input_are_taken_off_unless_they_are_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, b"x", '"x.jpg"')
    lines = b'"C:\\scans\\a b.jpg"\r\n"x.jpg"\n"\n""\n"a".jpg\n"https://example.com/a.jpg"\n'
    wanted = ["C:\\scans\\a b.jpg", '"x.jpg"', '"', '""', '"a".jpg', "https://example.com/a.jpg"]
    assert await piped(lines) == wanted


async def test_a_list_that_is_separated_by_nul_is_taken_as_it_is_or_refused_by_name() -> None:
    listed = b'a\nb.jpg\0"c".jpg\0\xff.jpg\r\0\0 \0d.jpg'
    wanted = ["a\nb.jpg", '"c".jpg', os.fsdecode(b"\xff.jpg\r"), " ", "d.jpg"]
    assert await piped(listed, null=True) == wanted
    assert await piped(listed + b"\0", null=True) == wanted
    first, second = await piped(listed)
    assert (first, isinstance(second, Entry)) == ("a", True)
    assert "--null" in str(second.problem)  # type: ignore[union-attr]
    [long] = await redirected(b"scan.jpg\0" * manifests.LONGEST_LINE)
    assert "--null" in str(long.problem)  # type: ignore[union-attr]


async def redirected(content: bytes) -> list[str | Entry]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return await everything(standard_input(file.fileno()))


async def test_paths_come_from_standard_input_as_they_are_written() -> None:
    reading, writing = os.pipe()
    try:
        source = standard_input(reading)
        os.write(writing, "scans/ảnh.jpg\r\n\nhttps://example.com/a".encode())
        assert await anext(source) == "scans/ảnh.jpg"
        waiting = asyncio.create_task(anext(source))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        os.write(writing, b".jpg\n\xff.jpg")
        assert await waiting == "https://example.com/a.jpg"
        os.close(writing)
        assert await everything(source) == [os.fsdecode(b"\xff.jpg")]
    finally:
        os.close(reading)


async def test_waiting_for_standard_input_can_be_cancelled() -> None:
    reading, writing = os.pipe()
    before = set(threading.enumerate())
    waiting = asyncio.create_task(everything(standard_input(reading)))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    left = set(threading.enumerate()) - before
    assert all(thread.daemon for thread in left), "the interpreter would wait for them at its end"
    os.close(writing)
    for thread in left:
        await asyncio.to_thread(thread.join, 5)
    await asyncio.sleep(0)
    os.close(reading)


async def test_a_document_on_standard_input_is_not_taken_for_paths(tmp_path: Path) -> None:
    document = written(tmp_path, b"x" * (manifests.LONGEST_LINE + 1) + b"\nscan.jpg\n", "scan.pdf")
    with document.open("rb") as file:
        first, second = await everything(standard_input(file.fileno()))
    assert isinstance(first, Entry)
    assert (first.origin, first.problem) == ("standard input, line 1", "is not a path; give a path or URL a line")
    assert second == "scan.jpg"


async def test_standard_input_that_is_closed_is_an_error() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    os.close(reading)
    with pytest.raises(InvalidInputError, match="standard input"):
        await everything(standard_input(reading))


def test_the_rest_of_a_line_that_is_too_long_is_skipped() -> None:
    splitter, lines = manifests._Splitter(), list[Any]()
    for piece in (b"x" * (manifests.LONGEST_LINE + 1), b'{"path": "a.jpg"}', b"\n", b"next\n"):
        lines += splitter.feed(piece)
    assert lines == [(1, None), (2, b"next")]


async def test_the_names_of_columns_may_be_in_capitals(tmp_path: Path) -> None:
    [entry] = await entries(tmp_path, "ID,Path,Get_Thumb\n7,a.jpg,TRUE\n")
    assert entry == Entry({"path": tmp_path / "a.jpg", "get_thumb": True}, "7")
