"""Models in FastAPI and pydantic: returned, received and documented as they are, without pydantic as a dependency."""

from __future__ import annotations

import inspect
import itertools
import json
import re
import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import attrs
import httpx
import pytest
import typing_extensions
from fastapi import Body, FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, TypeAdapter, ValidationError

import cvs_async
from cvs_async import AsyncCVS, CVSError, Done, Failed, Held, InvalidImageError, Reply, batch, checks, models
from cvs_async._codec.converter import structure
from cvs_async.api import OPERATIONS
from cvs_async.batch.outcome import Item, Outcome
from cvs_async.models import (
    Amount,
    Box,
    ChipIdCardBack,
    ChipIdCardFront,
    Field,
    Finding,
    Front,
    IdCard12Front,
    IdentityPaper,
    Image,
    Invoice,
    LandCertificate,
    Page,
    Paper,
    Passport,
    PersonCard,
    PersonWithCard,
    Recognized,
    TextItem,
    Unknown,
    V1Paper,
    fields_of,
    pair,
)
from cvs_async.models.fields import PAPERS
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.stats import ClientStats, Event
from tests.support.papers import EXAMPLES

PASSPORT: Recognized[Passport] = Recognized(
    type="passport", info=Passport(id=Field("B1", 0.5, Box(1, 2, 3, 4.5), 1), image=Image("AA==")), extra={"mới": [1]}
)
REPLY: Reply[Any] = Reply(operation="ocr.card", data=[PASSPORT], raw={"errorCode": 0})


