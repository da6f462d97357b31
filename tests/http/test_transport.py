"""The transport: connections, proxies, downloads, and what it keeps to itself. Faults are in `test_faults`."""

from __future__ import annotations

import asyncio
import gc
import logging
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from cvs_async import (
    AsyncCVS,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    CVSError,
    InvalidInputError,
    RedirectError,
    ResponseTooLargeError,
    RetryPolicy,
    ServerError,
    Timeout,
    TimeoutError,
)
from cvs_async._codec.request import Request, build
from tests.support.clock import settle
from tests.support.servers import (
    ANSWER,
    BadServer,
    Behaviour,
    answers,
    arrived,
    bad_server,
    closed_port,
    closes_after_request,
    full_backlog,
    http,
    left,
    read_request,
    silent,
)

PICTURE = b"\xff\xd8\xff picture"
LINK = "https://example.com/ảnh%20thẻ.jpg?token=canary&x=1#y"


async def failure(base_url: str, source: str | bytes = PICTURE, **settings: object) -> CVSError:
    """The error that one call ends with."""
    once = {"retry": RetryPolicy(attempts=1), "drain_timeout": 0.1, "allow_insecure": True}
    async with AsyncCVS("key", "secret", base_url=base_url, **(once | settings)) as cvs:  # type: ignore[arg-type]
        with pytest.raises(CVSError) as caught:
            await cvs.ocr.card(source)
    return caught.value


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    async with (
        bad_server(answers(http(), then_close=True)) as server,
        AsyncCVS("key", "secret", base_url=server.base_url) as cvs,
    ):
        for _ in range(3):
            assert (await cvs.ocr.card(PICTURE)).charge == "billed"
            await left(server)
            await settle()  # the client hears of it
    assert (server.connections, len(server.requests)) == (3, 3)


async def test_the_bound_on_the_whole_call_is_free_while_it_connects() -> None:
    async with full_backlog() as base_url:
        error = await failure(base_url, timeout=0.3)
    assert isinstance(error, TimeoutError)
    assert error.charge == "free"


async def test_a_file_that_shrinks_while_it_is_sent_fails_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-" + bytes(3 << 20))

    def shrink_then_build(*arguments: Any, **keywords: Any) -> Request:
        large.write_bytes(b"%PDF-")
        return build(*arguments, **keywords)

    monkeypatch.setattr("cvs_async._calls.call.build", shrink_then_build)
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
        async with AsyncCVS(
            "key", "secret", base_url=server.base_url, timeout=settings, max_connections=1, drain_timeout=0
        ) as cvs:
            first = asyncio.create_task(cvs.ocr.card(PICTURE))
            await arrived(server, 1)
            with pytest.raises(TimeoutError) as caught:
                await cvs.ocr.card(PICTURE)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
    assert (caught.value.charge, caught.value.attempts, len(server.requests)) == ("free", 0, 1)


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


@pytest.mark.parametrize("own", [False, True])
async def test_an_address_that_cannot_be_reached_is_named_without_path_and_query(own: bool) -> None:
    settings = {"transport": httpx.AsyncHTTPTransport()} if own else {}
    nowhere = closed_port()
    error = await failure(f"{nowhere}/canary", "https://example.com/canary.jpg?canary", **settings)
    assert type(error) is ConnectError
    assert str(error) == f"ocr.card: the service cannot be reached (ConnectError) at {nowhere}"


async def test_a_download_that_cannot_be_reached_is_named_with_its_port() -> None:
    async with AsyncCVS("key", "secret", base_url=closed_port(), retry=RetryPolicy(attempts=1)) as cvs:
        with pytest.raises(ConnectError, match=r"cannot be reached \(ConnectError\) at https://\[::1\]:443$"):
            await cvs.smartcrop.download("https://user:canary@[::1]/canary.jpg?canary")


async def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = closed_port()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy.replace("://", "://user:canary@"))
    error = await failure("http://cvs.example.com")
    assert str(error).endswith(f"(ProxyError) at http://cvs.example.com:80 by the proxy {proxy}")


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
        async with AsyncCVS("key", "secret", base_url="http://cvs.example.com", allow_insecure=True) as cvs:
            await cvs.ocr.card(PICTURE)
    assert proxy.requests[0].startswith(b"POST http://cvs.example.com/api/v2/ocr/card?")


async def test_a_proxy_without_a_scheme_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bad_server(answers(http())) as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.base_url.removeprefix("http://"))
        async with AsyncCVS("key", "secret", base_url="http://cvs.example.com", allow_insecure=True) as cvs:
            await cvs.ocr.card(PICTURE)
    assert proxy.requests[0].startswith(b"POST http://cvs.example.com/api/v2/ocr/card?")


