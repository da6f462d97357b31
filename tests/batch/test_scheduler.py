"""The batch in every order of events that can be drawn: bounded, complete, and with books that agree."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import httpx
from attrs import define, field, frozen
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cvs_async import AsyncCVS, Done, Failed, Held, InvalidInputError, NoContentError, RetryPolicy
from cvs_async.batch import Batch, Outcome
from cvs_async.batch import runner as runner_module
from cvs_async.batch.journal import JournalError, JournalFigures, JournalReader, Record
from cvs_async.batch.policy import InDoubt
from cvs_async.stats import ClientStats
from tests.support.examples import examples
from tests.support.scripted import ANSWERS, KINDS, Kind, Script, ScriptedService, scripted_journal

UNREADABLE = -1
FOREVER = 3600.0
"""Seconds that no run comes near."""


@frozen(kw_only=True)
class Plan:
    """One run of a batch, with all its events.

    Attributes:
        documents: by number; those with the same number are the same, and one cannot be read.
        answers, choices: of the service, and of the script.
        order, newest: of the script.
        slow_source: the source waits for its turns, too.
        source_breaks: after how many documents.
        leaves: number of outcomes after which the consumer leaves; None is never.
        cancels, stops: steps at which the consumer is cancelled, or the batch stopped.
        lapses: steps at which the time of all calls is up.
        account: number of answers left; None is unlimited.
        refills: after how many refusals it has again.
        journal_breaks: after how many groups.
    """

    documents: list[int]
    choices: list[int] = field(factory=list)
    answers: list[str] = field(factory=list)
    concurrency: int = 2
    connections: int = 100
    ordered: bool = False
    order: Sequence[Kind] = KINDS
    newest: bool = False
    slow_source: bool = False
    source_breaks: int | None = None
    leaves: int | None = None
    cancels: list[int] = field(factory=list)
    stops: int | None = None
    lapses: list[int] = field(factory=list)
    account: int | None = None
    refills: int = 0
    journal_breaks: int | None = None
    attempts: int = 1
    unknown_resends: int = 0
    rules: dict[str, Any] = field(factory=dict)

    def source(self, played: Played) -> Iterator[bytes]:
        for number in self.documents[: self.source_breaks]:
            played.pulled += 1
            yield b"" if number == UNREADABLE else b"document %d" % number
        if self.source_breaks is not None:
            raise ZeroDivisionError("in the source")

    async def slowly(self, script: Script, played: Played) -> AsyncGenerator[bytes]:
        source = self.source(played)
        while True:
            await script.offer("source")
            try:
                document = next(source)
            except StopIteration:
                return
            yield document


@define(eq=False)
class Played:
    """Result of a run.

    Attributes:
        outcomes: those that the consumer has got.
        error: what ended it.
        pulled: documents that the source has given.
        pulled_at_stop: those it had given when the batch was stopped.
        inside: whether the consumer is still in the batch.
        forced: it was cancelled while it was leaving already.
        journalled: whether the batch has a journal.
    """

    plan: Plan
    service: ScriptedService
    journalled: bool
    batch: Batch[Any] = field(init=False)
    client: ClientStats = field(init=False)
    outcomes: list[Outcome[Any]] = field(factory=list)
    error: BaseException | None = None
    pulled: int = 0
    pulled_at_stop: int | None = None
    inside: bool = True
    forced: bool = False

    def watch(self) -> None:
        """Check the invariants of any moment."""
        plan, stats = self.plan, self.batch.stats
        assert self.service.in_flight <= plan.connections
        if not plan.lapses:  # a request goes on without its caller, and without its place in the batch
            assert self.service.in_flight <= plan.concurrency
        if self.journalled and plan.rules.get("dedupe", True):
            assert max(self.service.keys.values(), default=0) <= 1, "one request at a time for each document"
        assert stats.in_flight <= plan.concurrency
        bound = plan.concurrency * (4 if plan.ordered else 1)
        assert self.pulled - len(self.outcomes) - stats.skipped <= bound, "too many wait"
        assert stats.finished + stats.skipped <= self.pulled
        assert self.pulled_at_stop in (None, self.pulled), "nothing is taken up after a stop"

    def stop(self) -> None:
        if self.pulled_at_stop is None:
            self.batch.stop()
            self.pulled_at_stop = self.pulled

    def cancel(self, consumer: asyncio.Task[None]) -> None:
        self.forced = self.forced or not self.inside
        consumer.cancel()

    def of(self, kind: type) -> list[Any]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, kind)]

    def own(self) -> list[Outcome[Any]]:
        """Those that no other item, and no earlier run, has paid for."""
        return [o for o in self.outcomes if isinstance(o, Held) or not (o.replayed or o.deduplicated)]


def play(plan: Plan, path: Path | None) -> Played:
    """Run it."""
    script = Script(iter(plan.choices), plan.order, plan.newest)
    service = ScriptedService(script, iter(plan.answers), plan.account, plan.refills)
    played = Played(plan, service, path is not None)
    journal = partial(scripted_journal, script, plan.journal_breaks)
    with patch.object(runner_module, "Journal", journal):
        script.run(_play(played, script, path))
    return played


async def _play(played: Played, script: Script, path: Path | None) -> None:
    plan = played.plan
    retry = RetryPolicy(attempts=plan.attempts, initial=0, maximum=0, unknown_resends=plan.unknown_resends)
    async with AsyncCVS(
        "key",
        "secret",
        transport=httpx.MockTransport(played.service),
        max_connections=plan.connections,
        retry=retry,
        timeout=FOREVER,
        drain_timeout=(1 + len(plan.lapses)) * FOREVER,
        quota_probe=0,
    ) as cvs:
        source: Any = plan.slowly(script, played) if plan.slow_source else plan.source(played)
        options: Any = {"concurrency": plan.concurrency, "ordered": plan.ordered, **plan.rules}
        played.batch = cvs.batch(cvs.ocr.card, source, journal=path, **options)
        script.watch = played.watch
        consumer = asyncio.create_task(_consume(played, script))
        script.events = {step: partial(played.cancel, consumer) for step in plan.cancels}
        script.events |= {step: partial(script.leap, FOREVER) for step in plan.lapses}
        if plan.stops is not None:
            script.events[plan.stops] = played.stop
        await asyncio.wait([consumer])
    played.error = asyncio.CancelledError() if consumer.cancelled() else consumer.exception()
    played.client = cvs.stats
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def _consume(played: Played, script: Script) -> None:
    async with played.batch as outcomes:
        try:
            while len(played.outcomes) != played.plan.leaves:
                await script.offer("consumer")
                played.outcomes.append(await anext(outcomes))
        except StopAsyncIteration:
            pass
        finally:
            played.inside = False


# --- what is drawn

STEPS = st.integers(1, 60)
ENDINGS: dict[str, Any] = {
    "leaves": st.none() | st.integers(0, 6),
    "cancels": st.lists(STEPS, max_size=2),
    "stops": st.none() | STEPS,
    "source_breaks": st.none() | st.integers(0, 8),
}
"""Events that end a batch early."""

RETRIES: dict[str, Any] = {"attempts": st.integers(1, 3), "unknown_resends": st.integers(0, 1)}
IN_DOUBT = st.sampled_from(["report", "retry", "skip"])
RULES: dict[str, Any] = {
    "dedupe": st.booleans(),
    "replay": st.booleans(),
    "in_doubt": IN_DOUBT,
    "quota": st.sampled_from(["raise", "wait"]),
    "max_billed": st.none() | st.integers(0, 6),
    "max_consecutive_failures": st.none() | st.integers(1, 4),
}


def plans(*, rules: dict[str, Any] | None = None, **drawn: Any) -> st.SearchStrategy[Plan]:
    """Draw plans of all kinds; without early ends and retries unless given."""
    usual: dict[str, Any] = {
        "documents": st.lists(st.integers(UNREADABLE, 9), max_size=20),
        "choices": st.lists(st.integers(0, 11), max_size=80),
        "answers": st.lists(st.sampled_from(["good", *ANSWERS]), max_size=14),
        "concurrency": st.integers(1, 4),
        "connections": st.sampled_from([1, 2, 100]),
        "ordered": st.booleans(),
        "order": st.permutations(KINDS),
        "newest": st.booleans(),
        "slow_source": st.booleans(),
        "account": st.none() | st.integers(0, 6),
        "refills": st.integers(0, 6),
        "rules": st.fixed_dictionaries({**RULES, **(rules or {})}),
    }
    return st.builds(Plan, **usual | drawn)


@contextmanager
def journalled() -> Iterator[Path]:
    """Provide the path of the journal for one example."""
    with TemporaryDirectory() as folder:
        yield Path(folder, "batch.db")


def figures(path: Path) -> JournalFigures:
    with JournalReader(path) as reader:
        return reader.figures()


def records(path: Path) -> dict[str, Record]:
    """By check_sum."""
    with JournalReader(path) as reader:
        return {record.key[:16]: record for record, _, _ in reader.records()}


# --- what holds


def check_books(played: Played) -> None:
    """Client and service agree on every request, whatever became of its caller."""
    client, told = played.client, played.service.told
    assert (client.billed, client.free, client.unknown) == (told["billed"], told["free"], told["unknown"])
    assert (client.in_flight, client.waiting, played.batch.stats.in_flight) == (0, 0, 0)


def check_complete(played: Played) -> None:
    """Every item has one outcome, and the numbers are those of the outcomes."""
    plan, stats = played.plan, played.batch.stats
    indexes = [outcome.item.index for outcome in played.outcomes]
    assert len(indexes) + stats.skipped == played.pulled
    assert len(set(indexes)) == len(indexes)
    assert not plan.ordered or indexes == sorted(indexes)
    if played.pulled_at_stop is None:
        assert played.pulled == len(plan.documents[: plan.source_breaks])
    assert (stats.done, stats.failed, stats.held) == tuple(len(played.of(kind)) for kind in (Done, Failed, Held))
    charges = Counter(o.reply.charge if isinstance(o, Done) else o.error.charge for o in played.own())
    not_sent = sum(not isinstance(o, Done) and o.error.attempts == 0 for o in played.own())
    assert (stats.billed, stats.unknown) == (charges["billed"], charges["unknown"])
    assert (stats.free, stats.not_sent) == (charges["free"] - not_sent, not_sent)
    assert stats.billed == played.service.told["billed"]


def check_error(played: Played) -> None:
    """The source's own error shows last, unless the batch was stopped before it came."""
    stopped = played.pulled_at_stop is not None
    if played.error is not None:
        assert isinstance(played.error, ZeroDivisionError)
    else:
        assert stopped or played.plan.source_breaks is None


