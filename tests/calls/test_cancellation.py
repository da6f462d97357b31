"""Cancelled callers: unsent requests cost nothing, and sent ones are never lost."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import anyio
import httpcore
import httpx
import pytest
from attrs import define, field

from cvs_async import (
    AsyncCVS,
    ConfigurationError,
    ConnectionLostError,
    CVSError,
    Done,
    Failed,
    Held,
    RateLimit,
    RetryPolicy,
    TimeoutError,
)
from cvs_async._calls import dispatch as dispatch_module
from cvs_async._calls.dispatch import DECODING
from cvs_async._codec.decoding import decode
from tests.support.clock import leap, leaping, now, virtual
from tests.support.servers import (
    BadServer,
    after_request,
    alone,
    answers,
    answers_after,
    answers_when_told,
    arrived,
    bad_server,
    full_backlog,
    http,
    left,
    pours,
    resets_after_request,
    silent,
    until,
)

PICTURE = b"\xff\xd8\xff picture"
SOON = 10
"""Seconds within which whatever is to end at once has ended; only a hang takes them."""


def client(server: BadServer | str, **settings: Any) -> AsyncCVS:
    base_url = server if isinstance(server, str) else server.base_url
    return AsyncCVS("key", "secret", base_url=base_url, **settings)


async def cancelled(call: asyncio.Task[Any]) -> None:
    """Cancel a call, which has to end at once."""
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, SOON)


def open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


# --- before anything was sent


async def test_a_cancelled_call_that_waits_for_a_connection_ends_at_once() -> None:
    async with bad_server(answers_when_told) as server, client(server, max_connections=1) as cvs:
        first = asyncio.create_task(cvs.ocr.card(PICTURE))
        await arrived(server, 1)
        second = asyncio.create_task(cvs.ocr.card(PICTURE))
        await until(lambda: cvs.stats.waiting == 1)
        await cancelled(second)
        assert (cvs.stats.waiting, cvs.stats.in_flight) == (0, 1)
        server.go.set()
        await first
        await cvs.ocr.card(PICTURE)
    assert (len(server.requests), cvs.stats.attempts, cvs.stats.billed) == (2, 2, 2)


async def test_a_cancelled_call_that_connects_ends_at_once() -> None:
    async with full_backlog() as base_url, client(base_url) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await until(lambda: cvs.stats.connections == 1)
        await cancelled(call)
        await until(lambda: cvs.stats.in_flight == 0)
        assert cvs.stats.connections == 0
    assert (cvs.stats.attempts, cvs.stats.free, cvs.stats.unknown) == (1, 1, 0)


async def test_a_cancelled_call_that_reads_its_file_ends_at_once() -> None:
    reading, go = threading.Event(), threading.Event()

    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reading.set()
            go.wait(SOON)
            return super().read(size)

    async with bad_server(answers(http())) as server, client(server) as cvs:
        call = asyncio.create_task(cvs.ocr.card(Slow(PICTURE)))
        await until(reading.is_set)
        await cancelled(call)
        go.set()
    assert (server.requests, cvs.stats.attempts) == ([], 0)


async def test_a_cancelled_call_that_waits_to_send_again_ends_at_once() -> None:
    patient = RetryPolicy(initial=1000, maximum=1000, max_elapsed=None)
    async with bad_server(answers(http(b"", "503 Busy"))) as server, client(server, retry=patient, timeout=9999) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await until(lambda: cvs.stats.waiting == 1)
        await cancelled(call)
        assert cvs.stats.waiting == 0
    assert len(server.requests) == 1


class LateConnections(httpcore.AsyncNetworkBackend):
    """httpcore's own, but it connects only once `go` is set."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self.backend, self.asked, self.go = backend, 0, asyncio.Event()

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        self.asked += 1
        await self.go.wait()
        return await self.backend.connect_tcp(*where, **how)

    async def sleep(self, seconds: float) -> None:
        await self.backend.sleep(seconds)


