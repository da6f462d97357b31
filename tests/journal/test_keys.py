"""The keys of documents: equal if contents, operation and parameters are equal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import Url
from cvs_async._codec.inputs import Part
from cvs_async.batch.keys import key_of, question_of
from tests.support.service import Service, run

NAMES = st.text("abcdeê", min_size=1, max_size=3)
CONTENTS = st.dictionaries(st.sampled_from(["img", "img1", "img2"]), st.binary(min_size=1, max_size=8), min_size=1)
PARAMETERS = st.dictionaries(NAMES, st.text(max_size=4) | st.integers(), max_size=3)
CALLS = st.tuples(st.sampled_from(["ocr.card", "ocr.claim"]), CONTENTS, PARAMETERS)


def part(content: bytes, name: str = "scan.jpg", kind: str = "image/jpeg") -> Part:
    return Part(name, kind, len(content), content)


def key(operation: str, contents: dict[str, bytes], parameters: dict[str, Any]) -> str:
    inputs = {name: part(content) for name, content in contents.items()}
    return key_of(question_of(operation, parameters), inputs)


@given(CALLS, CALLS)
@settings(deadline=None)
def test_keys_are_equal_where_content_operation_and_parameters_are(one: Any, other: Any) -> None:
    assert (key(*one) == key(*other)) == (one == other)


HOW = ["check_sum", "send_as", "timeout"]
"""Keywords that say how something is asked, and not what: written out, for a key that changes is paid for again."""


@given(CALLS, NAMES, st.sampled_from(HOW), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_names_order_and_how_it_is_sent_make_no_other_key(call: Any, name: str, how: str, random: Any) -> None:
    operation, contents, parameters = call
    inputs = [(image, part(content, name, "application/pdf")) for image, content in contents.items()]
    told = [*parameters.items(), (how, "something"), ("absent", None)]
    random.shuffle(inputs)
    random.shuffle(told)
    assert key_of(question_of(operation, dict(told)), dict(inputs)) == key(*call)


# Journals live on: where another version makes another key of the same question, it is paid for again.
KNOWN_KEYS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("664ba8b5c61ff03a2f86184b84898cc8c8b7db722a6c93eeeb33ae88b4032e61", "ocr.card", {}, {"img": b"document"}),
    (
        "a54267013066854deb88040a62d583ba2e01ac426178d9c54f531d4a79e0929f",
        "ocr.card",
        {"get_thumb": True},
        {"img": b"document"},
    ),
    (
        "ef9b50a730a1846e33e7d7ca4f92df519c59d38158b4d0030e5400bf7fbad364",
        "ekyc.face_matching",
        {"type1": "card"},
        {"img1": b"one", "img2": b"two"},
    ),
    (
        "60b029dda7af8f85e713499c356830d55f75ae101b39990bc6623e901667e4a3",
        "ocr.card",
        {},
        {"img": Url("https://example.com/1.jpg")},
    ),
]


@pytest.mark.parametrize(("expected", "operation", "parameters", "inputs"), KNOWN_KEYS)
def test_the_keys_of_journals_that_exist_stay_the_same(
    expected: str, operation: str, parameters: dict[str, Any], inputs: dict[str, Any]
) -> None:
    opened = {name: value if isinstance(value, Url) else part(value) for name, value in inputs.items()}
    for how in ({}, {"send_as": "base64"}, {"timeout": 7.0}, {"check_sum": "A1"}):
        assert key_of(question_of(operation, {**parameters, **how}), opened) == expected


async def test_a_large_file_has_the_key_of_its_content(tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(content)
    on_disk = Part("scan.pdf", "application/pdf", len(content), scan)
    assert key_of(question_of("ocr.card", {}), {"img": on_disk}) == key_of(
        question_of("ocr.card", {}), {"img": part(content)}
    )


async def test_of_a_url_it_is_the_url_that_counts() -> None:
    url = Url("https://example.com/1.jpg")
    keys = [
        key_of(question_of("ocr.card", {}), {"img": url}),
        key_of(question_of("ocr.card", {}), {"img": Url("https://example.com/1.jpg?page=2")}),
        key_of(question_of("ocr.card", {}), {"img": part(url.encode())}),
    ]
    assert len(set(keys)) == 3
    assert keys[0] == key_of(question_of("ocr.card", {}), {"img": Url(str(url))})


async def test_a_default_that_is_spelled_out_pays_for_nothing_twice(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        await run(cvs, [b"document"], path)
        await run(cvs, [b"document"], path, get_thumb=False)
    assert service.sent.total() == 1
