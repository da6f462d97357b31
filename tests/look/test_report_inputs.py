"""Reports of odd inputs: hostile results, undocumented words, inputs that grow while they are read."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve
from PIL import Image

from cvs_async import AsyncCVS, InvalidInputError, RetryPolicy
from cvs_async.batch import Entry, JournalReader
from cvs_async.look.data import MOST_READS, PageData, to_json
from cvs_async.look.finding import Finder, FoundFile
from cvs_async.look.gathering import DocumentView, Gathering, view_of
from cvs_async.look.pictures import LONGEST_SIDE, Drawing, Job, draw
from cvs_async.look.report import write_report
from cvs_async.look.summary import Limits
from cvs_async.look.writing import OneFile
from cvs_async.sandbox import Sample
from tests.support.look import ALL, parts_of

CANARY = "Canary7"
FIELD = {"value": "x", "confidence": 0.5, "box": [1, 2, 3, 4]}
CELL = {"value": "x", "score": 0.5, "box": [1, 2, 3, 4]}


def line(number: int = 1, **more: Any) -> dict[str, Any]:
    """A line of a results file."""
    key = f"{number:02x}" * 32
    head = {"source": f"{number}.jpg", "key": key, "operation": "ocr.card", "status": "done", "charge": "billed"}
    return {**head, "attempts": 1, "data": [{"type": "passport", "info": {"id": FIELD}}], **more}


def card(**info: Any) -> list[dict[str, Any]]:
    return [{"type": "passport", "info": info}]


def written(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def refuse_constant(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


# --- redaction


@pytest.mark.parametrize(
    "more",
    [
        {"operation": "my.endpoint", "data": {CANARY: "x", "a": {CANARY: "y"}}},
        {"data": [{"type": "passport", "info": {CANARY: "x"}}]},
        {"data": [{"type": "passport", CANARY: FIELD, "info": {}}]},
        {"data": card(address={CANARY: FIELD})},
        {"data": card(extra={CANARY: "x", f"{CANARY}_confidence": 0.2})},
        {
            "operation": "ocr.document.invoice",
            "data": [{"type": "invoice", "info": {"table": [[CELL | {"label": CANARY}]]}}],
        },
        {"data": [{"type": CANARY, "info": {"id": FIELD}}]},
        {"data": [{"type": "passport", "valid": False, "invalid_message": CANARY, "info": {}}]},
        {"status": "failed", "data": None, "code": CANARY, "error": {"kind": CANARY, "text": CANARY, "code": CANARY}},
        {"status": "held", "data": None, "reason": CANARY, "error": {"kind": CANARY, "text": CANARY}},
        {"source": f"{CANARY}.jpg", "id": CANARY, "check_sum": CANARY, "charge": CANARY},
        {"data": CANARY},
        {"operation": CANARY},
        {"operation": f"{CANARY}/{CANARY}", "data": [{CANARY: FIELD}]},
        {"data": [{"type": {CANARY: CANARY}, "info": {"id": FIELD}}]},
        {"data": [{"type": [CANARY], "info": {"id": FIELD}}]},
        {"data": card(id={"value": {CANARY: [CANARY]}, "confidence": 0.1})},
        {"data": card(id={"value": "x", "confidence": CANARY, "box": [CANARY] * 4})},
        {"data": [{"type": "passport", "invalid_code": CANARY, "valid": CANARY, "info": {"id": FIELD}}]},
        {"data": [{"type": "passport", "invalid_code": 7, "invalid_message": {CANARY: CANARY}, "info": {}}]},
        {"data": [{"type": "passport", "info": {"id": FIELD}, "extra": {CANARY: {CANARY: CANARY}}}]},
        {"data": [{"type": "passport", "info": {"table": [[CELL | {"label": "x", CANARY: CANARY}]]}}]},
        {"data": [{"type": "general", "data": [{"text": CANARY, "confidence": 0.1, "box": [1, 2, 3, 4]}]}]},
        {"data": {"type": "passport", "info": {"id": FIELD}, CANARY: [CANARY]}},
        {"status": "failed", "data": None, "code": 10**30, "error": {"kind": "ServerError", "text": CANARY}},
        {"status": "failed", "data": None, "error": CANARY},
        {"status": "failed", "data": None, "error": {"kind": {CANARY: 1}, "text": [CANARY]}},
        {"source": f"/home/{CANARY}/<b>{CANARY}</b>; {CANARY}.pdf", "charge": {CANARY: 1}},
        {"source": f"{CANARY}\udcff.jpg", "id": {CANARY: CANARY}, "check_sum": [CANARY]},
        {"attempts": CANARY, "elapsed": CANARY, "sent_at": CANARY, "ended_at": CANARY, "billed": CANARY},
        {"http_status": CANARY, CANARY: CANARY},
    ],
)
@pytest.mark.parametrize("name", ["report", "report.html"])
def test_a_redacted_report_has_only_words_that_are_known(more: dict[str, Any], name: str, tmp_path: Path) -> None:
    path = written(tmp_path / f"{CANARY}.jsonl", line(**more), line(source=f"{CANARY}-2.jpg"), line(2))
    to = tmp_path / name
    for limits in (
        ALL.limits,
        Limits(0.9, {CANARY: 0.5, f"info.{CANARY}": 1.0}, (CANARY, f"info.{CANARY}", "info.id")),
    ):
        write_report([path], to, evolve(ALL, redact=True, limits=limits, sample=3, lang="vi"))
        files = [one for one in (to, *to.rglob("*")) if one.is_file()]
        assert files
        assert not [one for one in files if CANARY.lower() in one.read_text("utf-8").lower()]
        assert not [one for one in files if CANARY in one.name]
        shutil.rmtree(to) if to.is_dir() else to.unlink()


@pytest.mark.parametrize(
    "more",
    [
        {"data": card(**{"001099012345": FIELD})},
        {"data": [{"type": "passport", "info": {"address": {"001099012345": "x"}}}]},
        {"data": [{"type": "passport", "info": {"id": FIELD | {"confidence": 1099012345.0}}}]},
        {"data": [{"type": "passport", "info": {"id": FIELD | {"page": 1099012345}}}]},
        {"data": [{"type": "passport", "invalid_code": 1099012345, "info": {}}]},
        {"status": "failed", "data": None, "code": 1099012345, "error": {"kind": "ServerError", "text": "x"}},
        {"attempts": 1099012345},
    ],
)
def test_numbers_that_could_be_of_a_person_are_in_no_redacted_report(more: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", line(**more), line(2))
    write_report([path], tmp_path / "a.html", evolve(ALL, redact=True))
    text = (tmp_path / "a.html").read_text("utf-8").replace(",", "").replace(".", "").replace("1_", "1")
    assert "1099012345" not in text
    assert "1099012346" not in text  # pages are counted from 1


async def test_a_redacted_report_of_a_journal_has_no_words_of_errors_and_names(tmp_path: Path) -> None:
    answers = iter(
        [
            httpx.Response(500, text=f"{CANARY} is not well"),
            httpx.Response(200, json={"errorCode": CANARY, "errorMessage": CANARY, "data": []}),
            httpx.Response(200, json={"errorCode": "3", "errorMessage": CANARY, "data": []}),
            httpx.Response(200, json={"errorCode": "0", "errorMessage": CANARY, "data": [{"type": CANARY}]}),
            httpx.Response(200, json={"errorCode": "0", "data": [{"type": "passport", "info": {CANARY: "x"}}]}),
            httpx.Response(200, text=CANARY),
        ]
    )

    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return next(answers)

    folder = tmp_path / CANARY
    folder.mkdir()
    files = [folder / f"{CANARY}-{number}.jpg" for number in range(6)]
    for number, path in enumerate(files):
        path.write_bytes(b"\xff\xd8\xff %d" % number)
    journal = folder / f"{CANARY}.db"
    retry = RetryPolicy(attempts=1)
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer), retry=retry) as cvs:
        items = [*files, folder / f"{CANARY}-missing.jpg"]
        async with cvs.batch(cvs.ocr.card, items, journal=journal, concurrency=1) as outcomes:
            async for _ in outcomes:
                pass
    for name in ("report", "report.html"):
        to = tmp_path / name
        await asyncio.to_thread(write_report, [journal], to, evolve(ALL, redact=True, pictures="all"))
        written_files = [one for one in (to, *to.rglob("*")) if one.is_file()]
        assert not [one for one in written_files if CANARY.encode() in one.read_bytes()]


def test_a_draft_of_a_redacted_report_is_as_redacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows wait in a file without a name: what is in it at any time is redacted, too."""
    path = written(tmp_path / "x.jsonl", line(source=f"{CANARY}.jpg", id=CANARY))
    seen: list[str] = []
    real = tempfile.TemporaryFile

    def watched(*arguments: Any, **more: Any) -> Any:
        file = real(*arguments, **more)
        write = file.write

        def noted(text: str) -> Any:
            seen.append(text)
            return write(text)

        file.write = noted
        return file

    monkeypatch.setattr("tempfile.TemporaryFile", watched)
    write_report([path], tmp_path / "a.html", evolve(ALL, redact=True))
    assert seen
    assert CANARY not in "".join(seen)