async def test_plain_httpx_loses_no_connection_to_a_call_that_is_cancelled_while_it_connects() -> None:
    plain = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=2))
    late = plain._pool._network_backend = LateConnections(plain._pool._network_backend)
    async with bad_server(answers(http())) as server, client(server, transport=plain, max_connections=2) as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(PICTURE)) for _ in range(2)]
        await until(lambda: late.asked == 2)
        for call in calls:
            await cancelled(call)
        late.go.set()
        await until(lambda: cvs.stats.in_flight == 0)
        assert (server.requests, cvs.stats.free, cvs.stats.unknown) == ([], 2, 0)
        await asyncio.wait_for(asyncio.gather(*(cvs.ocr.card(PICTURE) for _ in range(4))), SOON)
    assert (len(server.requests), cvs.stats.billed) == (4, 4)


# --- after the request was sent


async def test_an_answer_to_a_cancelled_caller_is_counted_and_its_connection_reused() -> None:
    events: list[Any] = []
    async with bad_server(answers_when_told) as server, client(server, on_event=events.append) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await arrived(server, 1)
        await cancelled(call)
        assert (cvs.stats.in_flight, cvs.stats.attempts) == (1, 0)
        server.go.set()
        await until(lambda: cvs.stats.in_flight == 0)
        assert (cvs.stats.billed, cvs.stats.unknown, cvs.stats.drained) == (1, 0, 1)
        await cvs.ocr.card(PICTURE)
    assert [(event.charge, event.drained) for event in events] == [("billed", True), ("billed", False)]
    assert (server.connections, len(server.requests), server.answered) == (1, 2, 2)


async def test_a_silent_server_is_not_waited_for_longer_than_drain_timeout() -> None:
    events: list[Any] = []
    async with bad_server(silent) as server, client(server, drain_timeout=0.05, on_event=events.append) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await arrived(server, 1)
        await cancelled(call)
        await asyncio.wait_for(left(server), SOON)
        await until(lambda: cvs.stats.in_flight == 0)
        assert (cvs.stats.billed, cvs.stats.unknown, cvs.stats.drained) == (0, 1, 1)
    assert [(event.charge, event.drained) for event in events] == [("unknown", True)]


@leaping
async def test_an_answer_that_comes_after_the_bound_on_the_call_is_counted_still() -> None:
    async with bad_server(answers_when_told) as server, client(server) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE, timeout=60))
        await arrived(server, 1)
        leap(60)
        with pytest.raises(TimeoutError) as caught:
            await call
        server.go.set()
        await until(lambda: cvs.stats.in_flight == 0)
    assert (caught.value.charge, caught.value.unknown_attempts) == ("unknown", 1)
    assert (cvs.stats.billed, cvs.stats.unknown, cvs.stats.drained) == (1, 0, 1)


@leaping
async def test_an_answer_that_drips_beyond_every_bound_is_unknown() -> None:
    drip = after_request(pours(http(b"", length=9999), [b" "] * 9999, pause=0.01))
    async with bad_server(drip) as server, client(server, timeout=60, drain_timeout=0.05) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await arrived(server, 1)
        leap(60)
        with pytest.raises(TimeoutError) as caught:
            await call
        await until(lambda: cvs.stats.in_flight == 0)
    assert (caught.value.charge, caught.value.unknown_attempts) == ("unknown", 1)
    assert (cvs.stats.billed, cvs.stats.unknown, cvs.stats.drained) == (0, 1, 1)


# --- closing the client


async def test_closing_waits_for_answers_to_cancelled_callers() -> None:
    async with bad_server(answers_when_told) as server:
        async with client(server) as cvs:
            calls = [asyncio.create_task(cvs.ocr.card(PICTURE)) for _ in range(3)]
            await arrived(server, 3)
            for call in calls:
                await cancelled(call)
            asyncio.get_running_loop().call_later(0.05, server.go.set)
        assert await alone(server)
        assert (cvs.stats.billed, cvs.stats.unknown, cvs.stats.drained, cvs.stats.in_flight) == (3, 0, 3, 0)
        await asyncio.wait_for(left(server), SOON)


