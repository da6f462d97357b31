"""Meaning of an answer: a reply or an error, and its charge. The table is the documentation."""

from __future__ import annotations

import codecs
import copy
import json
import logging
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cvs_async import (
    APIError,
    AuthenticationError,
    CVSError,
    DecodeError,
    Endpoint,
    FormatTypeError,
    InvalidImageError,
    NoContentError,
    OutOfRequestsError,
    RateLimitedError,
    RedirectError,
    Reply,
    ResponseTooLargeError,
    ServerError,
    UrlUnavailableError,
)
from cvs_async._codec import decoding
from cvs_async._codec.answer import MOST_ELEMENTS, MOST_NODES
from cvs_async._codec.decoding import _report_no_code, decode, head_charge
from cvs_async._codec.envelope import DATA, Envelope
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS
from cvs_async.errors import Charge, InvalidIdError
from cvs_async.models import Page, Passport, Recognized

ANY = Endpoint[Any]("ocr/card")
CARD = Endpoint("ocr/card", returns=list[Recognized])
GENERAL = Endpoint("ocr/document/general", returns=list[Page])

ENDPOINTS: list[Endpoint[Any]] = [ANY, CARD, GENERAL]

STATUSES = [200, 201, 204, 301, 302, 400, 401, 403, 404, 413, 429, 500, 501, 502, 503, 504]
CODES: dict[int, type[APIError]] = {
    1: NoContentError,
    2: UrlUnavailableError,
    3: InvalidImageError,
    4: OutOfRequestsError,
    5: AuthenticationError,
    6: FormatTypeError,
}


def body(code: object, data: object = (), message: object = "Thành công") -> bytes:
    """An answer in the service's envelope."""
    return json.dumps({"errorCode": code, "errorMessage": message, "data": data}, ensure_ascii=False).encode()


def failure(status: int, content: bytes, endpoint: Endpoint[Any] = ANY) -> CVSError:
    """The error that an answer ends with."""
    with pytest.raises(CVSError) as caught:
        decode(endpoint, WireReply(status, content))
    return caught.value


def pickled(value: Any) -> Any:
    """A value that has been through pickle."""
    return pickle.loads(pickle.dumps(value))


# With an envelope, its code decides


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("code", [0, "0", "00", " 0 ", "-0", "+0", "\n0\t", "0" * 5000])
def test_code_0_is_a_reply_that_was_paid_for_whatever_the_status(status: int, code: object) -> None:
    reply = decode(ANY, WireReply(status, body(code, ["thẻ"])))
    assert (reply.data, reply.charge, reply.http_status) == (["thẻ"], "billed", status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("spell", [int, str])
@pytest.mark.parametrize(("code", "kind"), CODES.items())
def test_a_documented_code_is_a_free_error_of_its_kind_whatever_the_status(
    status: int, spell: type[int | str], code: int, kind: type[APIError]
) -> None:
    error = failure(status, body(spell(code), message="lời của máy chủ"))
    assert type(error) is kind
    assert (error.code, error.message) == (code, "lời của máy chủ")
    assert (error.charge, error.http_status, error.operation, error.attempts) == ("free", status, "ocr.card", 1)
    assert f"code {code}" in str(error)


@pytest.mark.parametrize("status", [200, 429, 500, 502])
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (7, 7),
        ("7", 7),
        (-1, -1),
        ("-1", -1),
        (1000, 1000),
        ("+8", 8),
        (1 << 70, 1 << 70),
        ("9" * 5000, "9" * 5000),
        ("-" + "9" * 5000, "-" + "9" * 5000),
    ],
)
def test_an_unknown_code_is_kept_in_a_plain_api_error(status: int, sent: object, code: int | str) -> None:
    error = failure(status, body(sent))
    assert type(error) is APIError
    assert (error.code, error.charge, error.http_status) == (code, "free", status)


def test_the_codes_are_those_of_the_operations_own_envelope() -> None:
    envelope = Envelope(code="status_code", message="message", data="result", errors={4: InvalidIdError})
    endpoint = Endpoint[Any]("face_search/images", envelope=envelope)
    assert decode(endpoint, WireReply(200, b'{"status_code": 0, "result": ["x"]}')).data == ["x"]
    error = failure(200, b'{"status_code": "4", "message": "no", "errorMessage": "yes"}', endpoint)
    assert isinstance(error, InvalidIdError)
    assert error.message == "no"