async def call(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    """Return the response of an app, without a network."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        return await client.request(method, path, **options)


async def get(app: FastAPI, path: str) -> Any:
    """The same, as plain JSON."""
    return (await call(app, "GET", path)).json()


def app_of(endpoint: Callable[[], Any]) -> FastAPI:
    app = FastAPI()
    app.get("/")(endpoint)
    return app


async def components(app: FastAPI) -> dict[str, Any]:
    """The schemas in OpenAPI."""
    schemas: dict[str, Any] = (await get(app, "/openapi.json"))["components"]["schemas"]
    return schemas


# Answers


async def papers() -> list[Recognized]:
    return [PASSPORT]


async def passport() -> Recognized[Passport]:
    return PASSPORT


async def reply() -> Reply[list[Recognized]]:
    return REPLY


async def whatever():  # type: ignore[no-untyped-def]
    return {"paper": PASSPORT, "reply": REPLY, "outcome": Done(Item(0, "a.jpg"), REPLY)}


async def test_what_a_call_returns_can_be_returned_from_an_endpoint() -> None:
    assert await get(app_of(papers), "/") == [PASSPORT.to_dict()]
    assert await get(app_of(passport), "/") == PASSPORT.to_dict()
    assert await get(app_of(reply), "/") == REPLY.to_dict()


async def test_an_endpoint_without_a_type_returns_them_too() -> None:
    assert await get(app_of(whatever), "/") == {
        "paper": PASSPORT.to_dict(),
        "reply": REPLY.to_dict(),
        "outcome": Done(Item(0, "a.jpg"), REPLY).to_dict(),
    }


async def test_a_paper_that_was_read_is_returned_as_it_is(
    sandbox: Sandbox, cvs: AsyncCVS, samples: list[Sample]
) -> None:
    app = FastAPI()

    @app.get("/{index}")
    async def read(index: int) -> list[Recognized]:
        return (await cvs.ocr.card(samples[index].path, get_thumb=True)).data

    kinds = {sample.kind: index for index, sample in enumerate(samples)}
    for kind in ("citizen_card", "passport"):
        (paper, *_) = await get(app, f"/{kinds[kind]}")
        assert paper["info"]["image"]
        assert Recognized.from_dict(paper).to_dict() == paper


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_kind_of_answer_is_the_same_in_all_ways(name: str) -> None:
    returns, wire = EXAMPLES[name]
    data = structure(wire, returns)
    plain = Reply(operation="x", data=data, raw={}).to_dict()["data"]
    adapter: TypeAdapter[Any] = TypeAdapter(returns)
    assert json.loads(adapter.dump_json(data)) == plain
    assert adapter.dump_python(data) == plain
    assert jsonable_encoder(data) == plain
    assert adapter.validate_python(data) == data
    assert adapter.validate_json(adapter.dump_json(data)) == data


def test_what_has_no_dictionary_of_its_own_can_be_returned_too() -> None:
    (plate, *_) = fields_of("ocr.vehicle_plate")
    assert jsonable_encoder(Image("aGk=")) == {"base64": "aGk="}
    assert jsonable_encoder(Amount(Decimal("1.50"), "VND")) == {"value": "1.50", "unit": "VND"}
    assert jsonable_encoder(plate)["english"] == "Number plate"
    assert {each["name"]: each["model"] for each in jsonable_encoder(fields_of("ocr.card"))}["info"] is not None
    assert jsonable_encoder(ClientStats(retries=Counter(["unknown", "unknown"])))["retries"] == {"unknown": 2}
    assert jsonable_encoder(Event(operation="ocr.card", attempt=1, charge="free"))["charge"] == "free"
    assert set(jsonable_encoder(batch.Stats(done=1))) >= {"done", "errors", "in_flight"}


def test_a_wrong_name_of_an_amount_is_an_error() -> None:
    with pytest.raises(KeyError, match="Amount has no 'currency'"):
        Amount(Decimal(1))["currency"]


@pytest.mark.parametrize(("kind", "title"), [(Reply, "Reply"), (Passport, "Passport"), (Image, "Image")])
def test_titles_are_names_of_classes(kind: Any, title: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    assert adapter.json_schema()["title"] == title
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(5)
    assert f"[{title}()]" in caught.value.title


async def test_a_letter_that_no_json_can_hold_costs_no_answer() -> None:
    odd = Passport(name=Field("a\ud800"), extra={"share": float("nan")})

    async def read() -> Passport:
        return odd

    assert await get(app_of(read), "/") == odd.to_dict()
    JSONResponse(jsonable_encoder(odd))


def test_a_page_a_box_and_a_picture_are_fields_of_pydantic_models() -> None:
    class Mine(BaseModel):
        box: Box
        image: Image
        pages: list[Page]
        field: Field[str]
        front: Recognized[Front] | None = None

    pages = structure([[[[{"text": "Xin chào"}]]]], list[Page])
    mine = Mine(box=Box(1, 2, 3, 4), image=Image("AA=="), pages=pages, field=Field("a"))
    again = Mine.model_validate_json(mine.model_dump_json())
    assert again == mine
    assert isinstance(again.pages[0][0][0][0], TextItem)
    assert mine.model_dump() == {
        "box": [1, 2, 3, 4],
        "image": "AA==",
        "pages": [pages[0].to_dict()],
        "field": {"value": "a", "confidence": None, "box": None, "page": None},
        "front": None,
    }


# What is received


def test_a_page_has_its_picture_in_pydantic() -> None:
    pages = TypeAdapter(list[Page])
    page = Page([], image=Image("UA=="), extra={"new": 1})
    assert json.loads(pages.dump_json([page])) == [{"image": "UA==", "new": 1, "result": []}]
    (again,) = pages.validate_json(pages.dump_json([page]))
    assert (again.image, again.extra) == (page.image, page.extra)


async def test_a_paper_is_received_as_it_was_written() -> None:
    app = FastAPI()

    @app.post("/")
    async def take(paper: Annotated[Recognized, Body()]) -> str:
        assert paper == PASSPORT
        return type(paper.info).__name__

    assert (await call(app, "POST", "/", json=PASSPORT.to_dict(compact=True))).json() == "Passport"
    refused = await call(app, "POST", "/", json={"type": "passport", "info": {"id": "B1"}})
    assert refused.status_code == 422
    assert "info.id is not an object" in refused.text


def test_a_paper_of_another_class_is_refused() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Recognized[Invoice])
    with pytest.raises(ValidationError, match="info is a paper of class Passport, not Invoice"):
        adapter.validate_python(PASSPORT)
    assert isinstance(adapter.validate_python({"info": {}}).info, Invoice)


def test_one_of_several_classes_is_chosen_by_the_type() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Recognized[IdentityPaper])
    assert adapter.validate_python(PASSPORT.to_dict()) == PASSPORT
    assert adapter.validate_python(PASSPORT) is PASSPORT
    for other in ("invoice", "giấy_mới"):
        with pytest.raises(ValidationError, match="type is not the type of any paper allowed here"):
            adapter.validate_python({"type": other, "info": {}})


def test_a_reply_is_received_in_the_type_that_is_declared() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Reply[list[Recognized]])
    written = REPLY.to_dict() | {"operation": "ocr/new"}
    assert adapter.validate_python(written) == attrs.evolve(REPLY, operation="ocr/new", raw={})
    assert TypeAdapter(Reply[Any]).validate_python(REPLY.to_dict()).data == [PASSPORT]


@pytest.mark.parametrize(
    "union", [Recognized[Passport] | Recognized[Invoice], Recognized[Invoice] | Recognized[Passport]]
)
def test_a_paper_becomes_none_of_another_class_in_a_union(union: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(union)
    invoice = Recognized(type="invoice", info=Invoice(total_amount=Field("1.000")))
    for paper in (PASSPORT, invoice):
        assert adapter.validate_python(paper.to_dict()) == paper
        assert adapter.validate_json(paper.to_json(compact=True)) == paper


def test_a_paper_of_another_type_is_refused_wherever_it_is() -> None:
    for adapter in (TypeAdapter(Recognized[Invoice]), TypeAdapter(Reply[list[Recognized[Invoice]]])):
        written: Any = PASSPORT if "Reply" not in str(adapter) else REPLY
        with pytest.raises(ValidationError, match=r"type belongs to a paper of class Passport, not Invoice"):
            adapter.validate_python(written.to_dict())


BARE = [Passport(sur_name=Field("LE")), Invoice(total_amount=Field("1")), ChipIdCardFront(gender=Field("Nam"))]


@pytest.mark.parametrize("kinds", list(itertools.permutations([Passport, Invoice, ChipIdCardFront, IdCard12Front])))
def test_a_paper_without_its_type_becomes_none_of_another_class(kinds: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(reduce(or_, kinds))
    for paper in BARE:
        assert adapter.validate_python(paper) is paper
        assert adapter.validate_python(paper.to_dict()) == paper
    for paper in BARE[:2]:
        assert adapter.validate_python(paper.to_dict(compact=True)) == paper


def test_names_of_another_class_are_an_error_and_those_of_a_newer_version_are_not() -> None:
    with pytest.raises(ValidationError, match="the value is written as of class Invoice, not Passport") as caught:
        TypeAdapter(Passport).validate_python(Invoice().to_dict())
    assert caught.value.error_count() == 1
    with pytest.raises(ValidationError, match="info is written as of class Passport, not Invoice"):
        TypeAdapter(Recognized[Invoice]).validate_python({"info": Passport().to_dict()})
    newer = Passport().to_dict() | {"mới": 1, "total_amount": {"value": "5"}}
    assert TypeAdapter(Passport).validate_python(newer).extra == {"mới": 1, "total_amount": {"value": "5"}}
    assert isinstance(TypeAdapter(Passport).validate_python(Paper(id=Field("1")).to_dict()), Passport)


def test_a_paper_is_not_taken_for_what_it_is_wrapped_in() -> None:
    unions: list[Any] = [Recognized | V1Paper | Passport, Passport | V1Paper | Recognized]
    for union in unions:
        assert TypeAdapter(union).validate_python(PASSPORT.to_dict()) == PASSPORT


ANY_REPLY: Any = Reply
"""It takes any type, for type checkers, too."""


ANYTHING = TypeVar("ANYTHING")
WITHOUT_DEFAULT = typing_extensions.TypeVar("WITHOUT_DEFAULT")


class Envelope(BaseModel, Generic[ANYTHING]):
    """A generic model of a user's own."""

    reply: Reply[ANYTHING]


class OtherEnvelope(BaseModel, Generic[WITHOUT_DEFAULT]):
    """Another."""

    reply: Reply[WITHOUT_DEFAULT]


@pytest.mark.parametrize("envelope", [Envelope, OtherEnvelope])
def test_a_variable_is_whatever_it_is_filled_with(envelope: Any) -> None:
    for kind in (envelope, envelope[list[Recognized]], envelope[list[Recognized[Passport]]]):
        assert kind.model_validate({"reply": REPLY.to_dict()}).reply.data == [PASSPORT]
        assert kind.model_json_schema()["properties"]["reply"]
    with pytest.raises(ValidationError, match="not Invoice"):
        envelope[list[Recognized[Invoice]]].model_validate({"reply": REPLY.to_dict()})


class Mine(BaseModel):
    """A type of a user's own."""

    number: int


@pytest.mark.parametrize(
    ("kind", "data", "problem"),
    [
        (list[Recognized], 7, "data is of class int, not list"),
        (str, 7, "data is not a text"),
        (list, 7, "data: Input should be a valid list"),
        (dict[str, int], {"a": "SECRET"}, "data.a: Input should be a valid integer"),
        (Passport | None, 7, "data is not an object as Passport.to_dict writes it"),
        (Passport | Invoice, 7, "data is not an object as Passport.to_dict writes it"),
        (Passport | Invoice, ChipIdCardFront().to_dict(), "data is written as of class"),
        (list[Recognized[Passport] | Recognized[Invoice]], [3], "data.0 is not an object as Recognized.to_dict"),
        (list[Mine], [{"number": "SECRET"}], "data.0.number: Input should be a valid integer"),
    ],
)
def test_data_of_another_type_than_declared_is_refused(kind: Any, data: Any, problem: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(ANY_REPLY[kind])
    received = {"operation": "mine", "charge": "billed", "data": data}
    with pytest.raises(ValidationError, match=problem):
        adapter.validate_python(attrs.evolve(REPLY, data=data))
    problem = problem.replace("data is of class int, not list", "data is not a list")
    with pytest.raises(ValidationError, match=problem) as caught:
        adapter.validate_python(received)
    (error,) = caught.value.errors(include_input=False)
    assert "SECRET" not in str(error)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Passport | None, None),
        (Passport | Invoice, Invoice(date=Field("1"))),
        (list[Recognized[Invoice] | Recognized[Passport]], [PASSPORT]),
        (dict[str, list[Recognized]], {"a": [PASSPORT]}),
        (int, 5),
    ],
)
def test_data_of_any_declared_type_is_received_as_it_was_written(kind: Any, data: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(ANY_REPLY[kind])
    reply = attrs.evolve(REPLY, operation="mine", data=data, raw={})
    assert adapter.validate_python(reply) == reply
    assert adapter.validate_python(reply.to_dict()) == reply
    assert adapter.json_schema()["title" if "title" in adapter.json_schema() else "properties"]


def test_data_of_a_users_own_type_is_made_of_it() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Reply[Mine])
    for given in (
        attrs.evolve(REPLY, data={"number": 5}),
        attrs.evolve(REPLY, operation="x", data={"number": 5}).to_dict(),
    ):
        assert adapter.validate_python(given).data == Mine(number=5)
    done: TypeAdapter[Any] = TypeAdapter(Done[Mine])
    assert done.validate_python(Done(Item(0, "a"), attrs.evolve(REPLY, data={"number": 5}))).reply.data == Mine(
        number=5
    )


