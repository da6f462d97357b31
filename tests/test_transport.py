"""What becomes of a call when the network, or the service, misbehaves: the error, its charge, what was sent."""

from __future__ import annotations

import asyncio
import builtins
import gc
import gzip
import logging
import socket
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import (
    AsyncCVS,
    ConnectError,
    ConnectionLostError,
    CVSError,
    DecodeError,
    InvalidImageError,
    InvalidInputError,
    RateLimitedError,
    RedirectError,
    ResponseTooLargeError,
    ServerError,
    Timeout,
    TimeoutError,
)
from cvs_async._request import Request, build
from cvs_async.errors import Charge
from tests.servers import (
    ANSWER,
    BadServer,
    Behaviour,
    answers,
    answers_before_the_body,
    arrived,
    bad_server,
    closes_after_request,
    deaf,
    hangs_up,
    http,
    read_request,
    resets_after_request,
    silent,
)

PICTURE = b"\xff\xd8\xff picture"
LINK = "https://example.com/ảnh thẻ.jpg?token=canary&x=1#y"


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def failure(base_url: str, source: str | bytes = PICTURE, **settings: object) -> CVSError:
    """The error that one call ends with."""
    async with AsyncCVS("key", "secret", base_url=base_url, **settings) as cvs:  # type: ignore[arg-type]
        with pytest.raises(CVSError) as caught:
            await cvs.ocr.card(source)
    return caught.value


@pytest.mark.parametrize("source", [PICTURE, LINK], ids=["POST", "GET"])
async def test_a_refused_connection_is_free(source: str | bytes) -> None:
    error = await failure(closed_port(), source)
    assert isinstance(error, ConnectError)
    assert isinstance(error, builtins.ConnectionError)
    assert (error.charge, error.operation, error.attempts) == ("free", "ocr.card", 1)


async def test_an_unknown_host_is_free() -> None:
    error = await failure("http://no-such-host.invalid")
    assert isinstance(error, ConnectError)
    assert error.charge == "free"


async def test_a_host_that_speaks_no_tls_is_free() -> None:
    async with bad_server(hangs_up) as server:
        error = await failure(server.base_url.replace("http:", "https:"))
    assert isinstance(error, ConnectError)
    assert error.charge == "free"
    assert server.requests == []


SENT: list[tuple[str, Callable[[BadServer], Behaviour], type[CVSError], Charge]] = [
    ("closed after the request was sent", closes_after_request, ConnectionLostError, "unknown"),
    ("reset after the request was sent", resets_after_request, ConnectionLostError, "unknown"),
    ("half an answer", answers(http(ANSWER, length=500), then_close=True), ConnectionLostError, "unknown"),
    ("garbage before the status line", answers(b"garbage\r\n\r\n", then_close=True), ConnectionLostError, "unknown"),
    ("silent", silent, TimeoutError, "unknown"),
    ("broken gzip", answers(http(b"no gzip", headers=("Content-Encoding: gzip",))), DecodeError, "unknown"),
    ("HTML", answers(http(b"<html>busy</html>")), DecodeError, "unknown"),
    ("an empty body", answers(http(b"")), DecodeError, "unknown"),
    ("429", answers(http(b"", "429 Too Many Requests")), RateLimitedError, "free"),
    ("500", answers(http(b"", "500 Internal Server Error")), ServerError, "free"),
    ("502", answers(http(b"", "502 Bad Gateway")), ServerError, "unknown"),
    ("503", answers(http(b"", "503 Service Unavailable")), ServerError, "free"),
    ("504", answers(http(b"", "504 Gateway Timeout")), ServerError, "unknown"),
    (
        "a redirect to another origin",
        answers(http(b"", "302 Found", ("Location: http://127.0.0.1:1/",))),
        RedirectError,
        "free",
    ),
    ("an answer that is too large", answers(http(b"x" * 20_000)), ResponseTooLargeError, "unknown"),
    (
        "an answer that is too large once unpacked",
        answers(http(gzip.compress(b"x" * 20_000), headers=("Content-Encoding: gzip",))),
        ResponseTooLargeError,
        "unknown",
    ),
]


@pytest.mark.parametrize("source", [PICTURE, LINK], ids=["POST", "GET"])
@pytest.mark.parametrize(("behave", "expected", "charge"), [row[1:] for row in SENT], ids=[row[0] for row in SENT])
async def test_once_the_request_has_left_the_charge_is_known_only_from_an_answer(
    behave: Callable[[BadServer], Behaviour], expected: type[CVSError], charge: Charge, source: str | bytes
) -> None:
    async with bad_server(behave) as server:
        error = await failure(server.base_url, source, timeout=Timeout(read=0.2), max_response_bytes=10_000)
    assert type(error) is expected
    assert (error.charge, error.operation, error.attempts) == (charge, "ocr.card", 1)
    assert len(server.requests) == 1
    assert "canary" not in f"{error} {error!r}"