def test_the_documented_envelope_knows_each_documented_code() -> None:
    assert DATA.errors == CODES


# Without one, HTTP speaks


HTML = "<!DOCTYPE html><html><body>502 Bad Gateway – Cổng hỏng</body></html>".encode()
UNREADABLE = {
    "empty": b"",
    "white space": b" \r\n",
    "HTML": HTML,
    "cut off in the code": body(0, ["thẻ"])[:14],
    "cut off in the code after a digit": b'{"errorCode": 0',
    "cut off before the code": b'{"data": ["th\xe1',
    "a list": b'[{"errorCode": 0}]',
    "a text": '"thành công"'.encode(),
    "a number": b"0",
    "null": b"null",
    "bytes of a picture": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "nested without end": b'{"data": ' + b"[" * 200_000 + b"]" * 200_000 + b', "errorCode": 0}',
}
WITHOUT_CODE: dict[str, dict[str, Any]] = {
    "an empty object": {},
    "another object": {"detail": "Not Found"},
    "a code that is null": {"errorCode": None},
    "a code that is null, and no data": {"errorCode": None, "data": None},
    "nothing in the data": {"data": []},
    "data that is text": {"data": "0"},
    "the code of another envelope": {"status_code": 0, "data": ["thẻ"]},
}

SPOKEN: list[tuple[int, type[CVSError], Charge]] = [
    (200, DecodeError, "unknown"),
    (201, DecodeError, "unknown"),
    (204, DecodeError, "unknown"),
    (301, RedirectError, "free"),
    (302, RedirectError, "free"),
    (307, RedirectError, "free"),
    (400, APIError, "free"),
    (401, AuthenticationError, "free"),
    (403, AuthenticationError, "free"),
    (404, APIError, "free"),
    (413, APIError, "free"),
    (429, RateLimitedError, "free"),
    (500, ServerError, "free"),
    (501, ServerError, "free"),
    (502, ServerError, "unknown"),
    (503, ServerError, "free"),
    (504, ServerError, "unknown"),
    (520, ServerError, "unknown"),
]


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize(("status", "kind", "charge"), SPOKEN)
def test_without_a_json_object_the_http_status_decides(
    status: int, kind: type[CVSError], charge: Charge, content: bytes
) -> None:
    error = failure(status, content)
    assert type(error) is kind
    assert (error.charge, error.http_status, error.operation, error.attempts) == (charge, status, "ocr.card", 1)
    assert error.raw == content
    assert str(error).startswith(f"ocr.card: the service answered HTTP {status}")


@pytest.mark.parametrize("answer", WITHOUT_CODE.values(), ids=WITHOUT_CODE)
@pytest.mark.parametrize(("status", "kind", "charge"), SPOKEN)
def test_without_a_code_the_http_status_decides(
    status: int, kind: type[CVSError], charge: Charge, answer: dict[str, Any]
) -> None:
    error = failure(status, json.dumps(answer).encode())
    assert type(error) is kind
    assert (error.charge, error.http_status, error.raw) == (charge, status, answer)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_an_api_error_of_http_alone_has_neither_code_nor_message(status: int) -> None:
    error = failure(status, HTML)
    assert isinstance(error, APIError)
    assert (error.code, error.message) == (None, None)


# A code that tells nothing

ODD: list[object] = [
    *(
        "0.0",
        "1.0",
        "OK",
        "Success",
        "null",
        "0,",
        "E_QUOTA",
        "lỗi lạ",
        "",
        " ",
        "１",
        "٠",
        "1_0",
        "0x0",
        "1e0",
        "- 1",
        "0 0",
    ),
    *(0.0, 1.5, True, False, [0], [], {"code": 0}, {}),
]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("code", ODD, ids=repr)
def test_a_code_that_is_not_a_whole_number_leaves_the_charge_unknown(status: int, code: object) -> None:
    error = failure(status, body(code, ["thẻ"], "lời của máy chủ"))
    assert isinstance(error, DecodeError)
    assert (error.charge, error.unknown_attempts, error.http_status) == ("unknown", 1, status)
    assert (error.raw["data"], error.message) == (["thẻ"], "lời của máy chủ")
    assert error.code == (code if isinstance(code, str) else None)
    assert "lời" not in str(error)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e0"])
def test_a_code_that_is_not_a_finite_number_does_not_count_as_null(status: int, code: str) -> None:
    error = failure(status, b'{"errorCode": %b, "data": ["x"]}' % code.encode())
    assert (type(error), error.charge) == (DecodeError, "unknown")


