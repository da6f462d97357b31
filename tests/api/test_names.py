"""Names that are looked for in the wrong place: the error has the right one; and tools find what is there."""

from __future__ import annotations

import asyncio
import copy
import importlib
import inspect
import operator
import pickle
import pydoc
from typing import Any
from unittest.mock import create_autospec

import pytest

import cvs_async
from cvs_async import AsyncCVS, Failed
from cvs_async._text.names import SANDBOX
from cvs_async.api import OPERATIONS
from cvs_async.batch import Item


@pytest.fixture
def cvs() -> AsyncCVS:
    return AsyncCVS("key", "CANARY")


# --- operations


@pytest.mark.parametrize(
    ("wrong", "answer"),
    [
        ("ocr.invoice", "cvs.ocr has no attribute 'invoice'; did you mean cvs.ocr.document.invoice?"),
        ("invoice", "cvs has no attribute 'invoice'; did you mean cvs.ocr.document.invoice?"),
        ("document", "cvs has no attribute 'document'; did you mean cvs.ocr.document?"),
        ("ocr.crad", "cvs.ocr has no attribute 'crad'; did you mean cvs.ocr.card or cvs.ocr.scan?"),
        ("v1.card", "cvs.v1 has no attribute 'card'; did you mean cvs.ekyc.card or cvs.ocr.card?"),
        (
            "facesearch.add",
            "cvs has no attribute 'facesearch'; did you mean cvs.face_search or cvs.v1.face_search or"
            " cvs.v1.face_search.search?",
        ),
        ("close", "cvs has no attribute 'close'; did you mean cvs.aclose?"),
        ("ocr.something_else", "cvs.ocr has no attribute 'something_else'"),
    ],
)
def test_a_wrong_operation_is_answered_with_the_right_one(cvs: AsyncCVS, wrong: str, answer: str) -> None:
    with pytest.raises(AttributeError) as caught:
        operator.attrgetter(wrong)(cvs)
    assert str(caught.value) == answer


@pytest.mark.parametrize("path", ["ocr", "ocr.document", "face_search"])
def test_hasattr_on_a_family_still_works(cvs: AsyncCVS, path: str) -> None:
    family = operator.attrgetter(path)(cvs)
    for name in ("_repr_html_", "_ipython_display_", "__array__", "invoices"):
        assert not hasattr(family, name)
        assert not hasattr(cvs, name)
    assert copy.copy(family).path == path
    assert repr(copy.copy(cvs)) == repr(cvs)
    assert pickle.loads(pickle.dumps(type(family))) is type(family)
    assert not hasattr(object.__new__(type(family)), "_call")


def test_only_what_can_be_called_is_listed(cvs: AsyncCVS) -> None:
    assert [name for name in dir(cvs.smartcrop) if name[0] != "_"] == ["crop_image", "crop_person", "download"]
    assert "document" in dir(cvs.ocr)


@pytest.fixture(scope="module")
def stand_ins() -> list[Any]:
    return [
        create_autospec(AsyncCVS),
        create_autospec(AsyncCVS)("key", "secret"),
        create_autospec(AsyncCVS, instance=True),
        create_autospec(AsyncCVS("key", "secret")),
    ]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_stand_in_knows_every_operation_and_its_arguments(operation: str, stand_ins: list[Any]) -> None:
    for fake in stand_ins:
        call = operator.attrgetter(operation)(fake)
        with pytest.raises(TypeError):
            call(b"x", b"y", b"z", nothing_like_it=True)
        call.return_value = "what the test wants"
        inputs = [b"x"] * len(OPERATIONS[operation].images)
        needed = {param.name: 1 for param in OPERATIONS[operation].params if param.required}
        assert asyncio.run(call(*inputs, **needed)) == "what the test wants"


def test_a_mock_refuses_unknown_operations() -> None:
    with pytest.raises(AttributeError):
        create_autospec(AsyncCVS, instance=True).ocr.invoice  # noqa: B018


def test_help_lists_the_operations() -> None:
    said = pydoc.plain(pydoc.render_doc(AsyncCVS))
    for operation in OPERATIONS:
        assert operation.rpartition(".")[2] in said or operation.startswith(("ocr.document", "v1.face_search", "v3."))
    document = pydoc.plain(pydoc.render_doc(AsyncCVS.ocr))
    assert "business_registration" in document


