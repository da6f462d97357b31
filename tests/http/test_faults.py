"""The fault table: what a call becomes when the network, or the service, misbehaves, and what it costs.

The same table stands in README, section "Reliability".
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from email.utils import formatdate
from functools import cache
from typing import Any, TypeAlias

import pytest
from attrs import field, frozen

import cvs_async
from cvs_async import AsyncCVS, CVSError, RedirectError, Reply, Timeout
from cvs_async.errors import Charge
from tests.support.faults import (
    BUSY,
    DOWN,
    LARGE,
    LINK,
    MIB,
    PICTURE,
    Input,
    client,
    failure,
    name_of,
    outcome_of,
    readme_table,
    refusal,
    self_signed,
    status,
)
from tests.support.servers import (
    ANSWER,
    BadServer,
    Behave,
    Behaviour,
    after_request,
    alone,
    answers,
    answers_before_the_body,
    bad_server,
    breaks_off_the_head,
    closed_port,
    closes_after_request,
    deaf,
    full_backlog,
    hangs_up,
    http,
    left,
    pours,
    reset,
    resets_after_request,
    says,
    silent,
    stall,
)

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