def test_both_sides_of_a_card_and_findings_are_received_as_they_were_written() -> None:
    card = pair(
        Recognized(type="chip_id_card_front", info=ChipIdCardFront(id=Field("001"))),
        Recognized(type="chip_id_card_back", info=ChipIdCardBack(person_number=Field("002"))),
    )
    (finding,) = card.findings
    assert TypeAdapter(PersonCard).validate_python(card.to_dict()) == card
    assert TypeAdapter(Finding).validate_json(finding.to_json()) == finding
    for wrong in ({}, {"path": "a", "kind": "sex"}, {"path": "a", "kind": "other", "message": "b"}):
        with pytest.raises(ValidationError, match=r"(message|path) is not there|kind: Input should be"):
            TypeAdapter(Finding).validate_python(wrong)


def test_the_arguments_of_fields_declare_their_type() -> None:
    class Both(BaseModel):
        text: Field
        number: Field[int]

    both = Both.model_validate({"text": {"value": "a"}, "number": {"value": 5}})
    assert (both.text, both.number) == (Field("a"), Field(5))
    for wrong in ({"text": {"value": 5}, "number": {"value": 5}}, {"text": {}, "number": {"value": "a"}}):
        with pytest.raises(ValidationError):
            Both.model_validate(wrong)
    found = Both.model_json_schema()["$defs"]
    values = [each["properties"]["value"]["anyOf"] for each in found.values() if "value" in each.get("properties", {})]
    assert [kinds[0]["type"] for kinds in values] == ["string", "integer"]