TO_THE_END: dict[str, Any] = {name: ENDINGS[name] for name in ("source_breaks", "stops")}


@given(plans(**RETRIES, **TO_THE_END))
@example(Plan(documents=list(range(20)), ordered=True, newest=True, stops=9))
@examples(100, part=2)
def test_without_a_journal_every_item_has_one_outcome(plan: Plan) -> None:
    played = play(plan, None)
    check_complete(played)
    check_books(played)
    check_error(played)
    assert played.batch.stats.skipped == 0


@given(plans(**RETRIES, **TO_THE_END))
@examples(100, part=2)
def test_with_a_journal_every_item_has_one_outcome(plan: Plan) -> None:
    with journalled() as path:
        played = play(plan, path)
    check_complete(played)
    check_books(played)
    check_error(played)
    if plan.rules["replay"] and plan.rules["in_doubt"] != "skip":
        assert played.batch.stats.skipped == 0


@given(plans(**RETRIES, journal_breaks=st.integers(0, 30), rules={"in_doubt": st.just("report")}))
@example(Plan(documents=[0, 1, 2, 3], answers=["busy"], concurrency=4, ordered=True, attempts=2, journal_breaks=2))
@examples(100, part=2)
def test_a_journal_that_breaks_hides_no_answer_and_no_charge(plan: Plan) -> None:
    with journalled() as path:
        played = play(plan, path)
        check_books(played)
        assert isinstance(played.error, (JournalError, type(None)))
        assert played.batch.stats.billed == played.service.told["billed"]
        assert sum(isinstance(outcome, Done) for outcome in played.own()) == played.service.told["billed"]
        again = play_again(plan, path, in_doubt="report")
    assert max(paid(played, again).values(), default=0) <= 1 + plan.unknown_resends


