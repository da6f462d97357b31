"""Batches with a journal: run again they go on where they ended, however they ended, and pay for nothing twice."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import AsyncCVS, Done, Failed, Held, InvalidInputError, RetryPolicy, Url, folder
from cvs_async._codec.inputs import Part
from cvs_async.api import OPERATIONS
from cvs_async.batch import Item, Outcome, Stats, prepare
from cvs_async.batch.journal import Journal, JournalError, JournalReader, Record
from cvs_async.batch.journal.writer import Writer
from cvs_async.batch.keys import key_of, question_of
from cvs_async.batch.replay import recorded
from cvs_async.batch.sources.manifests import Entry
from cvs_async.errors import ConfigurationError, CVSError
from cvs_async.sandbox import Sandbox
from tests.support.journals import on_open
from tests.support.servers import closed_port, until

ONCE = RetryPolicy(attempts=1)
GOOD = {"data": [], "errorCode": "0", "errorMessage": "Success"}

Answer = Callable[[bytes], httpx.Response | Exception]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claims.db"


def refusal(code: int) -> httpx.Response:
    return httpx.Response(200, json={"data": None, "errorCode": str(code), "errorMessage": "no"})


def good(_: bytes) -> httpx.Response:
    return httpx.Response(200, json=GOOD)


@define
class Service:
    """Answers as `answer` says, after `latency`, once `go` is set; and counts the requests for each check_sum."""

    answer: Answer = good
    latency: float = 0.0
    go: asyncio.Event | None = None
    sent: Counter[str] = field(factory=Counter)
    ended: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent[request.url.params.get("check_sum", "")] += 1
        if self.go is not None:
            await self.go.wait()
        await asyncio.sleep(self.latency)
        self.ended += 1
        answer = self.answer(await request.aread())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: Any) -> AsyncCVS:
        return AsyncCVS("key", "secret", transport=httpx.MockTransport(self), **{"retry": ONCE, **options})


def numbered(count: int) -> Iterator[bytes]:
    return (b"document %d" % number for number in range(count))


def pictures(jpg: bytes, count: int) -> list[bytes]:
    """Distinct ones that the sandbox can read."""
    return [jpg + b"%d" % number for number in range(count)]


def files(root: Path, count: int) -> list[Path]:
    root.mkdir(exist_ok=True)
    paths = [root / f"{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(b"document %d" % number)
    return paths


async def run(cvs: AsyncCVS, source: Any, path: Path | None, **options: Any) -> tuple[list[Outcome[Any]], Stats]:
    """All outcomes, in order, and the batch in numbers."""
    options.setdefault("ordered", True)
    async with cvs.batch(options.pop("operation", cvs.ocr.card), source, journal=path, **options) as batch:
        outcomes = [outcome async for outcome in batch]
    return outcomes, batch.stats


def kinds(outcomes: Iterable[Outcome[Any]]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def reasons(outcomes: Iterable[Outcome[Any]]) -> Counter[str]:
    """Return the reasons of held items, and the kind of all others."""
    return Counter(o.reason if isinstance(o, Held) else type(o).__name__ for o in outcomes)


def errors(outcomes: Iterable[Outcome[Any]]) -> list[CVSError]:
    return [outcome.error for outcome in outcomes if not isinstance(outcome, Done)]


def records(path: Path) -> dict[str, Record]:
    with JournalReader(path) as reader:
        return {record.key: record for record, _, _ in reader.records()}


def closed(path: Path) -> bool:
    """Return whether the journal is closed."""
    with JournalReader(path) as reader:
        return reader.figures().writer is None


# --- keys

NAMES = st.text("abcdeê", min_size=1, max_size=3)
CONTENTS = st.dictionaries(st.sampled_from(["img", "img1", "img2"]), st.binary(min_size=1, max_size=8), min_size=1)
PARAMETERS = st.dictionaries(NAMES, st.text(max_size=4) | st.integers(), max_size=3)
CALLS = st.tuples(st.sampled_from(["ocr.card", "ocr.claim"]), CONTENTS, PARAMETERS)


def part(content: bytes, name: str = "scan.jpg", kind: str = "image/jpeg") -> Part:
    return Part(name, kind, len(content), content)


def key(operation: str, contents: dict[str, bytes], parameters: dict[str, Any]) -> str:
    inputs = {name: part(content) for name, content in contents.items()}
    return key_of(question_of(operation, parameters), inputs)


@given(CALLS, CALLS)
@settings(deadline=None)
def test_keys_are_equal_where_content_operation_and_parameters_are(one: Any, other: Any) -> None:
    assert (key(*one) == key(*other)) == (one == other)


HOW = ["check_sum", "send_as", "timeout"]
"""Keywords that say how something is asked, and not what: written out, for a key that changes is paid for again."""


@given(CALLS, NAMES, st.sampled_from(HOW), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_names_order_and_how_it_is_sent_make_no_other_key(call: Any, name: str, how: str, random: Any) -> None:
    operation, contents, parameters = call
    inputs = [(image, part(content, name, "application/pdf")) for image, content in contents.items()]
    told = [*parameters.items(), (how, "something"), ("absent", None)]
    random.shuffle(inputs)
    random.shuffle(told)
    assert key_of(question_of(operation, dict(told)), dict(inputs)) == key(*call)


# Journals live on: where another version makes another key of the same question, it is paid for again.
KNOWN_KEYS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("664ba8b5c61ff03a2f86184b84898cc8c8b7db722a6c93eeeb33ae88b4032e61", "ocr.card", {}, {"img": b"document"}),
    (
        "a54267013066854deb88040a62d583ba2e01ac426178d9c54f531d4a79e0929f",
        "ocr.card",
        {"get_thumb": True},
        {"img": b"document"},
    ),
    (
        "ef9b50a730a1846e33e7d7ca4f92df519c59d38158b4d0030e5400bf7fbad364",
        "ekyc.face_matching",
        {"type1": "card"},
        {"img1": b"one", "img2": b"two"},
    ),
    (
        "60b029dda7af8f85e713499c356830d55f75ae101b39990bc6623e901667e4a3",
        "ocr.card",
        {},
        {"img": Url("https://example.com/1.jpg")},
    ),
]


@pytest.mark.parametrize(("expected", "operation", "parameters", "inputs"), KNOWN_KEYS)
def test_the_keys_of_journals_that_exist_stay_the_same(
    expected: str, operation: str, parameters: dict[str, Any], inputs: dict[str, Any]
) -> None:
    opened = {name: value if isinstance(value, Url) else part(value) for name, value in inputs.items()}
    for how in ({}, {"send_as": "base64"}, {"timeout": 7.0}, {"check_sum": "A1"}):
        assert key_of(question_of(operation, {**parameters, **how}), opened) == expected


async def test_a_large_file_has_the_key_of_its_content(tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(content)
    on_disk = Part("scan.pdf", "application/pdf", len(content), scan)
    assert key_of(question_of("ocr.card", {}), {"img": on_disk}) == key_of(
        question_of("ocr.card", {}), {"img": part(content)}
    )


async def test_of_a_url_it_is_the_url_that_counts() -> None:
    url = Url("https://example.com/1.jpg")
    keys = [
        key_of(question_of("ocr.card", {}), {"img": url}),
        key_of(question_of("ocr.card", {}), {"img": Url("https://example.com/1.jpg?page=2")}),
        key_of(question_of("ocr.card", {}), {"img": part(url.encode())}),
    ]
    assert len(set(keys)) == 3
    assert keys[0] == key_of(question_of("ocr.card", {}), {"img": Url(str(url))})


async def test_a_default_that_is_spelled_out_pays_for_nothing_twice(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        await run(cvs, [b"document"], path)
        await run(cvs, [b"document"], path, get_thumb=False)
    assert service.sent.total() == 1


# --- what is recognised


async def test_renamed_moved_and_re_ordered_files_are_recognised(tmp_path: Path, path: Path) -> None:
    service, scans = Service(), files(tmp_path / "scans", 6)
    async with service.client() as cvs:
        await run(cvs, scans, path)
        (tmp_path / "deeper").mkdir()
        moved = [scan.rename(tmp_path / "deeper" / f"renamed-{scan.name}") for scan in scans]
        outcomes, stats = await run(cvs, moved[::-1], path)
    assert all(isinstance(outcome, Done) and outcome.replayed for outcome in outcomes)
    assert [outcome.item.source for outcome in outcomes] == moved[::-1]
    assert (service.sent.total(), stats.replayed, stats.billed) == (6, 6, 0)


@pytest.mark.parametrize("concurrency", [1, 16])
async def test_the_same_folder_given_twice_is_paid_once(tmp_path: Path, path: Path, concurrency: int) -> None:
    files(tmp_path / "scans", 6)

    async def twice() -> AsyncIterator[Path | Entry]:
        for _ in range(2):
            async for file in folder(tmp_path / "scans"):
                yield file

    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, twice(), path, concurrency=concurrency)
    assert Counter(o.deduplicated for o in outcomes if isinstance(o, Done)) == {False: 6, True: 6}
    assert (service.sent.total(), stats.done, stats.deduplicated, stats.billed) == (6, 12, 6, 6)


async def test_a_copy_of_what_is_in_flight_waits_for_its_answer(path: Path) -> None:
    service = Service(go=asyncio.Event())
    assert service.go is not None
    async with service.client() as cvs, cvs.batch(cvs.ocr.card, [b"same"] * 5, journal=path, concurrency=5) as batch:
        await until(lambda: service.sent.total() == 1)
        await asyncio.sleep(0.1)
        assert service.sent.total() == 1
        service.go.set()
        outcomes = [outcome async for outcome in batch]
    assert sorted(o.deduplicated for o in outcomes if isinstance(o, Done)) == [False, True, True, True, True]
    assert (service.sent.total(), batch.stats.billed, batch.stats.deduplicated) == (1, 1, 4)


IN_DOUBT = ["report", "retry", "skip"]


@pytest.mark.parametrize("in_doubt", IN_DOUBT)
@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_copy_waits_for_an_open_request_whose_caller_timed_out(
    path: Path, in_doubt: str, concurrency: int
) -> None:
    service = Service(go=asyncio.Event())
    assert service.go is not None
    options: Any = {"journal": path, "concurrency": concurrency, "in_doubt": in_doubt, "timeout": 0.05}
    async with service.client() as cvs, cvs.batch(cvs.ocr.card, iter([b"same"] * 3), **options) as batch:
        first = await anext(batch)
        assert isinstance(first, Held)
        assert (first.reason, first.error.charge) == ("in_doubt", "unknown")
        for _ in range(100):  # turns in which copies could be sent
            await asyncio.sleep(0)
        assert (service.sent.total(), batch.stats.finished) == (1, 1)
        service.go.set()
        copies = [outcome async for outcome in batch]
    assert [isinstance(o, Done) and o.deduplicated for o in copies] == [True, True]
    assert (service.sent.total(), service.ended, records(path)[first.item.key or ""].state) == (1, 1, "billed")


@pytest.mark.parametrize("in_doubt", IN_DOUBT)
async def test_what_this_run_has_lost_is_not_sent_again_by_a_copy(path: Path, in_doubt: str) -> None:
    service = Service(answer=lambda _: httpx.ReadError("reset"))
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, [b"same"] * 3, path, in_doubt=in_doubt)
    assert service.sent.total() == 1
    assert reasons(outcomes) == {"in_doubt": 1 if in_doubt == "skip" else 3}
    assert stats.skipped == (2 if in_doubt == "skip" else 0)
    async with service.client() as cvs:
        await run(cvs, [b"same"] * 3, path, in_doubt="retry")
    assert service.sent.total() == 2, "once more in each run"


@pytest.mark.parametrize("end", ["leave", "cancel", "stop"])
async def test_a_batch_whose_copies_wait_for_a_request_can_be_ended(path: Path, end: str) -> None:
    service = Service(go=asyncio.Event())
    assert service.go is not None
    options: Any = {"journal": path, "concurrency": 3, "in_doubt": "retry", "timeout": 0.05}
    async with service.client() as cvs:
        with anyio.CancelScope() as scope:
            async with cvs.batch(cvs.ocr.card, iter([b"same"] * 9), **options) as batch:
                await anext(batch)
                asyncio.get_running_loop().call_later(0.05, service.go.set)
                if end == "cancel":
                    scope.cancel()
                elif end == "stop":
                    batch.stop()
                    assert kinds([outcome async for outcome in batch]) == [Done] * 2
    assert service.sent.total() == 1
    assert [record.state for record in records(path).values()] == ["billed"]


async def test_copies_continue_after_a_request_is_given_up(path: Path) -> None:
    service = Service(go=asyncio.Event())
    async with service.client(drain_timeout=0.05) as cvs:
        outcomes, _ = await run(cvs, [b"same"] * 3, path, in_doubt="retry", timeout=0.05, concurrency=3)
    assert (reasons(outcomes), service.sent.total()) == ({"in_doubt": 3}, 1)


async def test_a_copy_of_what_is_refused_for_good_is_refused_with_it(path: Path) -> None:
    service = Service(answer=lambda _: refusal(1))
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, [b"blank"] * 3, path)
    assert [o.deduplicated for o in outcomes if isinstance(o, Failed)] == [False, True, True]
    assert (service.sent.total(), stats.failed, stats.free, stats.deduplicated) == (1, 3, 1, 2)


async def test_a_copy_of_what_failed_for_now_is_tried(path: Path) -> None:
    answers = iter([httpx.Response(503), good(b"")])
    service = Service(answer=lambda _: next(answers))
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, [b"same"] * 3, path, concurrency=1)
    assert kinds(outcomes) == [Failed, Done, Done]
    assert service.sent.total() == 2


async def test_without_dedupe_each_copy_is_paid(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        await run(cvs, [b"same"] * 3, path, dedupe=False)
        outcomes, stats = await run(cvs, [b"same"] * 3, path, dedupe=False)
    assert service.sent.total() == 3
    assert all(isinstance(outcome, Done) and outcome.replayed for outcome in outcomes)
    assert (stats.replayed, stats.deduplicated) == (3, 0)


async def test_two_questions_about_the_same_faces_are_two_calls(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        for type1 in ("card", "portrait"):
            [one], _ = await run(cvs, [(b"a", b"b")], path, operation=cvs.ekyc.face_matching, type1=type1)
            assert isinstance(one, Done)
            assert not one.replayed
    assert service.sent.total() == 2


@pytest.mark.parametrize("how", [{"send_as": "base64"}, {"timeout": 7.0}, {"check_sum": "A1"}])
async def test_how_it_is_sent_makes_no_other_call(path: Path, how: dict[str, Any]) -> None:
    service = Service()
    async with service.client() as cvs:
        await run(cvs, numbered(2), path)
        outcomes, _ = await run(cvs, numbered(2), path, **how)
    assert all(isinstance(outcome, Done) and outcome.replayed for outcome in outcomes)
    assert service.sent.total() == 2


async def test_a_batch_without_a_required_keyword_sends_nothing(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, numbered(1), path, operation=cvs.smartcrop.crop_person, width=50)
    assert kinds(outcomes) == [Failed]
    assert isinstance(errors(outcomes)[0], InvalidInputError)
    assert "height" in str(errors(outcomes)[0])
    assert not service.sent


async def test_another_parameter_or_operation_is_another_call(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        await run(cvs, [b"document"], path)
        await run(cvs, [b"document"], path, get_thumb=True)
        async with cvs.batch(cvs.ocr.claims, [b"document"], journal=path) as batch:
            assert [isinstance(outcome, Done) async for outcome in batch] == [True]
    assert service.sent.total() == 3


async def test_the_check_sum_is_of_the_key_unless_it_is_given(path: Path) -> None:
    service = Service()
    async with service.client() as cvs:
        [own], _ = await run(cvs, [b"one"], path)
        [given_one], _ = await run(cvs, [b"two"], path, check_sum="A1")
        [again], _ = await run(cvs, [b"two"], path)
    assert own.item.key is not None
    assert service.sent == {own.item.key[:16]: 1, "A1": 1}
    assert [isinstance(o, Done) and o.reply.check_sum for o in (own, given_one, again)] == [
        own.item.key[:16],
        "A1",
        "A1",
    ]


async def test_an_entry_keeps_the_id_of_the_user(path: Path) -> None:
    service = Service()
    entries = [
        Entry({"path": b"one"}, reference="A-1"),
        Entry({"path": Path("missing.jpg")}, reference="A-2"),
        Entry({"path": b"two", "colour": "red"}, reference="A-3"),
        Entry(reference="A-4", problem="line 4 is no JSON"),
        Entry({"path": b"three", "get_thumb": True}, reference="A-5"),
    ]
    async with service.client() as cvs:
        for _ in range(2):
            outcomes, _ = await run(cvs, entries, path)
            assert kinds(outcomes) == [Done, Failed, Failed, Failed, Done]
            assert [outcome.item.reference for outcome in outcomes] == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert service.sent.total() == 2


# --- running it again


async def test_what_is_done_is_replayed_without_a_request(
    sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes, path: Path
) -> None:
    first, _ = await run(cvs, pictures(jpg, 4), path)
    again, stats = await run(cvs, pictures(jpg, 6), path)
    assert [isinstance(outcome, Done) and outcome.replayed for outcome in again] == [True] * 4 + [False] * 2
    for old, new in zip(first, again, strict=False):
        assert isinstance(old, Done)
        assert isinstance(new, Done)
        assert (new.reply.data, new.reply.raw, new.reply.check_sum) == (
            old.reply.data,
            old.reply.raw,
            old.reply.check_sum,
        )
    assert (stats.done, stats.replayed, stats.billed, sandbox.ledger.billed) == (6, 4, 2, 6)


@pytest.mark.parametrize(("code", "kind"), [(1, "NoContentError"), (3, "InvalidImageError")])
async def test_a_permanent_refusal_is_replayed(path: Path, code: int, kind: str) -> None:
    service = Service(answer=lambda _: refusal(code))
    async with service.client() as cvs:
        await run(cvs, [b"blank"], path)
        [failed], stats = await run(cvs, [b"blank"], path)
    assert isinstance(failed, Failed)
    assert (type(failed.error).__name__, failed.error.charge, failed.replayed) == (kind, "free", True)
    assert (service.sent.total(), stats.failed, stats.replayed, stats.free) == (1, 1, 1, 0)


FOR_NOW: dict[str, Answer] = {
    "503": lambda _: httpx.Response(503),
    "429": lambda _: httpx.Response(429),
    "refused": lambda _: httpx.ConnectError("refused"),
    "url": lambda _: refusal(2),
    "quota": lambda _: refusal(4),
    "credentials": lambda _: refusal(5),
}


@pytest.mark.parametrize("answer", FOR_NOW.values(), ids=list(FOR_NOW))
async def test_what_time_can_mend_is_tried_again(path: Path, answer: Answer) -> None:
    async with Service(answer).client() as cvs:
        outcomes, _ = await run(cvs, numbered(2), path)
        assert Done not in kinds(outcomes)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(2), path)
    assert kinds(outcomes) == [Done, Done]
    assert (service.sent.total(), stats.replayed, stats.billed) == (2, 0, 2)


async def test_a_replay_has_the_status_of_the_answer(path: Path) -> None:
    def answer(body: bytes) -> httpx.Response:
        if b"document 0" in body:
            return httpx.Response(201, json=GOOD)
        return httpx.Response(422, json={"errorCode": "3", "errorMessage": "no"})

    def status(outcome: Outcome[Any]) -> int | None:
        return (outcome.reply if isinstance(outcome, Done) else outcome.error).http_status

    service, stats = Service(answer), Stats()
    async with service.client() as cvs:
        for _ in range(2):
            outcomes, stats = await run(cvs, numbered(2), path)
            assert [status(outcome) for outcome in outcomes] == [201, 422]
    assert (stats.replayed, service.sent.total()) == (2, 2)


async def test_without_replay_known_items_are_skipped(path: Path) -> None:
    service = Service(answer=lambda body: refusal(1) if b"document 1" in body else good(body))
    async with service.client() as cvs:
        await run(cvs, numbered(3), path)
        outcomes, stats = await run(cvs, numbered(5), path, replay=False)
    assert [outcome.item.index for outcome in outcomes] == [3, 4]
    assert (service.sent.total(), stats.skipped, stats.replayed, stats.billed) == (5, 3, 0, 2)


async def test_without_replay_copies_of_what_this_run_pays_for_are_given(path: Path) -> None:
    async with Service().client() as cvs:
        outcomes, stats = await run(cvs, [b"same"] * 3, path, replay=False)
    assert [isinstance(outcome, Done) and outcome.deduplicated for outcome in outcomes] == [False, True, True]
    assert stats.skipped == 0


async def test_a_paid_answer_that_was_too_large_is_reported_again(path: Path) -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"errorCode": "0", "errorMessage": "Success", "data": ["x" * 10_000]})

    limits: Any = {"max_response_bytes": 4096, "retry": ONCE}
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer), **limits) as cvs:
        [first], _ = await run(cvs, [b"document"], path)
        assert isinstance(first, Failed)
        assert first.error.charge == "billed"
        [again], stats = await run(cvs, [b"document"], path)
    assert isinstance(again, Failed)
    assert (again.replayed, again.error.charge) == (True, "billed")
    assert (stats.failed, stats.billed) == (1, 0)


async def in_doubt(path: Path) -> None:
    """Leave three documents in the journal whose answers were lost."""
    service = Service(answer=lambda _: httpx.ReadError("reset"))
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(3), path)
    assert reasons(outcomes) == {"in_doubt": 3}
    assert (stats.held, stats.unknown) == (3, 3)


async def test_what_is_in_doubt_is_reported_and_not_sent(path: Path) -> None:
    await in_doubt(path)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(4), path)
    assert reasons(outcomes) == {"in_doubt": 3, "Done": 1}
    assert [(error.charge, error.attempts) for error in errors(outcomes)] == [("unknown", 1)] * 3
    assert all("in_doubt='retry'" in str(error) for error in errors(outcomes))
    assert (service.sent.total(), stats.held, stats.billed) == (1, 3, 1)


async def test_items_in_doubt_are_sent_again_with_retry(path: Path) -> None:
    await in_doubt(path)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(3), path, in_doubt="retry")
    assert kinds(outcomes) == [Done] * 3
    assert (service.sent.total(), stats.billed) == (3, 3)
    assert [(r.state, r.attempts, r.unknown_attempts) for r in records(path).values()] == [("billed", 2, 1)] * 3


async def test_items_in_doubt_are_skipped_with_skip(path: Path) -> None:
    await in_doubt(path)
    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, numbered(4), path, in_doubt="skip")
    assert kinds(outcomes) == [Done]
    assert (service.sent.total(), stats.skipped, stats.done) == (1, 3, 1)


async def test_an_item_in_doubt_is_exported_as_held(path: Path) -> None:
    async with Service(lambda _: httpx.Response(502, text="<h1>gateway</h1>")).client() as cvs:
        await run(cvs, numbered(1), path)
    [record] = records(path).values()
    assert (record.state, record.content) == ("unknown", b"<h1>gateway</h1>")
    told = recorded(OPERATIONS["ocr.card"], Item(0, "a"), record)
    assert isinstance(told, Held)
    assert (told.reason, told.error.charge, told.error.http_status) == ("in_doubt", "unknown", 502)


async def test_an_outcome_is_committed_before_it_is_seen(path: Path) -> None:
    async with Service().client() as cvs, cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
        async for outcome in batch:
            assert outcome.item.key is not None
            record = (await asyncio.to_thread(records, path))[outcome.item.key]
            assert (record.state, json.loads(record.content or b"")) == ("billed", GOOD)


async def test_a_request_is_recorded_before_it_is_sent(path: Path) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        known = {r.check_sum: r.state for r in (await asyncio.to_thread(records, path)).values()}
        assert known[request.url.params["check_sum"]] == "sent"
        return good(b"")

    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(answer)) as cvs:
        outcomes, _ = await run(cvs, numbered(20), path)
    assert kinds(outcomes) == [Done] * 20


# --- ending early


async def leaves(cvs: AsyncCVS, path: Path) -> None:
    async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
        for _ in range(5):
            await anext(batch)


async def raises(cvs: AsyncCVS, path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
            async for outcome in batch:
                if outcome.item.index >= 5:
                    raise OSError(errno.ENOSPC, "No space left on device", "results.jsonl")


async def is_cancelled(cvs: AsyncCVS, path: Path) -> None:
    seen = list[Outcome[Any]]()

    async def consume() -> None:
        async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
            async for outcome in batch:
                seen.append(outcome)

    task = asyncio.create_task(consume())
    await until(lambda: len(seen) >= 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def times_out(cvs: AsyncCVS, path: Path) -> None:
    with anyio.CancelScope() as scope:
        async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
            async for outcome in batch:
                if outcome.item.index >= 5:
                    scope.deadline = anyio.current_time()


async def stops(cvs: AsyncCVS, path: Path) -> None:
    async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8) as batch:
        async for outcome in batch:
            if outcome.item.index >= 5:
                batch.stop()


@pytest.mark.parametrize("end", [leaves, raises, is_cancelled, times_out, stops])
async def test_a_batch_that_ends_early_is_finished_by_the_next_and_nothing_is_paid_twice(path: Path, end: Any) -> None:
    service = Service(latency=0.03)
    async with service.client() as cvs:
        await end(cvs, path)
        paid = service.ended
        assert 0 < service.sent.total() < 40
        assert paid == service.sent.total(), "what was in flight has come to its end"
        assert Counter(record.state for record in records(path).values())["billed"] == paid
        assert closed(path)
        outcomes, stats = await run(cvs, numbered(40), path, concurrency=8)
    assert kinds(outcomes) == [Done] * 40
    assert set(service.sent.values()) == {1}
    assert (stats.replayed, stats.billed) == (paid, 40 - paid)


async def leave_in_flight(cvs: AsyncCVS, service: Service, path: Path, count: int, how: str) -> None:
    """Leave a batch with `count` requests in flight, which are answered a while after that."""
    assert service.go is not None

    async def batch() -> None:
        with anyio.CancelScope() as scope:
            async with cvs.batch(cvs.ocr.card, numbered(40), journal=path, concurrency=8):
                await until(lambda: service.sent.total() == count)
                if how == "cancel":
                    scope.cancel()

    task = asyncio.create_task(batch())
    await until(lambda: service.sent.total() == count)
    await asyncio.wait([task], timeout=0.1)
    assert not task.done(), "it waits for what was sent"
    service.go.set()
    await task


@pytest.mark.parametrize("how", ["leave", "cancel"])
async def test_a_journal_is_closed_when_all_that_was_sent_is_written_down(path: Path, how: str) -> None:
    service = Service(go=asyncio.Event())
    async with service.client() as cvs:
        await leave_in_flight(cvs, service, path, 8, how)
        assert service.ended == service.sent.total() == 8
        assert Counter(record.state for record in records(path).values())["billed"] == 8
        assert closed(path)


@pytest.mark.parametrize("how", ["leave", "cancel"])
async def test_a_request_that_is_taken_back_does_not_end_the_wait_for_the_others(
    path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, written = Journal.sent, list[str]()

    async def holds(journal: Journal, key: str, *, check_sum: str | None) -> None:
        await sent(journal, key, check_sum=check_sum)
        written.append(key)
        if len(written) > 1:  # these were not sent when the batch ended
            await anyio.sleep_forever()

    monkeypatch.setattr(Journal, "sent", holds)
    service = Service(go=asyncio.Event())
    async with service.client() as cvs:
        await leave_in_flight(cvs, service, path, 1, how)
    states = Counter(record.state for record in records(path).values())
    assert states["billed"] == service.ended == 1
    assert set(states) == {"billed", "planned"}


async def test_an_answer_that_is_being_written_down_is_kept_though_its_request_is_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, begun, go_on = Writer.commit, asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(writer: Writer, group: Any) -> Any:
        if any(call.method == "ended" for call in group):
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(60)
        return commit(writer, group)

    monkeypatch.setattr(Writer, "commit", slowly)
    cvs = Service().client(drain_timeout=0)
    async with cvs.batch(cvs.ocr.card, numbered(1), journal=path):
        await begun.wait()
        await cvs.aclose()  # cancels every request at once
        assert cvs.stats.in_flight == 0
        loop.call_later(0.05, go_on.set)
    assert [record.state for record in records(path).values()] == ["billed"]


@pytest.mark.parametrize("end", ["break", "cancel"])
async def test_a_source_that_cannot_be_closed_leaves_no_journal_open(path: Path, end: str) -> None:
    async def source() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"document"
        finally:
            await asyncio.sleep(0.01)
            raise ZeroDivisionError("in the source")

    async with Service().client() as cvs:
        with anyio.CancelScope() as scope, suppress(ZeroDivisionError):
            async with cvs.batch(cvs.ocr.card, source(), journal=path) as batch:
                await anext(batch)
                if end == "cancel":
                    scope.cancel()
    assert closed(path)


async def test_a_source_that_raises_half_way_loses_nothing(path: Path) -> None:
    def source() -> Iterator[bytes]:
        yield from numbered(10)
        raise ZeroDivisionError("in the source")

    service, seen = Service(latency=0.01), list[int]()
    async with service.client() as cvs:
        with pytest.raises(ZeroDivisionError, match="in the source"):
            async with cvs.batch(cvs.ocr.card, source(), journal=path, concurrency=4) as batch:
                async for outcome in batch:
                    seen.append(outcome.item.index)
        assert sorted(seen) == list(range(10))
        _, stats = await run(cvs, numbered(12), path)
    assert (stats.replayed, stats.billed, service.sent.total()) == (10, 2, 12)


async def test_a_file_that_is_deleted_meanwhile_fails_alone(tmp_path: Path, path: Path) -> None:
    scans = files(tmp_path / "scans", 5)

    def source() -> Iterator[Path]:
        for scan in scans:
            if scan.name == "3.jpg":
                scan.unlink()
            yield scan

    service = Service()
    async with service.client() as cvs:
        outcomes, stats = await run(cvs, source(), path)
        assert kinds(outcomes) == [Done, Done, Done, Failed, Done]
        [error] = errors(outcomes)
        assert isinstance(error, InvalidInputError)
        assert "3.jpg) does not exist" in str(error)
        assert (stats.done, stats.failed, stats.billed, stats.not_sent) == (4, 1, 4, 1)
        files(tmp_path / "scans", 5)
        _, stats = await run(cvs, scans, path)
    assert (stats.done, stats.replayed, stats.billed) == (5, 4, 1)


async def test_a_large_file_deleted_before_it_is_sent_fails_alone(
    sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.jpg"
    large.write_bytes(jpg + bytes(2 << 20))
    sent = Journal.sent

    async def deleting(journal: Journal, key: str, *, check_sum: str | None) -> None:
        await sent(journal, key, check_sum=check_sum)
        large.unlink(missing_ok=True)

    monkeypatch.setattr(Journal, "sent", deleting)
    outcomes, stats = await run(cvs, [jpg, large, jpg + b"2"], path)
    assert kinds(outcomes) == [Done, Failed, Done]
    [error] = errors(outcomes)
    assert "large.jpg" in str(error)
    assert error.charge == "free"
    assert (stats.billed, sandbox.ledger.billed) == (2, 2)


# --- journals that cannot be used


async def refused(path: Path, match: str) -> str:
    """Return the error; nothing was sent and no item was taken."""
    service, source = Service(), numbered(3)
    async with service.client() as cvs:
        with pytest.raises(JournalError, match=match) as caught:
            await run(cvs, source, path)
    assert service.sent.total() == 0
    assert next(source) == b"document 0"
    return str(caught.value)


async def test_a_missing_folder_is_reported_before_anything_is_sent(tmp_path: Path) -> None:
    assert "nowhere" in await refused(tmp_path / "nowhere" / "claims.db", "No such file or directory")


async def test_a_read_only_folder_is_reported_before_anything_is_sent(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open  # permissions mean nothing to root, who may run the tests

    def read_only(name: Any, flags: int, *more: Any, **options: Any) -> int:
        if flags & os.O_CREAT and str(name).startswith(str(path)):
            raise OSError(errno.EROFS, "Read-only file system", str(name))
        return real(name, flags, *more, **options)

    monkeypatch.setattr(os, "open", read_only)
    assert "claims.db" in await refused(path, "Read-only file system.*check the disk, the folder and its permissions")


async def test_a_journal_of_another_batch_is_refused(path: Path) -> None:
    service = Service()
    async with service.client() as cvs, cvs.batch(cvs.ocr.card, numbered(3), journal=path) as batch:
        await anext(batch)
        await refused(path, f"in use by process {os.getpid()}")
        assert len([outcome async for outcome in batch]) == 2


HOLDER = """
import asyncio, sys
from cvs_async.batch.journal import Journal

