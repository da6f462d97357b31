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
from tests.support.service import Service, good, numbered, refusal, run

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