async def test_closing_lets_calls_of_others_come_to_an_end() -> None:
    async with bad_server(answers_when_told) as server, client(server) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await arrived(server, 1)
        closing = asyncio.create_task(cvs.aclose())
        await asyncio.sleep(0.02)
        assert not closing.done()
        server.go.set()
        assert (await call).charge == "billed"
        await asyncio.wait_for(closing, SOON)
        assert await alone(server)


async def test_closing_ends_calls_that_are_never_answered() -> None:
    again = RetryPolicy(initial=0.001, unknown_resends=3)
    async with bad_server(silent) as server, client(server, drain_timeout=0.05, retry=again) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await arrived(server, 1)
        await asyncio.wait_for(cvs.aclose(), SOON)
        with pytest.raises(CVSError) as caught:
            await asyncio.wait_for(call, SOON)
        await asyncio.wait_for(left(server), SOON)
    assert isinstance(caught.value, ConnectionLostError)
    assert (caught.value.charge, caught.value.attempts, caught.value.unknown_attempts) == ("unknown", 1, 1)
    assert (len(server.requests), cvs.stats.unknown) == (1, 1)


async def test_closing_sends_nothing_more_for_calls_that_wait_for_their_turn() -> None:
    async with bad_server(answers_when_told) as server, client(server, max_connections=1) as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(PICTURE)) for _ in range(3)]
        await arrived(server, 1)
        await until(lambda: cvs.stats.waiting == 2)
        closing = asyncio.create_task(cvs.aclose())
        await asyncio.sleep(0.02)
        server.go.set()
        await asyncio.wait_for(closing, SOON)
        first, *others = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), SOON)
        assert await alone(server)
        await asyncio.wait_for(left(server), SOON)
    assert not isinstance(first, BaseException)
    assert [type(other) for other in others] == [ConfigurationError] * 2
    assert (len(server.requests), cvs.stats.attempts, cvs.stats.waiting) == (1, 1, 0)


async def test_closing_does_not_hide_what_a_call_that_waits_to_send_again_may_have_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(random, "random", lambda: 1.0)  # or it might be sent again at once
    again = RetryPolicy(initial=0.2, unknown_resends=3)
    async with bad_server(resets_after_request) as server, client(server, retry=again) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await until(lambda: cvs.stats.unknown == 1)
        await cvs.aclose()
        with pytest.raises(CVSError) as caught:
            await asyncio.wait_for(call, SOON)
    assert (caught.value.charge, caught.value.attempts, caught.value.unknown_attempts) == ("unknown", 1, 1)


@pytest.mark.parametrize("leave", [True, False], ids=["its caller has left", "its caller waits"])
async def test_closing_that_is_cancelled_closes_all_the_same(leave: bool) -> None:
    async with bad_server(silent) as server, client(server) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await arrived(server, 1)
        if leave:
            await cancelled(call)
        closing = asyncio.create_task(cvs.aclose())
        await asyncio.sleep(0.02)
        await cancelled(closing)
        if not leave:
            with pytest.raises(ConnectionLostError) as caught:
                await asyncio.wait_for(call, SOON)
            assert caught.value.charge == "unknown"
        assert await alone(server)
        await asyncio.wait_for(left(server), SOON)
    assert (cvs.stats.unknown, cvs.stats.connections) == (1, 0)


async def test_a_closed_client_sends_nothing() -> None:
    async with bad_server(answers(http())) as server, client(server) as cvs:
        await cvs.ocr.card(PICTURE)
        await cvs.aclose()
        with pytest.raises(ConfigurationError, match="closed"):
            await cvs.ocr.card(PICTURE)
    assert (len(server.requests), cvs.stats.attempts) == (1, 1)


# --- many of them


async def by_wait_for(call: Awaitable[object], seconds: float) -> None:
    await asyncio.wait_for(call, seconds)


