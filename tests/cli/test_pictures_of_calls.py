"""Pictures in answers without papers: pages of text, and answers that stay JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cvs_async.sandbox import Sample, Sandbox
from tests.support.commands import run
from tests.support.outcomes import rows

GENERAL, LEGAL = "ocr.document.general", "ocr.document.van_ban_phap_quy"


@pytest.fixture(name="paper")
def one_paper(samples: list[Sample]) -> Path:
    """A picture of a paper."""
    return next(sample.path for sample in samples if sample.path.suffix == ".jpg" and sample.kind != "broken")


@pytest.mark.parametrize("operation", [GENERAL, LEGAL])
def test_a_call_writes_the_picture_of_a_page(operation: str, paper: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    ended = run("call", operation, paper, "--get-thumb", "--thumbs", tmp_path / "thumbs", sandbox=sandbox)
    (picture,) = (tmp_path / "thumbs").glob("*.jpg")
    assert "cannot be decoded" not in ended.output
    assert json.loads(ended.stdout)[0]["image"] == str(picture)


@pytest.mark.parametrize("operation", [GENERAL, LEGAL])
def test_a_call_without_a_folder_shows_kind_and_size(operation: str, paper: Path, sandbox: Sandbox) -> None:
    ended = run("call", operation, paper, "--get-thumb", sandbox=sandbox)
    assert json.loads(ended.stdout)[0]["image"].startswith("<image/jpeg, ")
    assert "Pictures not saved: 1; --thumbs DIR writes them" in ended.stderr


@pytest.mark.parametrize("operation", [GENERAL, LEGAL])
def test_a_batch_writes_the_picture_of_a_page(operation: str, paper: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    outputs = ("--get-thumb", "--thumbs", tmp_path / "thumbs", "--out", tmp_path / "out.jsonl")
    assert run("batch", operation, paper, *outputs, sandbox=sandbox).exit_code == 0
    (picture,) = (tmp_path / "thumbs").iterdir()
    assert (picture.name[:4], picture.suffix) == ("0-0-", ".jpg")


def test_a_batch_writes_answers_that_stay_json_to_a_table(paper: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    assert run("batch", LEGAL, paper, "--out", tmp_path / "out.csv", sandbox=sandbox).exit_code == 0
    (row,) = rows(tmp_path / "out.csv")
    assert json.loads(row["data"])["sandbox"] == "the vendor publishes no answer"
