"""One OpenTelemetry span a call, its requests as events, and no private data in them."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cvs_async import AsyncCVS, ConfigurationError, CVSError, RetryPolicy, __version__
from tests.support.clock import virtual
from tests.support.servers import ANSWER

CANARY = "c4n4ry"
SECOND = pytest.approx(1)

Spans = Callable[[], list[ReadableSpan]]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """The spans that have ended so far."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield lambda: list(exporter.get_finished_spans())
    provider.shutdown()


def client(*answers: httpx.Response | Exception, **settings: Any) -> AsyncCVS:
    """A client that makes spans, of a service that gives these answers in turn, the last one again and again."""
    left = list(answers)

    async def service(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return AsyncCVS(CANARY, CANARY, transport=httpx.MockTransport(service), tracing=True, **settings)


OK = httpx.Response(200, content=ANSWER)


def events(span: ReadableSpan) -> list[dict[str, Any]]:
    assert {event.name for event in span.events} <= {"attempt"}
    return [dict(event.attributes or {}) for event in span.events]


@virtual
async def test_a_call_is_a_span_and_its_requests_are_events(spans: Spans) -> None:
    async with client(httpx.ConnectError("refused"), httpx.Response(503), OK) as cvs:
        await cvs.ocr.card(b"x")
    (span,) = spans()
    assert (span.name, span.kind, span.status.status_code) == (
        "cvs ocr.card",
        trace.SpanKind.CLIENT,
        trace.StatusCode.UNSET,
    )
    assert dict(span.attributes or {}) == {"cvs.operation": "ocr.card", "cvs.attempts": 3, "cvs.charge": "billed"}
    assert events(span) == [
        {"cvs.attempt": 1, "cvs.charge": "free", "cvs.seconds": SECOND, "error.type": "ConnectError"},
        {
            "cvs.attempt": 2,
            "cvs.charge": "free",
            "cvs.seconds": SECOND,
            "error.type": "ServerError",
            "http.response.status_code": 503,
        },
        {"cvs.attempt": 3, "cvs.charge": "billed", "cvs.seconds": SECOND, "http.response.status_code": 200},
    ]
    scope = span.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("cvs_async", __version__)


@virtual
async def test_a_failed_call_has_its_error_and_what_it_may_have_cost(spans: Spans) -> None:
    async with client(httpx.ReadError(CANARY), httpx.Response(503), retry=RetryPolicy(2, unknown_resends=1)) as cvs:
        with pytest.raises(CVSError):
            await cvs.ocr.card(b"x")
    (span,) = spans()
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, "ServerError")
    assert dict(span.attributes or {}) == {
        "cvs.operation": "ocr.card",
        "cvs.attempts": 2,
        "cvs.charge": "unknown",
        "error.type": "ServerError",
    }
    assert len(span.events) == 2


@virtual
async def test_what_is_refused_before_anything_is_sent_is_a_span_without_events(spans: Spans) -> None:
    async with client(OK) as cvs:
        with pytest.raises(CVSError):
            await cvs.ocr.card(b"")
    (span,) = spans()
    assert span.status.description == "InvalidInputError"
    assert (events(span), (span.attributes or {})["cvs.attempts"]) == ([], 0)


@virtual
async def test_each_of_many_calls_has_its_own_events(spans: Spans) -> None:
    async with client(OK) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(20)))
    assert [len(span.events) for span in spans()] == [1] * 20


@virtual
async def test_spans_hang_below_the_callers_own(spans: Spans) -> None:
    async with client(OK) as cvs:
        with trace.get_tracer("app").start_as_current_span("request") as parent:
            await cvs.ocr.card(b"x")
    span = spans()[0]
    assert span.parent is not None
    assert span.parent.span_id == parent.get_span_context().span_id


@virtual
async def test_a_request_that_outlives_its_call_does_not_touch_the_span(
    spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with client(OK) as cvs:
        call = asyncio.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(0.5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        (span,) = spans()
        assert events(span) == []
        await asyncio.sleep(1)
        assert cvs.stats.drained == 1
    assert "ended span" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"data": CANARY, "errorCode": "0", "errorMessage": CANARY}),
        httpx.Response(200, json={"data": CANARY, "errorCode": CANARY, "errorMessage": CANARY}),
        httpx.Response(503, text=CANARY),
        httpx.ReadError(CANARY),
        KeyError(CANARY),
    ],
    ids=range(5),
)
@virtual
async def test_nothing_that_is_secret_is_in_a_span(answer: Any, spans: Spans) -> None:
    async with client(answer) as cvs:
        await asyncio.gather(
            cvs.ocr.card(f"https://{CANARY}.example.com/?t={CANARY}", check_sum=CANARY),
            cvs.ocr.card(CANARY.encode()),
            return_exceptions=True,
        )
    assert len(spans()) == 2
    assert not [span for span in spans() if CANARY in span.to_json()]


@virtual
async def test_there_are_no_spans_unless_they_are_asked_for(spans: Spans) -> None:
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(lambda _: OK)) as cvs:
        await cvs.ocr.card(b"x")
    assert spans() == []


def test_without_opentelemetry_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cvs_async._calls.telemetry", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'cvs_async\[otel\]'"):
        client(OK)
    AsyncCVS("key", "secret", transport=httpx.MockTransport(lambda _: OK))
