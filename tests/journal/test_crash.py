"""Batches that are killed with -9 again and again: nothing acknowledged is lost, nothing is paid twice unseen."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import define, field

from cvs_async.batch.journal import JournalReader, Record
from cvs_async.sandbox import Sandbox
from tests.scripts.crash_batch import AT_ONCE

FAULTS = "503=0.01,reset=0.01,lost=0.01"
LATENCY = 0.02
PATIENCE = 60.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(latency=LATENCY, faults=FAULTS, seed=7) as running:
        yield running


@define
class Killings:
    """A batch that is started repeatedly, with its output and remains.

    Attributes:
        acknowledged: reported status of each key, in all runs.
        listed: keys that were in doubt after one of the runs.
        kills: number of kills before it finished.
    """

    sandbox: Sandbox
    folder: Path
    count: int
    in_doubt: str = "report"
    acknowledged: defaultdict[str, set[str]] = field(factory=lambda: defaultdict(set))
    listed: set[str] = field(factory=set)
    kills: int = 0

    def run(self, seconds: float) -> dict[str, str]:
        """Return the output of one run that is killed `seconds` after its start."""
        paths = [str(self.folder / name) for name in ("claims.db", "results.jsonl")]
        arguments = [self.sandbox.base_url, *paths, str(self.count), self.in_doubt]
        command = [sys.executable, "-m", "tests.scripts.crash_batch", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "began\n"
            timer = threading.Timer(seconds, process.kill)
            timer.start()
            said = process.stdout.read()
            timer.cancel()
        lines = said[: said.rfind("\n") + 1].splitlines()
        through = lines[-1:] == ["through"]
        self.kills += not through
        told = dict(line.split() for line in lines[: len(lines) - through])
        for key, status in told.items():
            self.acknowledged[key].add(status)
        self._look(self.records())
        return told

    def _look(self, records: dict[str, Record]) -> None:
        """Check that the killed run left at most its requests in flight without an end."""
        left = {key for key, record in records.items() if record.state == "sent"}
        assert len(left - self.listed) <= AT_ONCE
        self.listed |= left | {key for key, record in records.items() if record.state == "unknown"}

    def records(self) -> dict[str, Record]:
        with JournalReader(self.folder / "claims.db") as reader:
            return {record.key: record for record, _, _ in reader.records()}

    def results(self) -> dict[str, list[dict[str, Any]]]:
        """The lines of all runs, by key; every one of them is whole."""
        lines: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in (self.folder / "results.jsonl").read_text("utf-8").splitlines():
            record = json.loads(line)
            lines[record["key"]].append(record)
        return lines

    def billed(self) -> Counter[str]:
        """Return the charges of the service by check_sum."""
        return Counter(entry.parameters["check_sum"] for entry in self.sandbox.ledger if entry.billed)

    def until_through(self, kills: int, seed: int) -> dict[str, str]:
        random = Random(seed)
        while self.kills < kills:
            self.run(random.uniform(0.0, 0.25))
        last = self.run(PATIENCE)
        assert self.kills == kills, "the last run was through"
        return last

    def check(self, last: dict[str, str]) -> None:
        """Compare journal, results and ledger."""
        records, results, billed = self.records(), self.results(), self.billed()
        assert len(records) == len(last) == self.count, "the last run told of every document"
        for key, record in records.items():
            done = record.state == "billed"
            assert last[key] == ("Done" if done else "in_doubt")
            assert record.billed == done
            answers = [line["data"] for line in results[key] if line["status"] == "done"]
            assert len({json.dumps(answer) for answer in answers}) == done, "one result, or none where it is in doubt"
            if "Done" in self.acknowledged[key]:
                assert done, "nothing that was acknowledged is lost"
            if billed[key[:16]] != done:
                assert key in self.listed, "what was paid for and did not come, or came twice, was listed"
            assert billed[key[:16]] <= 1 + record.unknown_attempts


@pytest.mark.parametrize(("kills", "count"), [(5, 200), pytest.param(25, 800, marks=pytest.mark.soak)])
def test_a_batch_that_is_killed_again_and_again_pays_for_nothing_twice(
    sandbox: Sandbox, tmp_path: Path, kills: int, count: int
) -> None:
    batch = Killings(sandbox, tmp_path, count)
    batch.check(batch.until_through(kills, seed=kills))
    assert set(batch.billed().values()) == {1}
    in_doubt = sum(record.state != "billed" for record in batch.records().values())
    assert in_doubt <= AT_ONCE * kills + sandbox.ledger.faults["lost"] + sandbox.ledger.faults["reset"]


def test_a_batch_that_retries_what_is_in_doubt_finishes_all_and_has_listed_what_it_paid_twice(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    batch = Killings(sandbox, tmp_path, 120, in_doubt="retry")
    batch.until_through(4, seed=1)
    last = batch.run(PATIENCE)
    for _ in range(5):  # as long as answers are lost
        if set(last.values()) != {"Done"}:
            last = batch.run(PATIENCE)
    batch.check(last)
    assert set(last.values()) == {"Done"}
    assert sum(batch.billed().values()) > 120, "some were paid twice"
