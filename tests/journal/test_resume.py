"""Batches with a journal: run again they go on where they ended, however they ended, and pay for nothing twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, Done, Failed, Held
from cvs_async.api import OPERATIONS
from cvs_async.batch import Item, Outcome, Stats
from cvs_async.batch.replay import recorded
from cvs_async.sandbox import Sandbox
from tests.support.service import (
    GOOD,
    ONCE,
    Answer,
    Service,
    errors,
    good,
    kinds,
    numbered,
    pictures,
    reasons,
    records,
    refusal,
    run,
)

# --- running it again


async def test_what_is_done_is_replayed_without_a_request(
    sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes, path: Path
) -> None:
    first, _ = await run(cvs, pictures(jpg, 4), path)
    again, stats = await run(cvs, pictures(jpg, 6), path)
    assert [isinstance(outcome, Done) and outcome.replayed for outcome in again] == [True] * 4 + [False] * 2
    for old, new in zip(first, again, strict=False):
        assert isinstance(old, Done)
        assert isinstance(new, Done)
        assert (new.reply.data, new.reply.raw, new.reply.check_sum) == (
            old.reply.data,
            old.reply.raw,
            old.reply.check_sum,
        )
    assert (stats.done, stats.replayed, stats.billed, sandbox.ledger.billed) == (6, 4, 2, 6)


@pytest.mark.parametrize(("code", "kind"), [(1, "NoContentError"), (3, "InvalidImageError")])
async def test_a_permanent_refusal_is_replayed(path: Path, code: int, kind: str) -> None:
    service = Service(answer=lambda _: refusal(code))
    async with service.client() as cvs:
        await run(cvs, [b"blank"], path)
        [failed], stats = await run(cvs, [b"blank"], path)
    assert isinstance(failed, Failed)
    assert (type(failed.error).__name__, failed.error.charge, failed.replayed) == (kind, "free", True)
    assert (service.sent.total(), stats.failed, stats.replayed, stats.free) == (1, 1, 1, 0)


FOR_NOW: dict[str, Answer] = {
    "503": lambda _: httpx.Response(503),
    "429": lambda _: httpx.Response(429),
    "refused": lambda _: httpx.ConnectError("refused"),
    "url": lambda _: refusal(2),
    "quota": lambda _: refusal(4),
    "credentials": lambda _: refusal(5),
}


@pytest.mark.parametrize("answer", FOR_NOW.values(), ids=list(FOR_NOW))
async def test_what_time_can_mend_is_tried_again(path: Path, answer: Answer) -> None:
    async with Service(answer).client() as cvs:
        outcomes, _ = await run(cvs, numbered(2), path)
        assert Done not in kinds(outcomes)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(2), path)
    assert kinds(outcomes) == [Done, Done]
    assert (service.sent.total(), stats.replayed, stats.billed) == (2, 0, 2)


async def test_a_replay_has_the_status_of_the_answer(path: Path) -> None:
    def answer(body: bytes) -> httpx.Response:
        if b"document 0" in body:
            return httpx.Response(201, json=GOOD)
        return httpx.Response(422, json={"errorCode": "3", "errorMessage": "no"})

    def status(outcome: Outcome[Any]) -> int | None:
        return (outcome.reply if isinstance(outcome, Done) else outcome.error).http_status

    service, stats = Service(answer), Stats()
    async with service.client() as cvs:
        for _ in range(2):
            outcomes, stats = await run(cvs, numbered(2), path)
            assert [status(outcome) for outcome in outcomes] == [201, 422]
    assert (stats.replayed, service.sent.total()) == (2, 2)


async def test_without_replay_known_items_are_skipped(path: Path) -> None:
    service = Service(answer=lambda body: refusal(1) if b"document 1" in body else good(body))
    async with service.client() as cvs:
        await run(cvs, numbered(3), path)
        outcomes, stats = await run(cvs, numbered(5), path, replay=False)
    assert [outcome.item.index for outcome in outcomes] == [3, 4]
    assert (service.sent.total(), stats.skipped, stats.replayed, stats.billed) == (5, 3, 0, 2)


async def test_without_replay_copies_of_what_this_run_pays_for_are_given(path: Path) -> None:
    async with Service().client() as cvs:
        outcomes, stats = await run(cvs, [b"same"] * 3, path, replay=False)
    assert [isinstance(outcome, Done) and outcome.deduplicated for outcome in outcomes] == [False, True, True]
    assert stats.skipped == 0


async def test_a_paid_answer_that_was_too_large_is_reported_again(path: Path) -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"errorCode": "0", "errorMessage": "Success", "data": ["x" * 10_000]})

    limits: Any = {"max_response_bytes": 4096, "retry": ONCE}
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer), **limits) as cvs:
        [first], _ = await run(cvs, [b"document"], path)
        assert isinstance(first, Failed)
        assert first.error.charge == "billed"
        [again], stats = await run(cvs, [b"document"], path)
    assert isinstance(again, Failed)
    assert (again.replayed, again.error.charge) == (True, "billed")
    assert (stats.failed, stats.billed) == (1, 0)


async def in_doubt(path: Path) -> None:
    """Leave three documents in the journal whose answers were lost."""
    service = Service(answer=lambda _: httpx.ReadError("reset"))
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(3), path)
    assert reasons(outcomes) == {"in_doubt": 3}
    assert (stats.held, stats.unknown) == (3, 3)


async def test_what_is_in_doubt_is_reported_and_not_sent(path: Path) -> None:
    await in_doubt(path)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(4), path)
    assert reasons(outcomes) == {"in_doubt": 3, "Done": 1}
    assert [(error.charge, error.attempts) for error in errors(outcomes)] == [("unknown", 1)] * 3
    assert all("in_doubt='retry'" in str(error) for error in errors(outcomes))
    assert (service.sent.total(), stats.held, stats.billed) == (1, 3, 1)


async def test_items_in_doubt_are_sent_again_with_retry(path: Path) -> None:
    await in_doubt(path)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(3), path, in_doubt="retry")
    assert kinds(outcomes) == [Done] * 3
    assert (service.sent.total(), stats.billed) == (3, 3)
    assert [(r.state, r.attempts, r.unknown_attempts) for r in records(path).values()] == [("billed", 2, 1)] * 3


async def test_items_in_doubt_are_skipped_with_skip(path: Path) -> None:
    await in_doubt(path)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(4), path, in_doubt="skip")
    assert kinds(outcomes) == [Done]
    assert (service.sent.total(), stats.skipped, stats.done) == (1, 3, 1)


async def test_an_item_in_doubt_is_exported_as_held(path: Path) -> None:
    async with Service(lambda _: httpx.Response(502, text="<h1>gateway</h1>")).client() as cvs:
        await run(cvs, numbered(1), path)
    [record] = records(path).values()
    assert (record.state, record.content) == ("unknown", b"<h1>gateway</h1>")
    told = recorded(OPERATIONS["ocr.card"], Item(0, "a"), record)
    assert isinstance(told, Held)
    assert (told.reason, told.error.charge, told.error.http_status) == ("in_doubt", "unknown", 502)


async def test_an_outcome_is_committed_before_it_is_seen(path: Path) -> None:
    async with Service().client() as cvs, cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
        async for outcome in batch:
            assert outcome.item.key is not None
            record = (await asyncio.to_thread(records, path))[outcome.item.key]
            assert (record.state, json.loads(record.content or b"")) == ("billed", GOOD)


async def test_a_request_is_recorded_before_it_is_sent(path: Path) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        known = {r.check_sum: r.state for r in (await asyncio.to_thread(records, path)).values()}
        assert known[request.url.params["check_sum"]] == "sent"
        return good(b"")

    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer)) as cvs:
        outcomes, _ = await run(cvs, numbered(20), path)
    assert kinds(outcomes) == [Done] * 20
