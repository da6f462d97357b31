"""With CVS_ASYNC_OFFLINE nothing leaves this machine, whichever way it would go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from cvs_async import AsyncCVS, ConfigurationError, Endpoint, Held, RetryPolicy, Url
from cvs_async._http.offline import VARIABLE
from tests.support.servers import ANSWER, answers, bad_server, http

Ask = Callable[[AsyncCVS], Awaitable[object]]
ELSEWHERE = "https://cvs.example.com"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for variable in (name, name.upper()):
            monkeypatch.delenv(variable, raising=False)


async def refused(call: Awaitable[object], host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{VARIABLE}.*{host}.*nothing was sent") as caught:
        await call
    assert (caught.value.charge, caught.value.attempts) == ("free", 0)
    assert caught.value.operation is not None


def card(cvs: AsyncCVS) -> Awaitable[object]:
    return cvs.ocr.card(b"x")


def call(cvs: AsyncCVS) -> Awaitable[object]:
    return cvs.call(Endpoint("ocr/card"), img=b"x")


def images(cvs: AsyncCVS) -> Awaitable[object]:
    return cvs.face_search.list_images()


@pytest.mark.parametrize("ask", [card, call, images])
@pytest.mark.parametrize("base_url", [None, ELSEWHERE, "https://192.0.2.1"])
async def test_a_remote_service_is_refused_before_anything_is_sent(ask: Ask, base_url: str | None) -> None:
    async with AsyncCVS("key", "secret", base_url=base_url) as cvs:
        await refused(ask(cvs), base_url.partition("://")[2] if base_url else "computervision")
        assert (cvs.stats.attempts, cvs.stats.free, cvs.stats.unknown) == (0, 0, 0)


async def test_a_remote_service_behind_a_transport_of_the_user_is_refused_too() -> None:
    asked = list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=ANSWER)

    transport = httpx.MockTransport(answer)
    async with AsyncCVS("key", "secret", base_url=ELSEWHERE, transport=transport) as cvs:
        await refused(cvs.ocr.card(b"x"), "cvs.example.com")
    assert asked == []
    async with AsyncCVS("key", "secret", base_url="http://127.0.0.1:9", transport=transport) as cvs:
        await cvs.ocr.card(b"x")
    assert len(asked) == 1


@pytest.mark.parametrize("url", ["https://files.example.com/a.jpg?token=CANARY", "https://127.0.0.1\\@example.com/a"])
async def test_a_download_from_elsewhere_is_refused(url: str) -> None:
    async with AsyncCVS("key", "secret", base_url="http://127.0.0.1:9") as cvs:
        with pytest.raises(ConfigurationError, match=VARIABLE) as caught:
            await cvs.smartcrop.download(Url(url))
        assert "CANARY" not in str(caught.value)
        assert caught.value.charge == "free"


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
async def test_a_proxy_elsewhere_is_refused_for_a_service_on_this_machine(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://user:CANARY@proxy.example.com:3128")
    async with bad_server(answers(http())) as server:
        async with AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
            await refused(cvs.ocr.card(b"x"), "proxy.example.com")
        assert server.requests == []


async def test_a_service_and_a_proxy_on_this_machine_are_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bad_server(answers(http())) as server:
        async with AsyncCVS("key", "secret", base_url=server.base_url) as cvs:
            await cvs.ocr.card(b"x")
        monkeypatch.setenv("http_proxy", server.base_url)
        async with AsyncCVS("key", "secret", base_url="http://localhost:9") as cvs:
            await cvs.ocr.card(b"x")
        assert len(server.requests) == 2


async def test_a_batch_holds_its_items_and_another_run_sends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncCVS("key", "secret", base_url=ELSEWHERE) as cvs:
        async with cvs.batch(cvs.ocr.card, [b"a", b"b"], journal=tmp_path / "a.db") as outcomes:
            assert [type(outcome) async for outcome in outcomes] == [Held, Held]
        assert outcomes.stats.unknown == outcomes.stats.billed == 0


@pytest.mark.parametrize("value", ["", "0", "false", "no", "off", " "])
async def test_it_can_be_switched_off(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, value)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=ANSWER))
    async with AsyncCVS("key", "secret", base_url=ELSEWHERE, transport=transport) as cvs:
        await cvs.ocr.card(b"x")


async def test_it_may_be_set_after_the_client_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    cvs = AsyncCVS("key", "secret", base_url=ELSEWHERE, retry=RetryPolicy(attempts=1))
    monkeypatch.setenv(VARIABLE, "true")
    async with cvs:
        await refused(cvs.ocr.card(b"x"), "cvs.example.com")
