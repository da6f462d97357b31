"""Faults found in requests, the sandbox, the samples and the papers of issue 15. Each test fails until it is mended."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cvs_async import AsyncCVS, RetryPolicy
from cvs_async.api.ocr_document import OcrDocument
from cvs_async.models.fields import Field
from cvs_async.sandbox import Sample, write_samples
from cvs_async.sandbox.samples.truth import read_truth
from tests.support.servers import BadServer, answers, bad_server, http

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@contextlib.asynccontextmanager
async def stored(result: Any) -> AsyncIterator[tuple[BadServer, AsyncCVS]]:
    """Run a client of a store of faces that gives one answer to every request."""
    body = json.dumps({"result": result, "status_code": 0, "message": ""}).encode()
    async with bad_server(answers(http(body))) as server, AsyncCVS("k", "s", base_url=server.base_url) as cvs:
        yield server, cvs


async def test_ids_of_the_store_are_sent_as_they_came() -> None:
    async with stored([{"id": 481, "url": "https://example.com/481.jpg"}]) as (server, cvs):
        (image,) = (await cvs.v1.face_search.get_all_images()).data
        assert image.id is not None
        await cvs.v1.face_search.delete([image.id])
        await cvs.v1.face_search.edit_metadata(image.id)
    bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests[1:]]
    assert bodies == [{"ids": [481]}, {"image_id": 481}]


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


def test_readme_says_that_claims_name_their_pages() -> None:
    assert "nor on which of several pages a paper is" not in README


def test_the_page_of_a_field_of_claims_is_documented() -> None:
    assert "claims" in (Field.__doc__ or "")


def test_the_answer_of_an_invoice_of_a_vehicle_is_documented() -> None:
    assert "undocumented" not in (OcrDocument.invoice_vehicle.__doc__ or "")


def test_the_store_of_v1_is_named_where_repeating_is_excluded() -> None:
    (line,) = (line for line in README.splitlines() if "is never retried in this case" in line)
    assert "v1.face_search.add`" in line
    assert "v1.face_search.add`" in (RetryPolicy.__doc__ or "")
