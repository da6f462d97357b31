"""The head of an answer: long ones, and lengths that are declared several times."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from aiohttp import client_proto
from aiohttp.http_parser import HttpResponseParserPy
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import ConnectionLostError, RetryPolicy
from cvs_async._http.aiohttp_parser import MAX_HEAD, with_one_length
from tests.support.faults import client, failure
from tests.support.servers import ANSWER, Behave, after_request, answers, bad_server, http, pours

ONCE = RetryPolicy(attempts=1)
LENGTH = f"Content-Length: {len(ANSWER)}"
PICTURE = b"\xff\xd8\xff picture"

READ: dict[str, tuple[str, ...]] = {
    "a header of 60 KB": ("X-Long: " + "a" * 60_000,),
    "a header with a name of 60 KB": ("X" * 60_000 + ": a",),
    "ten headers of 60 KB": tuple(f"X-{number}: " + "a" * 60_000 for number in range(10)),
    "900 headers": tuple(f"X-{number}: a" for number in range(900)),
    "120 headers of 8,000 bytes": tuple(f"X-{number}: " + "a" * 8_000 for number in range(120)),
}
REFUSED: dict[str, tuple[str, ...]] = {
    "a header of 70 KB": ("X-Long: " + "a" * 70_000,),
    "a header with a name of 70 KB": ("X" * 70_000 + ": a",),
    "1,100 headers": tuple(f"X-{number}: a" for number in range(1_100)),
    "thirty headers of 60 KB": tuple(f"X-{number}: " + "a" * 60_000 for number in range(30)),
}


@pytest.fixture(params=["C", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """aiohttp has two parsers; the one in Python is for systems without a compiler."""
    if request.param == "Python":
        monkeypatch.setattr(client_proto, "HttpResponseParser", HttpResponseParserPy)
    name: str = request.param
    return name


def in_pieces(answer: bytes, size: int) -> Behave:
    """Make the client read the answer piece by piece."""
    pieces = [answer[start : start + size] for start in range(0, len(answer), size)]
    return after_request(pours(pieces, pause=0.001))


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("headers", READ.values(), ids=READ)
async def test_a_long_head_is_read(headers: tuple[str, ...]) -> None:
    async with bad_server(answers(http(headers=headers))) as server, client(server.base_url, retry=ONCE) as cvs:
        for _ in range(2):
            reply = await cvs.ocr.card(PICTURE)
            assert (reply.charge, reply.raw["errorCode"]) == ("billed", "0")
    assert server.connections == 1


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
async def test_a_head_beyond_all_bounds_is_unknown(headers: tuple[str, ...]) -> None:
    async with bad_server(answers(http(headers=headers))) as server, client(server.base_url, retry=ONCE) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert isinstance(error, ConnectionLostError)
    assert (error.charge, len(server.requests)) == ("unknown", 1)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("piece", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 99])
async def test_a_head_without_an_end_is_given_up(piece: bytes) -> None:
    async with (
        bad_server(after_request(pours([piece] * (2 * MAX_HEAD // len(piece))))) as server,
        client(server.base_url, retry=ONCE) as cvs,
    ):
        error = await failure(cvs.ocr.card(PICTURE))
    assert isinstance(error, ConnectionLostError)
    assert (error.charge, len(server.requests)) == ("unknown", 1)


EQUAL: dict[str, bytes] = {
    "twice": http(headers=(LENGTH,)),
    "three times": http(headers=(LENGTH, "X-Other: x", LENGTH)),
    "in a list": http().replace(LENGTH.encode(), f"{LENGTH}, {len(ANSWER)}".encode()),
    "in other letters": http(headers=(LENGTH.lower(),)),
    "after an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n" + http(headers=(LENGTH,)),
    "without CR": http(headers=(LENGTH,)).replace(b"\r\n", b"\n"),
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("answer", EQUAL.values(), ids=EQUAL)
async def test_equal_lengths_are_read_as_one(answer: bytes, size: int) -> None:
    """RFC 9110, section 8.6."""
    async with bad_server(in_pieces(answer, size)) as server, client(server.base_url, retry=ONCE) as cvs:
        reply = await cvs.ocr.card(PICTURE)
    assert (reply.charge, reply.raw["errorCode"]) == ("billed", "0")


async def test_a_connection_with_equal_lengths_is_used_again() -> None:
    async with (
        bad_server(answers(EQUAL["twice"])) as server,
        client(server.base_url, retry=ONCE) as cvs,
    ):
        for _ in range(3):
            assert (await cvs.ocr.card(PICTURE)).charge == "billed"
    assert server.connections == 1


@pytest.mark.parametrize("size", [1, 100_000])
async def test_different_lengths_are_unknown(size: int) -> None:
    answer = http(headers=(f"Content-Length: {len(ANSWER) - 1}",))
    async with bad_server(in_pieces(answer, size)) as server, client(server.base_url, retry=ONCE) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert isinstance(error, ConnectionLostError)
    assert (error.charge, len(server.requests)) == ("unknown", 1)


async def test_equal_lengths_over_a_transport_of_httpxs() -> None:
    async with (
        bad_server(answers(EQUAL["twice"])) as server,
        client(server.base_url, retry=ONCE, transport=httpx.AsyncHTTPTransport()) as cvs,
    ):
        assert (await cvs.ocr.card(PICTURE)).charge == "billed"


HEAD = st.sampled_from(
    [b"Content-Length: 5", b"content-length:5", b"Content-Length: 5, 5", b"X: y", b"X-Content-Length: 7"]
)


@given(st.lists(HEAD, max_size=6), st.binary(max_size=20), st.integers(0, 30))
def test_one_length_and_everything_else_stay(lines: list[bytes], body: bytes, cut: int) -> None:
    data = b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", b""]) + body
    found: Any = with_one_length(data)
    head, _, rest = found.partition(b"\r\n\r\n")
    assert rest == body
    values = [value for line in lines if line.lower().startswith(b"content-length") for value in line.split(b",")]
    if len(values) < 2:
        assert found == data
    else:
        assert head.lower().count(b"\r\ncontent-length: 5") == 1
    others = [line for line in lines if not line.lower().startswith(b"content-length")]
    assert [line for line in head.split(b"\r\n")[1:] if not line.lower().startswith(b"content-length")] == others
    end = len(data) - len(body)
    assert with_one_length(data[: max(end - 1 - cut, 0)]) is None


async def test_silence_within_a_head_that_is_refused_ends_with_the_read_timeout() -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 9\r\n"

    async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with bad_server(after_request(start, stall)) as server, client(server.base_url, retry=ONCE, timeout=1) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert (type(error).__name__, error.charge) == ("TimeoutError", "unknown")


@pytest.mark.parametrize(
    "field", [b" " * 100_000 + b"\r", b"5" + b" \t" * 50_000 + b"5", b"," * 100_000], ids=["CR", "blanks", "commas"]
)
def test_a_length_of_100_000_odd_bytes_is_looked_at_once(field: bytes) -> None:
    """Searching again from each of them would block the event loop for a minute, or days."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length:" + field + b"\r\n\r\n"
    assert with_one_length(head) == head


WHOLE = {
    "length": http(),
    "two lengths": http(headers=(LENGTH,)),
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(ANSWER), ANSWER),
    "after an interim answer": b"HTTP/1.1 103 Early Hints\r\n\r\n" + http(),
    "closing": http(headers=("Connection: close",)),
}
AFTER = [b"\0\0\0\0", b"garbage", b"}", b"HTTP/1.1 200 OK\r\nX", b"HTTP/1.1 999999 No\r\n\r\n", http()]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
async def test_what_comes_together_with_a_whole_answer_does_not_cost_it(answer: bytes, after: bytes) -> None:
    """And the next document gets another connection."""
    async with bad_server(answers(answer + after)) as server, client(server.base_url, retry=ONCE) as cvs:
        for _ in range(2):
            assert (await cvs.ocr.card(PICTURE)).charge == "billed"
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "body", [b"5\r\nab", b"-1\r\nab\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n"], ids=["cut", "size", "long"]
)
async def test_a_broken_answer_is_still_unknown(body: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    async with bad_server(after_request(pours([answer]))) as server, client(server.base_url, retry=ONCE) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert isinstance(error, ConnectionLostError)
    assert (error.charge, len(server.requests)) == ("unknown", 1)