DIFFERENT = [
    '{"errorCode": 4, "errorCode": 0, "data": []}',
    '{"errorCode": "0", "data": [], "errorCode": "4"}',
    '{"errorCode": 0, "error\\u0043ode": 4, "data": []}',
    '{"\\u0065rrorCode": 4, "errorCode": 0}',
    '{"errorCode": 0, "errorCode": null}',
    '{"errorCode": 0, "errorCode": "OK"}',
    '{"errorCode": 0, "status_code": 4}',
    '{"status_code": 4, "status_code": 0, "errorCode": 0}',
    '{"errorCode": 0, "status_code": "OK"}',
]


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("content", DIFFERENT)
def test_two_codes_that_differ_leave_the_charge_unknown(status: int, content: str) -> None:
    error = failure(status, content.encode())
    assert (type(error), error.charge) == (DecodeError, "unknown")
    assert isinstance(error.raw, dict)


EQUAL = [
    '{"errorCode": 0, "errorCode": "0", "data": [1]}',
    '{"errorCode": 0, "error\\u0043ode": " 0", "data": [1]}',
    '{"errorCode": 0, "status_code": 0, "data": [1]}',
    '{"errorCode": 0, "status_code": null, "data": [1]}',
    '{"errorCode": 0, "data": [1], "x": {"errorCode": 4}, "y": "\\"errorCode\\": 4"}',
]


@pytest.mark.parametrize("content", EQUAL)
def test_codes_that_agree_or_stand_elsewhere_are_one(content: str) -> None:
    assert decode(ANY, WireReply(200, content.encode())).charge == "billed"


# A code before the fault


BROKEN = {
    "cut off": body(0, ["thẻ"])[:-1],
    "cut off in the data": body(0, ["thẻ"])[:-4],
    "two answers": body(0) + body(0),
    "something behind it": body(0) + b"<!-- cached -->",
    "nested without end": b'{"errorCode": 0, "data": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "no JSON after the code": b'{"errorCode": "0", "data": undefined}',
    "the code after the data": b'{"data": ["x", {"errorCode": 4}], "errorCode": "0", "errorMessage": "Succ',
    "in UTF-16": body(0, ["thẻ"]).decode().encode("utf-16")[:-3],
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_that_breaks_after_code_0_was_paid_for_and_is_kept(status: int, content: bytes) -> None:
    error = failure(status, content)
    assert (type(error), error.charge, error.unknown_attempts) == (DecodeError, "billed", 0)
    assert (error.raw, error.http_status) == (content, status)


def test_an_answer_that_breaks_after_another_code_was_free() -> None:
    error = failure(200, body(3, ["thẻ"])[:-1])
    assert (type(error), error.charge) == (DecodeError, "free")


# Data without a code

WITHOUT: list[tuple[str, dict[str, Any]]] = [
    ("ocr.document.get_table", {"data": [{"info": [["3", "Liti", "Li"]], "image": "aGFp"}]}),
    ("ocr.card", {"data": {"type": "passport"}, "errorCode": None}),
    ("face_search.list_images", {"result": [{"id": "5", "url": "https://cvs.invalid/5.jpg"}]}),
    ("smartcrop.crop_image", {"url": "https://cvs.invalid/5.jpg"}),
    ("v1.get_infor", {"type": "pdf", "data": [{"type": "cmt"}]}),
    ("ekyc.person_with_card", {"data": {"matching": {"match": 1}}}),
]


@pytest.mark.parametrize(("operation", "answer"), WITHOUT)
def test_data_without_a_code_is_a_reply_whose_charge_is_unknown(
    operation: str, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    _report_no_code.cache_clear()
    caplog.set_level(logging.WARNING, "cvs_async")
    endpoint, content = OPERATIONS[operation], json.dumps(answer).encode()
    for attempts in (1, 2):
        reply = decode(endpoint, WireReply(200, content, attempts, attempts - 1))
        assert (reply.charge, reply.raw, reply.unknown_attempts) == ("unknown", answer, attempts)
        assert reply.data
    [record] = caplog.records
    assert record.getMessage().startswith(f"{operation}: an answer came without a code")


@pytest.mark.parametrize("status", [status for status in STATUSES if status != 200])
def test_data_without_a_code_is_a_reply_under_http_200_only(status: int) -> None:
    assert failure(status, b'{"data": ["x"]}').raw == {"data": ["x"]}


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("smartcrop.crop_image", {"detail": "busy"}),
        ("smartcrop.crop_image", {"url": None, "errorMessage": "busy"}),
        ("ekyc.person_with_card", {"type": "busy"}),
        ("face_search.list_images", {"data": ["x"]}),
        ("face_search.list_images", {"result": ["x"], "errorCode": 0}),
    ],
)
def test_without_what_is_documented_there_is_no_reply(operation: str, answer: dict[str, Any]) -> None:
    error = failure(200, json.dumps(answer).encode(), OPERATIONS[operation])
    assert (type(error), error.charge, error.raw) == (DecodeError, "unknown", answer)