async def test_a_download_through_a_proxy_that_cannot_be_used_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1080")
    async with AsyncCVS("key", "secret", allow_insecure=True) as cvs:
        with pytest.raises(ConfigurationError, match=r"^smartcrop.download: http_proxy: a socks proxy") as caught:
            await cvs.smartcrop.download("http://cvs.example.com/a.jpg")
    assert caught.value.charge == "free"


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


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("50%", b"50%25"),
        ("a%2Fb", b"a%252Fb"),
        ("%2e%2e", b"%252e%252e"),
        ("a b&c=d", b"a%20b%26c%3Dd"),
        ("số 1", b"s%E1%BB%91%201"),
    ],
)
async def test_an_id_is_one_part_of_the_path_whatever_is_in_it(given: str, path: bytes) -> None:
    found = b'{"result": [], "status_code": 0, "message": "Success"}'
    async with bad_server(answers(http(found))) as server, AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
        await cvs.face_search.update_image(given)
    assert server.requests[0].startswith(b"PUT /api/v2/face_search/images/" + path + b" HTTP/1.1\r\n")


async def test_a_cookie_of_an_answer_is_not_sent_along() -> None:
    reply = http(headers=("Set-Cookie: session=CANARY; Path=/",))
    # For a name, because aiohttp's jar takes no cookies from addresses.
    async with (
        bad_server(answers(reply)) as server,
        AsyncCVS("key", "secret", base_url=server.base_url.replace("127.0.0.1", "localhost")) as cvs,
    ):
        for _ in range(2):
            await cvs.ocr.card(PICTURE)
    assert len(server.requests) == 2
    assert not any(b"CANARY" in request for request in server.requests)


async def test_a_picture_is_not_fetched_in_plain_http_from_another_machine() -> None:
    asked = list[httpx.URL]()

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, content=b"picture")

    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(handle)) as cvs:
        with pytest.raises(InvalidInputError):
            await cvs.smartcrop.download("http://pictures.invalid/a.jpg")
        assert not asked
        assert await cvs.smartcrop.download("https://pictures.invalid/a.jpg") == b"picture"


async def test_a_download_that_breaks_off_is_free_and_still_called_so() -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    once = RetryPolicy(attempts=1)
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(handle), retry=once) as cvs:
        with pytest.raises(ConnectionLostError) as caught:
            await cvs.smartcrop.download("https://pictures.invalid/a.jpg")
    assert (caught.value.charge, caught.value.unknown_attempts, cvs.stats.free) == ("free", 0, 1)


@pytest.mark.parametrize("with_length", [True, False])
async def test_an_answer_of_exactly_the_bound_is_read(with_length: bool) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    reply = http() if with_length else head + ANSWER
    bounds = {len(ANSWER): "billed", len(ANSWER) - 1: None}
    for most, charge in bounds.items():
        async with (
            bad_server(answers(reply, then_close=True)) as server,
            AsyncCVS("key", "secret", base_url=server.base_url, max_response_bytes=most) as cvs,
        ):
            if charge is not None:
                assert (await cvs.ocr.card(PICTURE)).charge == charge
            else:
                with pytest.raises(ResponseTooLargeError):
                    await cvs.ocr.card(PICTURE)


async def test_a_base_url_with_letters_of_its_own_is_quoted() -> None:
    async with (
        bad_server(answers(http())) as server,
        AsyncCVS("key", "secret", base_url=f"{server.base_url}/tiền-tố") as cvs,
    ):
        await cvs.ocr.card(PICTURE, check_sum="số 1")
    request = server.requests[0].partition(b" HTTP/1.1")[0]
    path = b"/ti%E1%BB%81n-t%E1%BB%91/api/v2/ocr/card"
    assert request == b"POST " + path + b"?format_type=file&get_thumb=false&check_sum=s%E1%BB%91%201"


async def test_what_a_mock_lets_through_is_sent() -> None:
    async with bad_server(answers(http())) as server:
        with respx.mock(using="httpx") as router:
            router.post(url__startswith=server.base_url).pass_through()
            async with AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
                reply = await cvs.ocr.card(PICTURE)
    assert reply.charge == "billed"
    assert server.requests[0].count(PICTURE) == 1


@pytest.mark.parametrize("size", [1_000, 1_000_000])
async def test_a_call_leaves_nothing_for_the_garbage_collector(tmp_path: Path, size: int) -> None:
    path = tmp_path / "scan.jpg"
    path.write_bytes(PICTURE.ljust(size))
    async with bad_server(answers(http())) as server, AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
        await cvs.ocr.card(path)
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            for _ in range(60):  # the loop keeps some timers, and with them what they were made for
                await cvs.ocr.card(path)
            gc.collect()
            left = sorted({f"{type(thing).__module__}.{type(thing).__name__}" for thing in gc.garbage})
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
    assert [name for name in left if "cvs_async" in name or "Task" in name] == []
