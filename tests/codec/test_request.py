"""Requests as the vendor documents them, taken apart again by parsers that are not ours."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st
from python_multipart import parse_form

from cvs_async import Endpoint, Url
from cvs_async._codec import inputs as inputs_module
from cvs_async._codec.endpoint import Form
from cvs_async._codec.inputs import CHUNK, Part, load
from cvs_async._codec.request import Base64, Body, Request, build
from cvs_async.api import OPERATIONS

CARD = Endpoint[Any]("ocr/card")
CARDS = Endpoint[Any]("ekyc/cards", images=("img1", "img2"))
DEMO = Endpoint[Any]("ocr/document/land-certificate", host="demo")
OLD = Endpoint[Any]("/backend/api/v1/request/ocr/get_infor", thumb=False)

LINK = "https://example.com/ảnh%20thẻ.jpg?token=a+b&x=1#trang=2"
BOUNDARY = "f00dfeedf00dfeedf00dfeedf00dfeed"
VIETNAMESE = "Hồ sơ bồi thường – Nguyễn Thị Ánh Đào.pdf"


def part(data: bytes, filename: str = "ảnh.jpg", content_type: str = "image/jpeg") -> Part:
    return Part(filename, content_type, len(data), data)


def request_of(
    form: Form,
    values: Mapping[str, Url | Part],
    endpoint: Endpoint[Any] = CARD,
    parameters: Mapping[str, str] | None = None,
) -> Request:
    endpoint = evolve(endpoint, images=tuple(values))
    return build(endpoint, form, values, parameters or {}, boundary=BOUNDARY)


async def read(body: Body | Base64 | None) -> bytes:
    assert body is not None
    return b"".join([chunk async for chunk in body.chunks()])


def read_now(body: Body | Base64 | None) -> bytes:
    """For tests that Hypothesis calls many times."""
    return asyncio.run(read(body))


def query(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.query, keep_blank_values=True, strict_parsing=True, errors="strict")


def parse_multipart(body: Body, data: bytes) -> list[dict[str, Any]]:
    """The files of a multipart body: field name, file name, type and content, as a server reads them."""
    files: list[dict[str, Any]] = []

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        files.append(
            {
                "field": file.field_name.decode(),
                "name": file.file_name.decode(),
                "type": file.content_type,
                "content": file.file_object.read(),
            }
        )
        file.close()

    def on_field(field: Any) -> None:
        raise AssertionError(f"a field that is no file: {field}")

    headers = {"Content-Type": body.content_type.encode(), "Content-Length": str(len(data)).encode()}
    parse_form(headers, BytesIO(data), on_field, on_file)
    return files


# The request line


@pytest.mark.parametrize(
    ("form", "value", "method"),
    [("url", Url(LINK), "GET"), ("file", part(b"x"), "POST"), ("base64", part(b"x"), "POST")],
)
@pytest.mark.parametrize(
    ("endpoint", "operation", "host", "path"),
    [
        (CARD, "ocr.card", "cloud", "/api/v2/ocr/card"),
        (DEMO, "ocr.document.land_certificate", "demo", "/api/v2/ocr/document/land-certificate"),
        (OLD, "backend.api.v1.request.ocr.get_infor", "cloud", "/backend/api/v1/request/ocr/get_infor"),
    ],
)
def test_a_request_goes_where_its_operation_is(
    form: Form, value: Url | Part, method: str, endpoint: Endpoint[Any], operation: str, host: str, path: str
) -> None:
    request = request_of(form, {"img": value}, endpoint)
    assert (request.operation, request.host, request.path, request.method) == (operation, host, path, method)


@pytest.mark.parametrize("form", ["file", "base64"])
def test_the_query_of_a_post_tells_its_form_and_parameters_only(form: Form) -> None:
    request = request_of(form, {"img": part(b"CANARY")}, parameters={"get_thumb": "true", "check_sum": "đối soát"})
    assert query(request) == [("format_type", form), ("get_thumb", "true"), ("check_sum", "đối soát")]


def test_urls_travel_in_the_query_of_a_get_without_body() -> None:
    request = request_of("url", {"img1": Url(LINK), "img2": Url(LINK + "2")}, CARDS, {"get_thumb": "false"})
    assert request.body is None
    assert query(request) == [
        ("img1", LINK),
        ("img2", LINK + "2"),
        ("format_type", "url"),
        ("get_thumb", "false"),
    ]


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_builds_in_every_form_that_it_takes(operation: str) -> None:
    endpoint = OPERATIONS[operation]
    for form in endpoint.forms:
        values = {name: Url(LINK) if form == "url" else part(b"x") for name in endpoint.images}
        request = build(endpoint, form, values, {}, boundary=BOUNDARY)
        names = list(endpoint.wire_names(form)) if form == "url" else []
        assert [name for name, _ in query(request)] == names + ["format_type"] * endpoint.format_type
        assert dict(query(request)).get("format_type") == (form if endpoint.format_type else None)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
vietnamese = st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyẫỗợệÁẢÝ &?#=+%/;:,'\"", max_size=40)


in_urls = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])
rests = st.text(in_urls, max_size=40) | vietnamese.map(lambda text: text.replace(" ", "%20"))


@given(rest=rests, check_sum=texts | vietnamese)
@example(rest="?a=1&b=2#c%20d+e%20f", check_sum="&img=https://evil.example.com/")
@settings(max_examples=200, deadline=None)
def test_any_url_and_check_sum_arrive_intact(rest: str, check_sum: str) -> None:
    url = Url("https://example.com/" + rest)
    request = request_of("url", {"img": url}, parameters={"get_thumb": "true", "check_sum": check_sum})
    assert query(request) == [("img", url), ("format_type", "url"), ("get_thumb", "true"), ("check_sum", check_sum)]
    assert re.fullmatch(r"[A-Za-z0-9_.~%&=-]*", request.query)


def test_a_quoted_space_in_a_url_is_quoted_again_and_a_plus_stays_one() -> None:
    request = request_of("url", {"img": Url("https://example.com/a%20b+c")})
    assert "+" not in request.query
    assert unquote(request.query).startswith("img=https://example.com/a%20b+c&")


@pytest.mark.parametrize(
    ("form", "value"), [("url", Url("https://example.com/?CANARY")), ("file", part(b"CANARY")), ("base64", part(b"C"))]
)
def test_the_repr_of_a_request_shows_neither_query_nor_body(form: Form, value: Url | Part) -> None:
    shown = repr(request_of(form, {"img": value}, parameters={"check_sum": "CANARY"}))
    assert "CANARY" not in shown
    assert "format_type" not in shown
    assert "Content-Disposition" not in shown
    assert "ocr.card" in shown


# Multipart


async def test_several_files_go_in_order_with_their_names_and_types() -> None:
    request = request_of(
        "file",
        {"img1": part(b"\xff\xd8\xff front"), "img2": part(b"%PDF back\r\n--", VIETNAMESE, "application/pdf")},
        CARDS,
    )
    assert request.body is not None
    assert request.body.content_type == f"multipart/form-data; boundary={BOUNDARY}"
    assert parse_multipart(request.body, await read(request.body)) == [
        {"field": "img1", "name": "ảnh.jpg", "type": "image/jpeg", "content": b"\xff\xd8\xff front"},
        {"field": "img2", "name": VIETNAMESE, "type": "application/pdf", "content": b"%PDF back\r\n--"},
    ]


async def test_a_multipart_body_is_written_as_rfc_7578_has_it() -> None:
    request = request_of("file", {"img": part(b"content")})
    assert (await read(request.body)).decode() == (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="img"; filename="ảnh.jpg"\r\n'
        "Content-Type: image/jpeg\r\n"
        "\r\n"
        "content\r\n"
        f"--{BOUNDARY}--\r\n"
    )


def escaped(filename: str) -> str:
    """Return a file name as HTML's form encoding escapes it."""
    return "".join({'"': "%22", "\r": "%0D", "\n": "%0A"}.get(letter, letter) for letter in filename)


