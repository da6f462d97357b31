"""The sandbox answers boxes and pages only where the vendor documents them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest

from cvs_async import AsyncCVS, ConfigurationError
from cvs_async.api import OPERATIONS
from cvs_async.models.fields import PAPERS
from cvs_async.models.recognized import Recognized
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.sandbox.documented import as_documented
from cvs_async.sandbox.fabricate import Source, fabricate
from tests.vendor.documented import documented

FACTS = documented()
WITHOUT_PICTURES = {"smartcrop.crop_image", "smartcrop.crop_person", "ocr.document.invoice_xml"}
"""Operations that read no picture of papers."""

READING = [
    name
    for name, endpoint in OPERATIONS.items()
    if len(endpoint.images) == 1 and name in FACTS and name not in WITHOUT_PICTURES
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
    for one in given:
        reply = await cvs.call(endpoint, **{endpoint.images[0]: one})
        for paper in papers_in(reply.raw.get("data", reply.raw)):
            boxes, pages = beside(operation, paper.get("type"))
            assert set(names_with("_box", paper["info"])) <= boxes, paper.get("type")
            assert set(names_with("_id", paper["info"])) <= pages, paper.get("type")


def only_paper_of(operation: str) -> Any:
    returns = OPERATIONS[operation].returns
    for part in (returns, *get_args(returns)):
        if get_origin(part) is Recognized:
            return get_args(part)[0]
    return None


PAPERS_OF = [
    (operation, kind, declared)
    for operation in READING
    for kind in FACTS[operation]
    if (declared := PAPERS.get(kind) if kind else only_paper_of(operation)) is not None
]


@pytest.mark.parametrize(("operation", "kind", "declared"), PAPERS_OF)
def test_papers_that_no_sample_shows_have_the_documented_boxes_and_pages(
    operation: str, kind: str, declared: Any
) -> None:
    paper = {"type": kind, "info": fabricate(declared, Source("0", 100, 100, page=1))}
    info = as_documented(operation, paper)["info"]
    boxes, pages = beside(operation, kind)
    fields = set(names_with("_confidence", paper["info"]))
    assert set(names_with("_box", info)) == boxes & fields
    assert set(names_with("_id", info)) == pages & fields


def names_with(ending: str, wire: Any, prefix: str = "") -> Iterator[str]:
    """The dotted names beside which there is one with this ending."""
    if isinstance(wire, list):
        for one in wire:
            yield from names_with(ending, one, prefix)
    elif isinstance(wire, dict):
        for name, below in wire.items():
            if (value := name.removesuffix(ending)) != name and value in wire:
                yield prefix + value
            else:
                yield from names_with(ending, below, f"{prefix}{name}.")


async def test_more_boxes_can_be_asked_for(samples: list[Sample]) -> None:
    card = next(sample.path for sample in samples if sample.kind == "citizen_card" and sample.path.suffix == ".jpg")
    found = {}
    for boxes in ("documented", "all"):
        with Sandbox(boxes=boxes) as sandbox:
            async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
                reply = await cvs.ocr.card(card)
        found[boxes] = "_box" in json.dumps(reply.raw)
    assert found == {"documented": False, "all": True}


def test_an_invalid_choice_of_boxes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="boxes must be one of documented, all"):
        Sandbox(boxes="some")  # type: ignore[arg-type]


def test_names_that_look_like_boxes_stay() -> None:
    info = {"post_box": "7", "country": "1", "country_box": [1, 2, 3, 4], "country_confidence": 0.5}
    paper = {"type": "passport", "info": info}
    assert as_documented("ocr.card", paper)["info"] == {"post_box": "7", "country": "1", "country_confidence": 0.5}