@pytest.mark.parametrize(
    ("wrong", "answer"),
    [
        ("get_thumbs", "did you mean get_thumb?"),
        ("checksum", "did you mean check_sum?"),
        ("operation", "a batch has one operation, so make a batch for each"),
        ("nothing_like_it", "its keywords are check_sum, get_thumb, send_as, timeout"),
    ],
)
async def test_a_wrong_keyword_is_answered_with_the_right_one(cvs: AsyncCVS, wrong: str, answer: str) -> None:
    with pytest.raises(cvs_async.InvalidInputError) as caught:
        await cvs.ocr.card(b"x", **{wrong: True})  # type: ignore[arg-type]
    assert str(caught.value).endswith(answer)


# --- modules


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        (
            "from cvs_async import Passport",
            "cvs_async has no 'Passport'; it is in cvs_async.models: from cvs_async.models import Passport",
        ),
        (
            "from cvs_async import AsyncCVS, Sandbox",
            "cvs_async has no 'Sandbox'; it is in cvs_async.sandbox: from cvs_async.sandbox import Sandbox",
        ),
        (
            "from cvs_async.batch import CVSError",
            "cvs_async.batch has no 'CVSError'; it is in cvs_async: from cvs_async import CVSError",
        ),
        ("from cvs_async import AsyncCvs", "cvs_async has no 'AsyncCvs'; did you mean AsyncCVS?"),
        ("from cvs_async.models import Pasport", "cvs_async.models has no 'Pasport'; did you mean Passport?"),
        ("from cvs_async import nothing_like_it", "cvs_async has no 'nothing_like_it'"),
    ],
)
def test_an_import_of_a_wrong_name_is_answered_with_the_right_one(statement: str, answer: str) -> None:
    with pytest.raises(ImportError) as caught:
        exec(statement, {})
    assert str(caught.value) == answer


def test_an_attribute_of_a_module_is_answered_so_too_and_may_be_asked_for() -> None:
    assert not hasattr(cvs_async, "Passport")
    assert not hasattr(cvs_async.batch, "Passport")
    assert not hasattr(cvs_async.models, "__path_of_no_kind__")
    with pytest.raises(AttributeError, match=r"from cvs_async\.models import Passport"):
        operator.attrgetter("Passport")(cvs_async)


def test_modules_that_are_not_imported_yet_are_found() -> None:
    for name in ("sandbox", "checks", "cli"):
        scope: dict[str, object] = {}
        exec(f"from cvs_async import {name}", scope)
        assert scope[name] is importlib.import_module(f"cvs_async.{name}")


def test_names_listed_for_the_sandbox_exist() -> None:
    assert set(importlib.import_module("cvs_async.sandbox").__all__) >= SANDBOX


def test_the_modules_of_batch_are_not_listed() -> None:
    assert dir(cvs_async.batch) == sorted(cvs_async.batch.__all__)


@pytest.mark.parametrize("name", ["CVS", "Client", "AsyncClient"])
def test_what_others_call_the_client_is_answered_with_its_name(name: str) -> None:
    with pytest.raises(ImportError, match=rf"cvs_async has no '{name}'; the client is cvs_async\.AsyncCVS"):
        exec(f"from cvs_async import {name}")


def test_checks_have_hints_too() -> None:
    with pytest.raises(ImportError, match="did you mean check_paper"):
        exec("from cvs_async.checks import check_papers")
    with pytest.raises(ImportError, match=r"it is in cvs_async\.models"):
        exec("from cvs_async.checks import pairs")


@pytest.mark.parametrize("name", ["cvs_async", "cvs_async.models", "cvs_async.checks"])
def test_packages_list_what_is_for_users(name: str) -> None:
    package = importlib.import_module(name)
    assert dir(package) == sorted(package.__all__)
    assert inspect.getmembers(package)


def test_what_an_item_cost_can_be_asked() -> None:
    refused = cvs_async.InvalidInputError("no file")
    assert cvs_async.batch.cost_of(Failed(Item(0, "a.jpg"), refused)) == "not sent"