def test_a_paper_beside_one_that_is_narrowed_is_of_its_own_class() -> None:
    class Two(BaseModel):
        first: Recognized
        second: Recognized[Invoice]

    with pytest.raises(ValidationError, match="info is a paper of class Passport, not Invoice") as caught:
        Two(first=PASSPORT, second=PASSPORT)  # type: ignore[arg-type]
    (error,) = caught.value.errors()
    assert error["loc"] == ("second",)


def test_what_a_reply_holds_is_checked() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Reply[list[Recognized[Invoice]]])
    with pytest.raises(ValidationError, match="info is a paper of class Passport, not Invoice"):
        adapter.validate_python(REPLY)
    with pytest.raises(ValidationError, match="data is of class Recognized, not list"):
        adapter.validate_python(attrs.evolve(REPLY, data=PASSPORT))
    with pytest.raises(ValidationError, match="data is of class Passport, not Recognized"):
        adapter.validate_python(attrs.evolve(REPLY, data=[PASSPORT.info]))
    for kind in (Any, list[Recognized], list[Recognized[Passport]], list[Recognized[IdentityPaper]]):
        assert TypeAdapter(Reply[kind]).validate_python(REPLY) is REPLY  # type: ignore[valid-type]


@pytest.mark.parametrize("name", ["elapsed", "attempts"])
async def test_a_number_without_end_is_refused_and_no_failure_of_the_server(name: str) -> None:
    app = FastAPI()

    @app.post("/")
    async def take(reply: Annotated[Reply[list[Recognized]], Body()]) -> int:
        return reply.attempts

    body = json.dumps(REPLY.to_dict() | {name: 7}).replace(": 7", ": " + "7" * 400)
    answered = await call(app, "POST", "/", content=body, headers={"content-type": "application/json"})
    assert answered.status_code == 422
    assert f"{name} is not a finite number" in answered.text


