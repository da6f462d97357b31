"""The sandbox answers boxes and pages only where the vendor documents them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cvs_async import AsyncCVS, ConfigurationError
from cvs_async.api import OPERATIONS
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.sandbox.documented import as_documented
from tests.vendor.documented import documented

FACTS = documented()
READING = [
    name
    for name, endpoint in OPERATIONS.items()
    if len(endpoint.images) == 1 and name in FACTS and "smartcrop" not in name
]


def beside(operation: str, kind: str | None) -> tuple[set[str], set[str]]:
    """The names with a documented box, and those with a page, of one kind of paper; of all, if it is unknown."""
    papers = FACTS[operation]
    kinds = [papers[kind]] if kind in papers else list(papers.values())
    pairs = [pair for parts in kinds for pair in parts.items()]
    return {name for name, letters in pairs if "b" in letters}, {name for name, letters in pairs if "p" in letters}


def papers_in(data: Any) -> list[dict[str, Any]]:
    if isinstance(data, list):
        return [paper for part in data for paper in papers_in(part)]
    if not isinstance(data, dict):
        return []
    return [data] if "info" in data else [paper for part in data.values() for paper in papers_in(part)]


@pytest.mark.parametrize("operation", READING)
async def test_boxes_and_pages_are_those_of_the_documents(
    operation: str, sandbox: Sandbox, cvs: AsyncCVS, samples: list[Sample], jpg: bytes
) -> None:
    endpoint = OPERATIONS[operation]
    given: list[Any] = [
        sample.path for sample in samples if sample.operation == operation and sample.kind != "broken"
    ] or [jpg]
    if operation == "ocr.document.invoice_xml" and given == [jpg]:
        pytest.skip("there is no such sample among the first")
    for one in given:
        reply = await cvs.call(endpoint, **{endpoint.images[0]: one})
        for paper in papers_in(reply.raw.get("data", reply.raw)):
            boxes, pages = beside(operation, paper.get("type"))
            info = paper["info"]
            if not isinstance(info, dict):
                continue
            assert {name[:-4] for name in info if name.endswith("_box")} <= boxes | {""}, paper.get("type")
            found = {name[:-3] for name in info if name.endswith("_id") and name[:-3] in info}
            assert found <= pages | {"id_card"}, paper.get("type")


async def test_more_boxes_can_be_asked_for(samples: list[Sample]) -> None:
    card = next(sample.path for sample in samples if sample.kind == "citizen_card" and sample.path.suffix == ".jpg")
    found = {}
    for boxes in ("documented", "all"):
        with Sandbox(boxes=boxes) as sandbox:
            async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
                reply = await cvs.ocr.card(card)
        found[boxes] = "_box" in json.dumps(reply.raw)
    assert found == {"documented": False, "all": True}


def test_boxes_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="boxes must be one of documented, all"):
        Sandbox(boxes="some")  # type: ignore[arg-type]


def test_names_that_look_like_boxes_stay() -> None:
    paper = {"type": "passport", "info": {"post_box": "7", "id": "1", "id_box": [1, 2, 3, 4], "id_confidence": 0.5}}
    assert as_documented("ocr.card", paper)["info"] == {"post_box": "7", "id": "1", "id_confidence": 0.5}