async def hold():
    async with Journal(sys.argv[1]):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(hold())
"""


async def test_a_journal_of_another_process_is_refused_with_its_id(path: Path) -> None:
    pipes: Any = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(path), **pipes)
    assert holder.stdin is not None
    assert holder.stdout is not None
    await holder.stdout.readline()
    await refused(path, f"in use by process {holder.pid}")
    holder.stdin.close()
    await holder.wait()
    async with Service().client() as cvs:
        assert kinds((await run(cvs, numbered(2), path))[0]) == [Done] * 2


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for some answers of incompressible text."""
    on_open(monkeypatch, lambda database: database.execute("PRAGMA max_page_count = 60"))


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_full_disk_ends_the_batch_and_loses_nothing_that_was_answered(
    path: Path, ordered: bool, small_disk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def large(_: bytes) -> httpx.Response:
        return httpx.Response(200, json=GOOD | {"data": [{"type": os.urandom(6_000).hex()}]})

    service, seen = Service(large, latency=0.01), list[Outcome[Any]]()
    async with service.client() as cvs:
        batch = cvs.batch(cvs.ocr.card, numbered(100), journal=path, concurrency=8, ordered=ordered)
        with pytest.raises(JournalError, match="full"):
            async with batch as outcomes:
                async for outcome in outcomes:
                    seen.append(outcome)
        assert kinds(seen) == [Done] * service.sent.total(), "all that was answered has come"
        assert 8 < len(seen) < 60
        monkeypatch.undo()
        again, stats = await run(cvs, numbered(100), path, concurrency=8)
        assert set(service.sent.values()) == {1}
        assert stats.replayed + stats.billed + stats.held == 100
        assert 0 < stats.held <= 8, "answers that had no room are in doubt"
        assert set(reasons(again)) == {"Done", "in_doubt"}
        last, _ = await run(cvs, numbered(100), path, concurrency=8, in_doubt="retry")
    assert kinds(last) == [Done] * 100


async def test_a_journal_that_breaks_with_the_last_answer_ends_the_batch_with_its_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(writer: Any, calls: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Writer, "ended", full)
    seen = list[Outcome[Any]]()
    async with Service().client() as cvs:
        with pytest.raises(JournalError, match="No space left"):
            async with cvs.batch(cvs.ocr.card, numbered(1), journal=path, concurrency=4) as batch:
                async for outcome in batch:
                    seen.append(outcome)
    assert kinds(seen) == [Done]


async def test_a_full_disk_loses_no_answer_that_waits_for_one_before_it(path: Path, small_disk: None) -> None:
    def answer(body: bytes) -> httpx.Response:
        if b"document 0" in body:
            return httpx.Response(503, headers={"Retry-After": "0.3"})
        return httpx.Response(200, json=GOOD | {"data": [{"type": os.urandom(60_000).hex()}]})

    service, seen = Service(answer, latency=0.01), list[Outcome[Any]]()
    async with service.client(retry=RetryPolicy(attempts=2)) as cvs:
        batch = cvs.batch(cvs.ocr.card, numbered(8), journal=path, concurrency=8, ordered=True)
        with pytest.raises(JournalError, match="full"):
            async with batch as outcomes:
                async for outcome in outcomes:
                    seen.append(outcome)
    assert [outcome.item.index for outcome in seen if isinstance(outcome, Done)] == list(range(1, 8))


# --- money


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
    async def answer(_: httpx.Request) -> httpx.Response:
        cvs._dispatcher._closed = True
        raise httpx.ReadError("reset")

    retry = RetryPolicy(attempts=2, unknown_resends=1, initial=0)
    cvs = AsyncCVS("key", "secret", transport=httpx.MockTransport(answer), retry=retry)
    outcomes, _ = await run(cvs, numbered(3), path, concurrency=1)
    await cvs.aclose()
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


# --- without a journal


async def test_without_a_journal_each_item_is_sent_and_nothing_is_remembered() -> None:
    service = Service()
    async with service.client() as cvs:
        for _ in range(2):
            outcomes, stats = await run(cvs, [b"same"] * 3, None)
            assert not any(isinstance(o, Done) and (o.replayed or o.deduplicated) for o in outcomes)
            assert (stats.done, stats.billed) == (3, 3)
            assert {(o.item.key or "")[:16] for o in outcomes} == set(service.sent)
    assert list(service.sent.values()) == [6]


async def test_money_bounds_hold_without_a_journal() -> None:
    service = Service()
    async with service.client() as cvs:
        outcomes, _ = await run(cvs, numbered(10), None, max_billed=4)
        assert reasons(outcomes) == {"Done": 4, "ceiling": 6}
        service.answer = lambda _: httpx.Response(503)
        outcomes, _ = await run(cvs, numbered(10), None, max_consecutive_failures=3, concurrency=1)
    assert reasons(outcomes) == {"Failed": 3, "stop": 7}
