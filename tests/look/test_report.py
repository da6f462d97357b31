"""Reports: contents and omissions, permissions, and documents that cannot be drawn."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from PIL import Image

from cvs_async import AsyncCVS, ConfigurationError, InvalidInputError
from cvs_async.batch import JournalError, JsonLines
from cvs_async.batch.prices import Prices
from cvs_async.look.data import to_json
from cvs_async.look.finding import Finder
from cvs_async.look.pictures import Drawers, Job
from cvs_async.look.queue import KINDS, ReviewQueue
from cvs_async.look.report import write_report
from cvs_async.look.summary import MOST_MOMENTS, Bins, Limits, Summary
from cvs_async.look.words import ENGLISH, VIETNAMESE
from cvs_async.models import Box
from cvs_async.sandbox import Sample, Sandbox
from tests.support.booked import EVENING, A, B, C, D, book
from tests.support.look import ALL, READ, parts_of
from tests.support.outcomes import done, failed

HOSTILE = [
    "</script><script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '"><svg onload=alert(1)>',
    "a\u2028b\u2029c",
    "\ud800",
    "\u202etxt.exe",
    "{{ 7 * 7 }}",
    "<!--parts-->",
]


async def results_of(outcomes: Sequence[Any], path: Path) -> Path:
    async with JsonLines(path) as sink:
        for outcome in outcomes:
            await sink.write(outcome)
    return path


@pytest.fixture
async def journal(cvs: AsyncCVS, samples: list[Sample], tmp_path: Path) -> Path:
    """The journal of a batch over claims and a copy of one of them, one of which is gone since."""
    files = [sample.path for sample in samples if sample.kind in ("claim", "invoice")]
    copy, gone = tmp_path / "copy.pdf", tmp_path / "gone.pdf"
    copy.write_bytes(files[0].read_bytes())
    gone.write_bytes(files[0].read_bytes() + b"\n")
    async with cvs.batch(cvs.ocr.claims, [*files, copy, gone], journal=tmp_path / "claims.db") as outcomes:
        async for _ in outcomes:
            pass
    gone.unlink()
    return tmp_path / "claims.db"


# --- one file


def test_a_report_has_everything_and_is_for_its_owner_only(journal: Path, tmp_path: Path) -> None:
    remarks = write_report([journal], tmp_path / "report.html", ALL)
    page = (tmp_path / "report.html").read_text("utf-8")
    parts = parts_of(page)
    index, documents = parts["index"], parts["documents-1"]
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == 0o600
    assert index["documents"] == len(index["rows"]) == len(documents) == remarks.documents
    assert remarks.missing == 1
    assert sorted(document["picture"] for document in documents)[0] == "missing"
    assert {document["picture"] for document in documents} == {"sent", "missing"}
    assert [copies for document in documents if (copies := document["copies"])] == [[str(tmp_path / "copy.pdf")]]
    drawn = [document for document in documents if document["pages"]]
    assert drawn
    assert all(page["src"].startswith("data:image/webp;base64,") for document in drawn for page in document["pages"])
    boxes = [field[5] for document in drawn for paper in document["papers"] for field in paper["fields"] if field[5]]
    assert len(boxes) > 20
    assert all(0 <= left < right <= 1 and 0 <= top < bottom <= 1 for left, top, right, bottom in boxes)
    queue = parts["queue-1"]
    assert [entry[5] for entry in queue] == sorted((entry[5] for entry in queue), key=KINDS.index)
    confidences = [entry[4] for entry in queue if entry[5] == "low"]
    assert confidences == sorted(confidences)
    assert any(entry[6] for entry in queue)


def test_nothing_is_loaded_from_elsewhere_and_only_our_script_runs(journal: Path, tmp_path: Path) -> None:
    write_report([journal], tmp_path / "report.html", ALL)
    page = (tmp_path / "report.html").read_text("utf-8")
    policy = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0].replace("&#39;", "'")
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        text = page.split(f"<{tag}>")[1].split(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page.split("<script>")[0])
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", re.sub(r'data-part="[^"]*">.*?</script>', "", page))


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_stays_text(text: str, tmp_path: Path) -> None:
    paper = {"type": text, "info": {"id": text, text: text}, "invalidCode": 1, "invalidMessage": text}
    good = done([paper], "ocr.card")
    outcomes = [evolve(good, item=evolve(good.item, source=f"{text}.jpg", reference=text)), failed(1)]
    path = await results_of(outcomes, tmp_path / "x.jsonl")
    plain = await results_of(
        [done([{"type": "passport", "info": {"id": "1"}}], "ocr.card"), failed(1)], tmp_path / "y.jsonl"
    )
    write_report([path], tmp_path / "x.html", ALL)
    write_report([plain], tmp_path / "y.html", ALL)
    hostile, harmless = ((tmp_path / name).read_text("utf-8") for name in ("x.html", "y.html"))
    for tag in ("<script", "</script", "<img", "<svg onload", "49 "):
        assert hostile.count(tag) <= harmless.count(tag), tag
    assert parts_of(hostile)["documents-1"][0]["papers"][0]["fields"][0][2] == text.replace("\ud800", "\ufffd")


def test_json_in_a_page_is_json_without_tags() -> None:
    value = {"a": [*HOSTILE, 1.5, None, "&amp;"]}
    text = to_json(value)
    assert json.loads(text) == value
    assert not set("<>&\u2028\u2029\ud800") & set(text)
    text.encode()


@pytest.mark.parametrize("folder", [False, True])
def test_a_redacted_report_holds_no_values(journal: Path, tmp_path: Path, folder: bool) -> None:
    write_report([journal], tmp_path / "whole.html", ALL)
    to = tmp_path / ("redacted" if folder else "redacted.html")
    write_report([journal], to, evolve(ALL, redact=True, pictures="all"))
    files = [path for path in to.rglob("*") if path.is_file()] if folder else [to]
    written = b"\n".join(path.read_bytes() for path in files)
    parts = parts_of((tmp_path / "whole.html").read_text("utf-8"))
    values = {
        str(field[2])
        for document in parts["documents-1"]
        for paper in document["papers"]
        for field in paper["fields"]
        if isinstance(field[2], str) and len(field[2]) > 5
    }
    names = {Path(row[0]).name for row in parts["index"]["rows"]} | {"copy.pdf", "claims.db", str(tmp_path)}
    assert len(values) > 20
    assert not [text for text in (*values, *names, "data:image") if text.encode() in written]
    assert b"info.id" in written
    assert b"billed" in written


def test_the_same_input_makes_the_same_bytes(journal: Path, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_report([journal], tmp_path / name, ALL)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


# --- a folder


def test_a_folder_has_its_data_and_pictures_beside_the_page(journal: Path, tmp_path: Path) -> None:
    write_report([journal], tmp_path / "report", evolve(ALL, pictures="all"))
    files = {path.relative_to(tmp_path / "report").as_posix(): path for path in (tmp_path / "report").rglob("*")}
    assert {"index.html", "report.css", "report.js", "data/index.js", "data/documents-1.js", ".gitignore"} <= set(files)
    assert files[".gitignore"].read_text() == "*\n"
    assert {path.stat().st_mode & 0o777 for path in files.values() if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in files.values() if path.is_dir()} == {0o700}
    text = files["data/documents-1.js"].read_text("utf-8")
    assert text.startswith('cvs("documents-1",')
    sources = [
        page["src"] for document in json.loads(text[len('cvs("documents-1",') : -3]) for page in document["pages"]
    ]
    assert sources
    for source in sources:
        with Image.open(tmp_path / "report" / source) as picture:
            assert (picture.format, "exif" in picture.info) == ("WEBP", False)


@pytest.mark.parametrize("name", ["report.html", "report"])
def test_what_exists_is_never_written_over(journal: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(InvalidInputError, match="is never written over"):
        write_report([journal], tmp_path / name, ALL)
    assert (tmp_path / name).read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["report.html", "report"])
def test_nothing_is_left_of_a_report_that_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.jsonl").write_text('{"status": "done"}\nno json\n')
    with pytest.raises(InvalidInputError, match="line 2 is not a result of a batch"):
        write_report([tmp_path / "x.jsonl"], tmp_path / name, ALL)
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


def test_a_file_that_browsers_cannot_open_is_refused_with_the_remedy(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvs_async.look.writing.LARGEST_FILE", 100_000)
    with pytest.raises(InvalidInputError, match=r"--to without .html.*--pictures none"):
        write_report([journal], tmp_path / "report.html", ALL)
    assert not [path for path in tmp_path.iterdir() if "report" in path.name]


def test_another_file_than_a_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no journal" * 100)
    with pytest.raises(JournalError):
        write_report([tmp_path / "a.db"], tmp_path / "report.html")


def test_all_pictures_of_very_many_documents_are_asked_for_twice(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvs_async.look.report.MANY_PAGES", 2)
    with pytest.raises(InvalidInputError, match="--yes"):
        write_report([journal], tmp_path / "a.html", evolve(ALL, pictures="all"))
    write_report([journal], tmp_path / "a.html", evolve(ALL, pictures="all", yes=True))


# --- inputs


async def test_a_document_in_several_inputs_is_one(journal: Path, tmp_path: Path) -> None:
    from cvs_async.batch import JournalReader

    with JournalReader(journal) as reader:
        outcomes = list(reader.outcomes())
    unreadable = failed(99)
    await results_of([*outcomes, unreadable], tmp_path / "x.jsonl")
    write_report([journal, tmp_path / "x.jsonl"], tmp_path / "a.html", ALL)
    write_report([journal], tmp_path / "b.html", ALL)
    both, one = (parts_of((tmp_path / name).read_text("utf-8"))["index"] for name in ("a.html", "b.html"))
    assert both["documents"] == one["documents"] + 1
    assert both["title"] == "claims.db + x.jsonl"


def test_prices_make_a_bill(journal: Path, tmp_path: Path) -> None:
    prices = Prices.parse(["ocr.claims=450 VND"])
    write_report([journal], tmp_path / "a.html", evolve(ALL, prices=prices, pictures="none"))
    page = (tmp_path / "a.html").read_text("utf-8")
    billed = int(page.split(f"<dt>{ENGLISH['n_billed']}</dt>")[0].rsplit("<dd>", 1)[1].split("<")[0])
    assert f"<dd>{prices.bill({'ocr.claims': billed})}</dd>" in page
    assert billed > 0


def test_the_words_are_there_in_both_languages(journal: Path, tmp_path: Path) -> None:
    assert ENGLISH.keys() == VIETNAMESE.keys()
    assert all(re.findall(r"\{\w+\}", ENGLISH[name]) == re.findall(r"\{\w+\}", VIETNAMESE[name]) for name in ENGLISH)
    write_report([journal], tmp_path / "a.html", evolve(ALL, lang="vi"))
    page = (tmp_path / "a.html").read_text("utf-8")
    assert '<html lang="vi"' in page
    assert "có dữ liệu cá nhân" in page


# --- files


async def test_files_are_found_and_identified_by_their_keys(
    cvs: AsyncCVS, samples: list[Sample], tmp_path: Path
) -> None:
    card = next(sample.path for sample in samples if sample.kind == "citizen_card")
    moved = tmp_path / "far" / card.name
    moved.parent.mkdir()
    moved.write_bytes(card.read_bytes())
    keys = {}
    for thumb in (False, True):
        async with cvs.batch(cvs.ocr.card, [card], get_thumb=thumb) as outcomes:
            async for outcome in outcomes:
                keys[thumb] = outcome.item.key
    finder = Finder([tmp_path], [tmp_path / "far"])
    for key in keys.values():
        assert finder.find(f"scans/{card.name}", "ocr.card", key).certainty == "sent"
        assert finder.find(f"scans/{card.name}", "ocr.card", key).paths == (moved,)
    moved.write_bytes(card.read_bytes() + b"\n")
    assert finder.find(f"scans/{card.name}", "ocr.card", keys[False]).certainty == "maybe"
    assert finder.find("other.jpg", "ocr.card", keys[False]).certainty == "missing"
    assert finder.find("https://example.com/a.jpg", "ocr.card", keys[False]).certainty == "url"


def test_a_name_that_is_there_twice_is_not_guessed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jpg").write_bytes(b"")
    assert Finder([], [tmp_path]).find("scans/x.jpg", "ocr.card", None).certainty == "missing"


# --- pictures


def job(number: int, path: Path, **more: Any) -> Job:
    read = evolve(READ, paper=0, box=Box(1, 1, 9, 9), confidence=0.5)
    return Job(number, (path,), "ocr.card", [read], **more)


def test_a_worker_that_dies_takes_no_other_document_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (20, 10)).save(path)
    (tmp_path / "b.png").write_bytes(b"junk")
    jobs = [("x", job(number, path if number % 2 else tmp_path / "b.png", cuts=(0,))) for number in range(20)]
    drawings = []
    with Drawers() as drawers:
        for place, (_, drawing) in enumerate(drawers.draw([*jobs, ("none", None)])):
            drawings.append(drawing)
            if place == 3:
                for worker in (*drawers.workers._idle, *drawers.workers._busy):
                    os.kill(worker._process.pid, signal.SIGKILL)
    assert drawings.pop() is None
    assert [drawing.number for drawing in drawings if drawing is not None] == list(range(20))
    problems = [drawing.problem for drawing in drawings if drawing is not None]
    assert all(problem and "is not a picture" in problem for problem in problems[::2])
    assert problems[1::2] == [None] * 10


# --- figures


def test_bins_have_a_median_and_the_least() -> None:
    bins = Bins()
    assert (bins.median, bins.least) == (None, None)
    for confidence in (0.0, 0.4, 0.9, 0.95, 1.0):
        bins.add(confidence, is_low=confidence < 0.85)
    assert (bins.count, bins.least, bins.below, sum(bins.shown), bins.shown[0]) == (5, 0.0, 2, 5, 2)
    assert bins.median == pytest.approx(0.9, abs=0.005)


def test_times_take_no_memory_without_bound() -> None:
    summary = Summary(Limits())
    for second in range(0, 1_000_000, 97):
        summary._add_moment(float(second), "billed")
    assert len(summary.moments) <= MOST_MOMENTS
    assert sum(counts.total() for counts in summary.moments.values()) == len(range(0, 1_000_000, 97))
    assert summary.rate == pytest.approx(1 / 97, rel=0.1)


def test_limits_are_those_of_the_field() -> None:
    limits = Limits(0.85, {"id": 0.97, "info.name": 0.5})
    found = [limits.of(column) for column in ("info.id", "info.name", "info.dob")]
    assert found == [0.97, 0.5, 0.85]


def test_the_queue_keeps_the_least_certain_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    from cvs_async.look.gathering import view_of

    monkeypatch.setitem(__import__("cvs_async.look.queue", fromlist=["MOST"]).MOST, "low", 3)
    queue = ReviewQueue(Limits(0.9, required=("id", "info.name")), sample=2)
    for number in range(10):
        info = {"id": "1", "id_confidence": 0.1 * ((number * 7) % 10), "id_box": [1, 2, 3, 4]}
        queue.add(number, view_of(done([{"type": "passport", "info": info}], "ocr.claims", number)))
    queue.add(10, view_of(failed(10)))
    entries = queue.entries()
    by_kind = {kind: [entry for entry in entries if KINDS[entry.kind] == kind] for kind in KINDS}
    assert [round(entry.confidence, 1) for entry in by_kind["low"]] == [0.0, 0.1, 0.2]
    assert queue.counted["low"] == 9
    assert {entry.path for entry in by_kind["missing"]} == {"info.name"}
    assert [entry.document for entry in by_kind["failed"]] == [10]
    assert len(by_kind["sample"]) == 2


# --- the command line


def test_the_command_says_what_it_wrote(journal: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    from tests.support.commands import cvs_async

    ended = cvs_async("report", journal, "--to", tmp_path / "r.html", "--low", "1", "--low", "id=0.5", "--lang", "vi")
    said = " ".join(ended.stderr.split())
    assert ended.returncode == 0, said
    assert "it contains personal data and only you can read it." in said
    assert "The files of 1 documents were not found: name folders to search with --files." in said
    assert (tmp_path / "r.html").stat().st_mode & 0o777 == 0o600
    again = cvs_async("report", journal, "--to", tmp_path / "r.html")
    assert (again.returncode, "is never written over" in " ".join(again.stderr.split())) == (2, True)


@pytest.mark.parametrize("name", ["r.csv", "r.XLSX", "r.pdf", "r.jsonl", "r.parquet", "r.db"])
def test_a_page_is_not_called_like_another_kind_of_file(journal: Path, tmp_path: Path, name: str) -> None:
    from tests.support.commands import cvs_async

    ended = cvs_async("report", journal, "--to", tmp_path / name)
    said = " ".join(ended.stderr.split())
    assert (ended.returncode, "a report is a .html file or a folder" in said) == (2, True)
    assert ("cvs-async export" in said) == (name != "r.pdf" and name != "r.db")
    assert not (tmp_path / name).exists()


def test_a_report_without_a_picture_says_how_to_have_all(journal: Path, tmp_path: Path) -> None:
    from tests.support.commands import cvs_async

    ended = cvs_async("report", journal, "--to", tmp_path / "a.html", "--low", "0")
    assert "--pictures all makes pictures of all documents." in " ".join(ended.stderr.split())
    ended = cvs_async("report", journal, "--to", tmp_path / "b.html", "--low", "0", "--pictures", "none")
    assert "--pictures all" not in ended.stderr


def test_the_command_makes_the_same_bytes_at_the_same_time(journal: Path, tmp_path: Path) -> None:
    from tests.support.commands import cvs_async

    for name in ("a.html", "b.html"):
        ended = cvs_async("report", journal, "--to", tmp_path / name, "--now", "2026-01-02T03:04:05+07:00")
        assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert "2026-01-02 03:04:05+07:00" in (tmp_path / "a.html").read_text("utf-8")
    ended = cvs_async("report", journal, "--to", tmp_path / "c.html", "--now", "yesterday")
    assert (ended.returncode, "--now takes a time such as" in " ".join(ended.stderr.split())) == (2, True)


def test_a_period_bounds_documents_and_charges(tmp_path: Path) -> None:
    from tests.support.commands import cvs_async

    day = 86_400
    sent = [(A, "billed", EVENING - day), (B, "billed", EVENING), (B, "free", EVENING), (C, "unknown", EVENING + day)]
    names: dict[str, list[tuple[str, str | None]]] = {key: [(f"{key[0]}.jpg", None)] for key in (A, B, C, D)}
    names[B].append(("copy.jpg", None))
    path = book(tmp_path / "j.db", sent, names)
    cases = {
        (): ([A, B, C, D], ["2026-11-23", "2026-11-24", "2026-11-25"]),
        ("--since", "2026-11-24"): ([B, C], ["2026-11-24", "2026-11-25"]),
        ("--until", "2026-11-24"): ([A, B], ["2026-11-23", "2026-11-24"]),
        ("--since", "2026-11-25", "--until", "2026-11-25", "--tz", "Asia/Ho_Chi_Minh"): ([B], ["2026-11-25"]),
    }
    for number, (words, (keys, days)) in enumerate(cases.items()):
        to = tmp_path / f"{number}.html"
        ended = cvs_async("report", path, "--to", to, "--now", "2026-11-26T00:00Z", *words)
        assert ended.returncode == 0, ended.stderr
        page = to.read_text("utf-8")
        index = parts_of(page)["index"]
        assert [row[0] for row in index["rows"]] == [f"{key[0]}.jpg" for key in keys]
        assert len(parts_of(page)["documents-1"]) == index["documents"] == len(keys)
        assert index["copies"] == ({str(keys.index(B)): 1} if B in keys else {})
        assert sorted(set(re.findall(r"<td>(2026-11-\d\d)</td>", page))) == days
        assert ("from 2026-11-25 to 2026-11-25" in index["title"]) == ("--tz" in words)


async def test_a_period_of_results_files_is_refused(tmp_path: Path) -> None:
    from tests.support.commands import cvs_async

    path = await results_of([done([])], tmp_path / "r.jsonl")
    ended = cvs_async("report", path, "--to", tmp_path / "r.html", "--since", "2026-11-24")
    assert (ended.returncode, "a period needs journals" in " ".join(ended.stderr.split())) == (2, True), ended.stderr
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--since", "24.11.2026"], "such as 2026-11-24"),
        (["--since", "2026-11-25", "--until", "2026-11-24"], "after"),
        (["--tz", "Asia/Hanoi"], "Asia/Ho_Chi_Minh"),
    ],
)
def test_an_invalid_period_is_refused(journal: Path, tmp_path: Path, words: list[str], why: str) -> None:
    from tests.support.commands import cvs_async

    ended = cvs_async("report", journal, "--to", tmp_path / "r.html", *words)
    assert (ended.returncode, why in ended.stderr) == (2, True), ended.stderr


@pytest.mark.parametrize("low", ["2", "x", "id=", "id=-1"])
def test_invalid_limits_are_refused(journal: Path, tmp_path: Path, low: str) -> None:
    from tests.support.commands import cvs_async

    ended = cvs_async("report", journal, "--to", tmp_path / "r.html", "--low", low)
    assert (ended.returncode, "--low takes a confidence" in " ".join(ended.stderr.split())) == (2, True)


@pytest.mark.parametrize(("module", "name"), [("jinja2", "Jinja2"), ("pypdfium2", "pypdfium2"), ("PIL", "Pillow")])
def test_a_missing_library_is_named_before_anything_is_done(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda asked: None if asked == module else real(asked))
    with pytest.raises(ConfigurationError, match=rf"reports need {name}: pip install 'cvs_async\[look\]'"):
        write_report([journal], tmp_path / "report.html", ALL)
    assert not (tmp_path / "report.html").exists()