async def test_a_kept_connection_that_breaks_is_never_used_to_send_a_get_twice() -> None:
    """aiohttp would resend it, and the second answer would be paid for unseen."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await read_request(reader))
            writer.write(http())
            state.requests.append(await read_request(reader))

        return connection

    async with bad_server(behave) as server, AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
        await cvs.ocr.card(LINK)
        with pytest.raises(ConnectionLostError) as caught:
            await cvs.ocr.card(LINK)
    assert caught.value.charge == "unknown"
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    async with (
        bad_server(answers(http(), then_close=True)) as server,
        AsyncCVS("key", "secret", base_url=server.base_url) as cvs,
    ):
        for _ in range(3):
            assert (await cvs.ocr.card(PICTURE)).charge == "billed"
            await asyncio.sleep(0.05)  # the server's close has to arrive
    assert (server.connections, len(server.requests)) == (3, 3)


async def test_the_bound_on_the_whole_call_is_free_while_it_connects() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        crowd = []
        try:
            for _ in range(4):  # fill the backlog, so that a further connection hangs
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(address)
                crowd.append(one)
            await asyncio.sleep(0.05)
            error = await failure(f"http://127.0.0.1:{address[1]}", timeout=0.3)
        finally:
            for one in crowd:
                one.close()
    assert isinstance(error, TimeoutError)
    assert isinstance(error, builtins.TimeoutError)
    assert error.charge == "free"


async def test_the_bound_on_the_whole_call_is_unknown_once_the_request_has_left() -> None:
    async with bad_server(silent) as server:
        error = await failure(server.base_url, timeout=0.3)
    assert isinstance(error, TimeoutError)
    assert (error.charge, len(server.requests)) == ("unknown", 1)


async def test_a_server_that_does_not_read_runs_into_the_write_timeout(tmp_path: Path) -> None:
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-" + bytes(64 << 20))
    async with bad_server(deaf) as server:
        error = await failure(server.base_url, str(large), timeout=Timeout(write=0.3))
    assert isinstance(error, TimeoutError)
    assert error.charge == "unknown"
    assert "WriteTimeout" in str(error)


async def test_an_answer_that_comes_before_the_body_was_taken_is_an_answer(tmp_path: Path) -> None:
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-" + bytes(32 << 20))
    refusal = http(b'{"data": null, "errorCode": "3", "errorMessage": "too large"}')
    async with bad_server(answers_before_the_body(refusal)) as server:
        error = await failure(server.base_url, str(large))
    assert isinstance(error, InvalidImageError)
    assert error.charge == "free"


async def test_a_file_that_shrinks_while_it_is_sent_fails_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-" + bytes(3 << 20))

    def shrink_then_build(*arguments: Any, **keywords: Any) -> Request:
        large.write_bytes(b"%PDF-")
        return build(*arguments, **keywords)

    monkeypatch.setattr("cvs_async._call.build", shrink_then_build)
    async with bad_server(answers(http())) as server:
        error = await failure(server.base_url, str(large))
    assert isinstance(error, InvalidInputError)
    assert "large.pdf" in str(error)
    assert server.requests == []


async def test_never_more_calls_in_flight_than_connections() -> None:
    running, most = 0, 0

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal running, most
            while True:
                state.requests.append(await read_request(reader))
                running += 1
                most = max(most, running)
                await asyncio.sleep(0.01)
                running -= 1
                writer.write(http())

        return connection

    async with (
        bad_server(behave) as server,
        AsyncCVS("key", "secret", base_url=server.base_url, max_connections=3) as cvs,
    ):
        await asyncio.gather(*(cvs.ocr.card(PICTURE) for _ in range(20)))
    assert (server.connections, len(server.requests), most) == (3, 20, 3)


async def test_waiting_for_a_connection_has_its_own_bound_and_is_free() -> None:
    async with bad_server(silent) as server:
        settings = Timeout(pool=0.1)
        async with AsyncCVS("key", "secret", base_url=server.base_url, timeout=settings, max_connections=1) as cvs:
            first = asyncio.create_task(cvs.ocr.card(PICTURE))
            await arrived(server, 1)
            with pytest.raises(TimeoutError) as caught:
                await cvs.ocr.card(PICTURE)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
    assert (caught.value.charge, caught.value.attempts, len(server.requests)) == ("free", 0, 1)


async def test_cancelled_calls_give_their_connections_back() -> None:
    async with bad_server(silent) as server:
        async with AsyncCVS("key", "secret", base_url=server.base_url, max_connections=2) as cvs:
            for _ in range(10):
                call = asyncio.create_task(cvs.ocr.card(PICTURE))
                await asyncio.sleep(0.01)
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
            before = len(server.requests)
            last = [asyncio.create_task(cvs.ocr.card(PICTURE)) for _ in range(2)]
            await arrived(server, before + 2)
            for call in last:
                call.cancel()
            await asyncio.gather(*last, return_exceptions=True)
        assert len(asyncio.all_tasks()) <= 1 + server.connections


async def test_a_closed_client_leaves_nothing_open() -> None:
    async with bad_server(answers(http())) as server:
        gc.collect()  # what other tests left
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            async with AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
                await cvs.ocr.card(PICTURE)
            del cvs
            gc.collect()
    assert [str(warning.message) for warning in caught] == []


async def test_a_transport_of_the_users_own_is_taken_as_it_is() -> None:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=ANSWER)

    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(handle)) as cvs:
        await cvs.ocr.card(PICTURE)
    assert str(seen[0].url) == "https://cloud.computervision.com.vn/api/v2/ocr/card?format_type=file&get_thumb=false"


async def test_plain_httpx_below_charges_alike() -> None:
    async with bad_server(closes_after_request) as server:
        lost = await failure(server.base_url, transport=httpx.AsyncHTTPTransport())
    refused = await failure(closed_port(), transport=httpx.AsyncHTTPTransport())
    async with bad_server(silent) as server:
        late = await failure(server.base_url, transport=httpx.AsyncHTTPTransport(), timeout=0.3)
    assert (type(lost), lost.charge) == (ConnectionLostError, "unknown")
    assert (type(refused), refused.charge) == (ConnectError, "free")
    assert (type(late), late.charge) == (TimeoutError, "unknown")


async def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with bad_server(answers(http())) as server:
        async with AsyncCVS("key-canary", "secret-canary", base_url=server.base_url) as cvs:
            await cvs.ocr.card("https://example.com/canary.jpg?canary", check_sum="canary")
        async with httpx.AsyncClient() as others:
            await others.get(f"{server.base_url}/of-somebody-else")
    assert "canary" not in caplog.text
    assert "of-somebody-else" in caplog.text, "the logs of other httpx clients are none of our business"


async def test_proxies_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bad_server(answers(http())) as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.base_url)
        async with AsyncCVS("key", "secret", base_url="http://cvs.example.com") as cvs:
            await cvs.ocr.card(PICTURE)
    assert proxy.requests[0].startswith(b"POST http://cvs.example.com/api/v2/ocr/card?")


async def test_hosts_that_need_no_proxy_get_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", closed_port())
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with bad_server(answers(http())) as server, AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
        assert (await cvs.ocr.card(PICTURE)).charge == "billed"


async def test_a_download_from_a_foreign_host_carries_no_credentials() -> None:
    async with (
        bad_server(answers(http(b"own"))) as own,
        bad_server(answers(http(b"foreign"))) as foreign,
        AsyncCVS("key", "secret", base_url=own.base_url) as cvs,
    ):
        assert await cvs.smartcrop.download(f"{own.base_url}/a.jpg?x=1") == b"own"
        assert await cvs.smartcrop.download(f"{foreign.base_url}/a.jpg") == b"foreign"
    assert own.requests[0].startswith(b"GET /a.jpg?x=1 HTTP/1.1\r\n")
    assert b"\r\nauthorization: basic " in own.requests[0].lower()
    assert b"authorization" not in foreign.requests[0].lower()


DOWNLOADS: list[tuple[str, bytes, type[CVSError]]] = [
    ("too large", http(b"x" * 20_000), ResponseTooLargeError),
    ("a redirect", http(b"", "302 Found", ("Location: http://127.0.0.1:1/",)), RedirectError),
    ("a failing host", http(b"", "502 Bad Gateway"), ServerError),
]


@pytest.mark.parametrize(("answer", "expected"), [row[1:] for row in DOWNLOADS], ids=[row[0] for row in DOWNLOADS])
async def test_a_download_that_fails_costs_nothing(answer: bytes, expected: type[CVSError]) -> None:
    async with (
        bad_server(answers(answer)) as server,
        AsyncCVS("key", "secret", base_url=server.base_url, max_response_bytes=10_000) as cvs,
    ):
        with pytest.raises(expected) as caught:
            await cvs.smartcrop.download(f"{server.base_url}/a.jpg?token=canary")
    assert (caught.value.charge, caught.value.operation) == ("free", "smartcrop.download")
    assert "canary" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/a.jpg", "a.jpg", ""])
async def test_only_http_is_downloaded_from(url: str) -> None:
    async with AsyncCVS("key", "secret") as cvs:
        with pytest.raises(InvalidInputError):
            await cvs.smartcrop.download(url)
