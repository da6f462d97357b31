"""Maximum cost of a batch, before it is run."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cvs_async import RetryPolicy
from tests.support.service import Answer, Service, good, numbered, refusal, run

ANSWERS: dict[bytes, Answer] = {
    b"document 0": lambda _: httpx.ReadError("reset"),
    b"document 1": lambda _: httpx.Response(503),
    b"document 2": lambda _: refusal(1),
}


def answer(body: bytes) -> httpx.Response | Exception:
    return next((reply for document, reply in ANSWERS.items() if document in body), good)(body)


@pytest.mark.parametrize(("in_doubt", "items"), [("retry", 3), ("report", 2), ("skip", 2)])
async def test_a_plan_counts_every_request_that_may_be_charged(path: Path, in_doubt: str, items: int) -> None:
    """Items in doubt, refused for now, refused for good, paid and new: three requests for each that is sent again."""
    service = Service(answer)
    async with service.client() as cvs:
        await run(cvs, numbered(4), path)
    before = service.sent.total()
    async with service.client(retry=RetryPolicy(attempts=5, unknown_resends=2)) as cvs:
        batch = cvs.batch(cvs.ocr.card, list(numbered(5)), journal=path, in_doubt=in_doubt)  # type: ignore[arg-type]
        plan = await batch.plan()
    assert dict(plan.known) == {"unknown": 1, "free": 1, "answered": 1, "billed": 1}
    assert (plan.count, plan.duplicates, plan.most_billed) == (5, 0, items * 3)
    assert service.sent.total() == before


async def test_a_plan_counts_a_copy_once_and_no_more_than_the_ceiling(path: Path) -> None:
    async with Service().client() as cvs:
        plans = [
            await cvs.batch(cvs.ocr.card, [b"same", b"same", b"other"], journal=path, max_billed=most).plan()
            for most in (None, 2, 1)
        ]
    assert [(plan.duplicates, plan.most_billed) for plan in plans] == [(1, 2), (1, 2), (1, 1)]


async def test_a_plan_without_a_journal_counts_every_copy() -> None:
    """Only a journal knows that a copy was answered: without one, each copy is sent and paid for."""
    service = Service()
    async with service.client() as cvs:
        batch = cvs.batch(cvs.ocr.card, [b"same", b"same", b"other"])
        plan = await batch.plan()
        async with batch as outcomes:
            done = [outcome async for outcome in outcomes]
    assert (len(done), plan.duplicates, plan.most_billed, service.sent.total()) == (3, 1, 3, 3)