# The words in an answer


@pytest.mark.parametrize(("status", "kind", "charge"), SPOKEN)
@pytest.mark.parametrize("name", ["errorMessage", "message", "detail"])
def test_the_words_of_an_answer_without_a_code_are_kept_and_not_shown(
    status: int, kind: type[CVSError], charge: Charge, name: str
) -> None:
    error = failure(status, json.dumps({name: "CANARY"}).encode())
    assert (type(error), error.charge, error.message) == (kind, charge, "CANARY")
    assert "CANARY" not in f"{error} {error!r}"


def test_words_that_are_nested_without_end_are_in_raw_only() -> None:
    error = failure(200, b'{"errorCode": 3, "errorMessage": ' + b"[" * 900 + b"]" * 900 + b"}")
    assert (type(error), error.charge) == (InvalidImageError, "free")
    assert isinstance(error.raw, dict)


# Text and numbers as no standard has them


def test_control_characters_in_strings_are_read() -> None:
    content = (
        b'{"errorCode": "0", "errorMessage": "a\x1bb", "data": {"type": "passport", "info": {"sur_name": "A\tB\nC"}}}'
    )
    reply = decode(CARD, WireReply(200, content))
    assert isinstance(reply.data[0].info, Passport)
    assert (reply.data[0].info.sur_name.value, reply.raw["errorMessage"]) == ("A\tB\nC", "a\x1bb")
    assert head_charge(CARD, b'{"errorMessage": "a\x1bb\n", "errorCode": 0, "data": [') == "billed"


def test_numbers_that_no_float_or_int_holds_do_not_cost_the_answer() -> None:
    content = b'{"errorCode": 0, "data": [1e999, -1e999, NaN, Infinity, %b, 1.5]}' % (b"9" * 5000)
    reply = decode(ANY, WireReply(200, content))
    assert reply.data == [None, None, None, None, "9" * 5000, 1.5]


# Bounds


