"""Arguments beside the files: one form for all spellings, one key for one request, and one place for the defaults."""

from __future__ import annotations

import inspect
import json
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cvs_async import AsyncCVS, Done, Endpoint, Failed, InvalidInputError, Timeout
from cvs_async._codec.inputs import Part
from cvs_async._codec.params import Param, boolean, integer, one_of, printable
from cvs_async.api import OPERATIONS
from cvs_async.api.v1_faces import ADD, EDIT_METADATA
from cvs_async.batch import manifest
from cvs_async.batch.keys import key_of, question_of
from cvs_async.cli.app import app
from cvs_async.sandbox import Sandbox
from tests.support.service import errors, numbered, reasons, run

ADD_IMAGE = OPERATIONS["face_search.add_image"]
CARD, CROP, MATCHING = (OPERATIONS[name] for name in ("ocr.card", "smartcrop.crop_image", "ekyc.face_matching"))
GOOD = {"data": [], "errorCode": "0", "errorMessage": "Success"}
DOCUMENT = Part("a.jpg", "image/jpeg", 8, b"document")

TRUE = [True, 1, 1.0, "true", "TRUE", " True ", "yes", "Yes", "1", "1.0"]
FALSE = [False, 0, 0.0, "false", "FALSE", "no", "No", "0", "0.0"]


def key(endpoint: Endpoint[Any], **keywords: Any) -> str:
    """The key that an item of a batch with these keywords has."""
    return key_of(question_of(endpoint.name, endpoint.completed(keywords)), dict.fromkeys(endpoint.images, DOCUMENT))


# Spellings


@pytest.mark.parametrize(
    ("check", "spellings", "value"),
    [
        (boolean, TRUE, True),
        (boolean, FALSE, False),
        (integer(1), [400, 400.0, "400", " 400 ", "400.0", "0400"], 400),
        (integer(-5), [-5, -5.0, "-5"], -5),
        (one_of("portrait", "card"), ["card", "Card", "CARD", " card "], "card"),
        (printable, ["12", 12], "12"),
    ],
)
def test_all_spellings_of_a_value_become_one(check: Callable[[Any], Any], spellings: list[Any], value: Any) -> None:
    for spelling in spellings:
        assert (check(spelling), type(check(spelling))) == (value, type(value))
        assert check(check(spelling)) == value


@pytest.mark.parametrize("value", ["x", "", "maybe", "2", 2, -1, 0.5, [], {}, b"true", "tru", "on"])
def test_what_is_neither_true_nor_false_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"ocr\.card: get_thumb must be true or false"):
        CARD.checked({"get_thumb": value})


@pytest.mark.parametrize("value", [True, "4x", "", 0.5, "0.5", "1e3", [], float("nan"), float("inf"), "9" * 5000, "٤"])
def test_an_argument_that_must_be_a_whole_number_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="crop_image: width must be a whole number of at least 1") as caught:
        CROP.checked({"width": value})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [0, -1, "soon", True, float("nan"), [], "-3"])
def test_an_invalid_timeout_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"ocr\.card: timeout must be a number of seconds above 0"):
        CARD.checked({"timeout": value})


def test_a_timeout_may_be_a_number_or_have_parts() -> None:
    assert CARD.checked({"timeout": "2.5"}) == {"timeout": 2.5}
    assert CARD.checked({"timeout": Timeout(1)}) == {"timeout": Timeout(1)}


@pytest.mark.parametrize("value", [True, [], {"a": 1}, b"x", "a\nb"])
def test_a_check_sum_is_text(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"ocr\.card: check_sum must be printable text"):
        CARD.checked({"check_sum": value})


@pytest.mark.parametrize(
    "value", [{"a": "\udc80"}, {"\ud800": 1}, {"a": {1, 2}}, {"a": float("nan")}, {"a": {(1,): 2}}]
)
def test_metadata_that_cannot_be_sent_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"add_image: metadata must contain only JSON values"):
        ADD_IMAGE.checked({"metadata": value})


@pytest.mark.parametrize("value", [30, None, True, {"years": "30"}, ["30"]])
def test_metadata_of_the_store_of_v1_are_text(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"search.add: metadata must have text for values, such as '30': 'age'"):
        ADD.checked({"metadata": {"name": "mẫu", "age": value}})
    assert ADD.checked({"metadata": {"age": "30"}}) == {"metadata": {"age": "30"}}
    assert EDIT_METADATA.checked({"metadata": {"age": value}}) == {"metadata": {"age": value}}


def test_metadata_is_what_is_sent_whatever_python_has_for_it() -> None:
    told: dict[str, Any] = {"a": {2: (1, [True]), "b": None, 10: 1.5}}
    sent = {"a": {"2": [1, [True]], "b": None, "10": 1.5}}
    assert ADD_IMAGE.checked({"metadata": told}) == {"metadata": sent}
    assert key(ADD_IMAGE, metadata=told) == key(ADD_IMAGE, metadata=sent)
    checked = ADD_IMAGE.checked({"metadata": told})
    told["a"]["b"] = "changed after it was checked"
    assert checked == {"metadata": sent}


