"""Faults found in requests, the sandbox, the samples and the papers of issue 15. Each test fails until it is mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cvs_async.sandbox import Sample, write_samples
from cvs_async.sandbox.samples.truth import read_truth

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def types_of(samples: list[Sample]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for sample in samples:
        truth = read_truth(sample.path.read_bytes())
        for page in truth.pages if truth else ():
            for paper in page.papers:
                found.setdefault(paper["type"], []).append(paper["info"])
    return found


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    return types_of(list(write_samples(tmp_path_factory.mktemp("many"), 200)))


@pytest.mark.parametrize("kind", ["prescription", "hospital_discharge_paper", "list_expense"])
def test_there_is_a_sample_of_the_papers_that_the_issue_names(
    kind: str, papers: dict[str, list[dict[str, Any]]]
) -> None:
    assert kind in papers


def test_there_is_a_sample_of_a_registration_with_seats(papers: dict[str, list[dict[str, Any]]]) -> None:
    assert any("sit" in info for info in papers["vehicle_registration_back"])


@pytest.mark.parametrize("host", ["trustid.vn", "myanmar.computervision.com.vn", "cambodia.computervision.com.vn"])
def test_brands_and_countries_are_documented(host: str) -> None:
    assert host in README