@pytest.mark.parametrize(
    ("head", "charge"), [(b'"errorCode": 0, ', "billed"), (b'"errorCode": 3, ', "free"), (b"", "unknown")]
)
def test_an_answer_with_more_values_than_any_documented_one_is_kept_and_not_decoded(head: bytes, charge: str) -> None:
    content = b"{" + head + b'"data": [' + b"[]," * (MOST_NODES // 2) + b'[]], "errorCode": "0"}'
    error = failure(200, content)
    assert (type(error), error.charge, error.raw) == (ResponseTooLargeError, charge, content)
    assert f"more than {MOST_NODES:,} values" in str(error)


@pytest.mark.parametrize(
    ("item", "most"),
    [(b"1,", 1 << 17), (b"[],", 1 << 17), (b"[1,2,3,4],", 1 << 17), (b"{},", MOST_ELEMENTS), (b'{"a":1},', 1 << 17)],
)
def test_an_answer_with_more_elements_than_words_on_any_pages_is_kept_and_not_made_objects_of(
    monkeypatch: pytest.MonkeyPatch, item: bytes, most: int
) -> None:
    """The bound itself with one kind of elements; how the others are counted does not depend on it."""
    monkeypatch.setattr(decoding, "MOST_ELEMENTS", most)
    content = b'{"data": [[' + item * most + b"1]]%b}"
    for end, charge in ((b', "errorCode": 0', "billed"), (b"", "unknown")):
        error = failure(200, content % end, CARD)
        assert (type(error), error.charge) == (ResponseTooLargeError, charge)
        assert isinstance(error.raw, dict)
    assert len(decode(ANY, WireReply(200, content % b', "errorCode": 0')).data[0]) == most + 1


def test_an_answer_that_is_long_by_its_texts_is_decoded() -> None:
    content = body(0, ["ảnh" * 1_000_000])
    assert len(decode(ANY, WireReply(200, content)).data[0]) == 3_000_000


@attrs.frozen
class Nested:
    """A type of a user's own that holds itself."""

    inner: Nested | None = None


def test_paid_data_that_is_too_deep_for_its_type_is_attached() -> None:
    deep = b'{"errorCode": 0, "data": ' + b'{"inner": ' * 850 + b"null" + b"}" * 851
    with pytest.raises(DecodeError) as caught:
        decode(Endpoint("ocr/new", returns=Nested), WireReply(200, deep))
    assert "does not fit" in str(caught.value)
    assert caught.value.charge == "billed"
    assert caught.value.raw["errorCode"] == 0


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_answer_may_be_in_any_unicode_encoding(encoding: str) -> None:
    answer = {"errorCode": 0, "errorMessage": "", "data": "Nguyễn Thị Ánh"}
    reply = decode(ANY, WireReply(200, json.dumps(answer, ensure_ascii=False).encode(encoding)))
    assert reply.data == "Nguyễn Thị Ánh"
    assert reply.raw == answer


def test_a_letter_in_a_wrong_encoding_does_not_cost_the_answer() -> None:
    reply = decode(ANY, WireReply(200, b'{"errorCode": 0, "data": ["H\xe0 N\xf4i", "12"]}'))
    assert reply.data == ["H\N{REPLACEMENT CHARACTER} N\N{REPLACEMENT CHARACTER}i", "12"]
    assert reply.charge == "billed"


def test_a_letter_in_a_wrong_encoding_after_a_byte_order_mark_does_not_cost_the_answer() -> None:
    reply = decode(ANY, WireReply(200, codecs.BOM_UTF8 + b'{"errorCode": 0, "data": ["H\xe0 N\xf4i", "12"]}'))
    assert reply.data[1] == "12"


# Data


@pytest.mark.parametrize("content", [b'{"errorCode": 0}', b'{"errorCode": "0", "data": null}'])
def test_code_0_without_data_is_a_reply_with_nothing_in_it(content: bytes) -> None:
    assert decode(CARD, WireReply(200, content)).data == []
    assert decode(GENERAL, WireReply(200, content)).data == []
    assert decode(ANY, WireReply(200, content)).data is None


def test_data_is_of_the_declared_type() -> None:
    answer = body(0, {"type": "passport", "info": {"id": "B1234567", "id_confidence": "0.98"}})
    (found,) = decode(CARD, WireReply(200, answer)).data
    assert isinstance(found.info, Passport)
    assert (found.info.id.value, found.info.id.confidence) == ("B1234567", 0.98)


@pytest.mark.parametrize("endpoint", [CARD, GENERAL])
@pytest.mark.parametrize("data", [0, 1.5, "chữ", True, [], {}, [None], [[[5]]], [{"info": 7}], {"info": [1]}])
def test_paid_data_of_any_shape_is_a_reply(endpoint: Endpoint[Any], data: object) -> None:
    reply = decode(endpoint, WireReply(200, body(0, data)))
    assert isinstance(reply.data, list)
    assert reply.raw["data"] == data


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(answer=st.dictionaries(st.text(max_size=9), json_values, max_size=3), data=json_values)
@example(answer={"thêm": {"trường": ["lạ", None, 1.25]}}, data=[{"type": "passport", "info": {"id": 7, "x": "y"}}])
@settings(max_examples=100, deadline=None)
def test_raw_is_exactly_what_came(answer: dict[str, Any], data: object) -> None:
    answer = {**answer, "errorCode": 0, "data": data}
    for endpoint in ENDPOINTS:
        assert decode(endpoint, WireReply(200, json.dumps(answer).encode())).raw == answer


@given(content=st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=100, deadline=None)
def test_any_content_with_any_status_is_a_reply_or_an_error_of_this_library(content: bytes) -> None:
    for status in (200, 302, 404, 429, 502):
        try:
            outcome: Reply[Any] | CVSError = decode(CARD, WireReply(status, content))
        except CVSError as error:
            outcome = error
        assert (outcome.operation, outcome.http_status) == ("ocr.card", status)


def test_a_reply_tells_of_its_call() -> None:
    wire = WireReply(200, body("0", []), attempts=3)
    reply = decode(CARD, wire, check_sum="đối soát 1", elapsed=1.5)
    assert reply == Reply(
        operation="ocr.card",
        data=[],
        raw={"errorCode": "0", "errorMessage": "Thành công", "data": []},
        charge="billed",
        attempts=3,
        elapsed=1.5,
        check_sum="đối soát 1",
        http_status=200,
    )


@pytest.mark.parametrize(
    ("status", "content"), [(200, body(3)), (200, HTML), (302, b""), (404, b""), (429, b""), (500, b"")]
)
def test_an_error_tells_of_its_call(status: int, content: bytes) -> None:
    with pytest.raises(CVSError) as caught:
        decode(CARD, WireReply(status, content, attempts=4))
    assert (caught.value.attempts, caught.value.operation, caught.value.http_status) == (4, "ocr.card", status)


@pytest.mark.parametrize(
    ("message", "kept"), [("chữ", "chữ"), ("", ""), (None, None), (5, "5"), (["a"], "['a']"), ({"a": 1}, "{'a': 1}")]
)
def test_the_vendors_message_is_kept_as_text(message: object, kept: str | None) -> None:
    error = failure(200, body(1, message=message))
    assert isinstance(error, APIError)
    assert error.message == kept


def test_a_missing_message_gives_None() -> None:
    error = failure(200, b'{"errorCode": 1}')
    assert isinstance(error, APIError)
    assert error.message is None


# What is shown, and what survives


SECRET: Mapping[str, tuple[int, bytes]] = {
    "documented code": (200, body(4, {"name": "CANARY"}, "CANARY")),
    "unknown code": (200, body(77, ["CANARY"], "CANARY")),
    "odd code": (200, body("CANARY", ["CANARY"], "CANARY")),
    "no envelope": (200, b'{"CANARY": "CANARY"}'),
    "page of a proxy": (502, b"<html>CANARY</html>"),
    "redirect": (302, b"https://CANARY"),
    "refused": (404, b'{"detail": "CANARY"}'),
    "too many": (429, b"CANARY"),
}


@pytest.mark.parametrize(("status", "content"), SECRET.values(), ids=SECRET)
def test_neither_text_nor_repr_of_an_error_shows_what_came(status: int, content: bytes) -> None:
    error = failure(status, content)
    assert "CANARY" not in f"{error} {error!r}"
    assert "CANARY" in repr(error.raw)


@pytest.mark.parametrize(("status", "content"), SECRET.values(), ids=SECRET)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_an_error_survives_copying_and_pickling(
    status: int, content: bytes, again: Callable[[CVSError], CVSError]
) -> None:
    error = failure(status, content)
    twin = again(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_repr_of_a_reply_has_no_contents(endpoint: Endpoint[Any]) -> None:
    data = [{"type": "passport", "info": {"name": "CANARY", "CANARY": "CANARY"}}]
    reply = decode(endpoint, WireReply(200, body(0, data, "CANARY")), check_sum="CANARY")
    assert "CANARY" not in repr(reply)
    assert "charge='billed'" in repr(reply)


def test_the_repr_of_an_answer_has_no_contents() -> None:
    assert repr(WireReply(200, b"CANARY")) == "WireReply(status=200, attempts=1)"


def test_a_reply_survives_copying_and_pickling() -> None:
    reply = decode(CARD, WireReply(200, body(0, [{"type": "passport", "info": {"name": "Ánh", "thêm": [1]}}])))
    for twin in (copy.copy(reply), copy.deepcopy(reply), pickled(reply)):
        assert twin == reply


def test_a_paid_answer_that_does_not_fit_a_type_of_the_users_own_is_attached() -> None:
    answer = {"errorCode": "0", "errorMessage": "Success", "data": {"id": "CANARY"}}
    with pytest.raises(DecodeError) as caught:
        decode(Endpoint("ocr/new", returns=int), WireReply(200, json.dumps(answer).encode()))
    assert (caught.value.charge, caught.value.raw) == ("billed", answer)
    assert "CANARY" not in f"{caught.value} {caught.value!r}"


def test_invalid_json_numbers_are_None_in_raw() -> None:
    reply = decode(
        ANY, WireReply(200, b'{"errorCode": 0, "data": [], "a": NaN, "b": Infinity, "c": -Infinity, "d": 1}')
    )
    assert reply.raw == {"errorCode": 0, "data": [], "a": None, "b": None, "c": None, "d": 1}