@pytest.mark.parametrize(
    "body",
    [
        *(f'{{"value":"SECRET","confidence":{number}}}' for number in ("NaN", "-Infinity", "1e400", "9" * 400, '"x"')),
        *(f'{{"value":"SECRET","box":[1,2,{side},4]}}' for side in ("NaN", "1e400", "9" * 400, "true", '"x"')),
        *('{"value":"SECRET","page":1.5}', '{"value":["SECRET"]}', '["SECRET"]', '"SECRET"', "5", '{"SECRET":1}'),
    ],
)
async def test_what_cannot_be_read_is_refused_and_not_sent_back(body: str) -> None:
    app = FastAPI()

    @app.post("/")
    async def take(field: Annotated[Field, Body()]) -> Field:
        return field

    refused = await call(app, "POST", "/", content=body, headers={"content-type": "application/json"})
    assert refused.status_code == 422
    assert "SECRET" not in refused.text
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Field).validate_json(body.replace('"SECRET":1', '"value":5,"SECRET":1'))
    assert "SECRET" not in str(caught.value)
    assert "SECRET" not in repr(caught.value.errors())


async def test_what_is_nested_deeply_is_received_and_returned() -> None:
    app = FastAPI()

    @app.post("/")
    async def take(reply: Annotated[Reply[list[Recognized]], Body()]) -> list[Reply[list[Recognized]]]:
        return [reply]

    inside = "[" * 400 + "]" * 400
    body = REPLY.to_json().replace('"mới": [1]', f'"mới": {inside}')
    answered = await call(app, "POST", "/", content=body.encode(), headers={"content-type": "application/json"})
    assert answered.status_code == 200
    assert "more than 200 levels deep" in answered.text
    assert answered.json()[0]["data"][0]["info"] == PASSPORT.info.to_dict()