async def by_cancelling(call: Awaitable[object], seconds: float) -> None:
    task = asyncio.ensure_future(call)
    await asyncio.sleep(seconds)
    task.cancel()
    await task


async def by_cancel_scope(call: Awaitable[object], seconds: float) -> None:
    with anyio.move_on_after(seconds):
        await call


LEAVING: tuple[Callable[[Awaitable[object], float], Awaitable[None]], ...] = (
    *(by_wait_for, by_cancelling, by_cancel_scope),
)


async def leave_randomly(cvs: AsyncCVS, count: int, chance: random.Random) -> None:
    calls = (LEAVING[number % 3](cvs.ocr.card(PICTURE), chance.random() * 0.03) for number in range(count))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {type(None), asyncio.CancelledError, asyncio.TimeoutError}


@pytest.mark.parametrize("plain", [False, True], ids=["own transport", "plain httpx"])
async def test_after_300_cancelled_calls_every_connection_still_serves(plain: bool) -> None:
    chance = random.Random(1)  # the same in every run
    transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=10)) if plain else None
    async with asyncio.timeout(6 * SOON), bad_server(answers_after(lambda: chance.random() * 0.01)) as server:
        before = open_files()
        async with client(server, max_connections=10, transport=transport, drain_timeout=SOON) as cvs:
            for _ in range(10):
                await leave_randomly(cvs, 30, chance)
            await until(lambda: cvs.stats.in_flight == 0)
            assert (cvs.stats.waiting, server.answered) == (0, cvs.stats.billed)
            await all_at_once(cvs, 10)
            await until(lambda: server.open <= 10)
        await left(server)
        assert await alone(server)
        assert open_files() == before
    stats = cvs.stats
    assert stats.attempts == stats.billed + stats.free + stats.unknown
    assert stats.billed <= server.answered <= stats.billed + stats.unknown
    assert stats.drained > 0


async def all_at_once(cvs: AsyncCVS, count: int) -> None:
    replies = await asyncio.gather(*(cvs.ocr.card(PICTURE) for _ in range(count)))
    assert [reply.attempts for reply in replies] == [1] * count


@pytest.mark.parametrize(
    "settings",
    [
        {"rate_limit": RateLimit(0.001)},
        {"retry": RetryPolicy(initial=100, maximum=100, max_elapsed=None)},
        {"quota": "wait"},
    ],
    ids=["for its pace", "to be sent again", "at the gate"],
)
async def test_closing_ends_calls_that_wait(settings: dict[str, Any]) -> None:
    empty = http(b'{"data": null, "errorCode": "4", "errorMessage": "Out of requests"}')
    busy = http(b"", "503 Service Unavailable")
    async with bad_server(answers(empty if "quota" in settings else busy)) as server, client(server, **settings) as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(PICTURE, timeout=1000)) for _ in range(2)]
        await until(lambda: cvs.stats.waiting >= 1 and cvs.stats.in_flight == 0)
        asked = len(server.requests)
        await asyncio.wait_for(cvs.aclose(), SOON)
        errors = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), SOON)
        assert ConfigurationError in {type(error) for error in errors}
        assert (cvs.stats.waiting, len(server.requests)) == (0, asked)


async def test_no_request_leaves_a_client_that_is_closed_in_the_moment_it_gets_a_slot() -> None:
    async with bad_server(answers_when_told) as server:
        cvs = client(server, max_connections=1)
        first, second = (asyncio.create_task(cvs.ocr.card(PICTURE)) for _ in range(2))
        await arrived(server, 1)
        await until(lambda: cvs.stats.waiting == 1)
        server.go.set()
        while cvs._dispatcher._slots.borrowed_tokens != 1 or cvs.stats.in_flight:  # noqa: ASYNC110 - the very turn in which
            await asyncio.sleep(0)  # the slot is handed on
        cvs._dispatcher._closed = True
        assert (await first).charge == "billed"
        with pytest.raises(ConfigurationError):
            await second
        await cvs.aclose()
        assert len(server.requests) == 1