@pytest.mark.parametrize(
    ("sent", "wire"),
    [(481, 481), ("481", 481), ("0", 0), ("0481", "0481"), ("48a", "48a"), ("９", "９"), ("9" * 40, "9" * 40)],
)
def test_an_id_of_the_store_of_v1_is_the_number_that_it_spells(sent: int | str, wire: int | str) -> None:
    assert OPERATIONS["v1.face_search.delete"].checked({"ids": [sent]}) == {"ids": [wire]}
    assert OPERATIONS["v1.face_search.edit_metadata"].checked({"image_id": sent}) == {"image_id": wire}
    assert OPERATIONS["face_search.delete_images"].checked({"ids": [sent]}) == {"ids": [sent]}
    assert OPERATIONS["face_search.update_image"].checked({"image_id": sent}) == {"image_id": sent}


async def test_ids_of_the_store_of_v1_are_sent_as_they_came() -> None:
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content or b"null"))
        images = [{"id": 481, "url": "https://example.com/481.jpg"}]
        return httpx.Response(200, json={"result": images, "status_code": 0, "message": ""})

    async with AsyncCVS("k", "s", transport=httpx.MockTransport(answer)) as cvs:
        (image,) = (await cvs.v1.face_search.get_all_images()).data
        assert image.id == "481"
        await cvs.v1.face_search.delete([image.id])
        await cvs.v1.face_search.edit_metadata(image.id)
    assert sent[1:] == [{"ids": [481]}, {"image_id": 481}]


def test_an_argument_of_none_counts_as_absent() -> None:
    assert CARD.checked(dict.fromkeys(CARD.options)) == {}
    assert MATCHING.completed({"type1": None}) == {"type1": "card"}


# Keys


async def test_arguments_of_which_no_key_can_be_made_end_no_batch(tmp_path: Path) -> None:
    odd = Endpoint("ocr/odd", params=(Param("odd", lambda value: value),))
    async with Service().client() as cvs:
        outcomes, _ = await run(cvs, numbered(2), tmp_path / "j.db", operation=odd, odd={1: 2, "b": 3})
    assert reasons(outcomes) == {"Failed": 2}
    assert "ocr.odd: odd must contain only JSON values" in str(errors(outcomes)[0])


# Made by the version whose journals are about. Paid answers stand under such keys, so they never change.
KEYS = [
    (CARD, {}, "664ba8b5c61ff03a2f86184b84898cc8c8b7db722a6c93eeeb33ae88b4032e61"),
    (CARD, {"get_thumb": False}, "664ba8b5c61ff03a2f86184b84898cc8c8b7db722a6c93eeeb33ae88b4032e61"),
    (CARD, {"get_thumb": True}, "a54267013066854deb88040a62d583ba2e01ac426178d9c54f531d4a79e0929f"),
    (MATCHING, {}, "21c53daa5834f96e481498a4382fab577739aa66767d8a7985945bcc6e3c5954"),
    (MATCHING, {"type1": "card"}, "21c53daa5834f96e481498a4382fab577739aa66767d8a7985945bcc6e3c5954"),
    (MATCHING, {"type1": "portrait"}, "da740385502c8ef3d16ac9ee697388b0f2a64f9156a1a74dde521413c9408b6c"),
    (CROP, {"width": 400, "height": 300}, "b2bef4c9b4e4ce2476b32f0e542837e0218d7d8cdcd6a67f60a654ecfce59a53"),
    (
        OPERATIONS["face_search.add_image"],
        {"metadata": {"b": 1, "a": "Ví dụ"}},
        "27911fb378bda4732d8d79d38091db7cee607d4ba7d7f3a419bd989e2b259358",
    ),
]


@pytest.mark.parametrize(("endpoint", "keywords", "digest"), KEYS)
def test_keys_are_those_of_journals_that_exist(endpoint: Endpoint[Any], keywords: dict[str, Any], digest: str) -> None:
    assert key(endpoint, **keywords) == digest
    assert key(endpoint, **keywords, send_as="file", check_sum="1", timeout=3) == digest


SPELLINGS: list[tuple[Endpoint[Any], list[dict[str, Any]]]] = [
    (CARD, [{"get_thumb": value} for value in (*TRUE, *FALSE)] + [{}, {"get_thumb": None}]),
    (CROP, [{"width": width, "height": 3} for width in (400, 400.0, "400", "401", 401)]),
    (MATCHING, [{"type1": value} for value in ("card", "CARD", "portrait", "Portrait")] + [{}]),
    (
        OPERATIONS["face_search.add_image"],
        [{"metadata": value} for value in ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, {"a": 1, "b": (2,)}, {})] + [{}],
    ),
]


