"""Every operation in every form, as it goes over the wire; held against the vendor's documents."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Coroutine
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from cvs_async import AsyncCVS, Endpoint, InvalidInputError, Reply, Url
from cvs_async.api import OPERATIONS

ANSWER = {"data": [], "errorCode": "0", "errorMessage": "Success"}
CLOUD = "https://cloud.computervision.com.vn"

# operation, path, inputs: as the vendor's documents have them (000, 001 and 003)
DOCUMENTED = [
    ("ekyc.card", "/api/v2/ekyc/card", ["img"]),
    ("ekyc.cards", "/api/v2/ekyc/cards", ["img1", "img2"]),
    ("ocr.card", "/api/v2/ocr/card", ["img"]),
    ("ocr.claims", "/api/v2/ocr/claims", ["img"]),
    ("ocr.document.general", "/api/v2/ocr/document/general", ["img"]),
    ("ocr.document.invoice", "/api/v2/ocr/document/invoice", ["img"]),
]
EACH = pytest.mark.parametrize(("operation", "path", "inputs"), DOCUMENTED, ids=[row[0] for row in DOCUMENTED])

Call = Callable[..., Coroutine[Any, Any, Reply[Any]]]


def find(cvs: AsyncCVS, operation: str) -> Call:
    """The coroutine function that hangs at the operation's path."""
    found: Any = cvs
    for part in operation.split("."):
        found = getattr(found, part)
    call: Call = found
    return call