# --- answers that take long to decode


LARGE_ANSWER = b'{"data": [], "errorCode": "0", "errorMessage": "Success", "more": "' + b"x" * 100_000 + b'"}'


@define
class Decoding:
    """Answers are decoded once `go` is set; `begun` says that one is to be."""

    begun: threading.Event = field(factory=threading.Event)
    go: threading.Event = field(factory=threading.Event)

    def decode(self, *arguments: Any, **keywords: Any) -> Any:
        self.begun.set()
        assert self.go.wait(60)
        return decode(*arguments, **keywords)


@pytest.fixture
def decoding(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoding]:
    held_up = Decoding()
    monkeypatch.setattr("cvs_async._calls.call.decode", held_up.decode)
    yield held_up
    held_up.go.set()


def answering() -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(200, content=LARGE_ANSWER))


@virtual
async def test_the_bound_on_a_call_holds_while_its_answer_is_decoded(decoding: Decoding) -> None:
    began = now()
    async with AsyncCVS("key", "secret", transport=answering(), timeout=5) as cvs:
        with pytest.raises(TimeoutError) as caught:
            await cvs.ocr.card(PICTURE)
        assert 5 <= now() - began < 5 + 2 * DECODING
        error = caught.value
        assert (error.charge, error.attempts, error.unknown_attempts) == ("unknown", 1, 1)
        assert (error.http_status, error.raw) == (200, LARGE_ANSWER), "it was paid for"
        assert cvs.stats.in_flight == 1
        await asyncio.sleep(100)  # longer than drain_timeout
        decoding.go.set()
        await until_nothing_is_in_flight(cvs)
        assert (cvs.stats.billed, cvs.stats.unknown, cvs.stats.drained) == (1, 0, 1)


@virtual
async def test_an_answer_that_is_soon_decoded_counts_although_time_is_up(
    decoding: Decoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch_module, "DECODING", 60)
    async with AsyncCVS("key", "secret", transport=answering(), timeout=5) as cvs:
        call = asyncio.create_task(cvs.ocr.card(PICTURE))
        await asyncio.sleep(6)
        assert not call.done()
        decoding.go.set()
        assert (await call).charge == "billed"


async def test_the_journal_gets_an_answer_that_was_decoded_too_late(
    decoding: Decoding, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loop, journal = asyncio.get_running_loop(), tmp_path / "claims.db"
    call_later, bounds = loop.call_later, list[asyncio.Future[None]]()

    def held_up(seconds: float, callback: Callable[..., object], *arguments: Any) -> asyncio.TimerHandle:
        if callback is dispatch_module._resolve:
            bounds.append(arguments[0])
        return call_later(seconds, callback, *arguments)

    async def time_is_up() -> None:
        await until(decoding.begun.is_set)
        dispatch_module._resolve(bounds[0])

    monkeypatch.setattr(loop, "call_later", held_up)
    monkeypatch.setattr(dispatch_module, "DECODING", 0.01)
    async with AsyncCVS("key", "secret", transport=answering(), retry=RetryPolicy(attempts=1)) as cvs:
        async with cvs.batch(cvs.ocr.card, [PICTURE], journal=journal) as outcomes:
            clock = asyncio.create_task(time_is_up())
            (outcome,) = [outcome async for outcome in outcomes]
            await clock
            assert isinstance(outcome, (Failed, Held))
            assert outcome.error is not None
            assert outcome.error.charge == "unknown"
            decoding.go.set()
        async with cvs.batch(cvs.ocr.card, [PICTURE], journal=journal) as outcomes:
            (outcome,) = [outcome async for outcome in outcomes]
        assert isinstance(outcome, Done)
        assert cvs.stats.attempts == 1


async def until_nothing_is_in_flight(cvs: AsyncCVS) -> None:
    while cvs.stats.in_flight:
        await asyncio.to_thread(lambda: None)
