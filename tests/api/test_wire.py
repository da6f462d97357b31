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
    links = [f"https://example.com/ảnh-{name}.jpg?a=1&b=%20+#đoạn" for name in inputs]
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
        ((b"x",), {"send_as": "url"}, "pass a Url"),
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


# Operations that are not like the others


async def sent(
    method: str, path: str, call: Callable[[AsyncCVS], Coroutine[Any, Any, Any]], answer: Any = None
) -> httpx.Request:
    """The one request that a call makes."""
    with respx.mock(base_url=CLOUD, using="httpx") as router:
        route = router.request(method, path).respond(json=ANSWER if answer is None else answer)
        async with AsyncCVS("key", "secret") as cvs:
            await call(cvs)
    assert len(route.calls) == 1
    return route.calls.last.request


FOUND: dict[str, Any] = {"result": [], "status_code": 0, "message": "Success"}


async def test_face_matching_says_what_the_first_picture_is() -> None:
    request = await sent(
        "POST", "/api/v2/ekyc/face_matching", lambda cvs: cvs.ekyc.face_matching(b"a", b"b", "portrait")
    )
    assert query(request) == {"format_type": "file", "type1": "portrait"}


async def test_liveness_sends_three_files() -> None:
    request = await sent("POST", "/api/v2/ekyc/verify_liveness", lambda cvs: cvs.ekyc.verify_liveness(b"l", b"m", b"r"))
    assert query(request) == {"format_type": "file"}
    names = [part.get_param("name", header="content-disposition") for part in multipart(request)]
    assert names == ["portrait_left", "portrait_mid", "portrait_right"]


async def test_face_search_lists_with_offset_and_limit() -> None:
    path = "/api/v2/face_search/images"
    request = await sent("GET", path, lambda cvs: cvs.face_search.list_images(100, limit=50, check_sum="1"), FOUND)
    assert query(request) == {"offset": "100", "limit": "50", "check_sum": "1"}


async def test_face_search_sends_pictures_below_image() -> None:
    request = await sent("POST", "/api/v2/face_search/search", lambda cvs: cvs.face_search.search(b"picture"), FOUND)
    assert json.loads(request.content) == {"image": {"base64": base64.b64encode(b"picture").decode()}}
    metadata = {"tên": "Ví dụ", "số": 1.5, "nhãn": ["a", None]}
    added = await sent(
        "POST", "/api/v2/face_search/images", lambda cvs: cvs.face_search.add_image(b"picture", metadata), FOUND
    )
    assert json.loads(added.content) == {
        "image": {"base64": base64.b64encode(b"picture").decode(), "metadata": metadata}
    }
    assert int(added.headers["content-length"]) == len(added.content)


async def test_face_search_updates_by_put_and_deletes_by_delete_with_a_body() -> None:
    path = "/api/v2/face_search/images/123456"
    updated = await sent("PUT", path, lambda cvs: cvs.face_search.update_image(123456, {"name": "ví dụ"}), FOUND)
    assert json.loads(updated.content) == {"image_id": 123456, "metadata": {"name": "ví dụ"}}
    deleted = await sent(
        "DELETE", "/api/v2/face_search/images", lambda cvs: cvs.face_search.delete_images([123456, "987654"]), FOUND
    )
    assert json.loads(deleted.content) == {"ids": [123456, "987654"]}
    assert deleted.headers["content-type"] == "application/json"


async def test_all_images_are_fetched_page_by_page_as_they_are_asked_for() -> None:
    store = [{"id": number, "url": f"https://example.com/{number}"} for number in range(5)]

    def page(request: httpx.Request) -> httpx.Response:
        asked = query(request)
        offset, limit = int(asked["offset"]), int(asked["limit"])
        return httpx.Response(200, json=FOUND | {"result": store[offset : offset + limit]})

    with respx.mock(base_url=CLOUD, using="httpx") as router:
        route = router.get("/api/v2/face_search/images").mock(side_effect=page)
        async with AsyncCVS("key", "secret") as cvs:
            images = cvs.face_search.iter_images(2)
            assert [(await anext(images)).id for _ in range(2)] == ["0", "1"]
            assert len(route.calls) == 1
            assert [image.id async for image in images] == ["2", "3", "4"]
    assert [query(call.request)["offset"] for call in route.calls] == ["0", "2", "4"]


