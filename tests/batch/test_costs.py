"""The four words for what an item cost: billed, free, unknown, not sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async.batch import Done, Failed, Held, Item, Outcome
from cvs_async.batch.outcome import cost_of
from cvs_async.errors import CVSError, InvalidInputError, NoContentError
from cvs_async.sandbox import Sandbox
from tests.support.commands import run as command
from tests.support.service import Service, good, numbered, reasons, records, refusal, run

ITEM = Item(0, "a.jpg")


@pytest.mark.parametrize(
    ("outcome", "cost"),
    [
        (Held(ITEM, "ceiling", CVSError("max_billed is reached")), "not sent"),
        (Held(ITEM, "quota", CVSError("the gate is closed")), "not sent"),
        (Failed(ITEM, InvalidInputError("is empty")), "not sent"),
        (Held(ITEM, "quota", CVSError("out of requests", attempts=1)), "free"),
        (Failed(ITEM, NoContentError("nothing to read", attempts=1)), "free"),
        (Held(ITEM, "in_doubt", CVSError("lost", attempts=1, charge="unknown")), "unknown"),
        (Failed(ITEM, CVSError("cannot be read", attempts=1, charge="billed")), "billed"),
    ],
)
def test_what_made_no_request_is_not_sent(outcome: Outcome[Any], cost: str) -> None:
    assert cost_of(outcome) == cost


def answer(body: bytes) -> httpx.Response | Exception:
    if b"document 0" in body:
        return refusal(1)
    return httpx.ReadError("reset") if b"document 1" in body else good(body)


@pytest.mark.parametrize("journaled", [False, True])
async def test_a_batch_counts_what_it_never_sent_apart_from_what_was_free(tmp_path: Path, journaled: bool) -> None:
    source: list[Any] = [*numbered(8), tmp_path / "missing.jpg"]
    async with Service(answer).client() as cvs:
        path = tmp_path / "j.db" if journaled else None
        outcomes, stats = await run(cvs, source, path, max_billed=4, concurrency=1)
    assert (stats.billed, stats.free, stats.unknown, stats.not_sent) == (3, 1, 1, 4)
    assert [cost_of(outcome) for outcome in outcomes].count("not sent") == stats.figures()["not_sent"] == 4
    assert sum(isinstance(outcome, Done) for outcome in outcomes) == 3


def test_summary_and_status_agree_on_what_was_not_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(b"\xff\xd8 %d" % number)
    files = sorted(tmp_path.glob("*.jpg"))
    ended = command("batch", "ocr.card", *files, "--journal", tmp_path / "j.db", "--max-billed", "0", sandbox=sandbox)
    assert "0 billed, 0 free, 0 unknown, 5 not sent" in ended.stderr
    assert "│ not sent │ 5 " in " ".join(command("status", tmp_path / "j.db").stdout.split()).replace("│ │", "│")
    figures = json.loads(command("status", tmp_path / "j.db", "--json").stdout)
    assert (figures["not_sent"], figures["free"]) == (5, 0)
    planned = command("batch", "ocr.card", *files, "--journal", tmp_path / "j.db", "--dry-run", sandbox=sandbox)
    assert "in the journal: not sent" in planned.stdout
    assert sandbox.ledger.requests == 0


async def test_the_numbers_add_up(tmp_path: Path, path: Path) -> None:
    answers: dict[int, httpx.Response | Exception] = {
        1: refusal(1),
        2: httpx.Response(503),
        3: httpx.ReadError("reset"),
    }

    def answer(body: bytes) -> httpx.Response | Exception:
        number = int(body.partition(b"document ")[2].partition(b"\r")[0])
        return answers.get(number % 5, good(body))

    service, documents = Service(answer), list(numbered(20))
    source: list[Any] = [*documents, *documents[:5], tmp_path / "missing.jpg", b""]
    async with service.client() as cvs:
        for options in ({}, {"replay": False}, {"in_doubt": "skip"}, {"in_doubt": "retry"}, {"max_billed": 2}):
            before = service.sent.total()
            outcomes, stats = await run(cvs, source, path, **options)
            assert stats.done + stats.failed + stats.held + stats.skipped == len(source) == stats.total
            assert stats.finished == len(outcomes)
            assert reasons(outcomes)["Done"] == stats.done
            own = [o for o in outcomes if isinstance(o, Held) or not (o.replayed or o.deduplicated)]
            assert stats.billed + stats.free + stats.unknown + stats.not_sent == len(own)
            assert stats.replayed + stats.deduplicated == len(outcomes) - len(own)
            assert service.sent.total() - before <= len(own)
            assert stats.in_flight == 0
        assert sum(record.billed for record in records(path).values()) == 8


async def test_without_a_journal_each_item_is_sent_and_nothing_is_remembered() -> None:
    service = Service()
    async with service.client() as cvs:
        for _ in range(2):
            outcomes, stats = await run(cvs, [b"same"] * 3, None)
            assert not any(isinstance(o, Done) and (o.replayed or o.deduplicated) for o in outcomes)
            assert (stats.done, stats.billed) == (3, 3)
            assert {(o.item.key or "")[:16] for o in outcomes} == set(service.sent)
    assert list(service.sent.values()) == [6]