def test_redacted_figures_are_those_of_the_whole_report(tmp_path: Path) -> None:
    empty = card(id={"value": "", "confidence": 0.2}, name=FIELD)
    path = written(tmp_path / "x.jsonl", line(1), line(2, data=empty), line(3, data=card(name=FIELD)))
    rows = {}
    for redact in (False, True):
        write_report([path], tmp_path / f"{redact}.html", evolve(ALL, redact=redact))
        index = parts_of((tmp_path / f"{redact}.html").read_text("utf-8"))["index"]
        rows[redact] = [row[1:13] + row[14:16] for row in index["rows"]], index["queue_all"]
    assert rows[True] == rows[False]
    assert [row[5] for row in rows[True][0]] == [0, 1, 1]  # documents without `info.id`


# --- what a results file may hold


@pytest.mark.parametrize(
    "more",
    [
        {"data": card(id={"value": math.nan, "confidence": math.nan, "box": [math.nan] * 4})},
        {"data": card(id={"value": math.inf, "confidence": -math.inf})},
        {"data": card(id={"value": 10**400, "confidence": 10**400})},
        {"data": card(extra={"x": "1", "x_confidence": 10**400})},
        {"elapsed": math.nan, "sent_at": math.nan, "ended_at": math.inf},
        {"sent_at": -1e300, "ended_at": 1e300},
        {"source": "\udcff.jpg"},
    ],
)
def test_odd_results_make_pages_that_browsers_read(more: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", line(1, **more), line(2))
    write_report([path], tmp_path / "a.html", ALL)
    page = (tmp_path / "a.html").read_text("utf-8")
    texts = [part.split("</script>")[0] for part in page.split('json" data-part="')[1:]]
    for text in texts:
        json.loads(text.partition(">")[2], parse_constant=refuse_constant)
    assert parts_of(page)["index"]["documents"] == 2


@pytest.mark.parametrize("more", [{"status": "x"}, {"status": ["done"]}, {"key": "zz"}, {"key": 5}, {"key": "abc"}])
def test_invalid_lines_are_named(more: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path / "x.jsonl", line(), line(2, **more))
    with pytest.raises(InvalidInputError, match="line 2 is not a result of a batch"):
        write_report([path], tmp_path / "a.html", ALL)


def test_json_has_no_numbers_that_browsers_refuse() -> None:
    text = to_json({"a": [math.nan, {"b": math.inf}], "c": 0.5})
    assert json.loads(text, parse_constant=refuse_constant) == {"a": ["nan", {"b": "inf"}], "c": 0.5}


async def test_names_other_than_text_are_shown(cvs: AsyncCVS, samples: list[Sample], tmp_path: Path) -> None:
    path = tmp_path / "h\udcf3a \udcff.jpg"
    try:
        path.write_bytes(samples[0].path.read_bytes())
    except OSError:
        pytest.skip("names of files are UTF-8 here")
    async with cvs.batch(cvs.ocr.card, [path], journal=tmp_path / "h\udcf3.db") as outcomes:
        async for _ in outcomes:
            pass
    write_report([tmp_path / "h\udcf3.db"], tmp_path / "a.html", ALL)
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "<title>h\ufffd.db</title>" in page
    assert parts_of(page)["documents-1"][0]["picture"] == "sent"


# --- several inputs


def test_the_best_line_about_a_document_counts(tmp_path: Path) -> None:
    held = line(1, status="held", reason="quota", charge="free", data=None, error={"kind": "QuotaError", "text": "x"})
    first = written(tmp_path / "1.jsonl", held, line(2))
    second = written(tmp_path / "2.jsonl", line(2, source="again.jpg"), line(1), line(3))
    gathering = Gathering([], [first, second])
    for _ in range(2):
        found = [(number, document.name, document.status) for number, document in gathering]
        assert found == [(0, "2.jpg", "done"), (1, "1.jpg", "done"), (2, "3.jpg", "done")]
        assert gathering.copies == {0: ["again.jpg"]}


async def test_documents_keep_their_numbers_while_batches_go_on(
    cvs: AsyncCVS, samples: list[Sample], tmp_path: Path
) -> None:
    picture = samples[0].path.read_bytes()
    files = [tmp_path / f"{number}.jpg" for number in range(4)]
    for number, path in enumerate(files):
        path.write_bytes(picture + b"\n" * number)

    async def run(name: str, *paths: Path) -> Path:
        async with cvs.batch(cvs.ocr.card, paths, journal=tmp_path / name) as outcomes:
            async for _ in outcomes:
                pass
        return tmp_path / name

    journals = [await run("a.db", files[0]), await run("b.db", files[1], files[2])]
    results = written(tmp_path / "x.jsonl", line(1), line(2, key=None))
    gathering = Gathering(journals, [results])
    before = [(number, document.name) for number, document in gathering]
    await run("a.db", files[3], files[2])  # one that is new, and one that was met in the other journal
    with results.open("a") as file:
        file.write(json.dumps(line(3)) + "\n")
    assert len(before) == 5
    assert [(number, document.name) for number, document in gathering] == before
    results.write_text("")
    with pytest.raises(InvalidInputError, match="were changed while they were read"):
        list(gathering)


def test_an_answer_that_was_dropped_meanwhile_does_not_end_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "x.jsonl", line(1), line(2))
    real = Gathering.__iter__
    times: list[int] = []

    def dropping(self: Gathering) -> Iterator[tuple[int, DocumentView]]:
        times.append(1)
        is_first = len(times) == 1
        for number, document in real(self):
            yield number, document if is_first else evolve(document, status="purged", papers=[], raw=None)

    monkeypatch.setattr(Gathering, "__iter__", dropping)
    write_report([path], tmp_path / "a.html", ALL)
    assert len(times) == 2


