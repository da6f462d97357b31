"""The journal against a plain model of it: any sequence of steps has the same end."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from attrs import define, field
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cvs_async.batch.journal import Journal, JournalReader
from tests.support.journals import claim, end, key_of, known


@define
class Model:
    """One document as plainly as can be: what each of its requests cost.

    ``open`` are those without an end that left since the journal was opened, ``stale`` those of earlier runs;
    ``refused`` are free, and would be so again.
    """

    claimed: bool = False
    charges: list[str] = field(factory=list)
    content: bytes | None = None

    def apply(self, step: str, number: int) -> bool:
        """Return whether the step is allowed."""
        match step:
            case "claim":
                self.claimed = True
            case "sent" if self.claimed:
                self.charges.append("open")
            case "withdrawn" if self.charges[-1:] == ["open"]:
                self.charges.pop()
            case "billed" | "free" | "refused" | "unknown" if self.charges:
                if self.charges[-1] != "billed":
                    if step == "billed" or "billed" not in self.charges:
                        self.content = None if step == "unknown" else b"%d" % number
                    self.charges[-1] = step
            case "reopen":
                self.charges = ["stale" if charge == "open" else charge for charge in self.charges]
            case _:
                return False
        return True

    def told(self) -> tuple[Any, ...]:
        """State, attempts, unknown attempts, billed, content."""
        last = self.charges[-1] if self.charges else "planned"
        billed = self.charges.count("billed")
        free = self.charges.count("free") + self.charges.count("refused")
        unknown = len(self.charges) - billed - free - (last == "open")
        state = last
        if last in ("open", "stale"):
            state = "sent"
        elif billed:
            state = "billed"
        elif last == "refused":
            state = "free"
        elif unknown:
            state = "unknown"
        return state, len(self.charges), unknown, billed, self.content


STEPS = ("claim", "sent", "sent", "withdrawn", "billed", "free", "refused", "unknown", "reopen")


def of_one(*steps: str) -> list[tuple[str, int]]:
    return [(step, 0) for step in ("claim", *steps)]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1)), max_size=16))
@example(of_one("sent", "unknown", "sent", "free"))
@example(of_one("sent", "reopen", "sent", "free", "sent", "refused"))
@example(of_one("sent", "free", "sent", "billed", "sent", "unknown", "sent", "free"))
@settings(max_examples=60, deadline=None)
def test_any_sequence_agrees_with_a_plain_model(steps: list[tuple[str, int]]) -> None:
    async def run(path: Path) -> None:
        models = Model(), Model()
        journal = await Journal(path).__aenter__()
        for number, (step, which) in enumerate(steps):
            allowed = models[which].apply(step, number)
            if step == "reopen":
                models[1 - which].apply(step, number)
                await journal.aclose()
                journal = await Journal(path).__aenter__()
                continue
            try:
                await perform(journal, step, key_of(which), b"%d" % number)
            except LookupError:
                assert not allowed, step
            else:
                assert allowed, step
        told = [await tell(journal, key_of(which)) for which, model in enumerate(models) if model.claimed]
        await journal.aclose()
        expected = [model.told() for model in models if model.claimed]
        assert told == expected
        for model in models:
            model.apply("reopen", 0)
        with JournalReader(path) as reader:
            figures = reader.figures()
            rows = list(reader.reconcile())
            read = [(r.state, r.attempts, r.unknown_attempts, r.billed, r.content) for r, _, _ in reader.records()]
        expected = [model.told() for model in models if model.claimed]
        assert sorted(read, key=repr) == sorted(expected, key=repr)
        assert figures.unknown == sum(row.unknown for row in rows) == sum(row[2] for row in expected)
        assert figures.billed == sum(row.billed for row in rows) == sum(row[3] for row in expected)
        assert figures.billed + figures.free + figures.unknown == sum(row[1] for row in expected)
        assert {state: count for state, count in figures.states.items() if count} == {
            row[0]: sum(other[0] == row[0] for other in expected) for row in expected
        }

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder, "claims.db")))


async def perform(journal: Journal, step: str, key: str, content: bytes) -> None:
    match step:
        case "claim":
            await claim(journal, key)
        case "sent":
            await journal.sent(key, check_sum=None)
        case "withdrawn":
            await journal.withdrawn(key)
        case "billed":
            await end(journal, key, "billed", content)
        case "free":
            await end(journal, key, "free", content, error="ServerError", http_status=503, code=None)
        case "refused":
            await end(journal, key, "free", content, error="InvalidImageError", code=3)
        case "unknown":
            await end(journal, key, "unknown", None, error="TimeoutError", code=None)


async def tell(journal: Journal, key: str) -> tuple[Any, ...]:
    record = await known(journal, key)
    content = await journal.content(key)
    return record.state, record.attempts, record.unknown_attempts, record.billed, content