async def test_smart_crop_calls_a_url_url_and_a_file_img() -> None:
    path = "/api/v2/smartcrop/crop_image"
    answer = {"url": "https://example.com/r.jpg", "errorCode": 0, "errorMessage": "Success"}
    link = "https://example.com/a%20b.jpg?x=1&y=2"
    got = await sent("GET", path, lambda cvs: cvs.smartcrop.crop_image(link, 400, 600), answer)
    assert query(got) == {"url": link, "width": "400", "height": "600"}
    posted = await sent("POST", path, lambda cvs: cvs.smartcrop.crop_image(b"x", width=400, height=600), answer)
    assert query(posted) == {"width": "400", "height": "600"}
    assert [part.get_param("name", header="content-disposition") for part in multipart(posted)] == ["img"]


async def test_v1_has_names_and_paths_of_its_own() -> None:
    below = "/backend/api/v1/request/ocr"
    got = await sent("GET", f"{below}/cmt/get_mattruoc", lambda cvs: cvs.v1.get_mattruoc("https://example.com/a.jpg"))
    assert query(got) == {"url": "https://example.com/a.jpg"}
    posted = await sent("POST", f"{below}/cmt/get_mattruoc", lambda cvs: cvs.v1.get_mattruoc(b"x"))
    assert posted.url.query == b""
    assert [part.get_param("name", header="content-disposition") for part in multipart(posted)] == ["image"]
    path = f"{below}/cmt/get_haimatbase64"
    encoded = await sent("POST", path, lambda cvs: cvs.v1.get_haimat(b"front", b"back", send_as="base64"))
    assert json.loads(encoded.content) == {
        "mattruoc": base64.b64encode(b"front").decode(),
        "matsau": base64.b64encode(b"back").decode(),
    }
    whole = await sent("POST", f"{below}/v1/get_infor", lambda cvs: cvs.v1.get_infor(b"%PDF-"))
    assert [part.get_param("name", header="content-disposition") for part in multipart(whole)] == ["file"]


REFUSED: list[tuple[str, Callable[[AsyncCVS], Coroutine[Any, Any, Any]], str]] = [
    ("no ids", lambda cvs: cvs.face_search.delete_images([]), "ids must contain at least one id"),
    ("ids as text", lambda cvs: cvs.face_search.delete_images("12"), "ids must be a list"),
    ("an id with a slash", lambda cvs: cvs.face_search.update_image("a/b"), "image_id must be an id"),
    ("an id that climbs", lambda cvs: cvs.face_search.update_image(".."), "image_id must be an id"),
    ("a reserved key", lambda cvs: cvs.face_search.add_image(b"x", {"user": 1}), "metadata must not contain user"),
    ("no JSON", lambda cvs: cvs.face_search.add_image(b"x", {"a": b"x"}), "metadata must contain only JSON"),
    ("not a number", lambda cvs: cvs.face_search.add_image(b"x", {"a": float("nan")}), "metadata must contain only"),
    ("a negative offset", lambda cvs: cvs.face_search.list_images(-1), "offset must be a whole number of at least 0"),
    ("a limit of 0", lambda cvs: cvs.face_search.list_images(0, 0), "limit must be a whole number of at least 1"),
    ("a width of 0", lambda cvs: cvs.smartcrop.crop_image(b"x", 0, 5), "width must be a whole number of at least 1"),
    ("half a pixel", lambda cvs: cvs.smartcrop.crop_image(b"x", 5, 0.5), "height must be a whole number"),  # type: ignore[arg-type]
    ("a wrong type1", lambda cvs: cvs.ekyc.face_matching(b"x", b"y", "selfie"), "type1 must be one of"),  # type: ignore[arg-type]
    ("a form that is not documented", lambda cvs: cvs.ocr.scan(b"x", send_as="base64"), "it takes url, file"),
    ("a URL for v1", lambda cvs: cvs.v1.matchingliveness(*["https://example.com/a.jpg"] * 4), "does not accept URLs"),
    ("a thumb that is not documented", lambda cvs: cvs.ocr.scan(b"x", get_thumb=True), "takes no get_thumb"),  # type: ignore[call-arg]
    ("an odd check_sum", lambda cvs: cvs.ocr.card(b"x", check_sum="a\ud800"), "check_sum must be printable"),
]


@pytest.mark.parametrize(("call", "sentence"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_unusable_arguments_are_refused_by_name(
    call: Callable[[AsyncCVS], Coroutine[Any, Any, Any]], sentence: str
) -> None:
    with respx.mock(using="httpx", assert_all_called=False) as router:
        everything = router.route().respond(json=ANSWER)
        async with AsyncCVS("key", "secret") as cvs:
            with pytest.raises(InvalidInputError, match=sentence):
                await call(cvs)
    assert not everything.called
