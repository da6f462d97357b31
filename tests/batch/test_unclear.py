"""Batches whose answers do not say what they cost: nothing of them is lost, and nothing is sent again unseen."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import Done, Failed, RetryPolicy
from cvs_async._calls import call as call_module
from cvs_async.api import OPERATIONS
from cvs_async.batch import Item, Outcome
from cvs_async.batch.journal import JournalReader, purge_journal
from cvs_async.batch.policy import InDoubt
from cvs_async.batch.replay import recorded
from tests.support.service import GOOD, Service, kinds, numbered, reasons, records, run


def without_a_code(_: bytes) -> httpx.Response:
    return httpx.Response(200, json={"data": [{"type": "passport"}]})


def exported(path: Path) -> list[Outcome[Any]]:
    with JournalReader(path) as reader:
        return [
            recorded(OPERATIONS[record.operation], Item(index, name, key=record.key), record)
            for index, (record, name, _) in enumerate(reader.records())
        ]


@pytest.mark.parametrize("doubt", ["report", "retry", "skip"])
async def test_an_answer_without_a_code_is_done_and_replayed_and_never_sent_again(path: Path, doubt: InDoubt) -> None:
    service = Service(answer=without_a_code)
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(3), path, max_billed=5)
        assert [(type(o), isinstance(o, Done) and o.reply.charge) for o in outcomes] == [(Done, "unknown")] * 3
        assert (stats.done, stats.billed, stats.unknown, cvs.stats.unknown) == (3, 0, 3, 3)
        again, stats = await run(cvs, numbered(3), path, in_doubt=doubt)
        assert [(isinstance(o, Done) and o.replayed and o.reply.charge) for o in again] == ["unknown"] * 3
        assert (stats.done, stats.replayed, stats.unknown, service.sent.total()) == (3, 3, 0, 3)
        left_out, stats = await run(cvs, numbered(3), path, in_doubt=doubt, replay=False)
        assert (left_out, stats.skipped, service.sent.total()) == ([], 3, 3)
        planned = await cvs.batch(cvs.ocr.card, list(numbered(3)), journal=path, in_doubt=doubt).plan()
    assert (planned.most_billed, planned.known) == (0, {"answered": 3})
    assert [(r.state, r.error, r.code) for r in records(path).values()] == [("unknown", None, None)] * 3
    assert kinds(exported(path)) == [Done] * 3
    with JournalReader(path) as reader:
        figures = reader.figures()
        assert (figures.states["unknown"], figures.unknown, figures.billed) == (3, 3, 0)
        assert [charges.unknown for charges in reader.reconcile()] == [1] * 3


async def test_an_answer_without_a_code_counts_for_the_ceiling(path: Path) -> None:
    service = Service(answer=without_a_code)
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, numbered(6), path, max_billed=4)
    assert reasons(outcomes) == {"Done": 4, "ceiling": 2}


async def test_an_answer_without_a_code_that_is_purged_is_not_sent_again(path: Path) -> None:
    service = Service(answer=without_a_code)
    async with service.client() as cvs:
        await run(cvs, numbered(2), path)
        assert purge_journal(path, -1) == 2
        outcomes, stats = await run(cvs, numbered(2), path, in_doubt="retry")
    assert (outcomes, stats.skipped, service.sent.total()) == ([], 2, 2)
    assert [(isinstance(o, Done) and o.purged and o.reply.charge) for o in exported(path)] == ["unknown"] * 2


@pytest.mark.parametrize("code", ["0.0", "OK", "null", True])
async def test_an_answer_with_an_odd_code_is_in_doubt_and_not_sent_again(path: Path, code: object) -> None:
    service = Service(answer=lambda _: httpx.Response(200, json={**GOOD, "errorCode": code}))
    async with service.client() as cvs:
        for _ in range(2):
            outcomes, _ = await run(cvs, numbered(2), path)
            assert reasons(outcomes) == {"in_doubt": 2}
    assert service.sent.total() == 2
    assert reasons(exported(path)) == {"in_doubt": 2}


async def test_an_odd_code_that_an_older_version_took_for_free_is_in_doubt(path: Path) -> None:
    """One that could not be read then, and can be now, is done."""
    odd = json.dumps({**GOOD, "errorCode": "OK"}).encode()
    tab = json.dumps({**GOOD, "errorCode": "0", "errorMessage": "a|b"}).replace("|", "\t").encode()
    service = Service()
    async with service.client() as cvs:
        await run(cvs, numbered(3), path)
        first, second, third = records(path)
        older(path, first, "free", "OK", "APIError", odd)
        older(path, second, "unknown", None, "DecodeError", tab)
        older(path, third, "free", 9, "APIError", odd)
        outcomes, stats = await run(cvs, numbered(3), path)
    assert reasons(outcomes) == {"in_doubt": 1, "Done": 2}
    assert (service.sent.total(), stats.replayed) == (4, 1)


def older(path: Path, key: str, charge: str, code: object, error: str, content: bytes) -> None:
    """Write what another version has made of an answer."""
    with closing(sqlite3.connect(path)) as database, database:
        [(document,)] = database.execute("SELECT document FROM sources WHERE key = ?", (bytes.fromhex(key),))
        row = charge, code, error, document
        database.execute("UPDATE requests SET charge = ?, code = ?, error = ? WHERE document = ?", row)
        database.execute("UPDATE contents SET content = ? WHERE document = ?", (zlib.compress(content), document))


async def test_an_answer_that_breaks_after_code_0_is_kept_and_reported_again(path: Path) -> None:
    content = json.dumps({"errorCode": "0", **GOOD}).encode()[:-1]
    service = Service(answer=lambda _: httpx.Response(200, content=content))
    async with service.client() as cvs:
        for replayed in (False, True):
            [outcome], _ = await run(cvs, numbered(1), path)
            assert isinstance(outcome, Failed)
            assert (outcome.error.charge, outcome.error.raw, outcome.replayed) == ("billed", content, replayed)
        assert (service.sent.total(), cvs.stats.billed) == (1, 1)


@pytest.mark.parametrize("error", [MemoryError, RecursionError, asyncio.CancelledError])
@pytest.mark.parametrize("doubt", ["report", "retry"])
async def test_an_answer_whose_reading_was_broken_off_is_read_by_the_next_run(
    path: Path, error: type[BaseException], doubt: InDoubt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(*_: Any, **__: Any) -> Any:
        raise error

    service = Service()
    async with service.client() as cvs:
        with monkeypatch.context() as patched:
            patched.setattr(call_module, "decode", broken_off)
            with suppress(asyncio.CancelledError):
                await run(cvs, numbered(1), path)
        [record] = records(path).values()
        assert (record.state, record.error, record.http_status) == ("unknown", error.__name__, 200)
        assert kinds(exported(path)) == [Done]
        [outcome], _ = await run(cvs, numbered(1), path, in_doubt=doubt)
    assert isinstance(outcome, Done)
    assert (outcome.replayed, outcome.reply.charge, service.sent.total()) == (True, "billed", 1)


# --- requests that may have been charged, before one that was not


def lost_then(status: int, body: dict[str, Any] | None = None) -> Service:
    """The first answer is lost, all further ones are of a status."""
    asked = list[bytes]()

    def answer(document: bytes) -> httpx.Response | Exception:
        asked.append(document)
        if len(asked) == 1:
            return httpx.ReadError("reset")
        return httpx.Response(status, json=body) if body else httpx.Response(status)

    return Service(answer=answer)


async def test_what_may_have_been_charged_stays_in_doubt_after_a_free_answer(path: Path) -> None:
    service = lost_then(503)
    retry = RetryPolicy(attempts=2, initial=0.0, unknown_resends=1)
    async with service.client(retry=retry) as cvs:
        first, _ = await run(cvs, numbered(1), path)
        assert (reasons(first), service.sent.total()) == ({"in_doubt": 1}, 2)
        again, _ = await run(cvs, numbered(1), path)
        assert (reasons(again), service.sent.total()) == ({"in_doubt": 1}, 2)
        plan = await cvs.batch(cvs.ocr.card, list(numbered(1)), journal=path).plan()
        assert (plan.most_billed, plan.known) == (0, {"unknown": 1})
    assert reasons(exported(path)) == {"in_doubt": 1}
    with JournalReader(path) as reader:
        assert reader.figures().states["unknown"] == 1


async def test_what_may_have_been_charged_stays_in_doubt_after_a_retry_that_was_free(path: Path) -> None:
    service = lost_then(503)
    async with service.client(retry=RetryPolicy(attempts=1)) as cvs:
        await run(cvs, numbered(1), path)
        await run(cvs, numbered(1), path, in_doubt="retry")
        outcomes, _ = await run(cvs, numbered(1), path)
    assert (reasons(outcomes), service.sent.total()) == ({"in_doubt": 1}, 2)


async def test_what_the_service_refuses_for_good_is_in_doubt_no_more(path: Path) -> None:
    service = lost_then(200, {"data": None, "errorCode": "3", "errorMessage": "no image"})
    async with service.client(retry=RetryPolicy(attempts=1)) as cvs:
        await run(cvs, numbered(1), path)
        for _ in range(2):
            outcomes, _ = await run(cvs, numbered(1), path, in_doubt="retry")
            assert reasons(outcomes) == {"Failed": 1}
    assert service.sent.total() == 2
