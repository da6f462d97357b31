"""The file of verdicts, and its corrections."""

from __future__ import annotations

import csv
import importlib
import io
import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from cvs_async import AsyncCVS, InvalidInputError
from cvs_async.batch import Done, Item, JournalReader
from cvs_async.look.reads import read_fields
from cvs_async.look.review import Review, Verdict, corrected, error_rates
from cvs_async.models.fields import Box
from cvs_async.sandbox import Sample
from tests.support.commands import cvs_async
from tests.support.papers import EXAMPLES, example, reply

KEY = "ab" * 32
RIGHT = Verdict(KEY, "ocr.card", 0, "info.id", "right", confidence=0.9, by="me", at=1.5)
CORRECTED = evolve(RIGHT, verdict="corrected", value="007")


def test_the_last_verdict_counts(tmp_path: Path) -> None:
    review = Review(tmp_path / "a.review.jsonl")
    assert review.read() == {}
    for verdict in (RIGHT, CORRECTED, evolve(RIGHT, path="info.name"), evolve(RIGHT, paper=1)):
        review.add(verdict)
    assert (tmp_path / "a.review.jsonl").stat().st_mode & 0o777 == 0o600
    found = review.read()
    assert list(found) == [(KEY, 0, "info.id"), (KEY, 0, "info.name"), (KEY, 1, "info.id")]
    assert found[KEY, 0, "info.id"] == CORRECTED
    assert "007" not in repr(CORRECTED)


def test_a_line_that_was_cut_spoils_no_other(tmp_path: Path) -> None:
    review = Review(tmp_path / "a.review.jsonl")
    review.add(CORRECTED)
    whole = review.path.read_bytes()
    for length in range(len(whole)):
        review.path.write_bytes(whole + whole[:length])
        if 0 < length < 6:
            continue  # so short a beginning could be of anything
        assert review.read() == {CORRECTED.place: CORRECTED}
        review.add(evolve(RIGHT, path="info.name"))
        assert len(review.read()) == 2


@pytest.mark.parametrize(
    "line",
    [
        "CANARY",
        "[]",
        '{"verdict": "CANARY"}',
        json.dumps({"key": "CANARY", "operation": "ocr.card", "paper": 0, "path": "a", "verdict": "right"}),
        json.dumps({"key": KEY, "operation": "ocr.card", "paper": -1, "path": "a", "verdict": "right"}),
        json.dumps({"key": KEY, "operation": "ocr.card", "paper": 0, "path": "a", "verdict": "CANARY"}),
        json.dumps({"key": KEY, "operation": "ocr.card", "paper": 0, "path": 7, "verdict": "right"}),
        json.dumps(
            {"key": KEY, "operation": "o", "paper": 0, "path": "a", "verdict": "corrected", "value": ["CANARY"]}
        ),
        json.dumps({"key": KEY, "operation": "o", "paper": 0, "path": "a", "verdict": "right", "CANARY": 1}),
    ],
)
def test_an_invalid_verdict_is_reported_without_its_values(tmp_path: Path, line: str) -> None:
    review = Review(tmp_path / "a.review.jsonl")
    review.add(RIGHT)
    with review.path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(InvalidInputError, match="line 2 is not a verdict") as caught:
        review.read()
    assert "CANARY" not in str(caught.value)


def _add(path: Path, who: int) -> None:
    for number in range(50):
        Review(path).add(evolve(RIGHT, path=f"info.{who}-{number}"))


def test_several_processes_may_add(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_add, args=(tmp_path / "a.review.jsonl", who)) for who in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert len(Review(tmp_path / "a.review.jsonl").read()) == 150


def test_error_rates_are_by_confidence() -> None:
    given = [
        evolve(RIGHT, path=str(number), confidence=confidence) for number, confidence in enumerate((0.6, 0.99, 1.0))
    ]
    given += [evolve(CORRECTED, path="x", confidence=0.6), evolve(RIGHT, path="y", verdict="wrong", confidence=None)]
    found = [(rate.least, rate.most, rate.reviewed, rate.wrong) for rate in error_rates(given)]
    assert found == [(0.5, 0.7, 2, 1), (0.95, 1.0, 2, 0)]