@pytest.mark.parametrize(("endpoint", "spellings"), SPELLINGS, ids=[endpoint.name for endpoint, _ in SPELLINGS])
def test_equal_requests_have_equal_keys_and_different_ones_have_not(
    endpoint: Endpoint[Any], spellings: list[dict[str, Any]]
) -> None:
    keys, requests = list[str](), list[str]()
    for spelling in spellings:
        keys.append(key(endpoint, **spelling))
        requests.append(json.dumps(endpoint.wire_parameters(endpoint.completed(spelling)), sort_keys=True))
    for one in range(len(keys)):
        for other in range(len(keys)):
            assert (keys[one] == keys[other]) == (requests[one] == requests[other]), (spellings[one], spellings[other])


class Service:
    """Answers, and keeps the queries."""

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.queries.append(dict(request.url.params))
        return httpx.Response(200, json=GOOD)

    def client(self) -> AsyncCVS:
        return AsyncCVS("key", "secret", transport=httpx.MockTransport(self))


async def test_one_document_asked_for_in_many_spellings_is_paid_once(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    lines = ["path,get_thumb", *(f"a.jpg,{word}" for word in ("true", "1", "TRUE", "1.0", "yes", "x", "no", "0", ""))]
    (tmp_path / "items.csv").write_text("\n".join(lines))
    objects = [{"path": "a.jpg", "get_thumb": value} for value in (True, 1, 1.0, "Yes", False, 0, "no", None)]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, objects)))
    service, kinds, keys = Service(), list[str](), set[str | None]()
    async with service.client() as cvs:
        for name in ("items.csv", "items.jsonl"):
            source = manifest(tmp_path / name)
            async with cvs.batch(cvs.ocr.card, source, journal=tmp_path / "claims.db", concurrency=1) as outcomes:
                async for outcome in outcomes:
                    kinds.append(type(outcome).__name__)
                    if isinstance(outcome, Done):
                        keys.add(outcome.item.key)
                    if isinstance(outcome, Failed):
                        assert str(outcome.error) == "ocr.card: get_thumb must be true or false"
    assert sorted(kinds) == ["Done"] * 16 + ["Failed"]
    assert len(keys) == 2
    assert sorted(query["get_thumb"] for query in service.queries) == ["false", "true"]


async def test_a_batch_with_an_unusable_argument_is_refused_before_it_begins() -> None:
    async with Service().client() as cvs:
        with pytest.raises(InvalidInputError, match="get_thumb must be true or false"):
            cvs.batch(cvs.ocr.card, [b"x"], get_thumb="perhaps")  # type: ignore[arg-type]


async def test_a_plan_names_items_whose_arguments_are_unusable(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "items.csv").write_text("path,get_thumb\na.jpg,x\na.jpg,true\na.jpg,yes\n")
    async with Service().client() as cvs:
        plan = await cvs.batch(cvs.ocr.card, manifest(tmp_path / "items.csv")).plan()
    assert (plan.count, plan.unreadable_count, plan.duplicates) == (3, 1, 1)


async def test_no_is_false(tmp_path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        await cvs.ocr.card(b"x", get_thumb="no")  # type: ignore[arg-type]
        await cvs.call(CARD, img=b"x", get_thumb="YES")
    assert [query["get_thumb"] for query in service.queries] == ["false", "true"]


# Defaults


def defaults() -> list[tuple[str, Param]]:
    return [(name, param) for name, endpoint in OPERATIONS.items() for param in endpoint.params]


@pytest.mark.parametrize(("operation", "param"), defaults(), ids=[f"{name} {param.name}" for name, param in defaults()])
def test_a_method_has_the_defaults_of_the_table(operation: str, param: Param) -> None:
    found = operator.attrgetter(operation)(AsyncCVS("key", "secret"))
    default = inspect.signature(found).parameters[param.name].default
    if param.default is not None:
        assert default == param.default == param.check(param.default)
    else:
        assert default is (inspect.Parameter.empty if param.required else None)


def test_pages_of_the_store_have_the_default_of_the_list() -> None:
    cvs = AsyncCVS("key", "secret")
    limits = [
        inspect.signature(function).parameters["limit"].default
        for function in (cvs.face_search.list_images, cvs.face_search.iter_images)
    ]
    assert limits == [50, 50]


async def test_defaults_hold_for_call_and_batch_and_manifest(sandbox: Sandbox, jpg: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpg)
    (tmp_path / "items.csv").write_text("img1,img2\na.jpg,a.jpg\n")
    async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
        await cvs.ekyc.face_matching(jpg, jpg)
        await cvs.call(MATCHING, img1=jpg, img2=jpg)
        for source in ([(jpg, jpg)], manifest(tmp_path / "items.csv")):
            async with cvs.batch(cvs.ekyc.face_matching, source) as outcomes:
                assert [type(outcome) async for outcome in outcomes] == [Done]
        await cvs.call(OPERATIONS["face_search.list_images"])
    assert [entry.parameters.get("type1") for entry in sandbox.ledger] == ["card"] * 4 + [None]
    assert {"offset": "0", "limit": "50"}.items() <= sandbox.ledger[-1].parameters.items()
    assert not sandbox.ledger.violations


def test_the_command_line_shows_the_defaults() -> None:
    shown = CliRunner().invoke(app, ["operations", "--long"]).stdout
    assert all(text in shown for text in ("type1=card", "offset=0, limit=50", "width, height"))
