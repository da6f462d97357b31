"""Failures that stop a batch: many in a row, a configuration that cannot work, an account out of requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, Done, Failed, InvalidInputError, RetryPolicy
from cvs_async.batch import prepare
from cvs_async.batch.journal import JournalReader
from cvs_async.batch.sources.manifests import Entry
from cvs_async.errors import ConfigurationError
from cvs_async.sandbox import Sandbox
from tests.support.servers import closed_port, until
from tests.support.service import (
    GOOD,
    ONCE,
    Service,
    errors,
    files,
    good,
    kinds,
    numbered,
    pictures,
    reasons,
    records,
    refusal,
    run,
)


async def test_wrong_credentials_stop_a_batch_with_a_reason(sandbox: Sandbox, jpg: bytes, path: Path) -> None:
    async with AsyncCVS("key", "wrong", base_url=sandbox.base_url) as cvs:
        outcomes, stats = await run(cvs, pictures(jpg, 60), path, concurrency=4)
    told = reasons(outcomes)
    assert 3 <= told["Failed"] <= 6  # with those in flight at the third refusal
    assert (told["stop"], sandbox.ledger.requests) == (60 - told["Failed"], told["Failed"])
    assert "api_key or api_secret was refused 3 times and never accepted; correct them; nothing was sent" in str(
        errors(outcomes)[-1]
    )
    assert errors(outcomes)[-1].attempts == 0
    async with AsyncCVS("key", "right", base_url=sandbox.base_url) as cvs:
        outcomes, stats = await run(cvs, pictures(jpg, 60), path)
    assert (stats.done, stats.billed) == (60, 60)


@pytest.mark.parametrize("good_first", [0, 1])
async def test_odd_refusals_of_the_credentials_stop_nothing(path: Path, good_first: int) -> None:
    """Two refusals before the first success, or many after it, are fewer than `max_consecutive_failures`."""
    most = 2 if good_first == 0 else 20
    answers = [good(b"")] * good_first + [httpx.Response(401)] * most + [good(b"")] * (29 - most)
    async with Service(answer=lambda _: answers.pop(0)).client() as cvs:
        outcomes, _ = await run(cvs, numbered(28), path, concurrency=1)
    assert reasons(outcomes) == {"Done": 28 - most, "Failed": most}


async def test_refused_credentials_are_counted_past_other_failures_of_the_service(path: Path) -> None:
    answers = [httpx.Response(status) for status in (401, 503, 403, 503, 401)]
    service = Service(answer=lambda _: answers.pop(0))
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, numbered(10), path, concurrency=1)
    assert reasons(outcomes) == {"Failed": 5, "stop": 5}


async def test_without_a_bound_on_failures_refused_credentials_stop_nothing(path: Path) -> None:
    async with Service(answer=lambda _: httpx.Response(401)).client() as cvs:
        outcomes, _ = await run(cvs, numbered(10), path, max_consecutive_failures=None)
    assert reasons(outcomes) == {"Failed": 10}


async def test_an_answer_about_its_item_begins_the_count_anew(path: Path) -> None:
    service = Service(answer=lambda body: refusal(1) if b"4\r\n--" in body else httpx.Response(503))
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, numbered(30), path, concurrency=1, max_consecutive_failures=10)
    assert reasons(outcomes) == {"Failed": 30}


async def test_paid_answers_that_cannot_be_given_stop_nothing(path: Path) -> None:
    service = Service(lambda _: httpx.Response(200, json={**GOOD, "data": ["x" * 10_000]}))
    async with service.client(max_response_bytes=4096) as cvs:
        outcomes, _ = await run(cvs, numbered(10), path, concurrency=1, max_consecutive_failures=3)
    assert (reasons(outcomes), service.sent.total()) == ({"Failed": 10}, 10)


@pytest.mark.parametrize("most", [50, None])
async def test_a_client_that_is_closed_holds_the_rest_at_once(path: Path, most: int | None) -> None:
    service = Service()
    cvs = service.client()
    async with cvs.batch(
        cvs.ocr.card, iter(numbered(200)), journal=path, concurrency=2, max_consecutive_failures=most
    ) as batch:
        first = await anext(batch)
        await cvs.aclose()
        outcomes = [first, *[outcome async for outcome in batch]]
    assert reasons(outcomes) == {"Done": service.sent.total(), "stop": 200 - service.sent.total()}
    assert service.sent.total() <= 4
    assert all("the client is closed; make a new one" in str(error) for error in errors(outcomes))
    assert {(error.charge, error.attempts) for error in errors(outcomes)} == {("free", 0)}
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(200), path)
    assert (stats.done, set(service.sent.values())) == (200, {1})


async def test_a_set_up_that_opens_no_file_holds_items_and_fails_none(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise ConfigurationError("too many open files: raise the limit, such as with ulimit -n 4096")

    scans, service = files(tmp_path / "scans", 30), Service()
    monkeypatch.setattr(prepare, "open_inputs", full)
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, scans, path)
    assert (reasons(outcomes), service.sent.total()) == ({"stop": 30}, 0)
    assert all("ulimit -n" in str(error) for error in errors(outcomes))


async def test_what_was_lost_is_in_doubt_though_the_set_up_ends_the_call(path: Path) -> None:
    closing = list[asyncio.Task[None]]()

    async def answer(_: httpx.Request) -> httpx.Response:
        closing.append(asyncio.create_task(cvs.aclose()))
        await asyncio.sleep(0)
        raise httpx.ReadError("reset")

    retry = RetryPolicy(attempts=2, unknown_resends=1, initial=0)
    cvs = AsyncCVS("key", "secret", transport=httpx.MockTransport(answer), retry=retry)
    outcomes, _ = await run(cvs, numbered(3), path, concurrency=1)
    await asyncio.gather(*closing)
    assert reasons(outcomes) == {"in_doubt": 1, "stop": 2}


@pytest.mark.parametrize("timeout", [-1, 0, "soon", [], float("nan")])
async def test_an_entry_with_an_invalid_timeout_fails_alone(path: Path, timeout: Any) -> None:
    entries = [Entry({"path": b"one", "timeout": timeout}), Entry({"path": b"two", "timeout": 60})]
    service = Service()
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, entries, path)
    assert kinds(outcomes) == [Failed, Done]
    assert isinstance(errors(outcomes)[0], InvalidInputError)
    assert "timeout" in str(errors(outcomes)[0])
    assert service.sent.total() == 1


async def test_an_invalid_keyword_is_refused_before_its_file_is_opened(path: Path, tmp_path: Path) -> None:
    entries = [Entry({"path": tmp_path / "missing.jpg", "timeout": -1})]
    async with Service().client() as cvs:
        outcomes, stats = await run(cvs, entries, path)
    assert "timeout" in str(errors(outcomes)[0])
    assert (outcomes[0].item.key, stats.not_sent) == (None, 1)
    with JournalReader(path) as reader:
        assert reader.figures().documents == 0


async def test_a_dead_service_stops_a_batch(path: Path) -> None:
    async with AsyncCVS("key", "secret", base_url=closed_port(), retry=ONCE) as cvs:
        outcomes, stats = await run(cvs, numbered(200), path)
    told = reasons(outcomes)
    assert 50 <= told["Failed"] < 50 + 16
    assert (told["stop"], stats.held, stats.not_sent) == (200 - told["Failed"], told["stop"], told["stop"])
    assert stats.free == told["Failed"]
    assert "ConnectError" in str(errors(outcomes)[-1])


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_items_that_are_bad_in_themselves_stop_nothing(path: Path, code: int) -> None:
    async with Service(answer=lambda _: refusal(code)).client() as cvs:
        outcomes, _ = await run(cvs, numbered(30), path, max_consecutive_failures=5)
    assert reasons(outcomes) == {"Failed": 30}


async def test_files_that_are_missing_stop_nothing_and_hide_nothing(tmp_path: Path, path: Path) -> None:
    service = Service(answer=lambda _: httpx.Response(503))
    source = [item for number in range(20) for item in (b"document %d" % number, tmp_path / "missing.jpg")]
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, iter(source), path, concurrency=1, max_consecutive_failures=5)
    assert service.sent.total() == 5
    assert reasons(outcomes[:9]) == {"Failed": 9}
    assert reasons(outcomes[9:]) == {"stop": 31}


async def test_one_good_answer_begins_the_count_anew(path: Path) -> None:
    service = Service(answer=lambda body: good(body) if b"4\r\n--" in body else httpx.Response(503))
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, numbered(30), path, concurrency=1, max_consecutive_failures=10)
    assert reasons(outcomes) == {"Done": 3, "Failed": 27}


async def test_an_empty_account_holds_the_rest_and_the_next_run_finishes_it(
    sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes, path: Path
) -> None:
    sandbox.quota = 7
    outcomes, stats = await run(cvs, pictures(jpg, 40), path, concurrency=4)
    assert reasons(outcomes) == {"Done": 7, "quota": 33}
    assert Counter(error.attempts for error in errors(outcomes))[0] >= 33 - 4
    assert (stats.billed, stats.free + stats.not_sent, sandbox.ledger.billed) == (7, 33, 7)
    assert stats.free == sandbox.ledger.requests - 7
    sandbox.quota = None
    async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as later:
        outcomes, stats = await run(later, pictures(jpg, 40), path)
    assert (stats.done, stats.replayed, stats.billed, sandbox.ledger.billed) == (40, 7, 33, 40)


async def test_out_of_requests_does_not_count_as_a_service_failure(path: Path) -> None:
    async with Service(lambda _: refusal(4)).client() as cvs:
        outcomes, _ = await run(cvs, numbered(20), path, max_consecutive_failures=3, concurrency=1)
    assert reasons(outcomes) == {"quota": 20}


async def test_an_account_that_is_filled_up_meanwhile_finishes_all(sandbox: Sandbox, jpg: bytes, path: Path) -> None:
    sandbox.quota = 7
    async with AsyncCVS("key", "secret", base_url=sandbox.base_url, quota_probe=0.05) as cvs:
        batch = cvs.batch(cvs.ocr.card, pictures(jpg, 40), journal=path, concurrency=8, quota="wait")
        async with batch as outcomes:
            for _ in range(7):
                await anext(outcomes)
            await until(lambda: sandbox.ledger.codes[4] >= 2)
            sandbox.quota = None
            rest = [outcome async for outcome in outcomes]
    assert kinds(rest) == [Done] * 33
    assert (batch.stats.billed, batch.stats.held, sandbox.ledger.billed) == (40, 0, 40)
    assert {record.billed for record in records(path).values()} == {1}