@pytest.fixture
async def journal(cvs: AsyncCVS, samples: list[Sample], tmp_path: Path) -> Path:
    files = [sample.path for sample in samples if sample.kind == "invoice"]
    async with cvs.batch(cvs.ocr.document.invoice, files[:1], journal=tmp_path / "inv.db") as outcomes:
        async for _ in outcomes:
            pass
    return tmp_path / "inv.db"


def verdicts_about(journal: Path) -> Review:
    with JournalReader(journal) as reader:
        [outcome] = reader.outcomes()
    assert outcome.item.key is not None
    review = Review(journal.with_name("inv.review.jsonl"))
    for path, value in (("info.total_amount", "999"), ("info.table.0.unit_price", "111"), ("info.nothing.at.all", "0")):
        review.add(evolve(CORRECTED, key=outcome.item.key, path=path, value=value))
    review.add(evolve(RIGHT, key=outcome.item.key, path="info.date"))
    return review


def test_corrections_are_in_every_export(journal: Path, tmp_path: Path) -> None:
    review = verdicts_about(journal)
    for name in ("a.jsonl", "a.csv", "lines.csv", "a.parquet", "a.xlsx"):
        more = ["--rows", "line"] if name == "lines.csv" else []
        if name == "a.csv":
            more = ["--fields", "info.total_amount,info.total_amount.confidence,info.total_amount.corrected,info.date"]
        ended = cvs_async("export", journal, "--to", tmp_path / name, "--review", review.path, *more)
        assert ended.returncode == 0, ended.stderr
        assert "3 of 4 reviewed values were wrong" in " ".join(ended.stderr.split())
    info = json.loads((tmp_path / "a.jsonl").read_text("utf-8"))["data"][0]["info"]
    assert (info["total_amount"]["value"], info["total_amount"]["confidence"]) == ("999", None)
    assert info["total_amount"]["corrected"] is True
    assert "corrected" not in info["date"]
    cell = next(cell for cell in info["table"][0] if cell["label"] == "unit_price")
    assert (cell["value"], cell["score"], cell["corrected"]) == ("111", None, True)
    [row] = csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text("utf-8-sig")))
    assert (row["info.total_amount"], row["info.total_amount.confidence"]) == ("999", "")
    assert row["info.total_amount.corrected"].lower() == "true"
    assert row["billed"] == "1"
    assert row["sent_at"]
    lines = list(csv.DictReader(io.StringIO((tmp_path / "lines.csv").read_text("utf-8-sig"))))
    assert next(line for line in lines if line["table"] == "info.table")["unit_price"] == "111"
    pq: Any = importlib.import_module("pyarrow.parquet")
    assert pq.read_table(tmp_path / "a.parquet").column("info.total_amount").to_pylist() == ["999"]


@pytest.mark.parametrize("kept", [b"{", b'{"k', b'{"key"', b'{"key":"a'])
def test_whatever_was_cut_spoils_no_other(tmp_path: Path, kept: bytes) -> None:
    review = Review(tmp_path / "a.review.jsonl")
    review.path.write_bytes(kept)
    review.add(RIGHT)
    assert list(review.read().values()) == [RIGHT]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_value_that_was_read_can_be_corrected(name: str) -> None:
    """The place of a verdict, which comes from `read_fields`, is found in the record, whatever the data."""
    outcome = Done(Item(0, "a.jpg", key=KEY), reply(example(name)))
    for read in read_fields(outcome.reply.data):
        if isinstance(read.value, Box):  # not a text that could be corrected
            continue
        verdict = evolve(CORRECTED, paper=read.paper, path=read.path, value="\N{CURRENCY SIGN}")
        record = corrected(outcome, {verdict.key: [verdict]})
        assert "\N{CURRENCY SIGN}" in json.dumps(record, ensure_ascii=False), read.path


def test_what_has_no_corrections_stays_as_it_is(journal: Path) -> None:
    with JournalReader(journal) as reader:
        [outcome] = reader.outcomes()
    assert corrected(outcome, {KEY: [CORRECTED]}) is None


def test_a_missing_file_of_verdicts_is_reported(journal: Path, tmp_path: Path) -> None:
    ended = cvs_async("export", journal, "--to", tmp_path / "a.jsonl", "--review", tmp_path / "none.jsonl")
    assert (ended.returncode, "verdicts not found" in " ".join(ended.stderr.split())) == (2, True)