OUTCOMES: list[Any] = [
    Done(Item(0, "a.jpg", key="k", reference="r"), REPLY, replayed=True),
    Done(Item(0, ("a.jpg", "b.jpg")), attrs.evolve(REPLY, data=[]), purged=True),
    Failed(Item(1, "a.jpg"), InvalidImageError("no", operation="ocr.card", code=1, message="m", charge="free")),
    Held(Item(2, "a.jpg"), "in_doubt", CVSError("no", operation="ocr.card", raw=b"x")),
]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_is_written_and_documented_as_a_line_of_json_lines(outcome: Any) -> None:
    kinds: tuple[Any, ...] = (type(outcome), Outcome)
    for kind in kinds:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        assert adapter.validate_python(outcome) is outcome
        assert json.loads(adapter.dump_json(outcome)) == outcome.to_dict()
    schema = TypeAdapter(type(outcome)).json_schema(mode="serialization")
    assert set(outcome.to_dict()) <= set(schema["properties"])
    assert set(schema["required"]) <= set(outcome.to_dict())


def test_an_outcome_is_not_read_back() -> None:
    with pytest.raises(ValidationError, match="an outcome is not read back"):
        TypeAdapter(Done).validate_python(OUTCOMES[0].to_dict())


async def test_an_endpoint_returns_outcomes() -> None:
    async def read() -> list[Outcome[list[Recognized]]]:
        return OUTCOMES

    app = app_of(read)
    assert await get(app, "/") == [outcome.to_dict() for outcome in OUTCOMES]
    assert {"Failed", "Held"} <= set(await components(app))


# What is documented


async def test_a_paper_of_any_class_is_documented_once() -> None:
    app = app_of(papers)

    @app.get("/person")
    async def person() -> PersonWithCard:
        raise AssertionError

    @app.get("/same")
    async def same() -> list[Recognized[Paper]]:
        raise AssertionError

    assert [name for name in await components(app) if name.startswith("Recognized")] == ["Recognized"]


def references(schema: Any) -> Iterator[str]:
    parts = schema if isinstance(schema, list) else schema.values() if isinstance(schema, dict) else ()
    for part in parts:
        yield from references(part)
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]


def public_types() -> list[Any]:
    modules = (cvs_async, models, batch, checks)
    public = [getattr(module, name) for module in modules for name in module.__all__]
    classes = [each for each in public if inspect.isclass(each) and hasattr(each, "__get_pydantic_core_schema__")]
    papers = [Recognized[each] for each in classes if issubclass(each, Paper)]  # type: ignore[valid-type]
    answers = list(dict.fromkeys(each.returns for each in OPERATIONS.values() if each.returns is not None))
    generic: list[Any] = [Reply, Done, Outcome]
    replies = [kind[each] for each in answers for kind in generic]
    unions: list[Any] = [Passport | Invoice, Reply[Passport | Invoice], Recognized[IdentityPaper], Recognized[Front]]
    return [*dict.fromkeys(classes), *papers, *answers, *replies, *unions, Outcome, Field[str], Field[int], Field[Any]]


