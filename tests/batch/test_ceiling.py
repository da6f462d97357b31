"""The bound on what a batch may pay: nothing is paid beyond it, and the next run pays for the rest."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cvs_async import AsyncCVS, RetryPolicy
from cvs_async.sandbox import Sandbox
from tests.support.service import GOOD, ONCE, Service, errors, good, numbered, pictures, reasons, run


@pytest.mark.parametrize("faults", [None, "lost=0.1,503=0.1,cut=0.1"])
async def test_a_ceiling_is_never_overrun(jpg: bytes, path: Path, faults: str | None) -> None:
    with Sandbox(latency=0.01, faults=faults) as sandbox:
        async with AsyncCVS("key", "secret", base_url=sandbox.base_url, retry=ONCE) as cvs:
            outcomes, stats = await run(cvs, pictures(jpg, 100), path, concurrency=32, max_billed=40)
        told = reasons(outcomes)
        assert sandbox.ledger.billed == 40
        assert stats.billed + stats.unknown == 40
        assert (told["Done"], told["ceiling"]) == (stats.billed, 100 - 40 - told["Failed"])
        assert [error.attempts for error in errors(outcomes) if "max_billed=40 is reached" in str(error)] == (
            [0] * told["ceiling"]
        )


async def test_a_ceiling_counts_what_is_sent_again_at_the_user_s_risk(path: Path) -> None:
    lost = iter([True, False] * 100)
    service = Service(lambda _: httpx.ReadError("reset") if next(lost) else good(b""))
    policy = RetryPolicy(attempts=3, unknown_resends=1, initial=0.001)
    async with service.client(retry=policy) as cvs:
        await run(cvs, numbered(20), path, concurrency=4, max_billed=7)
    assert service.sent.total() <= 7


async def test_a_ceiling_counts_paid_answers_that_cannot_be_given(path: Path) -> None:
    service = Service(lambda _: httpx.Response(200, json={**GOOD, "data": ["x" * 10_000]}))
    async with service.client(max_response_bytes=4096) as cvs:
        outcomes, stats = await run(cvs, numbered(10), path, max_billed=2, concurrency=4)
    assert reasons(outcomes) == {"Failed": 2, "ceiling": 8}
    assert (service.sent.total(), stats.billed) == (2, 2)


async def test_a_ceiling_of_nothing_still_replays(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        await run(cvs, numbered(3), path)
        outcomes, stats = await run(cvs, numbered(10), path, max_billed=0)
    assert reasons(outcomes) == {"Done": 3, "ceiling": 7}
    assert (service.sent.total(), stats.replayed, stats.held, stats.billed) == (3, 3, 7, 0)


async def test_what_was_over_the_ceiling_is_done_by_the_next_run(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        for run_so_far in range(1, 4):
            _, stats = await run(cvs, numbered(10), path, max_billed=4)
            assert (stats.replayed, stats.billed) == (4 * (run_so_far - 1), min(4, 10 - 4 * (run_so_far - 1)))
    assert set(service.sent.values()) == {1}


async def test_money_bounds_hold_without_a_journal() -> None:
    service = Service()
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, numbered(10), None, max_billed=4)
        assert reasons(outcomes) == {"Done": 4, "ceiling": 6}
        service.answer = lambda _: httpx.Response(503)
        outcomes, _ = await run(cvs, numbered(10), None, max_consecutive_failures=3, concurrency=1)
    assert reasons(outcomes) == {"Failed": 3, "stop": 7}