# --- finding files


async def test_of_files_with_one_name_the_one_that_was_sent_is_shown(
    cvs: AsyncCVS, samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = samples[0].path.read_bytes()
    for folder, more in (("here", b"\n"), ("night", b""), ("archive", b"")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "001.jpg").write_bytes(picture + more)
    monkeypatch.chdir(tmp_path / "night")
    async with cvs.batch(cvs.ocr.card, [Path("001.jpg")]) as outcomes:
        [key] = [outcome.item.key async for outcome in outcomes]
    monkeypatch.chdir(tmp_path / "here")
    finder = Finder([tmp_path / "night"], [tmp_path / "archive"])
    assert finder.find("001.jpg", "ocr.card", key) == FoundFile((tmp_path / "night" / "001.jpg",), "sent")
    assert finder.find("001.jpg", "ocr.card", "0" * 64) == FoundFile((Path("001.jpg"),), "maybe")
    (tmp_path / "night" / "001.jpg").unlink()
    assert finder.find("001.jpg", "ocr.card", key) == FoundFile((tmp_path / "archive" / "001.jpg",), "sent")


async def batch(
    cvs: AsyncCVS, folder: Path, journal: Path, source: Any, monkeypatch: pytest.MonkeyPatch, **parameters: Any
) -> str:
    """Run a batch in a folder; return the key of its document."""
    monkeypatch.chdir(folder)
    async with cvs.batch(cvs.ocr.card, [source], journal=journal, **parameters) as outcomes:
        [key] = [outcome.item.key or "" async for outcome in outcomes]
    return key


def finder_of(reader: JournalReader, *folders: Path) -> Finder:
    return Finder([], folders, {}, reader.sessions(), reader.files)


async def test_a_name_is_looked_for_where_the_batch_ran_that_has_met_it(
    cvs: AsyncCVS, samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, journal = samples[0].path.read_bytes(), tmp_path / "a.db"
    keys = {}
    for name, more in (("monday", b""), ("tuesday", b"\n"), ("here", b"\n\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "001.jpg").write_bytes(picture + more)
        if name != "here":
            keys[name] = await batch(cvs, tmp_path / name, journal, Path("001.jpg"), monkeypatch)
    monkeypatch.chdir(tmp_path / "here")
    with JournalReader(journal) as reader:
        finder = finder_of(reader)
        for name, key in keys.items():
            expected = (tmp_path / name / "001.jpg",)
            assert finder.find("001.jpg", "ocr.card", key) == FoundFile(expected, "sent")
            expected[0].write_bytes(picture + b"changed")
            assert finder.find("001.jpg", "ocr.card", key) == FoundFile(expected, "maybe")


async def test_size_and_time_of_a_file_prove_nothing_in_another_place(
    cvs: AsyncCVS, samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of one size that came out of one archive have the same times, too."""
    picture, journal = samples[0].path.read_bytes(), tmp_path / "a.db"
    for name, more in (("sent", b"1"), ("other", b"2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "001.jpg").write_bytes(picture + more)
        os.utime(tmp_path / name / "001.jpg", (0, 0))
    item = Entry({"path": Path("001.jpg"), "get_thumb": True})  # parameters of single items are not noted
    key = await batch(cvs, tmp_path / "sent", journal, item, monkeypatch)
    monkeypatch.chdir(tmp_path / "other")
    with JournalReader(journal) as reader:
        finder = finder_of(reader, tmp_path / "other")
        assert finder.find("001.jpg", "ocr.card", key).paths == (tmp_path / "sent" / "001.jpg",)
        assert finder.find("001.jpg", "ocr.card", key).certainty == "sent"
        (tmp_path / "sent" / "001.jpg").unlink()
        assert finder.find("001.jpg", "ocr.card", key).certainty == "maybe"


# --- places and pictures


def test_values_that_are_not_shown_take_no_places_of_others() -> None:
    papers = [{"type": "passport", "info": {f"x{at}": "1" for at in range(MOST_READS + 7)}}, *card(id=FIELD)]
    document = view_of(line(data=papers))
    places: list[Any] = [(0, "stated", (0.0, 0.0, 0.1, 0.1))] * (len(list(document.reads)) - 1)
    places.append((1, "stated", (0.5, 0.5, 0.6, 0.6)))
    details = PageData(Limits()).details(0, document, Drawing(0, places=places), [])
    assert [len(paper["fields"]) for paper in details["papers"]] == [MOST_READS, 1]
    assert details["papers"][1]["fields"][0][4:] == [1, [0.5, 0.5, 0.6, 0.6]]
    assert details["papers"][1]["page"] == 1


def test_a_roll_longer_than_webp_is_drawn_smaller(tmp_path: Path) -> None:
    path = tmp_path / "roll.png"
    Image.new("L", (40, LONGEST_SIDE + 2_000), 255).save(path)
    drawing = draw(Job(0, (path,), "ocr.card", []))
    assert drawing.problem is None
    assert drawing.pages[0].height <= LONGEST_SIDE


def test_whatever_fails_is_about_one_document_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Any:
        raise KeyError(CANARY)

    monkeypatch.setattr("cvs_async.look.pictures.place", fails)
    Image.new("L", (40, 40)).save(tmp_path / "a.png")
    drawing = draw(Job(0, (tmp_path / "a.png",), "ocr.card", []))
    assert drawing.problem == "it cannot be drawn (KeyError)"


# --- required fields


def test_a_required_field_is_missed_in_each_paper_that_has_such_a_field() -> None:
    limits = Limits(required=("info.id", "supplier"))
    passport, nameless, invoice = (
        {"type": "passport", "info": {"id": FIELD}},
        {"type": "passport", "info": {"sur_name": FIELD}},
        {"type": "invoice", "info": {"supplier": {"value": "", "confidence": 0.1}}},
    )
    missed = [
        limits.missing(view_of(line(data=papers)))
        for papers in ([passport, invoice], [passport, nameless, invoice], [invoice], [{"type": "new", "info": {}}], [])
    ]
    assert missed == [
        [(1, "supplier")],
        [(1, "info.id"), (2, "supplier")],
        [(-1, "info.id"), (0, "supplier")],
        [(-1, "info.id"), (-1, "supplier")],
        [(-1, "info.id"), (-1, "supplier")],
    ]


# --- bounds


async def test_many_pages_are_asked_for_twice(
    cvs: AsyncCVS, samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = next(sample.path for sample in samples if sample.kind == "claim")
    async with cvs.batch(cvs.ocr.claims, [claim], journal=tmp_path / "a.db") as outcomes:
        async for _ in outcomes:
            pass
    monkeypatch.setattr("cvs_async.look.report.MANY_PAGES", 1)  # which one document has
    options = evolve(ALL, pictures="all")
    with pytest.raises(InvalidInputError, match=r"more than 1 pages.*--yes"):
        write_report([tmp_path / "a.db"], tmp_path / "a.html", options)
    write_report([tmp_path / "a.db"], tmp_path / "a.html", evolve(options, yes=True))
    assert [name for name in os.listdir(tmp_path) if "a.html" in name] == ["a.html"]


@pytest.mark.parametrize(("largest", "written_of_all"), [(20_000, 1.0), (1_000, 0.2)])
def test_the_refusal_says_how_large_a_file_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int, written_of_all: float
) -> None:
    monkeypatch.setattr("cvs_async.look.writing.LARGEST_FILE", largest)
    target = OneFile(tmp_path / "a.html")
    with pytest.raises(InvalidInputError, match=r"about 0\.0\d+ MB.*--to without .html.*--pictures none"), target:
        for number in range(1, 6):
            target.share = number / 5
            target.part("x", "x" * 5_000)
    assert target.size <= max(largest, 6_000) * 1.3
    assert not list(tmp_path.iterdir())
    assert target.share <= written_of_all
