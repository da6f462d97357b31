"""Credentials, contents, field values and query strings appear nowhere unless requested."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import json
import logging
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias, cast

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cvs_async import AsyncCVS, CVSError, Done, Endpoint, RetryPolicy, Timeout, Url
from cvs_async._http.aiohttp_backend import AiohttpBackend
from cvs_async._settings.credentials import Credentials
from cvs_async.batch import Outcome
from tests.support.clock import virtual
from tests.support.servers import (
    Behave,
    after_request,
    answers,
    answers_when_told,
    arrived,
    bad_server,
    closes_after_request,
    http,
    resets_after_request,
    silent,
)

TESTS = f"{Path(__file__).parents[1]}{os.sep}"
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
async def test_an_odd_code_is_kept_in_the_error(code: str) -> None:
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
        """Call in every form, and record the results."""
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
        """Check that nothing came out; report where, if something did."""
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
    """Collect all objects, as tools do that keep the local variables of a traceback."""
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
    assert {"HttpRequest", "_CallRequest", "Request", "Body", "Part", "Item"} <= names
    assert {"ClientConfig", "Credentials", "Origins"} <= names
    assert [text for text in shown if any(hidden in text for hidden in HIDDEN)] == []


async def test_the_canary_would_be_heard(ears: Ears) -> None:
    """A look into the other tests' own mirror."""
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(lambda _: no(200)), tracing=True) as cvs:
        await ears.calls(cvs)
    logging.getLogger("anything").debug("%s", HIDDEN[1])
    with pytest.raises(AssertionError):
        ears.silent()


# --- tracebacks with local variables, as pytest, rich and error reporters print them


