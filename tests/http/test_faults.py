"""The fault table: what a call becomes when the network, or the service, misbehaves, and what it costs.

The same table stands in README, section "Reliability".
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gzip
import itertools
import os
import re
import resource
import select
import socket
import ssl
import struct
import termios
import threading
import time
import tracemalloc
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from email.utils import formatdate
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import httpx
import pytest
from attrs import field, frozen

import cvs_async
from cvs_async import (
    AsyncCVS,
    ConfigurationError,
    ConnectionLostError,
    CVSError,
    RedirectError,
    Reply,
    RetryPolicy,
    ServerError,
    Timeout,
)
from cvs_async._exchange import Attempt
from cvs_async._http import aiohttp_backend, httpx_backend
from cvs_async._http import aiohttp_connection as connections
from cvs_async.errors import Charge
from tests.support.faults import MIB, certified, client, failure, kinds, readme_table, self_signed
from tests.support.servers import (
    ANSWER,
    BadServer,
    Behave,
    Behaviour,
    after_request,
    alone,
    answers,
    answers_after,
    answers_before_the_body,
    bad_server,
    breaks_off_the_head,
    closed_port,
    closes_after_request,
    deaf,
    full_backlog,
    hangs_up,
    http,
    in_turn,
    left,
    pours,
    read_request,
    reset,
    resets_after_request,
    says,
    silent,
    stall,
)

PICTURE = b"\xff\xd8\xff picture"
LINK = "https://example.com/ảnh%20thẻ.jpg?token=canary&x=1#y"
LARGE = b"\xff\xd8\xff" + bytes(32 << 20)

Input: TypeAlias = str | bytes
Place: TypeAlias = Callable[[Behave], AbstractAsyncContextManager[BadServer]]
Action: TypeAlias = Callable[[AsyncCVS, BadServer, Input], Awaitable[Reply[Any]]]


# --- places, besides a server on a port of its own


@asynccontextmanager
async def nobody_listens(_: Behave) -> AsyncIterator[BadServer]:
    yield BadServer(closed_port())


@asynccontextmanager
async def nobody_accepts(_: Behave) -> AsyncIterator[BadServer]:
    async with full_backlog() as base_url:
        yield BadServer(base_url)


@asynccontextmanager
async def nowhere(_: Behave) -> AsyncIterator[BadServer]:
    yield BadServer("http://no-such-host.invalid")


@asynccontextmanager
async def without_tls(behave: Behave) -> AsyncIterator[BadServer]:
    async with bad_server(behave) as server:
        server.base_url = server.base_url.replace("http:", "https:")
        yield server


# --- answers, and other ways to call


def refusal(code: int, status: str = "200 OK") -> bytes:
    return http(b'{"data": null, "errorCode": "%d", "errorMessage": "no"}' % code, status)


def status(line: str, *headers: str, body: bytes = b"<html>sorry</html>") -> Behave:
    return answers(http(body, line, headers))


def gzipped(body: bytes) -> bytes:
    return http(body, headers=("Content-Encoding: gzip",))


def broken_crc(body: bytes) -> bytes:
    packed = bytearray(gzip.compress(body))
    packed[-6] ^= 1
    return bytes(packed)


def coded(code: bytes) -> bytes:
    return b'{"data": [], "errorCode": %b, "errorMessage": "?"}' % code


def endless(start: bytes) -> Behave:
    """An answer of 200 MB that begins so."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {200 * MIB + len(start)}\r\n\r\n"
    return after_request(pours(head.encode(), start, itertools.repeat(b"0" * (MIB // 16), 200 * 16)))


def bomb(state: BadServer) -> Behaviour:
    """200 MB of zeros in a JSON string, packed into a few hundred kB."""
    return answers(gzipped(packed()))(state)


@cache
def packed() -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    million = b"0" * MIB
    return b"".join([packer.compress(b'{"data": "'), *(packer.compress(million) for _ in range(200)), packer.flush()])


async def read_card(cvs: AsyncCVS, _: BadServer, source: Input) -> Reply[Any]:
    return await cvs.ocr.card(source)


async def search_face(cvs: AsyncCVS, _: BadServer, source: Input) -> Reply[Any]:
    return await cvs.face_search.search(source)


async def read_card_once_more(cvs: AsyncCVS, server: BadServer, source: Input) -> Reply[Any]:
    """After one that went well, and with its connection closed, which the event loop has had no time to notice."""
    await cvs.ocr.card(source)
    server.hang_up()
    return await cvs.ocr.card(source)


# --- the table


@frozen
class Fault:
    """One row; `behaviours` are the ways to bring the situation about, of which each is tried."""

    situation: str
    exception: str
    charge: Charge
    requests: int
    behaviours: tuple[Behave, ...]
    at: Place = bad_server
    call: Action = read_card
    sources: tuple[Input, ...] = (PICTURE, LINK)
    settings: dict[str, Any] = field(factory=dict)


def fault(situation: str, exception: str, charge: Charge, requests: int, *behaviours: Behave, **others: Any) -> Fault:
    return Fault(situation, exception, charge, requests, behaviours, **others)


OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = http(b"", length=9)
HALF = http(ANSWER[:20], length=len(ANSWER))
HALF_A_CHUNK = OK + b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + ANSWER[:20]
IN_AN_HOUR = ("Date: Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2015 08:28:00 GMT")
AN_HOUR_AGO = ("Date: Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After: Wed, 21 Oct 2015 06:28:00 GMT")
LONG_AGO = "Retry-After: Wed, 21 Oct 2015 06:28:00 GMT"
BUSY, DOWN = "429 Too Many Requests", "503 Service Unavailable"
STATUSES = ("408 Request Timeout", BUSY, "500 Internal Server Error", "502 Bad Gateway", DOWN, "504 Gateway Timeout")
DRIPPING = {"timeout": Timeout(total=1)}
CONNECTING = {"timeout": Timeout(total=20, connect=0.3)}
READING = {"timeout": Timeout(total=20, read=0.3)}
WRITING = {"timeout": Timeout(total=20, write=0.3)}
ELSEWHERE = "Location: http://127.0.0.1:1/"

FAULTS: list[Fault] = [
    # Nothing is delivered.
    fault("connection refused", "ConnectError", "free", 0, silent, at=nobody_listens),
    fault("unknown host", "ConnectError", "free", 0, silent, at=nowhere, settings={"allow_insecure": True}),
    fault("connecting hangs", "TimeoutError", "free", 0, silent, at=nobody_accepts, settings=CONNECTING),
    fault("https to a port without TLS", "ConnectError", "free", 0, hangs_up, says(http()), at=without_tls),
    fault("an untrusted certificate", "ConnectError", "free", 0, silent, at=self_signed),
    # Something was sent, and no answer arrives.
    fault("reset within the head of the request", "ConnectionLostError", "unknown", 1, breaks_off_the_head),
    fault("reset before the answer", "ConnectionLostError", "unknown", 1, resets_after_request),
    fault("closed without an answer", "ConnectionLostError", "unknown", 1, closes_after_request),
    fault("a server that stops reading", "TimeoutError", "unknown", 1, deaf, sources=(LARGE,), settings=WRITING),
    fault("silence instead of an answer", "TimeoutError", "unknown", 1, silent, settings=READING),
    # Half an answer.
    fault("reset after the headers", "ConnectionLostError", "unknown", 1, after_request(EMPTY, reset)),
    fault("reset in the body", "ConnectionLostError", "unknown", 1, after_request(HALF, reset)),
    fault("closed within a chunk", "ConnectionLostError", "unknown", 1, after_request(HALF_A_CHUNK)),
    fault("Content-Length above the body's", "ConnectionLostError", "unknown", 1, after_request(HALF)),
    fault("Content-Length below the body's", "DecodeError", "unknown", 1, after_request(http(length=20))),
    fault("silence in the headers", "TimeoutError", "unknown", 1, after_request(OK, stall), settings=READING),
    fault("silence after the headers", "TimeoutError", "unknown", 1, after_request(EMPTY, stall), settings=READING),
    fault("silence in the body", "TimeoutError", "unknown", 1, after_request(HALF, stall), settings=READING),
    fault(
        "an answer that drips, byte by byte, beyond the bound on the whole call",
        *("TimeoutError", "unknown", 1),
        after_request(pours(http(b"", length=9999), itertools.repeat(b" "), pause=0.05)),
        settings=DRIPPING,
    ),
    # HTTP alone speaks.
    fault("HTTP 408", "APIError", "free", 3, status("408 Request Timeout")),
    fault("HTTP 429", "RateLimitedError", "free", 3, status(BUSY), status(BUSY, "Retry-After: soon")),
    fault("HTTP 500 or 503", "ServerError", "free", 3, status("500 Internal Server Error"), status(DOWN)),
    fault("HTTP 502 or 504", "ServerError", "unknown", 1, status("502 Bad Gateway"), status("504 Gateway Timeout")),
    fault("HTTP 400 or 404", "APIError", "free", 1, status("400 Bad Request"), status("404 Not Found")),
    fault("HTTP 401 or 403", "AuthenticationError", "free", 1, status("401 Unauthorized"), status("403 Forbidden")),
    fault(
        "HTTP 429 with a Retry-After that is over",
        *("RateLimitedError", "free", 3),
        *(status(BUSY, "Retry-After: 0"), status(BUSY, *AN_HOUR_AGO), status(BUSY, LONG_AGO)),
    ),
    fault(
        "HTTP 503 with a Retry-After that is over",
        *("ServerError", "free", 3),
        *(status(DOWN, "Retry-After: 0"), status(DOWN, *AN_HOUR_AGO), status(DOWN, LONG_AGO)),
    ),
    fault(
        "HTTP 429 with a Retry-After beyond max_retry_after",
        *("RateLimitedError", "free", 1),
        *(status(BUSY, "Retry-After: 3600"), status(BUSY, *IN_AN_HOUR)),
    ),
    fault(
        "HTTP 503 with a Retry-After beyond max_retry_after",
        *("ServerError", "free", 1),
        *(status(DOWN, "Retry-After: 3600"), status(DOWN, *IN_AN_HOUR)),
    ),
    fault(
        "a redirect to another origin",
        *("RedirectError", "free", 1),
        *(status(line, ELSEWHERE) for line in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent")),
    ),
    # The service speaks: its code is believed, whatever the HTTP status.
    fault(
        "code 3 (no image) with HTTP 408, 429, 500, 502, 503 or 504",
        *("InvalidImageError", "free", 1),
        *(answers(refusal(3, line)) for line in STATUSES),
    ),
    fault("code 3 before the request was read to its end", "InvalidImageError", "free", 1,
          answers_before_the_body(refusal(3)), sources=(LARGE,)),
    fault("code 5 (credentials) with HTTP 401", "AuthenticationError", "free", 1, answers(refusal(5, "401 No"))),
    fault(
        "face search answers \"error when processing\"",
        *("ProcessingError", "free", 3),
        answers(http(b'{"status_code": 6, "message": "error when processing", "result": null}')),
        call=search_face,
        sources=(PICTURE,),
    ),
    # The answer is not from the service.
    fault("garbage before the status line", "ConnectionLostError", "unknown", 1, after_request(b"oops\r\n" + http())),
    fault("HTML with HTTP 200", "DecodeError", "unknown", 1, answers(http(b"<html>busy</html>"))),
    fault("an empty body with HTTP 200", "DecodeError", "unknown", 1, answers(http(b""))),
    fault("invalid JSON, or none with a code", "DecodeError", "unknown", 1,
          *(answers(http(body)) for body in (b'{"data": [1', b"[]", b'{"data": []}', b"[" * 100_000))),
    fault("JSON or gzip that breaks off after code 0", "DecodeError", "billed", 1,
          *map(answers, (http(ANSWER[:-1]), gzipped(gzip.compress(ANSWER)[:-12]), gzipped(broken_crc(ANSWER))))),
    fault("a code that is not a whole number", "DecodeError", "unknown", 1,
          *(answers(http(coded(code))) for code in (b'"OK"', b'"0.0"', b"true", b"[0]"))),
    fault("two codes that differ", "DecodeError", "unknown", 1, answers(http(coded(b'4, "errorCode": 0'))),
          answers(http(coded(b'4, "error\\u0043ode": 0'))), answers(http(coded(b'0, "status_code": 4')))),
    fault("data without a code", "none", "unknown", 1, answers(http(b'{"data": [{"type": "passport"}]}'))),
    fault("broken gzip", "DecodeError", "unknown", 1, answers(gzipped(b"no gzip"))),
    fault("truncated gzip", "DecodeError", "unknown", 1, answers(gzipped(gzip.compress(ANSWER)[:15]))),
    fault("an encoding that was not requested", "DecodeError", "unknown", 1,
          *(answers(http(b"?", headers=(f"Content-Encoding: {name}",))) for name in ("br", "zstd"))),
    # More than max_response_bytes.
    fault("200 MB", "ResponseTooLargeError", "unknown", 1, endless(b'{"data": "')),
    fault("200 MB that begin with code 0", "ResponseTooLargeError", "billed", 1,
          endless(b'{"errorCode": "0", "data": "')),
    fault("200 MB that begin with code 3", "ResponseTooLargeError", "free", 1,
          endless(b'{"errorCode": "3", "data": "')),
    fault("200 MB packed into 200 kB", "ResponseTooLargeError", "unknown", 1, bomb),
    # It comes right in the end.
    fault("HTTP 503, then an answer with code 0", "none", "billed", 2, answers(http(b"", DOWN), http())),
    fault("a call, its connection closed by the server, another call", "none", "billed", 2,
          answers(http()), call=read_card_once_more),
]  # fmt: skip

CASES = [(row, behave, source) for row in FAULTS for behave in row.behaviours for source in row.sources]
IDS = [f"{'GET' if source is LINK else 'POST'} {row.situation}" for row, _, source in CASES]


@pytest.mark.parametrize(("row", "behave", "source"), CASES, ids=IDS)
async def test_the_fault_table(row: Fault, behave: Behave, source: Input) -> None:
    async with asyncio.timeout(15), row.at(behave) as server:
        with little_memory() if "200 MB" in row.situation else nullcontext():
            async with client(server.base_url, **row.settings) as cvs:
                outcome = await outcome_of(row.call(cvs, server, source))
        assert await alone(server)
        server.go.set()
        await left(server)
    assert (name_of(outcome), outcome.charge, len(server.requests)) == (row.exception, row.charge, row.requests)
    assert "canary" not in f"{outcome} {outcome!r}"
    assert outcome.operation == ("face_search.search" if row.call is search_face else "ocr.card")
    check_sums(cvs, outcome)


async def outcome_of(call: Awaitable[Reply[Any]]) -> Reply[Any] | CVSError:
    try:
        return await call
    except CVSError as error:
        return error


def name_of(outcome: Reply[Any] | CVSError) -> str:
    return type(outcome).__name__ if isinstance(outcome, CVSError) else "none"


def check_sums(cvs: AsyncCVS, outcome: Reply[Any] | CVSError) -> None:
    """Check that the outcome's charges equal the client's counts."""
    stats = cvs.stats
    assert stats.attempts == stats.billed + stats.free + stats.unknown
    assert stats.attempts == stats.calls + stats.retries.total()
    assert outcome.attempts == stats.attempts - (stats.calls - 1)
    assert outcome.unknown_attempts == stats.unknown == (outcome.charge == "unknown")
    assert (stats.in_flight, stats.waiting, stats.connections) == (0, 0, 0)


@contextmanager
def little_memory() -> Iterator[None]:
    """Fail where more than 40 MB are taken at once."""
    packed()  # which takes some, once
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    finally:
        tracemalloc.stop()


# --- the same table in README


def test_readme_has_the_same_table() -> None:
    assert readme_table() == [[row.situation, row.exception, row.charge, str(row.requests)] for row in FAULTS]


def test_every_exception_of_the_table_can_be_imported() -> None:
    assert all(row.exception == "none" or hasattr(cvs_async, row.exception) for row in FAULTS)


# --- what does not fit into a row


@pytest.mark.parametrize("line", [BUSY, DOWN])
@pytest.mark.parametrize("form", ["seconds", "date", "date without the service's own"])
async def test_a_longer_pause_than_allowed_is_reported(line: str, form: str) -> None:
    headers = {
        "seconds": ("Retry-After: 3600",),
        "date": IN_AN_HOUR,
        "date without the service's own": (f"Retry-After: {formatdate(time.time() + 3600, usegmt=True)}",),
    }[form]
    async with bad_server(status(line, *headers)) as server, client(server.base_url) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert error.retry_after == pytest.approx(3600, abs=60)
    assert "the service asks to wait 3" in str(error)
    assert "max_retry_after is 1" in str(error)


async def test_the_origin_that_a_redirect_leads_to_sees_nothing() -> None:
    async with bad_server(answers(http())) as other:
        redirect = http(b"", "302 Found", (f"Location: {other.base_url}/",))
        async with bad_server(answers(redirect)) as server, client(server.base_url) as cvs:
            error = await failure(cvs.ocr.card(PICTURE))
    assert isinstance(error, RedirectError)
    assert (other.connections, len(server.requests)) == (0, 1)


async def test_a_connection_that_was_closed_before_anything_was_sent_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new one, too, if the close was there before the first byte."""
    look = connections.look
    async with bad_server(silent) as server:

        def closed_first(transport: asyncio.BaseTransport) -> str:
            transport.get_extra_info("socket").shutdown(0)  # as if the server's FIN had just come in
            return look(transport)

        monkeypatch.setattr(connections, "look", closed_first)
        async with client(server.base_url) as cvs:
            error = await failure(cvs.ocr.card(PICTURE))
        await left(server)
    assert (name_of(error), error.charge, error.attempts) == ("ConnectError", "free", 3)
    assert (server.connections, server.requests) == (3, [])


@pytest.mark.parametrize("source", [PICTURE, LINK], ids=["POST", "GET"])
async def test_a_server_that_closes_new_connections_never_causes_a_hidden_charge(
    source: Input,
) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=half_close_all, args=(listening, heard))
        server.start()
        try:
            once = RetryPolicy(attempts=1)
            async with client(f"http://127.0.0.1:{listening.getsockname()[1]}", retry=once) as cvs:
                errors = [await failure(cvs.ocr.card(source)) for _ in range(50)]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()
    names = {(name_of(error), error.charge) for error in errors}
    assert names <= {("ConnectError", "free"), ("ConnectionLostError", "unknown")}
    assert (len(heard), cvs.stats.free + cvs.stats.unknown) == (50, 50)
    assert sum(map(bool, heard)) <= cvs.stats.unknown


def half_close_all(listening: socket.socket, heard: list[bytes]) -> None:
    """Close one side of each new connection at once, and keep what comes in on the other."""
    with contextlib.suppress(OSError):
        while True:
            connection = listening.accept()[0]
            with connection:
                connection.shutdown(socket.SHUT_WR)
                heard.append(connection.recv(1 << 16))


@pytest.mark.parametrize("source", [PICTURE, LINK], ids=["POST", "GET"])
async def test_a_kept_connection_that_breaks_is_never_used_to_send_again(source: Input) -> None:
    """aiohttp would resend a GET, and the second answer would be paid for unseen."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await read_request(reader))
            writer.write(http())
            state.requests.append(await read_request(reader))

        return connection

    async with bad_server(behave) as server, client(server.base_url) as cvs:
        await cvs.ocr.card(source)
        error = await failure(cvs.ocr.card(source))
    assert isinstance(error, ConnectionLostError)
    assert error.charge == "unknown"
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_many_kept_connections_that_were_closed_are_all_replaced() -> None:
    async with bad_server(answers(http())) as server, client(server.base_url, max_connections=8) as cvs:
        for _ in range(3):
            replies = await asyncio.gather(*(cvs.ocr.card(PICTURE) for _ in range(8)))
            assert [reply.attempts for reply in replies] == [1] * 8
            server.hang_up()
    assert len(server.requests) == 24


async def test_an_answer_too_many_is_never_taken_for_the_next_ones() -> None:
    mine, foreign = (http(ANSWER.replace(b"[]", b'["%s"]' % word)) for word in (b"mine", b"foreign"))
    async with bad_server(answers(mine + foreign)) as server, client(server.base_url) as cvs:
        for source in (PICTURE, LINK):
            reply = await cvs.ocr.card(source)
            assert reply.raw["data"] == ["mine"]


async def test_a_proxy_that_refuses_the_way_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bad_server(status("502 Bad Gateway")) as proxy:
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setenv("https_proxy", proxy.base_url)
        async with client("https://cvs.example.com") as cvs:
            error = await failure(cvs.ocr.card(PICTURE))
        await left(proxy)
    assert (name_of(error), error.charge, error.attempts) == ("ConnectError", "free", 3)


@pytest.mark.usefixtures("trusted")
async def test_a_kept_connection_with_tls_is_used_again_until_it_is_closed() -> None:
    async with self_signed(answers(http())) as server, client(server.base_url) as cvs:
        for connections in (1, 1, 1, 2, 2):
            reply = await cvs.ocr.card(PICTURE)
            assert (reply.charge, reply.attempts, server.connections) == ("billed", 1, connections)
            if len(server.requests) == 3:
                server.hang_up()


@pytest.mark.usefixtures("trusted")
async def test_unrequested_tls_messages_do_not_count_as_a_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of TLS 1.3 sends session tickets, possibly before the request is sent."""
    look = connections.look
    seen: list[str] = []

    def after_the_tickets(transport: asyncio.BaseTransport) -> str:
        if not seen:
            select.select([transport.get_extra_info("socket")], [], [], 5)
        seen.append(look(transport))
        return seen[-1]

    monkeypatch.setattr(connections, "look", after_the_tickets)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=answer_with_tls, args=(listening,))
        server.start()
        once = RetryPolicy(attempts=1)
        async with client(f"https://127.0.0.1:{listening.getsockname()[1]}", retry=once) as cvs:
            outcome = await outcome_of(cvs.ocr.card(LINK))
        server.join()
    assert (name_of(outcome), outcome.charge) == ("none", "billed")
    assert (seen[0], seen[-1]) == ("readable", "quiet")


def answer_with_tls(listening: socket.socket) -> None:
    with (
        contextlib.suppress(OSError),
        certified()[0].wrap_socket(listening.accept()[0], server_side=True) as connection,
    ):
        if connection.recv(1 << 16):
            connection.sendall(http())


# --- several requests for one call

RESENDING = RetryPolicy(attempts=3, initial=0.001, maximum=0.01, unknown_resends=1)


async def test_what_was_free_before_an_answer_is_not_counted_as_unknown() -> None:
    async with bad_server(answers(http(b"", DOWN), http())) as server, client(server.base_url) as cvs:
        reply = await cvs.ocr.card(PICTURE)
    assert (reply.attempts, reply.unknown_attempts) == (2, 0)


async def test_a_resend_that_was_allowed_is_counted_and_visible() -> None:
    events: list[Any] = []
    behave = in_turn(resets_after_request, answers(http()))
    async with (
        bad_server(behave) as server,
        client(server.base_url, retry=RESENDING, on_event=events.append) as cvs,
    ):
        reply = await cvs.ocr.card(PICTURE)
    assert (reply.attempts, reply.unknown_attempts, len(server.requests)) == (2, 1, 2)
    assert (cvs.stats.unknown, cvs.stats.billed, cvs.stats.retries) == (1, 1, Counter(unknown=1))
    assert [(event.attempt, event.charge) for event in events] == [(1, "unknown"), (2, "billed")]


async def test_a_refusal_does_not_hide_that_an_earlier_request_may_have_been_charged() -> None:
    behave = in_turn(resets_after_request, answers(refusal(3)))
    async with bad_server(behave) as server, client(server.base_url, retry=RESENDING) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert (name_of(error), error.charge) == ("InvalidImageError", "unknown")
    assert (error.attempts, error.unknown_attempts) == (2, 1)


async def test_a_resend_is_allowed_only_so_often() -> None:
    async with bad_server(resets_after_request) as server, client(server.base_url, retry=RESENDING) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert (error.attempts, error.unknown_attempts, len(server.requests)) == (2, 2, 2)


async def test_a_picture_is_never_added_twice() -> None:
    async with bad_server(resets_after_request) as server, client(server.base_url, retry=RESENDING) as cvs:
        error = await failure(cvs.face_search.add_image(PICTURE))
    assert (error.charge, error.attempts, len(server.requests)) == ("unknown", 1, 1)


async def test_the_first_failure_is_the_cause_of_the_last() -> None:
    behave = answers(http(b"", DOWN), http(b"", BUSY), http(b"", "502 Bad Gateway"))
    async with bad_server(behave) as server, client(server.base_url) as cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert (error.http_status, error.attempts) == (502, 3)
    assert isinstance(error.__cause__, ServerError)
    assert error.__cause__.http_status == 503


async def test_a_server_that_restarts_under_500_calls() -> None:
    pause = partial(next, itertools.cycle([0.001, 0.004, 0.002]))
    behave = answers_after(pause)
    free = asyncio.Semaphore(50)
    patient = RetryPolicy(attempts=20, initial=0.5)

    async def call(cvs: AsyncCVS) -> Reply[Any] | CVSError:
        async with free:
            return await outcome_of(cvs.ocr.card(PICTURE))

    async with asyncio.timeout(15):
        async with bad_server(behave) as first:
            cvs = client(first.base_url, retry=patient, timeout=20)
            calls = [asyncio.create_task(call(cvs)) for _ in range(500)]
            while first.answered < 150:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        async with bad_server(behave, port=int(first.base_url.rpartition(":")[2])) as second, cvs:
            outcomes = await asyncio.gather(*calls)
    charges = Counter(outcome.charge for outcome in outcomes)
    assert charges.keys() <= {"billed", "unknown"}
    assert charges["billed"] == cvs.stats.billed
    assert charges["unknown"] == cvs.stats.unknown
    assert charges["billed"] <= first.answered + second.answered <= charges["billed"] + charges["unknown"]


# --- every exception that the HTTP libraries have


def made(kind: type[BaseException]) -> Any:
    """An exception of a class, whatever its constructor wants to know."""
    return kind.__new__(kind)


HTTPX = sorted({*kinds(httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)}, key=lambda kind: kind.__name__)
NEVER_DELIVERED = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.InvalidURL, httpx.UnsupportedProtocol),
)
"""These mean that nothing was sent, whatever happened before: in httpcore the way through a proxy is a request too."""

AIOHTTP = sorted(
    (
        kind
        for kind in {*kinds(aiohttp.ClientError, OSError)}
        if kind.__module__.partition(".")[0] in ("aiohttp", "builtins", "socket", "ssl")
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("phase", ["handed", "connecting", "sending"])
@pytest.mark.parametrize("kind", [kind for kind in HTTPX if not issubclass(kind, httpx.StreamError)])
def test_every_exception_of_httpx_is_classified(kind: type[BaseException], phase: Any) -> None:
    attempt = Attempt(phase=phase)
    error = attempt.stamp(httpx_backend.to_cvs_error(made(kind), attempt))
    free = phase == "connecting" or issubclass(kind, NEVER_DELIVERED)
    late = issubclass(kind, httpx.TimeoutException)
    assert name_of(error) == ("TimeoutError" if late else "ConnectError" if free else "ConnectionLostError")
    assert (error.charge, error.attempts) == ("free" if free else "unknown", 1)


@pytest.mark.parametrize("left", [False, True], ids=["before it left", "after it left"])
@pytest.mark.parametrize("kind", AIOHTTP)
def test_every_exception_of_aiohttp_is_classified(kind: type[BaseException], left: bool) -> None:
    attempt = Attempt(phase="sending" if left else "connecting")
    ours = attempt.stamp(aiohttp_backend.to_cvs_error(made(kind), attempt))
    late = issubclass(kind, asyncio.TimeoutError)
    assert name_of(ours) == ("TimeoutError" if late else "ConnectionLostError" if left else "ConnectError")
    assert ours.charge == ("unknown" if left else "free")


class Raising(httpx.AsyncBaseTransport):
    """Fails in a given way, in a given phase."""

    def __init__(self, error: BaseException, *, after: str) -> None:
        self.error, self.after, self.asked = error, after, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await request.extensions["trace"](self.after, {})
        raise self.error


@pytest.mark.parametrize("left", [False, True], ids=["before it left", "after it left"])
@pytest.mark.parametrize("kind", [*HTTPX, *AIOHTTP, RuntimeError, asyncio.InvalidStateError])
async def test_whatever_a_transport_raises_becomes_ours(kind: type[BaseException], left: bool) -> None:
    after = "http11.send_request_headers.started" if left else "connection.connect_tcp.started"
    cvs = client("http://127.0.0.1", transport=Raising(made(kind), after=after))
    async with cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert error.charge == ("unknown" if left and not issubclass(kind, NEVER_DELIVERED) else "free")
    assert error.unknown_attempts == cvs.stats.unknown == (error.charge == "unknown")


@pytest.mark.parametrize("after", ["connection.connect_tcp.started", "http11.send_request_headers.started"])
async def test_a_cancelled_error_is_never_a_reason_to_send_again(after: str) -> None:
    """Not even one that comes out of the transport, and not from the caller."""
    transport = Raising(asyncio.CancelledError(), after=after)
    async with client("http://127.0.0.1", transport=transport, retry=RESENDING) as cvs:
        with pytest.raises((asyncio.CancelledError, ConnectionLostError)):
            await cvs.ocr.card(PICTURE)
    assert transport.asked == 1


async def test_a_file_object_is_read_once_and_sent_as_often_as_it_takes() -> None:
    busy, body = http(b"", "503 Service Unavailable"), b"\xff\xd8\xff from a file object"
    async with bad_server(answers(busy, busy, http())) as server, client(server.base_url) as cvs:
        reply = await cvs.ocr.card(BytesIO(body))
    assert reply.attempts == 3
    assert [body in request for request in server.requests] == [True] * 3


# --- answers that come before the request was read


def refuse_at_once(answer: bytes, context: ssl.SSLContext | None, listening: socket.socket) -> None:
    """Answer each connection once its first head is in, and close it with the rest unread, which resets it."""
    with contextlib.suppress(OSError):
        while True:
            connection = listening.accept()[0]
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or the answer waits for the tickets
            with contextlib.suppress(OSError), connection if context is None else wrapped(context, connection) as one:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += one.recv(1 << 10)
                one.sendall(answer)
                while unsent(one):
                    pass


def unsent(connection: socket.socket) -> int:
    """Bytes that the other side's system has not taken yet: to close would drop them."""
    left = fcntl.ioctl(connection, termios.TIOCOUTQ, struct.pack("i", 0))
    count: int = struct.unpack("i", left)[0]
    return count


def wrapped(context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
    return context.wrap_socket(connection, server_side=True)


@contextmanager
def refusing(answer: bytes, *, tls: bool) -> Iterator[str]:
    """The address of such a server, in a thread: within one event loop nothing ever comes at a bad moment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        arguments = (answer, certified()[0] if tls else None, listening)
        server = threading.Thread(target=refuse_at_once, args=arguments)
        server.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()


REFUSALS = {
    "413": (http(b"<html>", "413 Content Too Large", ("Connection: close",)), "APIError"),
    "413 that would be kept": (http(b"<html>", "413 Content Too Large"), "APIError"),
    "401": (http(b"", "401 Unauthorized"), "AuthenticationError"),
    "code 3": (refusal(3), "InvalidImageError"),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("size", [1_000, 200_000, 3 << 20])
@pytest.mark.parametrize("form", ["file", "base64"])
@pytest.mark.parametrize(("answer", "expected"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_is_read_although_the_service_closed_before_it_had_read_the_request(
    answer: bytes, expected: str, form: Any, size: int, tls: bool, tmp_path: Path
) -> None:
    path = tmp_path / "scan.jpg"
    path.write_bytes(PICTURE.ljust(size))
    with refusing(answer, tls=tls) as base_url:
        for source in (path, PICTURE.ljust(size)):
            async with client(base_url, retry=RetryPolicy(attempts=1)) as cvs:  # with a connection of its own
                error = await failure(cvs.ocr.card(source, send_as=form))
            assert (name_of(error), error.charge) == (expected, "free")


@pytest.mark.parametrize(("form", "body"), [("file", 1_000), ("base64", 1_336)])
async def test_a_too_large_answer_is_reported_with_size_and_remedy(form: Any, body: int) -> None:
    async with bad_server(answers(http(b"", "413 Content Too Large"))) as server, client(server.base_url) as cvs:
        error = await failure(cvs.ocr.card(PICTURE.ljust(1_000), send_as=form))
    found = re.search(r"HTTP 413: the request of ([\d,]+) bytes is too large .* send a smaller", str(error))
    assert found is not None
    assert body <= int(found[1].replace(",", "")) < body + 400
    assert (error.charge, error.http_status, len(server.requests)) == ("free", 413, 1)


async def test_a_connection_on_which_half_a_request_was_sent_is_not_used_again() -> None:
    """The rest of the request would come after the next one."""
    behave = answers_before_the_body(refusal(3))
    async with bad_server(behave) as server, client(server.base_url) as cvs:
        for _ in range(3):
            assert name_of(await failure(cvs.ocr.card(LARGE))) == "InvalidImageError"
        await left(server)
    assert server.connections == 3


async def test_without_an_answer_a_connection_that_breaks_while_sending_has_an_unknown_charge() -> None:
    with refusing(b"", tls=False) as base_url:
        async with client(base_url, retry=RetryPolicy(attempts=1)) as cvs:
            for source in (PICTURE, LARGE) * 5:
                error = await failure(cvs.ocr.card(source))
                assert (name_of(error), error.charge) == ("ConnectionLostError", "unknown")


# --- no file descriptor left


@contextmanager
def no_descriptor_left() -> Iterator[int]:
    """All file descriptors that the process may have are taken; gives how many that are."""
    taken = list[int]()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    bound = 64 + max(map(int, os.listdir("/dev/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (bound, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield bound
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


@pytest.mark.parametrize("transport", ["the client's", "httpx's"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "no-such-host.invalid"])
async def test_without_a_file_descriptor_the_bound_is_named_and_nothing_is_sent(host: str, transport: str) -> None:
    own = {} if transport == "the client's" else {"transport": httpx.AsyncHTTPTransport()}
    async with bad_server(answers(http())) as server:
        base_url = server.base_url.replace("127.0.0.1", host)
        async with client(base_url, allow_insecure=True, **own) as cvs:
            with no_descriptor_left() as bound:
                error = await failure(cvs.ocr.card(PICTURE))
            assert isinstance(error, ConfigurationError)
            assert f"at most {bound} at once" in str(error)
            assert "ulimit -n" in str(error)
            assert str(error).startswith("ocr.card: ")
            assert (error.charge, error.operation, error.attempts, cvs.stats.attempts) == ("free", "ocr.card", 1, 1)
            if host != "no-such-host.invalid":
                assert (await cvs.ocr.card(PICTURE)).charge == "billed"
    assert len(server.requests) == (host != "no-such-host.invalid")
