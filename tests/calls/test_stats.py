"""Statistics of a client: its counters, and one event for each request."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, CVSError, NoContentError, RetryPolicy
from cvs_async.stats import Event
from tests.support.clock import settle, virtual
from tests.support.servers import ANSWER

OK = httpx.Response(200, content=ANSWER)
EMPTY = httpx.Response(200, json={"data": None, "errorCode": "1", "errorMessage": "?"})
CUT_OFF = httpx.Response(200, content=b'{"data": ')


class Service:
    """Gives its answers in turn, each after a second, and the last one again and again."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(1)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(*answers: httpx.Response | Exception, **settings: Any) -> AsyncCVS:
    return AsyncCVS("key", "secret", transport=httpx.MockTransport(Service(*answers)), **settings)


MIXED: list[httpx.Response | Exception] = [
    OK,
    httpx.ConnectError("refused"),
    OK,
    EMPTY,
    httpx.Response(503),
    httpx.Response(429),
    OK,
    httpx.ReadError("reset"),
    CUT_OFF,
    httpx.Response(502),
    OK,
]


async def all_of(cvs: AsyncCVS, calls: int) -> list[object]:
    """Return the results of `calls` calls in sequence."""
    results: list[object] = []
    for _ in range(calls):
        try:
            results.append(await cvs.ocr.card(b"x"))
        except CVSError as error:
            results.append(error)
    return results


@virtual
async def test_the_numbers_add_up() -> None:
    async with client(*MIXED) as cvs:
        await all_of(cvs, 8)
        stats = cvs.stats
    assert (stats.calls, stats.attempts) == (8, 11)
    assert (stats.billed, stats.free, stats.unknown) == (4, 4, 3)
    assert stats.retries == {"unreachable": 1, "unavailable": 1, "rate_limited": 1}
    assert stats.calls + stats.retries.total() == stats.attempts
    assert stats.billed + stats.free + stats.unknown == stats.attempts
    assert (stats.in_flight, stats.waiting, stats.drained, stats.gate, stats.limit) == (0, 0, 0, "open", 100)
    assert stats.connections is None, "with a transport of one's own nobody knows"


@virtual
async def test_each_request_has_its_event() -> None:
    events: list[Event] = []
    async with client(*MIXED, on_event=events.append) as cvs:
        await all_of(cvs, 8)
        stats = cvs.stats
    assert [(event.attempt, event.charge, event.http_status, event.error) for event in events] == [
        (1, "billed", 200, None),
        (1, "free", None, "ConnectError"),
        (2, "billed", 200, None),
        (1, "free", 200, "NoContentError"),
        (1, "free", 503, "ServerError"),
        (2, "free", 429, "RateLimitedError"),
        (3, "billed", 200, None),
        (1, "unknown", None, "ConnectionLostError"),
        (1, "unknown", 200, "DecodeError"),
        (1, "unknown", 502, "ServerError"),
        (1, "billed", 200, None),
    ]
    assert {(event.operation, round(event.seconds, 9), event.drained) for event in events} == {("ocr.card", 1, False)}
    assert Counter(event.charge for event in events) == {"billed": stats.billed, "free": 4, "unknown": 3}
    assert sum(event.bytes_sent for event in events) == stats.bytes_sent > 0
    assert sum(event.bytes_received for event in events) == stats.bytes_received > 0
    assert events[0].bytes_received == len(ANSWER)


@virtual
async def test_what_is_not_sent_is_a_call_and_no_request() -> None:
    events: list[Event] = []
    async with client(OK, on_event=events.append) as cvs:
        with pytest.raises(CVSError, match="empty"):
            await cvs.ocr.card(b"")
        assert (cvs.stats.calls, cvs.stats.attempts, cvs.stats.free) == (1, 0, 0)
    assert events == []


@virtual
async def test_stats_count_calls_in_flight_and_waiting() -> None:
    async with client(OK, max_connections=2) as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(b"x")) for _ in range(5)]
        await settle()
        assert (cvs.stats.calls, cvs.stats.in_flight, cvs.stats.waiting, cvs.stats.attempts) == (5, 2, 3, 0)
        await asyncio.sleep(1.5)
        assert (cvs.stats.in_flight, cvs.stats.waiting, cvs.stats.attempts) == (2, 1, 2)
        await asyncio.gather(*calls)
        assert (cvs.stats.in_flight, cvs.stats.waiting, cvs.stats.attempts) == (0, 0, 5)


@virtual
async def test_stats_are_of_the_moment_when_they_were_asked_for() -> None:
    async with client(httpx.Response(503), OK) as cvs:
        before = cvs.stats
        await cvs.ocr.card(b"x")
        after = cvs.stats
        assert (before.calls, before.retries) == (0, {})
        after.calls = 99
        after.retries["unknown"] += 1
        assert (cvs.stats.calls, cvs.stats.retries) == (1, {"unavailable": 1})


@virtual
async def test_a_request_that_outlives_its_caller_is_counted_and_reported() -> None:
    events: list[Event] = []
    async with client(OK, on_event=events.append) as cvs:
        call = asyncio.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(0.5)
        call.cancel()
        await settle()
        assert (call.cancelled(), cvs.stats.in_flight, events) == (True, 1, [])
        await asyncio.sleep(1)
        assert (cvs.stats.in_flight, cvs.stats.drained, cvs.stats.billed) == (0, 1, 1)
    assert [(event.drained, event.charge, event.http_status) for event in events] == [(True, "billed", 200)]


@virtual
async def test_a_request_that_is_given_up_is_counted_as_unknown() -> None:
    events: list[Event] = []
    async with client(OK, on_event=events.append, drain_timeout=0.1) as cvs:
        with pytest.raises(TimeoutError):
            await cvs.ocr.card(b"x", timeout=0.5)
        await asyncio.sleep(1)
        assert (cvs.stats.drained, cvs.stats.unknown, cvs.stats.attempts) == (1, 1, 1)
    assert [(event.drained, event.charge, event.http_status) for event in events] == [(True, "unknown", None)]


@virtual
async def test_a_hook_that_raises_does_not_lose_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    def hook(event: Event) -> None:
        raise ZeroDivisionError("c4n4ry")

    async with client(OK, EMPTY, on_event=hook) as cvs:
        assert (await cvs.ocr.card(b"x")).charge == "billed"
        with pytest.raises(NoContentError):
            await cvs.ocr.card(b"x")
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == ["an on_event hook raised ZeroDivisionError"] * 2
    assert "c4n4ry" not in caplog.text


@virtual
async def test_requests_are_logged_at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "cvs_async")
    async with client(httpx.Response(503), OK, retry=RetryPolicy(initial=0)) as cvs:
        await cvs.ocr.card(b"x")
    messages = [record.getMessage() for record in caplog.records if record.name == "cvs_async"]
    assert [message.partition("(")[0] for message in messages] == [
        "Event",
        "ocr.card: ServerError, again in 0.00 seconds",
        "Event",
    ]