def with_locals(error: BaseException) -> str:
    """Its whole traceback, and those that led to it."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


async def error_of(work: Awaitable[object]) -> BaseException | None:
    """Return the error, from a frame without references to the input."""
    try:
        await work
    except BaseException as error:
        return error
    return None


def hidden(shown: str) -> bool:
    found = [line for line in shown.splitlines() if any(secret in line for secret in HIDDEN)]
    assert not found, found
    return True


Work: TypeAlias = Callable[[AsyncCVS], Awaitable[object]]

CALLS: dict[str, Work] = {
    "a file": lambda cvs: cvs.ocr.card(CANARY.encode(), check_sum=CANARY),
    "a URL": lambda cvs: cvs.ocr.card(f"https://u:{CANARY}@example.com/{CANARY}?t={CANARY}", check_sum=CANARY),
    "base64": lambda cvs: cvs.ocr.card(CANARY.encode(), send_as="base64"),
    "a file object": lambda cvs: cvs.ocr.card(BytesIO(CANARY.encode())),
    "two files": lambda cvs: cvs.ekyc.face_matching(CANARY.encode(), CANARY.encode()),
    "metadata": lambda cvs: cvs.face_search.add_image(CANARY.encode(), {"name": CANARY}),
    "an id": lambda cvs: cvs.face_search.update_image(CANARY, {"name": CANARY}),
    "an endpoint": lambda cvs: cvs.call(Endpoint("ocr/card"), img=CANARY.encode()),
    "a download": lambda cvs: cvs.smartcrop.download(f"{cvs!r}".split()[-1][:-1] + f"/{CANARY}?{CANARY}"),
}

FAULTS: dict[str, Behave] = {
    "refused": answers(http(json.dumps({"errorCode": "3", "errorMessage": CANARY}).encode())),
    "out of requests": answers(http(b'{"errorCode": "4", "errorMessage": "out of request"}')),
    "503": answers(http(CANARY.encode(), "503 " + CANARY)),
    "HTML": answers(http(CANARY.encode())),
    "reset": resets_after_request,
    "closed": closes_after_request,
    "silent": silent,
    "cut off": after_request(http(CANARY.encode(), length=99)),
    "too large": answers(http(CANARY.encode() * 1000)),
    "garbage": answers(CANARY.encode() + b"\r\n\r\n", then_close=True),
}


@pytest.mark.parametrize("transport", ["the client's", "httpx's"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
async def test_a_traceback_with_locals_shows_nothing_of_a_call(call: str, fault: str, transport: str) -> None:
    async with (
        bad_server(FAULTS[fault]) as server,
        AsyncCVS(
            CANARY,
            CANARY,
            base_url=server.base_url,
            retry=RetryPolicy(attempts=2, initial=0.001, unknown_resends=1),
            timeout=Timeout(read=0.05, total=10),
            max_response_bytes=2_000,
            transport=None if transport == "the client's" else httpx.AsyncHTTPTransport(),
        ) as cvs,
    ):
        error = await error_of(CALLS[call](cvs))
        if isinstance(error, CVSError):
            assert hidden(with_locals(error))
            assert "in __call__" in with_locals(error) or call == "a download", "the lines stay"
        else:
            assert (call, error) == ("a download", None)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("end", ["cancelled", "too late"])
async def test_a_traceback_with_locals_shows_nothing_of_a_call_that_was_left(call: str, end: str) -> None:
    timeout = 0.2 if end == "too late" else 60
    async with (
        bad_server(silent) as server,
        AsyncCVS(CANARY, CANARY, base_url=server.base_url, drain_timeout=0.01, timeout=timeout) as cvs,
    ):
        task = asyncio.create_task(error_of(CALLS[call](cvs)))
        if end == "cancelled":
            await arrived(server, 1)
            task.cancel()
        error = await task
    assert isinstance(error, asyncio.CancelledError if end == "cancelled" else CVSError)
    assert hidden(with_locals(error))


WRONG: dict[str, Work] = {
    "an unknown keyword": lambda cvs: cvs.ocr.card(CANARY.encode(), nonsense=CANARY),  # type: ignore[call-arg]
    "no URL": lambda cvs: cvs.ocr.card(CANARY.encode(), send_as="url"),
    "no file": lambda cvs: cvs.ocr.card(f"https://example.com/?{CANARY}", send_as="file"),
    "a timeout of nothing": lambda cvs: cvs.ocr.card(CANARY.encode(), timeout=-1),
    "a check sum that cannot be printed": lambda cvs: cvs.ocr.card(CANARY.encode(), check_sum=f"{CANARY}\n"),
    "too many arguments": lambda cvs: cast(Any, cvs.ocr.card)(CANARY.encode(), CANARY),
    "too few arguments": lambda cvs: cvs.ekyc.face_matching(CANARY.encode()),  # type: ignore[call-arg]
    "an input that is unknown": lambda cvs: cvs.call(Endpoint("ocr/card"), picture=CANARY.encode()),
    "metadata that are reserved": lambda cvs: cvs.face_search.add_image(CANARY.encode(), {"user": CANARY}),
}


@pytest.mark.parametrize("call", WRONG)
async def test_a_traceback_with_locals_shows_nothing_of_a_call_that_is_refused(call: str) -> None:
    async with AsyncCVS(CANARY, CANARY) as cvs:
        error = await error_of(WRONG[call](cvs))
    assert isinstance(error, (CVSError, TypeError))
    assert hidden(with_locals(error))


CLIENTS: dict[str, Callable[[], object]] = {
    "a colon in the key": lambda: AsyncCVS(f"{CANARY}:", CANARY),
    "a blank in the key": lambda: AsyncCVS(f"{CANARY} x", CANARY),
    "a line break in the secret": lambda: AsyncCVS(CANARY, f"{CANARY}\nx"),
    "no secret": lambda: AsyncCVS(CANARY),
    "no base URL": lambda: AsyncCVS(CANARY, CANARY, base_url=f"https://{CANARY}@example.com"),
    "half a mapping": lambda: AsyncCVS(CANARY, CANARY, base_url={"cloud": f"https://{CANARY}@example.com"}),
    "a timeout of nothing": lambda: AsyncCVS(CANARY, CANARY, timeout=0),
    "no connections": lambda: AsyncCVS(CANARY, CANARY, max_connections=0),
    "no bytes": lambda: AsyncCVS(CANARY, CANARY, max_response_bytes=0),
    "an odd quota": lambda: AsyncCVS(CANARY, CANARY, quota="x"),  # type: ignore[arg-type]
    "an odd keyword": lambda: AsyncCVS(CANARY, CANARY, nonsense=1),  # type: ignore[call-arg]
    "an odd type": lambda: AsyncCVS(CANARY, CANARY, timeout="x"),  # type: ignore[arg-type]
    "a key that is no text": lambda: AsyncCVS(CANARY.encode(), CANARY),  # type: ignore[arg-type]
    "credentials": lambda: Credentials.load(CANARY, f"{CANARY}\nx"),
    "a batch of nothing": lambda: AsyncCVS("k", "s").batch(Endpoint("x"), [CANARY.encode()], concurrency=0),
    "a batch with an odd keyword": lambda: AsyncCVS("k", "s").batch(Endpoint("x"), [CANARY.encode()], check=CANARY),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_traceback_with_locals_shows_nothing_of_a_client_that_cannot_be_made(client: str) -> None:
    with pytest.raises((CVSError, TypeError, ValueError)) as caught:
        CLIENTS[client]()
    assert hidden(with_locals(caught.value))


async def test_an_error_that_the_caller_was_handling_keeps_its_frames() -> None:
    def own() -> None:
        kept = "of the caller's own"
        raise KeyError(len(kept))

    error: BaseException | None = None
    async with AsyncCVS(CANARY, CANARY) as cvs:
        try:
            own()
        except KeyError:
            error = await error_of(WRONG["no URL"](cvs))
    assert error is not None
    assert "of the caller's own" in with_locals(error)
    assert hidden(with_locals(error))


async def test_frames_that_are_at_work_do_not_show_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the stack of a log line, as a tool would."""
    shown: list[str] = []
    send = AiohttpBackend.send

    async def watched(*arguments: Any, **keywords: Any) -> Any:
        frame = sys._getframe().f_back
        assert frame is not None
        shown.append(repr(frame.f_locals))
        return await send(*arguments, **keywords)

    monkeypatch.setattr(AiohttpBackend, "send", watched)
    async with bad_server(answers(http())) as server, AsyncCVS(CANARY, CANARY, base_url=server.base_url) as cvs:
        await cvs.ocr.card(b"picture")
        await cvs.smartcrop.download(f"{server.base_url}/a.jpg")
    assert len(shown) == 2
    assert "headers" in shown[0]
    assert hidden("\n".join(shown))