def paid(*runs: Played) -> Counter[str]:
    """Return all charges of the service, by check_sum."""
    return sum((run.service.billed for run in runs), Counter())


def play_again(plan: Plan, path: Path, in_doubt: InDoubt) -> Played:
    """The same batch to its end, on a good day."""
    rules = {"dedupe": plan.rules.get("dedupe", True), "in_doubt": in_doubt}
    good = Plan(documents=plan.documents, choices=plan.choices[::-1], ordered=plan.ordered, rules=rules)
    again = play(good, path)
    check_complete(again)
    check_books(again)
    assert again.error is None
    return again


@given(plans(**RETRIES, **ENDINGS))
@examples(100, part=2)
def test_without_a_journal_the_books_agree_however_it_ends(plan: Plan) -> None:
    check_books(play(plan, None))


@given(plans(**RETRIES, **ENDINGS))
@examples(100, part=2)
def test_journal_and_service_agree_however_it_ends(plan: Plan) -> None:
    with journalled() as path:
        played = play(plan, path)
        check_books(played)
        assume(not played.forced)
        told, known, inside = played.service.told, records(path), figures(path)
    assert (inside.billed, inside.free, inside.unknown) == (told["billed"], told["free"], told["unknown"])
    assert (inside.in_flight, inside.states["sent"], inside.writer) == (0, 0, None)
    assert {key: record.billed for key, record in known.items() if record.billed} == +played.service.told_billed
    for outcome in played.own():
        if isinstance(outcome, Done):
            assert known[outcome.reply.check_sum or ""].state == "billed"


