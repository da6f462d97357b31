"""Outcomes and their results file make the same tables, also of answers that are not as documented."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from cvs_async.batch import JsonLines, read_results
from cvs_async.batch.tables import Layout, Table
from tests.support.outcomes import done
from tests.vendor.cases import CASES, data_of

STRANGE: list[Any] = [
    *("=1+1", "\t=1", '"q",\n', "a\x00b", "\ud800", "\u202eabc", "007", "1.234.567,89", "31/02/2024", "", "１２３"),
    *(None, 5, 3.5, True, [1], {"a": 1}),
]
"""Values in place of documented ones."""

BODIES: dict[str, list[Any]] = {}
for name, (facts, *_) in CASES.items():
    operation = name.split("-")[0]
    BODIES.setdefault(operation, []).append(data_of(facts, operation))


def changed(value: Any, chance: Random) -> Any:
    """A payload with some parts replaced, doubled or dropped."""
    if isinstance(value, dict):
        return {
            name: changed(part, chance) if chance.random() < 0.9 else chance.choice(STRANGE)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [changed(part, chance) for part in value] * chance.choice([1, 1, 2, 0])
    return chance.choice(STRANGE) if chance.random() < 0.4 else value


@pytest.mark.parametrize("operation", BODIES)
async def test_a_results_file_makes_the_same_rows_as_its_outcomes(operation: str, tmp_path: Path) -> None:
    chance = Random(operation)
    bodies = [body for given in BODIES[operation] for body in (given, changed(given, chance), changed(given, chance))]
    outcomes = [done(body, operation, index) for index, body in enumerate(bodies)]
    async with JsonLines(tmp_path / "x.jsonl") as sink:
        for outcome in outcomes:
            await sink.write(outcome)
    for rows in ("paper", "document", "line", "field"):
        first, second = (Table(Layout(rows=rows, operation=operation)) for _ in range(2))
        for outcome, record in zip(outcomes, read_results(tmp_path / "x.jsonl"), strict=True):
            assert first.add(outcome) == second.add(record), (rows, outcome.item.index)
