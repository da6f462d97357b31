"""Several requests for one call: what they cost together, and which of them may be sent."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from functools import partial
from io import BytesIO
from typing import Any

import pytest

from cvs_async import AsyncCVS, ConnectionLostError, CVSError, Reply, RetryPolicy, ServerError
from tests.support.faults import BUSY, DOWN, PICTURE, Raising, client, failure, name_of, outcome_of, refusal
from tests.support.servers import answers, answers_after, bad_server, http, in_turn, resets_after_request

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