@given(filename=(texts | vietnamese | st.text('a"\r\n\\;%22: ', max_size=20)).filter(bool))
@example(filename='a"; filename="b.jpg')
@example(filename="a.jpg\r\nX-Injected: yes\r\n\r\nbody\r\n--" + BOUNDARY)
@example(filename="ngược\\gạch\\")
@example(filename='kết thúc\\"')
@example(filename=VIETNAMESE)
@settings(max_examples=200, deadline=None)
def test_no_file_name_can_add_a_header(filename: str) -> None:
    request = request_of("file", {"img": part(b"content", filename)})
    data = read_now(request.body)
    head, _, rest = data.partition(b"\r\n\r\n")
    assert rest == f"content\r\n--{BOUNDARY}--\r\n".encode()
    first, disposition, content_type = head.split(b"\r\n")
    assert first == f"--{BOUNDARY}".encode()
    assert content_type == b"Content-Type: image/jpeg"
    assert b"\n" not in disposition
    before, name, after = disposition.decode().split('"')[-3:]
    assert disposition.decode().startswith('Content-Disposition: form-data; name="img"; filename="')
    assert (before, name, after) == ("; filename=", escaped(filename), "")


@given(filename=vietnamese.filter(bool))
@example(filename=VIETNAMESE)
@settings(max_examples=60, deadline=None)
def test_a_server_reads_the_file_name_that_was_sent(filename: str) -> None:
    request = request_of("file", {"img": part(b"content", filename)})
    assert request.body is not None
    (file,) = parse_multipart(request.body, read_now(request.body))
    assert file == {"field": "img", "name": escaped(filename), "type": "image/jpeg", "content": b"content"}


