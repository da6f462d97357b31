"""The demo: its tables and files, and which older ones it replaces."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.commands import cvs_async, lines


def test_demo_ends_with_its_tables_and_files(tmp_path: Path) -> None:
    for _ in range(2):  # the second run replaces the first one's results
        ended = cvs_async("demo", "--count", "24", "--latency", "0", cwd=tmp_path)
        assert ended.returncode == 0
        for part in (
            "Some of the results",
            "What failed",
            "Summary",
            "chip_id_card_front",
            "could not open the file",
        ):
            assert part in ended.stdout
        found = lines(tmp_path / "cvs-demo" / "results.jsonl")
        assert len(found) == 24
        assert {line["status"] for line in found} == {"done", "failed"}


def test_demo_shows_a_few_papers_of_every_kind(tmp_path: Path) -> None:
    ended = cvs_async("demo", "--count", "127", "--latency", "0", cwd=tmp_path)
    assert ended.returncode == 0
    rows = [line.split("│")[1:-1] for line in ended.stdout.splitlines() if line.startswith("│ 0")]
    values = {row[1].strip(): row[2].strip() for row in rows if len(row) == 4}
    for kind in ("prescription", "hospital_discharge_paper", "list_expense", "bill", "(table)", "claim_form"):
        assert values[kind], kind


@pytest.mark.parametrize(
    "content", ["mine\n", '{"source": "scans/a.jpg"}\n', '{"source": "samples/a.jpg"}\n', "[]\n", "[" * 5000]
)
def test_demo_takes_away_no_results_but_those_of_a_demo(tmp_path: Path, content: str) -> None:
    results = tmp_path / "results.jsonl"
    results.write_text(content)
    refused = cvs_async("demo", tmp_path, "--count", "2", "--latency", "0")
    assert (refused.returncode, "results.jsonl exists" in refused.stderr) == (2, True)
    assert (results.read_text(), [path.name for path in tmp_path.iterdir()]) == (content, ["results.jsonl"])


@pytest.mark.parametrize("kind", ["pipe", "folder", "dangling"])
def test_demo_takes_away_nothing_else_that_is_called_like_its_results(tmp_path: Path, kind: str) -> None:
    results = tmp_path / "results.jsonl"
    match kind:
        case "pipe":
            os.mkfifo(results)
        case "folder":
            results.mkdir()
        case "dangling":
            results.symlink_to(tmp_path / "none")
    refused = cvs_async("demo", tmp_path, "--count", "2", "--latency", "0")
    assert (refused.returncode, "results.jsonl" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == [results]