def multipart(request: httpx.Request) -> list[Message]:
    """The parts of a body, by a parser that is not ours."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.content)
    assert message.is_multipart()
    parts: list[Message] = message.get_payload()  # type: ignore[assignment]
    return parts


def query(request: httpx.Request) -> dict[str, str]:
    """The query, each parameter of which may be there only once."""
    pairs = parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.fixture
def service() -> Any:
    with respx.mock(base_url=CLOUD, using="httpx") as router:
        yield router


def test_the_table_is_what_is_documented() -> None:
    assert [(e.name, e.path, list(e.images)) for e in OPERATIONS.values()] == DOCUMENTED


@EACH
async def test_files_go_as_multipart(
    service: respx.Router, operation: str, path: str, inputs: list[str], tmp_path: Path
) -> None:
    route = service.post(path).respond(json=ANSWER)
    files = {}
    for name, file_name in zip(inputs, ("thẻ căn cước.jpg", "hộ chiếu.png"), strict=False):
        files[name] = tmp_path / file_name
        files[name].write_bytes(b"content of " + name.encode())
    async with AsyncCVS("khóa", "bí mật") as cvs:
        await find(cvs, operation)(*files.values(), get_thumb=True, check_sum="120EA8A25E5D487")
    request = route.calls.last.request
    assert query(request) == {"format_type": "file", "get_thumb": "true", "check_sum": "120EA8A25E5D487"}
    assert request.headers["authorization"] == "Basic " + base64.b64encode("khóa:bí mật".encode()).decode()
    assert int(request.headers["content-length"]) == len(request.content)
    parts = multipart(request)
    assert [part.get_param("name", header="content-disposition") for part in parts] == inputs
    assert [part.get_payload(decode=True) for part in parts] == [b"content of " + name.encode() for name in inputs]
    assert [part.get_content_type() for part in parts] == ["image/jpeg", "image/png"][: len(inputs)]
    assert 'filename="thẻ căn cước.jpg"'.encode() in request.content


@EACH
async def test_base64_goes_as_json(service: respx.Router, operation: str, path: str, inputs: list[str]) -> None:
    route = service.post(path).respond(json=ANSWER)
    contents = {name: bytes(range(256)) * 3 + name.encode() for name in inputs}
    async with AsyncCVS("key", "secret") as cvs:
        await find(cvs, operation)(*contents.values(), send_as="base64")
    request = route.calls.last.request
    assert query(request) == {"format_type": "base64", "get_thumb": "false"}
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {
        name: base64.b64encode(content).decode() for name, content in contents.items()
    }


@EACH
async def test_urls_go_in_the_query(service: respx.Router, operation: str, path: str, inputs: list[str]) -> None:
    route = service.get(path).respond(json=ANSWER)
    links = [f"https://example.com/ảnh {name}.jpg?a=1&b=%20+#đoạn" for name in inputs]
    async with AsyncCVS("key", "secret") as cvs:
        await find(cvs, operation)(*map(Url, links))
    request = route.calls.last.request
    assert query(request) == {
        **dict(zip(inputs, links, strict=True)),
        "format_type": "url",
        "get_thumb": "false",
    }
    assert request.content == b""
    assert "content-type" not in request.headers


async def test_a_text_that_begins_like_a_url_is_one(service: respx.Router) -> None:
    route = service.get("/api/v2/ocr/card").respond(json=ANSWER)
    async with AsyncCVS("key", "secret") as cvs:
        await cvs.ocr.card("HTTPS://example.com/a.jpg")
    assert query(route.calls.last.request)["img"] == "HTTPS://example.com/a.jpg"


async def test_the_escape_hatch_reaches_what_the_library_does_not_know(service: respx.Router) -> None:
    answer = {"data": {"anything": [1, 2]}, "errorCode": 0, "errorMessage": "Success", "new": True}
    route = service.post("/api/v2/ocr/new-paper").respond(json=answer)
    async with AsyncCVS("key", "secret") as cvs:
        reply = await cvs.call(Endpoint("ocr/new-paper", images=("front",), thumb=False), front=b"x", check_sum="1")
    assert query(route.calls.last.request) == {"format_type": "file", "check_sum": "1"}
    assert (reply.operation, reply.data, reply.raw) == ("ocr.new_paper", {"anything": [1, 2]}, answer)


async def test_operations_of_the_demo_host_go_there() -> None:
    with respx.mock(using="httpx") as router:
        route = router.post("https://demo.computervision.com.vn/api/v2/ocr/document/credit_report")
        route.respond(json=ANSWER)
        async with AsyncCVS("key", "secret") as cvs:
            await cvs.call(Endpoint("ocr/document/credit_report", host="demo"), img=b"x")
    assert route.called


async def test_origins_can_be_given_host_by_host() -> None:
    origins = {"cloud": "https://cvs.example.com/tiền-tố", "demo": "https://demo.example.com"}
    with respx.mock(using="httpx") as router:
        route = router.post(url__startswith="https://cvs.example.com/").respond(json=ANSWER)
        async with AsyncCVS("key", "secret", base_url=origins) as cvs:
            await cvs.ocr.card(b"x")
    assert route.calls.last.request.url.path == "/tiền-tố/api/v2/ocr/card"


@pytest.mark.parametrize(
    ("arguments", "options", "hint"),
    [
        ((), {}, "img"),
        ((b"x",), {"send_as": "url"}, "give a Url"),
        ((b"x",), {"send_as": "fax"}, "url, file, base64"),
        (("https://example.com/a.jpg",), {"send_as": "file"}, "download it first"),
        (("https://",), {}, "absolute"),
    ],
)
async def test_bad_calls_are_refused_before_anything_is_sent(
    arguments: tuple[Any, ...], options: dict[str, Any], hint: str
) -> None:
    endpoint = OPERATIONS["ocr.card"]
    with respx.mock(using="httpx", assert_all_called=False) as router:
        everything = router.route().respond(json=ANSWER)
        async with AsyncCVS("key", "secret") as cvs:
            with pytest.raises(InvalidInputError, match=hint) as caught:
                await cvs.call(endpoint, **dict(zip(endpoint.images, arguments, strict=False)), **options)
    assert not everything.called
    assert (caught.value.charge, caught.value.attempts, caught.value.operation) == ("free", 0, "ocr.card")


async def test_urls_and_files_cannot_be_mixed() -> None:
    async with AsyncCVS("key", "secret") as cvs:
        with pytest.raises(InvalidInputError, match="cannot be mixed"):
            await cvs.ekyc.cards("https://example.com/front.jpg", b"back")