LAPSES: dict[str, Any] = {"lapses": st.lists(STEPS, max_size=3, unique=True)}


@given(plans(**RETRIES, **ENDINGS, **LAPSES, documents=st.lists(st.integers(0, 2), max_size=12)))
@example(Plan(documents=[0, 0, 0], concurrency=1, lapses=[4], rules={"in_doubt": "retry"}))
@example(Plan(documents=[0, 0, 0], concurrency=3, lapses=[6], rules={"in_doubt": "retry"}))
@example(Plan(documents=[0, 0, 0], answers=["lost"] * 3, rules={"in_doubt": "retry"}))
@examples(200, part=2)
def test_no_document_has_two_requests_in_flight_or_is_paid_twice_in_a_run(plan: Plan) -> None:
    with journalled() as path:
        played = play(plan, path)
        assume(not played.forced)
        told, inside = played.service.told, figures(path)
    check_books(played)
    assert (inside.billed, inside.free, inside.unknown) == (told["billed"], told["free"], told["unknown"])
    if plan.rules.get("dedupe", True):
        assert max(played.service.billed.values(), default=0) <= 1 + plan.unknown_resends


@given(plans(**ENDINGS, attempts=RETRIES["attempts"], rules={"in_doubt": st.just("report")}))
@examples(100, part=2)
def test_a_second_run_finishes_everything_and_nothing_is_paid_twice(plan: Plan) -> None:
    with journalled() as path:
        first = play(plan, path)
        again = play_again(plan, path, in_doubt="report")
    charged = paid(first, again)
    assert set(charged.values()) <= {0, 1}
    for outcome in again.outcomes:
        key = (outcome.item.key or "")[:16]
        match outcome:
            case Done(_, reply):
                assert (reply.check_sum, charged[key]) == (key, 1)
            case Held(_, reason):
                assert reason == "in_doubt"
                assert first.service.told["unknown"] or first.forced
            case Failed(item, error):
                assert isinstance(error, NoContentError if item.key else InvalidInputError)
                assert charged[key] == 0


@given(plans(**RETRIES, **ENDINGS), st.sampled_from(["retry", "skip"]))
@examples(100, part=2)
def test_what_is_in_doubt_is_retried_or_skipped_by_a_second_run(plan: Plan, in_doubt: InDoubt) -> None:
    with journalled() as path:
        first = play(plan, path)
        doubted = {key for key, record in records(path).items() if record.state in ("sent", "unknown")}
        again = play_again(plan, path, in_doubt)
        unknown = {key: record.unknown_attempts for key, record in records(path).items()}
    keys = {(outcome.item.key or "")[:16] for outcome in again.outcomes}
    assert not again.of(Held)
    assert doubted <= keys if in_doubt == "retry" else not doubted & keys
    for key, count in paid(first, again).items():
        assert count <= 1 + unknown[key]


@given(plans(**RETRIES, **ENDINGS, rules={"max_billed": st.integers(0, 6)}), st.booleans())
@example(Plan(documents=[0], answers=["lost"], attempts=2, unknown_resends=1, rules={"max_billed": 1}), False)
@examples(100, part=2)
def test_a_ceiling_is_never_overrun_and_no_permit_is_lost(plan: Plan, kept: bool) -> None:
    with journalled() as path:
        played = play(plan, path if kept else None)
    most, told = plan.rules["max_billed"], played.service.told
    assert sum(played.service.billed.values()) <= told["billed"] + told["unknown"] <= most
    if any(held.reason == "ceiling" for held in played.of(Held)):
        assert told["billed"] + told["unknown"] + min(plan.attempts, 1 + plan.unknown_resends) > most