async def test_an_app_of_all_public_types_is_documented() -> None:
    app = FastAPI()
    kinds = public_types()
    assert {Reply, Done, Failed, Held, Box, Image, Page, Finding, PersonCard} <= set(kinds)
    for place, kind in enumerate(kinds):

        async def take(it: Any) -> Any:
            raise AssertionError

        take.__annotations__ |= {"it": Annotated[kind, Body()], "return": kind | None}
        app.post(f"/{place}")(take)
    openapi = await get(app, "/openapi.json")
    found = openapi["components"]["schemas"]
    assert {each.rpartition("/")[2] for each in references(openapi)} <= set(found)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+(-Input|-Output)?", name) for name in found)
    assert not [name for name in found if "cvs_async" in name or "_T_" in name]
    assert {"Recognized-Input", "Recognized_Invoice_-Output", "Reply_Passport___Invoice_-Input"} <= set(found)


async def test_openapi_has_each_field_with_its_meaning() -> None:
    found = await components(app_of(papers))
    assert set(found) >= {"Recognized", "Field", "Box", "Image", *(kind.__name__ for kind in PAPERS.values())}
    infos = [each["$ref"].rpartition("/")[2] for each in found["Recognized"]["properties"]["info"]["anyOf"]]
    assert set(infos) == {*(kind.__name__ for kind in PAPERS.values()), "Unknown"}
    assert found["Passport"]["properties"]["sur_name"] == {
        "$ref": "#/components/schemas/Field",
        "description": "Family name, without diacritics (họ), such as `LE`.",
    }
    assert found["Field"]["properties"]["page"]["description"].startswith("page number, counted")
    assert found["Recognized"]["description"].startswith("A paper found")


@pytest.mark.parametrize("cls", [*PAPERS.values(), Unknown])
def test_the_documented_names_are_those_that_are_written(cls: Any) -> None:
    schema = TypeAdapter(cls).json_schema(mode="serialization")
    written = cls(extra={"a": 1}).to_dict()
    assert set(schema["properties"]) == set(written)
    assert set(schema["required"]) == set(cls().to_dict())
    undescribed = [name for name, each in schema["properties"].items() if "description" not in each]
    assert undescribed == ["extra"]
    assert "required" not in TypeAdapter(cls).json_schema(mode="validation")


def test_every_field_of_the_catalogue_is_documented() -> None:
    properties = TypeAdapter(Passport).json_schema()["properties"]
    assert {field.name for field in fields_of(Passport)} <= set(properties)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_each_operation_answers_is_documented(operation: str) -> None:
    returns = OPERATIONS[operation].returns
    if returns is None:
        assert TypeAdapter(Reply[Any]).json_schema()["properties"]["data"].get("type") is None
        return
    for mode in ("validation", "serialization"):
        schema = TypeAdapter(Reply[returns]).json_schema(mode=mode)  # type: ignore[valid-type]
        assert schema["properties"]["operation"]["type"] == "string"
        assert schema["properties"]["data"].get("items") or schema["properties"]["data"]["$ref"]


def test_a_narrowed_paper_is_documented_as_such() -> None:
    def kinds(source: Any) -> set[str]:
        schema = TypeAdapter(source).json_schema()
        info = schema["properties"]["info"]
        return {each["$ref"].rpartition("/")[2] for each in info.get("anyOf", [info])}

    assert kinds(Recognized[Invoice]) == {"Invoice"}
    assert "LandCertificate2" in kinds(Recognized[LandCertificate])
    assert kinds(Recognized[LandCertificate]) >= {"LandCertificate1", "LandCertificate"}
    assert "Passport" in kinds(Recognized[IdentityPaper])
    assert "Invoice" not in kinds(Recognized[IdentityPaper])
    assert "V1IdCard9Front" in kinds(V1Paper)


def test_importing_needs_no_pydantic() -> None:
    script = "import sys; sys.modules['pydantic'] = None; import cvs_async.models as m; print(m.Passport().to_dict())"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "'id'" in ended.stdout
    script = "import sys, cvs_async; print('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False\n"


async def test_the_web_app_of_the_examples_documents_what_it_returns() -> None:
    path = Path(__file__).parents[2] / "examples" / "web_app.py"
    openapi = await get(runpy.run_path(str(path))["app"], "/openapi.json")
    (answer,) = openapi["paths"]["/cards"]["post"]["responses"]["200"]["content"].values()
    assert answer["schema"]["items"] == {"$ref": "#/components/schemas/Recognized"}