async def test_a_file_name_that_is_not_unicode_is_sent_with_question_marks() -> None:
    request = request_of("file", {"img": part(b"content", "l\udcffẻ.jpg")})
    data = await read(request.body)
    assert 'filename="l?ẻ.jpg"'.encode() in data
    assert request.body is not None
    assert request.body.size == len(data)


# Size


contents = st.binary(max_size=300) | st.builds(bytes, st.integers(0, 5000))


@given(data=st.lists(contents, min_size=1, max_size=3), filename=texts, form=st.sampled_from(["file", "base64"]))
@settings(max_examples=100, deadline=None)
def test_the_declared_size_is_the_real_one(data: list[bytes], filename: str, form: Form) -> None:
    request = request_of(form, {f"img{i}": part(content, filename) for i, content in enumerate(data)})
    assert request.body is not None
    assert request.body.size == len(read_now(request.body))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hồ sơ")


@given(
    size=st.sampled_from([0, 1, 2, 3, 1 << 18, (1 << 18) + 1]) | st.integers(0, 1 << 20),
    form=st.sampled_from(["file", "base64"]),
)
@example(size=0, form="file")
@example(size=1, form="base64")
@settings(max_examples=20, deadline=None)
def test_the_declared_size_is_the_real_one_of_a_file_streamed_from_disk(folder: Path, size: int, form: Form) -> None:
    path = folder / "bản scan lớn.pdf"
    data = b"%PDF-" + bytes(range(251)) * ((CHUNK + size) // 251 + 1)
    path.write_bytes(data)

    async def declared_and_read() -> tuple[int, bytes, bytes]:
        body = request_of(form, await load(CARD, {"img": path}, form)).body
        assert body is not None
        return body.size, await read(body), await read(body)

    declared, sent, again = asyncio.run(declared_and_read())
    assert declared == len(sent)
    assert sent == again
    content = base64.b64decode(json.loads(sent)["img"]) if form == "base64" else sent.split(b"\r\n\r\n", 1)[1]
    assert content.startswith(data)


# Base64


async def test_base64_is_a_json_object_of_the_inputs_in_order() -> None:
    front, back = b"\xff\xd8\xff" + bytes(100), b"%PDF-" + bytes(101)
    request = request_of("base64", {"img1": part(front), "img2": part(back)}, CARDS)
    assert request.body is not None
    assert request.body.content_type == "application/json"
    assert json.loads(await read(request.body), object_pairs_hook=list) == [
        ("img1", base64.b64encode(front).decode()),
        ("img2", base64.b64encode(back).decode()),
    ]


@given(data=st.binary(max_size=100), chunk=st.integers(1, 11))
@example(data=b"\xfb\xff\xfe", chunk=1)  # "+//+" in the standard alphabet, "-__-" in that for URLs
@settings(max_examples=60, deadline=None)
def test_base64_is_the_same_for_any_size_of_chunks(folder: Path, data: bytes, chunk: int) -> None:
    path = folder / "lẻ.bin"
    path.write_bytes(data)
    streamed = Base64(Part("lẻ.bin", "image/jpeg", len(data), path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs_module, "CHUNK", chunk)
        encoded = read_now(streamed)
    assert encoded == base64.standard_b64encode(data)
    assert streamed.size == len(encoded)
    assert re.fullmatch(rb"[A-Za-z0-9+/]*={0,2}", encoded)


@pytest.mark.parametrize("names", [("img",), ("img1", "img2"), ("ảnh", 'dấu "ngoặc"', "a\\b")])
async def test_base64_of_any_number_of_inputs_is_valid_json(names: tuple[str, ...]) -> None:
    body = request_of("base64", {name: part(name.encode()) for name in names}).body
    decoded = json.loads(await read(body))
    assert {name: base64.b64decode(value, validate=True).decode() for name, value in decoded.items()} == {
        name: name for name in names
    }


async def test_base64_holds_no_line_breaks_in_large_contents() -> None:
    data = await read(request_of("base64", {"img": part(bytes(range(256)) * 1000)}).body)
    assert not re.search(rb"\s", data)


@pytest.mark.parametrize("form", ["file", "base64"])
async def test_a_body_can_be_read_twice(form: Form) -> None:
    body = request_of(form, {"img": part(b"content")}).body
    assert await read(body) == await read(body) != b""
