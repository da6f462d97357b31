"""Credentials, contents, field values and query strings show nowhere that nobody asked for them."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cvs_async import AsyncCVS, CVSError, Done, RetryPolicy, Url
from cvs_async.batch import Outcome
from tests.clock import virtual
from tests.servers import answers, answers_when_told, arrived, bad_server, http

CANARY = "c4n4ry"
HIDDEN = (CANARY, base64.b64encode(f"{CANARY}:{CANARY}".encode()).decode())
"""The canary, and the credentials as they travel."""


def reply_with(value: str) -> dict[str, Any]:
    info = {"id": value, "name": value, "image": value, "surprise": value, "table": [[{"value": value}]]}
    return {"data": {"type": "passport", "info": info, "surprise": value}, "errorCode": "0", "errorMessage": value}


ANSWERS = [
    httpx.Response(200, json=reply_with(CANARY)),
    httpx.Response(200, json={"data": CANARY, "errorCode": "3", "errorMessage": CANARY}),
    httpx.Response(200, json={"data": CANARY, "errorCode": CANARY, "errorMessage": CANARY}),
    httpx.Response(200, text=CANARY),
    httpx.Response(429, text=CANARY),
    httpx.Response(502, text=CANARY),
    httpx.Response(302, headers={"Location": f"https://example.com/{CANARY}"}),
]


def everything_that_shows(thing: object) -> str:
    shown = f"{thing} {thing!r}"
    if isinstance(thing, BaseException):
        shown += "".join(traceback.format_exception(thing))
    return shown


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
@pytest.mark.parametrize("as_url", [False, True])
@virtual
async def test_nothing_shows_of_a_call(answer: httpx.Response, as_url: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    source: Url | bytes = (
        Url(f"https://u:{CANARY}@example.com/a.jpg?t={CANARY}#{CANARY}") if as_url else CANARY.encode()
    )

    async with AsyncCVS(CANARY, CANARY, transport=httpx.MockTransport(lambda _: answer)) as cvs:
        shown = repr(cvs) + repr(cvs.ocr) + repr(source if as_url else "")
        outcomes: list[Outcome[Any]] = []
        async with cvs.batch(cvs.ocr.card, [source], check_sum=CANARY) as batch:
            shown += repr(batch)
            outcomes += [outcome async for outcome in batch]
    (outcome,) = outcomes
    shown += everything_that_shows(outcome)
    if isinstance(outcome, Done):
        shown += repr(outcome.reply.data) + repr(outcome.reply)
    else:
        shown += everything_that_shows(outcome.error)
    assert CANARY not in shown
    assert CANARY not in caplog.text


@pytest.mark.parametrize("code", [CANARY])
async def test_an_odd_code_is_kept_though(code: str) -> None:
    answer = httpx.Response(200, json={"data": None, "errorCode": code, "errorMessage": "?"})
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(lambda _: answer)) as cvs:
        with pytest.raises(CVSError) as caught:
            await cvs.ocr.card(b"x")
    assert getattr(caught.value, "code", None) == code


async def test_errors_of_files_name_the_file_and_not_what_is_in_it(tmp_path: Path) -> None:
    empty = tmp_path / "trống.jpg"
    empty.write_bytes(b"")
    async with AsyncCVS("key", "secret") as cvs:
        with pytest.raises(CVSError, match=r"ocr\.card: img \(.*trống\.jpg\) is empty"):
            await cvs.ocr.card(empty)


class Ears:
    """Takes down everything that a client says while a test runs: log lines, events, spans, numbers and errors."""

    def __init__(self, caplog: pytest.LogCaptureFixture, spans: InMemorySpanExporter) -> None:
        self._caplog = caplog
        self._spans = spans
        self._heard: list[str] = []
        self.kinds: list[str] = []

    def hear(self, *things: object) -> None:
        self._heard += map(everything_that_shows, things)
        self.kinds += [type(thing).__name__ for thing in things if isinstance(thing, BaseException)]

    async def calls(self, cvs: AsyncCVS) -> None:
        """Call in every form, and hear what becomes of it."""
        url = f"https://u:{CANARY}@example.com/{CANARY}.jpg?t={CANARY}#{CANARY}"
        for call in (
            cvs.ocr.card(url, check_sum=CANARY),
            cvs.ocr.card(CANARY.encode(), check_sum=CANARY),
            cvs.ocr.card(CANARY.encode(), send_as="base64"),
            cvs.face_search.add_image(CANARY.encode(), {"name": CANARY}),
            cvs.face_search.update_image(CANARY, {"name": CANARY}),
        ):
            try:
                reply = await call
                self.hear(reply, reply.data)
            except CVSError as error:
                self.hear(error)
            self.hear(cvs, cvs.stats)

    def heard(self) -> str:
        assert self._heard
        assert self._spans.get_finished_spans()
        return "\n".join(
            [
                *self._heard,
                *(span.to_json() for span in self._spans.get_finished_spans()),
                *(f"{record.getMessage()} {record.args} {record.exc_text}" for record in self._caplog.records),
                self._caplog.text,
            ]
        )

    def silent(self) -> bool:
        """Whether nothing has come out; says where, if something has."""
        found = [line for line in self.heard().splitlines() if any(hidden in line for hidden in HIDDEN)]
        assert not found, found
        return True


@pytest.fixture
def ears(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ears]:
    caplog.set_level(logging.DEBUG)
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield Ears(caplog, exporter)
    provider.shutdown()


def no(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, text=CANARY, headers={"X-Canary": CANARY, **headers})


def coded(code: int, message: str = CANARY) -> httpx.Response:
    said = {"errorCode": str(code), "errorMessage": message, "status_code": code, "message": message}
    return httpx.Response(200, json={"data": CANARY, "result": CANARY, **said})


SCENES: dict[str, list[httpx.Response | Exception]] = {
    "success": [httpx.Response(200, json=reply_with(CANARY))],
    "503, then success": [no(503), httpx.Response(200, json=reply_with(CANARY))],
    "429, then success": [no(429, **{"Retry-After": "1"}), httpx.Response(200, json=reply_with(CANARY))],
    "503 for ever": [no(503)],
    "a long pause": [no(429, **{"Retry-After": "1000"})],
    "an odd pause": [no(429, **{"Retry-After": CANARY})],
    "502, sent again, then 500": [no(502), no(500), no(500)],
    "out of requests": [coded(4, f"out of request {CANARY}")],
    "wrong credentials": [coded(5)],
    "a contradiction": [coded(4, f"api_key {CANARY}")],
    "nothing to read": [coded(1)],
    "failed while working": [coded(6)],
    "too large": [httpx.Response(200, json={**reply_with(CANARY), "rest": CANARY * 1000})],
    "cut off": [httpx.Response(200, content=b'{"data": "' + CANARY.encode())],
    "no JSON": [httpx.Response(200, content=CANARY.encode())],
    "a redirect": [no(302, Location=f"https://example.com/{CANARY}")],
    "forbidden": [no(403)],
    "not found": [no(404)],
    "unreachable": [httpx.ConnectError("refused")],
    "reset, then success": [httpx.ReadError("reset"), httpx.Response(200, json=reply_with(CANARY))],
    "slow": [httpx.ReadTimeout("slow")],
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("quota", ["raise", "wait"])
@virtual
async def test_nothing_shows_of_what_calls_go_through(scene: str, quota: Any, ears: Ears) -> None:
    left = list(SCENES[scene])

    async def service(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with AsyncCVS(
        CANARY,
        CANARY,
        transport=httpx.MockTransport(service),
        retry=RetryPolicy(unknown_resends=1),
        quota=quota,
        timeout=200,
        max_response_bytes=5000,
        on_event=ears.hear,
        tracing=True,
    ) as cvs:
        await ears.calls(cvs)
    assert ears.silent()


@pytest.mark.parametrize("end", ["cancelled", "out of time", "out of time, and closed", "out of its turn"])
@virtual
async def test_nothing_shows_of_a_call_that_was_left(end: str, ears: Ears) -> None:
    async def service(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(10)
        return httpx.Response(200, json=reply_with(CANARY))

    cvs = AsyncCVS(
        CANARY,
        CANARY,
        transport=httpx.MockTransport(service),
        drain_timeout=1 if end.endswith("closed") else 30,
        max_connections=1,
        on_event=ears.hear,
        tracing=True,
    )
    async with cvs:
        other = asyncio.create_task(cvs.ocr.card(CANARY.encode())) if end == "out of its turn" else None
        call = asyncio.create_task(cvs.ocr.card(f"https://example.com/{CANARY}", timeout=5))
        await asyncio.sleep(1)
        if end == "cancelled":
            call.cancel()
        ears.hear(*await asyncio.gather(call, return_exceptions=True), cvs.stats)
        if other is not None:
            await other
    ears.hear(cvs.stats)
    assert ears.silent()


WIRE = {
    "success": http(),
    "503": http(CANARY.encode(), "503 " + CANARY, (f"X-Canary: {CANARY}",)),
    "garbage before the status line": CANARY.encode() + b"\r\n" + http(),
    "an odd status": f"HTTP/1.1 {CANARY} OK\r\n\r\n".encode(),
    "a broken header": b"HTTP/1.1 200 OK\r\n" + CANARY.encode() + b"\r\n\r\n",
    "an odd header": f"HTTP/1.1 200 OK\r\n{CANARY} {CANARY}: x\r\n\r\n".encode(),
    "an odd length": f"HTTP/1.1 200 OK\r\nContent-Length: {CANARY}\r\n\r\n".encode(),
    "an odd chunk": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n".encode(),
    "an odd encoding": http(CANARY.encode(), headers=(f"Content-Encoding: {CANARY}",)),
    "a broken encoding": http(CANARY.encode(), headers=("Content-Encoding: gzip",)),
    "a cookie": http(headers=(f"Set-Cookie: {CANARY}={CANARY}; Domain=example.com",)),
    "a redirect": http(b"", "302 Found", (f"Location: https://example.com/{CANARY}",)),
    "cut off": http(CANARY.encode(), length=1000),
    "too large": http(b'{"errorCode": "0", "data": "' + CANARY.encode() * 1000),
    "too large once unpacked": http(gzip.compress(CANARY.encode() * 1000), headers=("Content-Encoding: gzip",)),
    "nothing": b"",
}


@pytest.mark.parametrize("scene", WIRE)
async def test_nothing_shows_of_what_goes_over_the_wire(scene: str, ears: Ears) -> None:
    async with (
        bad_server(answers(WIRE[scene], then_close=True)) as server,
        AsyncCVS(
            CANARY,
            CANARY,
            base_url=server.base_url,
            retry=RetryPolicy(attempts=2, initial=0, unknown_resends=1),
            max_response_bytes=5000,
            on_event=ears.hear,
            tracing=True,
        ) as cvs,
    ):
        await ears.calls(cvs)
        assert any(CANARY.encode() in request for request in server.requests)
    assert ears.silent()


async def test_nothing_shows_of_a_service_that_is_not_there(ears: Ears) -> None:
    async with bad_server(answers(http())) as server:
        nobody = server.base_url
    again = RetryPolicy(attempts=2, initial=0)
    async with AsyncCVS(CANARY, CANARY, base_url=nobody, retry=again, on_event=ears.hear, tracing=True) as cvs:
        await ears.calls(cvs)
    assert "ConnectError" in ears.kinds
    assert ears.silent()


async def test_nothing_that_the_library_holds_shows_it(tmp_path: Path) -> None:
    """As tools do that keep the local variables of a traceback."""
    others = gc.get_objects()  # of other tests; kept, so that nothing gets the id of one
    earlier = set(map(id, others))
    async with (
        bad_server(answers_when_told) as server,
        AsyncCVS(CANARY, CANARY, base_url=server.base_url) as cvs,
        cvs.batch(cvs.ocr.card, [CANARY.encode()], journal=tmp_path / "claims.db") as outcomes,
    ):
        calls: list[asyncio.Task[object]] = [
            asyncio.create_task(cvs.ocr.card(CANARY.encode(), check_sum=CANARY)),
            asyncio.create_task(cvs.face_search.update_image(CANARY, {CANARY: CANARY})),
        ]
        await arrived(server, 3)
        held = [
            thing
            for thing in gc.get_objects()
            if id(thing) not in earlier and str(type(thing).__module__).startswith("cvs_async.")
        ]
        shown = [repr(thing) for thing in held]
        server.go.set()
        await asyncio.gather(*calls, return_exceptions=True)
        assert [type(outcome) async for outcome in outcomes] == [Done]
    names = {type(thing).__name__ for thing in held}
    assert {"Outgoing", "_Attempt", "Request", "Body", "Settings", "Part", "Item"} <= names
    assert [text for text in shown if any(hidden in text for hidden in HIDDEN)] == []


async def test_the_canary_would_be_heard(ears: Ears) -> None:
    """A look into the other tests' own mirror."""
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(lambda _: no(200)), tracing=True) as cvs:
        await ears.calls(cvs)
    logging.getLogger("anything").debug("%s", HIDDEN[1])
    with pytest.raises(AssertionError):
        ears.silent()