async def test_the_canary_would_be_seen() -> None:
    """A look into the other tests' own mirror."""

    async def failing(document: bytes) -> None:
        raise ValueError(len(document))

    error = await error_of(failing(CANARY.encode()))
    assert error is not None
    with pytest.raises(AssertionError):
        hidden(with_locals(error))


async def test_asyncio_shows_nothing_of_a_document_in_its_debug_mode(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """It logs each callback that takes long, with the arguments; here all of them do."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "slow_callback_duration", 0.0)
    caplog.set_level(logging.DEBUG)
    small, large = tmp_path / "small.jpg", tmp_path / "large.jpg"
    small.write_bytes(CANARY.encode() * 100)
    large.write_bytes(CANARY.encode() * 100_000)
    loop.set_debug(True)
    try:
        async with (
            bad_server(answers(json_of(reply_with(CANARY)))) as server,
            AsyncCVS(CANARY, CANARY, base_url=server.base_url) as cvs,
        ):
            for document in (small, large, CANARY.encode()):
                await cvs.ocr.card(document)
            await cvs.ocr.card(large, send_as="base64")
            await cvs.ocr.card(Url(f"https://example.com/?{CANARY}"))
            async with cvs.batch(cvs.ocr.card, [small, large], journal=tmp_path / "claims.db") as outcomes:
                assert [type(outcome) async for outcome in outcomes] == [Done, Done]
    finally:
        loop.set_debug(False)
    logged = [record.getMessage() for record in caplog.records if TESTS not in record.getMessage()]
    assert any("took" in text and "_threads" in text for text in logged)
    assert [text for text in logged if CANARY in text or HIDDEN[1] in text] == []


def json_of(answer: dict[str, Any]) -> bytes:
    return http(json.dumps(answer).encode())
