"""The batch runner: lazy, bounded, patient with slow consumers, and gone without a trace when it is left."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import shutil
import subprocess
import sys
import unicodedata
import weakref
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import (
    AsyncCVS,
    CVSError,
    Done,
    Endpoint,
    Failed,
    Held,
    InvalidInputError,
    OutOfRequestsError,
    RetryPolicy,
    folder,
)
from cvs_async.batch import Entry, Outcome, matches, outcome_to_dict
from cvs_async.batch.runner import AHEAD, BURST
from cvs_async.batch.sources.listing import MOST_ENDINGS
from cvs_async.batch.worker_threads import GROUP
from cvs_async.sandbox import Sandbox
from tests.support.servers import ANSWER, arrived, bad_server, closes_after_request, left, silent, until

Handler = Callable[[httpx.Request], Any]


def client(handle: Handler) -> AsyncCVS:
    """A client whose service is a function."""
    once = RetryPolicy(attempts=1)
    return AsyncCVS("key", "secret", transport=httpx.MockTransport(handle), retry=once, drain_timeout=0)


def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=ANSWER)


class Service:
    """Service that answers when `go` is set, and counts."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.most = 0
        self.sent = 0
        self.go = asyncio.Semaphore(0)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            await self.go.acquire()
        finally:
            self.in_flight -= 1
        return answer(request)


class Counted(io.BytesIO):
    """A document that notes when it is read."""

    def __init__(self, number: int, opened: Counter[int]) -> None:
        super().__init__(b"document %d" % number)
        self._number, self._opened = number, opened

    def read(self, size: int | None = -1) -> bytes:
        self._opened[self._number] += 1
        return super().read(size)


async def settle() -> None:
    """Let every task run until it waits for something from outside."""
    for _ in range(200):
        await asyncio.sleep(0)


async def collect(batch: Any) -> list[Outcome[Any]]:
    async with batch as outcomes:
        return [outcome async for outcome in outcomes]


def numbered(count: int, pulled: list[int] | None = None) -> Iterator[bytes]:
    """Distinct inputs, which note when they are taken."""
    for number in range(count):
        if pulled is not None:
            pulled.append(number)
        yield b"document %d" % number


async def test_the_source_is_pulled_only_as_calls_become_free() -> None:
    service, pulled = Service(), list[int]()
    async with client(service) as cvs, cvs.batch(cvs.ocr.card, numbered(1000, pulled), concurrency=4) as outcomes:
        await settle()
        assert (len(pulled), service.sent, outcomes.stats.in_flight) == (4, 4, 4)
        service.go.release()
        await anext(outcomes)
        await settle()
        assert (len(pulled), service.sent, outcomes.stats.in_flight) == (5, 5, 4)


async def test_the_items_of_a_list_are_opened_ahead_and_not_sent() -> None:
    service, opened = Service(), Counter[int]()
    documents = [Counted(number, opened) for number in range(100)]
    async with client(service) as cvs, cvs.batch(cvs.ocr.card, documents, concurrency=4) as outcomes:
        await until(lambda: opened.total() == 4 + AHEAD - AHEAD % GROUP and service.sent > 0)
        await settle()
        assert (service.sent, outcomes.stats.in_flight) == (4, 4)
        outcomes.stop()
        for _ in range(4):
            service.go.release()
        assert len([outcome async for outcome in outcomes]) == service.sent == 4


class Queue:
    """Can be iterated over again, but what was taken is gone."""

    def __init__(self, count: int) -> None:
        self.left = list(range(count))

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        while self.left:
            yield b"document %d" % self.left.pop(0)


async def test_of_what_is_taken_from_a_queue_nothing_is_lost_by_stopping() -> None:
    service, queue = Service(), Queue(100)
    async with client(service) as cvs, cvs.batch(cvs.ocr.card, queue, concurrency=4) as outcomes:
        await settle()
        assert len(queue.left) == 96
        outcomes.stop()
        for _ in range(4):
            service.go.release()
        assert [outcome.item.index async for outcome in outcomes] == [0, 1, 2, 3]
        assert len(queue.left) == 96


@pytest.mark.parametrize("source", [numbered, lambda count: list(numbered(count))])
async def test_a_slow_consumer_slows_the_sending_down(source: Callable[[int], Any]) -> None:
    service = Service()
    async with client(service) as cvs, cvs.batch(cvs.ocr.card, source(1000), concurrency=4) as outcomes:
        for _ in range(1000):
            service.go.release()
        await settle()
        assert service.sent == 4, "nobody took an outcome, so no call was made beyond the first four"
        for taken in range(1, 6):
            await anext(outcomes)
            await settle()
            assert service.sent == 4 + taken


async def test_calls_in_flight_never_exceed_the_concurrency() -> None:
    service = Service()
    async with client(service) as cvs, cvs.batch(cvs.ocr.card, numbered(100), concurrency=7) as batch:
        await settle()
        for _ in range(100):
            service.go.release()
        outcomes = [outcome async for outcome in batch]
    assert len(outcomes) == 100
    assert service.most == 7
    assert sorted(outcome.item.index for outcome in outcomes) == list(range(100))


async def test_outcomes_come_as_they_complete() -> None:
    first = asyncio.Event()

    async def handle(request: httpx.Request) -> httpx.Response:
        if b"document 0" in request.content:
            await first.wait()
        return answer(request)

    async with client(handle) as cvs, cvs.batch(cvs.ocr.card, numbered(5), concurrency=2) as outcomes:
        order = [(await anext(outcomes)).item.index for _ in range(4)]
        first.set()
        order.append((await anext(outcomes)).item.index)
    assert order == [1, 2, 3, 4, 0]


async def test_ordered_keeps_the_order_within_a_bounded_window() -> None:
    first, pulled = asyncio.Event(), list[int]()

    async def handle(request: httpx.Request) -> httpx.Response:
        if b"document 0" in request.content:
            await first.wait()
        return answer(request)

    source = numbered(100, pulled)
    async with client(handle) as cvs, cvs.batch(cvs.ocr.card, source, concurrency=2, ordered=True) as outcomes:
        await settle()
        assert len(pulled) <= 4 * 2 + 1, "the first item holds up the window, and the source with it"
        first.set()
        assert [outcome.item.index async for outcome in outcomes] == list(range(100))


@given(st.permutations(range(12)), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_ordered_outcomes_come_in_order_whatever_finishes_first(order: list[int], concurrency: int) -> None:
    async def run() -> list[int]:
        finish = {index: asyncio.Event() for index in order}
        pulled: list[int] = []

        async def handle(request: httpx.Request) -> httpx.Response:
            await finish[int(request.content.split(b"document ")[1].split(b"\r")[0])].wait()
            return answer(request)

        taken = list[int]()
        source = numbered(12, pulled)
        async with client(handle) as cvs:
            batch = cvs.batch(cvs.ocr.card, source, concurrency=concurrency, ordered=True)
            async with batch as outcomes:
                for index in order:
                    finish[index].set()
                    await asyncio.sleep(0)
                async for outcome in outcomes:
                    assert len(pulled) - len(taken) <= 4 * concurrency + 1
                    taken.append(outcome.item.index)
        return taken

    assert asyncio.run(run()) == list(range(12))


async def test_several_tasks_may_take_outcomes_and_one_that_is_cancelled_takes_nothing_away() -> None:
    service = Service()
    async with client(service) as cvs, cvs.batch(cvs.ocr.card, numbered(2), concurrency=2) as outcomes:
        takers = [asyncio.create_task(anext(outcomes)) for _ in range(4)]
        await settle()
        service.go.release()
        takers[0].cancel()
        service.go.release()
        ends = await asyncio.gather(*takers, return_exceptions=True)
    assert isinstance(ends[0], asyncio.CancelledError)
    assert sorted(end.item.index for end in ends if isinstance(end, Done)) == [0, 1]
    assert [type(end) for end in ends].count(StopAsyncIteration) == 1


async def test_outcomes_that_are_ready_can_be_taken_after_the_end_and_the_end_stays() -> None:
    async with client(answer) as cvs:
        async with cvs.batch(cvs.ocr.card, numbered(3), concurrency=3) as outcomes:
            await settle()
        assert sorted([outcome.item.index async for outcome in outcomes]) == [0, 1, 2]
        with pytest.raises(StopAsyncIteration):
            await anext(outcomes)


@pytest.mark.parametrize("with_journal", [False, True])
async def test_other_tasks_have_their_turn_between_outcomes(with_journal: bool, tmp_path: Path) -> None:
    turns, ended = 0, False

    async def count() -> None:
        nonlocal turns
        while not ended:
            turns += 1
            await asyncio.sleep(0)

    journal = tmp_path / "journal.db" if with_journal else None
    async with (
        client(answer) as cvs,
        cvs.batch(cvs.ocr.card, list(numbered(40)), concurrency=40, journal=journal) as outcomes,
    ):
        await until(lambda: outcomes.stats.finished == 40)
        counting = asyncio.create_task(count())
        taken = Counter[int]()
        async for _ in outcomes:
            taken[turns] += 1
        ended = True
        await counting
    assert max(taken.values()) == (BURST if with_journal else 1)


async def test_a_bad_item_is_an_outcome_and_not_an_end(tmp_path: Path) -> None:
    missing = tmp_path / "missing.jpg"
    async with client(answer) as cvs:
        outcomes = await collect(cvs.batch(cvs.ocr.card, [b"one", missing, b"", 7, b"two"], ordered=True))
    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Failed, Failed, Done]
    failed = outcomes[1]
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, InvalidInputError)
    assert str(missing) in str(failed.error)


async def test_what_a_transport_should_not_raise_fails_its_item_only() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if b"document 1" in request.content:
            raise KeyError("surprise")
        return answer(request)

    async with client(handle) as cvs:
        outcomes = await collect(cvs.batch(cvs.ocr.card, numbered(3), ordered=True))
    assert [type(outcome) for outcome in outcomes] == [Done, Held, Done]
    held = outcomes[1]
    assert isinstance(held, Held)
    assert (held.reason, held.error.charge) == ("in_doubt", "unknown")
    assert isinstance(held.error.__cause__, KeyError)


async def test_a_lost_answer_is_held_in_doubt() -> None:
    async with (
        bad_server(closes_after_request) as server,
        AsyncCVS("key", "secret", base_url=server.base_url) as cvs,
        cvs.batch(cvs.ocr.card, numbered(3)) as batch,
    ):
        outcomes = [outcome async for outcome in batch]
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Held)] == ["in_doubt"] * 3
    assert (batch.stats.held, batch.stats.unknown, batch.stats.billed) == (3, 3, 0)


async def test_out_of_requests_holds_the_item(jpg: bytes) -> None:
    async with Sandbox(quota=2) as sandbox, AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
        batch = cvs.batch(cvs.ocr.card, [jpg] * 5, concurrency=1)
        outcomes = await collect(batch)
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Held, Held, Held]
    assert isinstance(outcomes[4], Held)
    assert outcomes[4].reason == "quota"
    assert isinstance(outcomes[4].error, OutOfRequestsError)
    assert (batch.stats.billed, batch.stats.free, batch.stats.not_sent, sandbox.ledger.billed) == (2, 1, 2, 2)


async def test_operations_with_several_inputs_take_tuples(sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes) -> None:
    outcomes = await collect(cvs.batch(cvs.ekyc.cards, [(jpg, jpg), (jpg,), jpg], ordered=True))
    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Failed]
    assert [upload.name for upload in sandbox.ledger[0].uploads] == ["img1", "img2"]
    assert isinstance(outcomes[1], Failed)
    assert "img1, img2" in str(outcomes[1].error)


async def test_options_go_to_every_call(sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes) -> None:
    await collect(cvs.batch(cvs.ocr.card, [jpg] * 3, get_thumb=True, send_as="base64", check_sum="A1"))
    assert [entry.parameters for entry in sandbox.ledger] == [
        {"format_type": "base64", "get_thumb": "true", "check_sum": "A1"}
    ] * 3


async def test_async_sources_endpoints_and_typed_replies(sandbox: Sandbox, cvs: AsyncCVS, jpg: bytes) -> None:
    async def source() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0)
            yield jpg

    outcomes = await collect(cvs.batch(Endpoint("ocr/card"), source()))
    assert [isinstance(outcome, Done) and outcome.reply.data["type"] for outcome in outcomes] == [
        "chip_id_card_front"
    ] * 3


async def test_a_source_that_raises_shows_its_error_after_the_outcomes() -> None:
    def source() -> Iterator[bytes]:
        yield from numbered(3)
        raise ZeroDivisionError("in the source")

    seen = []
    async with client(answer) as cvs, cvs.batch(cvs.ocr.card, source(), concurrency=2) as outcomes:
        with pytest.raises(ZeroDivisionError, match="in the source"):
            async for outcome in outcomes:
                seen.append(outcome.item.index)
    assert sorted(seen) == [0, 1, 2]


async def test_a_source_that_awaits_a_cancelled_task_loses_no_outcome() -> None:
    async def source() -> AsyncIterator[bytes]:
        for picture in numbered(3):
            yield picture
        task = asyncio.ensure_future(asyncio.sleep(60))
        task.cancel()
        await task

    seen = []
    async with client(answer) as cvs, cvs.batch(cvs.ocr.card, source(), concurrency=8) as outcomes:
        with pytest.raises(RuntimeError, match="the source was cancelled"):
            async for outcome in outcomes:
                seen.append(outcome.item.index)
    assert sorted(seen) == [0, 1, 2]
    assert outcomes.stats.billed == 3


async def test_stopping_finishes_what_is_in_flight_and_takes_up_no_more() -> None:
    service, pulled = Service(), list[int]()
    async with client(service) as cvs, cvs.batch(cvs.ocr.card, numbered(50, pulled), concurrency=4) as outcomes:
        await settle()
        outcomes.stop()
        for _ in range(50):
            service.go.release()
        assert sorted([outcome.item.index async for outcome in outcomes]) == [0, 1, 2, 3]
    assert (len(pulled), service.sent, outcomes.stats.billed) == (4, 4, 4)


@pytest.mark.parametrize("ordered", [False, True])
async def test_stopping_does_not_wait_for_a_source_that_has_nothing_to_give(ordered: bool) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield b"document"
        await asyncio.Event().wait()

    async with client(answer) as cvs, cvs.batch(cvs.ocr.card, source(), ordered=ordered) as outcomes:
        await anext(outcomes)
        await settle()
        outcomes.stop()
        assert [outcome async for outcome in outcomes] == []


class Closing:
    """An async generator's owner that notes whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def items(self) -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"document"
        finally:
            self.closed = True


async def test_breaking_out_leaves_no_task_and_no_call_behind() -> None:
    service, source = Service(), Closing()
    async with client(service) as cvs:
        async with cvs.batch(cvs.ocr.card, source.items(), concurrency=8) as outcomes:
            await settle()
            service.go.release()
            async for _ in outcomes:
                break
        assert service.in_flight == 0
        assert source.closed
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert outcomes.stats.in_flight == 0


async def test_leaving_early_closes_every_connection_and_file(tmp_path: Path) -> None:
    scans = [tmp_path / f"{number}.pdf" for number in range(20)]
    for scan in scans:
        scan.write_bytes(b"%PDF-" + bytes(3 << 20))
    async with bad_server(silent) as server:
        open_before = os.listdir("/dev/fd")
        async with AsyncCVS("key", "secret", base_url=server.base_url, drain_timeout=0) as cvs:
            for _ in range(3):
                arrived_before = len(server.requests)
                async with cvs.batch(cvs.ocr.card, scans, concurrency=5):
                    await arrived(server, arrived_before + 5)
            await left(server)
        assert len(os.listdir("/dev/fd")) == len(open_before)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_error_of_the_consumer_comes_out_as_it_is() -> None:
    service = Service()
    async with client(service) as cvs:
        with pytest.raises(LookupError, match="of the consumer"):
            async with cvs.batch(cvs.ocr.card, numbered(50), concurrency=4):
                await settle()
                raise LookupError("of the consumer")
        assert service.in_flight == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("ordered", [False, True])
async def test_being_cancelled_ends_everything(ordered: bool) -> None:
    service = Service()

    async def consume() -> None:
        async with cvs.batch(cvs.ocr.card, numbered(50), concurrency=4, ordered=ordered) as outcomes:
            async for _ in outcomes:
                pass

    async with client(service) as cvs:
        task = asyncio.create_task(consume())
        await settle()
        assert service.in_flight == 4
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert service.in_flight == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_timeout_around_a_batch_is_honoured() -> None:
    service = Service()
    async with client(service) as cvs:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), cvs.batch(cvs.ocr.card, numbered(50), concurrency=4) as outcomes:
                async for _ in outcomes:
                    pass
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_kept_failures_do_not_keep_their_documents() -> None:
    class Document(bytearray):
        """Bytes that can be watched."""

    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    watched = []

    def source() -> Iterator[bytearray]:
        for _ in range(5):
            document = Document(b"x" * 1000)
            watched.append(weakref.ref(document))
            yield document
            del document

    async with client(handle) as cvs:
        errors = [outcome.error async for outcome in _stream(cvs, source()) if not isinstance(outcome, Done)]
    gc.collect()
    assert len(errors) == 5
    assert all(error.__traceback__ is None for error in errors)
    assert [ref() for ref in watched] == [None] * 5


async def _stream(cvs: AsyncCVS, source: Any) -> AsyncIterator[Outcome[Any]]:
    async with cvs.batch(cvs.ocr.card, source, concurrency=1) as outcomes:
        async for outcome in outcomes:
            yield outcome


@pytest.mark.parametrize("source", ["scan.pdf", b"bytes", Path("scan.pdf"), 5], ids=["str", "bytes", "path", "int"])
async def test_a_single_input_is_refused_as_a_source(source: Any) -> None:
    async with client(answer) as cvs:
        with pytest.raises(InvalidInputError, match="source of inputs"):
            cvs.batch(cvs.ocr.card, source)


async def test_unusable_arguments_are_refused_at_once() -> None:
    async with client(answer) as cvs, client(answer) as other:
        with pytest.raises(InvalidInputError, match="of its own client"):
            cvs.batch(other.ocr.card, [])
        with pytest.raises(InvalidInputError, match="of its own client"):
            cvs.batch(asyncio.sleep, [])
        with pytest.raises(InvalidInputError, match="concurrency"):
            cvs.batch(cvs.ocr.card, [], concurrency=0)
        with pytest.raises(InvalidInputError, match=r"ocr\.card takes no width"):
            cvs.batch(cvs.ocr.card, [], width=5)


async def test_a_batch_runs_once_and_inside_of_its_with() -> None:
    async with client(answer) as cvs:
        batch = cvs.batch(cvs.ocr.card, numbered(2))
        with pytest.raises(RuntimeError, match="async with"):
            await anext(batch)
        await collect(batch)
        with pytest.raises(RuntimeError, match="once"):
            await collect(batch)


async def test_an_empty_source_ends_at_once() -> None:
    async with client(answer) as cvs:
        assert await collect(cvs.batch(cvs.ocr.card, [])) == []


async def test_stats_show_the_progress_of_a_batch() -> None:
    async with client(answer) as cvs, cvs.batch(cvs.ocr.card, [b"a", b"b", b""], concurrency=1) as outcomes:
        assert (outcomes.stats.total, outcomes.stats.finished, outcomes.stats.eta) == (3, 0, None)
        await anext(outcomes)
        assert outcomes.stats.eta is not None
        assert outcomes.stats.rate > 0
        async for _ in outcomes:
            pass
    stats = outcomes.stats
    assert (stats.done, stats.failed, stats.held, stats.billed, stats.free, stats.not_sent) == (2, 1, 0, 2, 0, 1)
    assert stats.errors == {"InvalidInputError": 1}
    assert stats.eta == 0
    assert (stats.rate, stats.elapsed) == (stats.rate, stats.elapsed), "they stand still once the batch is over"


async def test_a_folder_is_listed_in_order_with_what_is_below_it(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/2.PDF", "a/1.png", ".hidden.jpg", ".git/x.jpg", "note.txt", "invoice.xml", "z/ảnh.jpeg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    found = [str(path).removeprefix(f"{tmp_path}/") async for path in folder(tmp_path)]
    assert found == ["b.jpg", "a/1.png", "a/2.PDF", "z/ảnh.jpeg"]
    assert folder(tmp_path).count() == 4
    assert [path.name async for path in folder(tmp_path, suffixes={".txt"})] == ["note.txt"]


async def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    async with client(answer) as cvs, cvs.batch(cvs.ocr.card, folder(tmp_path / "nowhere")) as outcomes:
        with pytest.raises(InvalidInputError, match="nowhere"):
            await anext(outcomes)


def files(place: Path, *names: str) -> None:
    for name in names:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


async def outcomes_by_name(source: Any) -> dict[str, Outcome[Any]]:
    """The outcomes of a batch by the last part of their names."""
    async with client(answer) as cvs:
        return {
            str(outcome.item.source).rpartition("/")[2]: outcome
            for outcome in await collect(cvs.batch(cvs.ocr.card, source, concurrency=2))
        }


SOURCES = [lambda path: folder(path), lambda path: matches(path / "**/*.jpg")]


@pytest.mark.parametrize("source", SOURCES, ids=["folder", "matches"])
async def test_a_folder_below_that_cannot_be_listed_fails_by_name_and_stops_nothing(
    tmp_path: Path, source: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path, "a/a.jpg", "b/b.jpg", "c/c.jpg")
    scandir = os.scandir

    def guarded(path: Any) -> Any:
        if os.fspath(path) == str(tmp_path / "b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found = await outcomes_by_name(source(tmp_path))
    assert {name: type(outcome) for name, outcome in found.items()} == {"a.jpg": Done, "b": Failed, "c.jpg": Done}
    failed = found["b"]
    assert isinstance(failed, Failed)
    assert str(failed.error) == f"ocr.card: folder {tmp_path / 'b'}: cannot be listed: Permission denied"
    assert source(tmp_path).count() == 3


@pytest.mark.parametrize("source", SOURCES, ids=["folder", "matches"])
async def test_a_folder_that_vanishes_meanwhile_fails_by_name_and_stops_nothing(
    tmp_path: Path, source: Callable[[Path], Any]
) -> None:
    files(tmp_path, "a/a.jpg", "b/b.jpg", "c/c.jpg")
    names = list[str]()
    async for file in source(tmp_path):
        names.append(file.name)
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
    assert names == ["a.jpg", f"folder {tmp_path / 'b'}", "c.jpg"]


@pytest.mark.parametrize("pattern", ["**/*.jpg", "*/*.jpg", "*.jpg", None])
async def test_links_that_lead_nowhere_fail_by_name_and_stop_nothing(tmp_path: Path, pattern: str | None) -> None:
    files(tmp_path, "z.jpg", "z/z.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "up").symlink_to(".")
    found = await outcomes_by_name(folder(tmp_path) if pattern is None else matches(tmp_path / pattern))
    assert isinstance(found["z.jpg"], Done)
    bad = {"*.jpg": {"loop.jpg", "gone.jpg"}, "**/*.jpg": {"loop.jpg", "gone.jpg"}, "*/*.jpg": {"loop"}}
    wanted = bad[pattern] if pattern else {"loop.jpg", "gone.jpg", "loop"}
    failed = {name: outcome for name, outcome in found.items() if isinstance(outcome, Failed)}
    assert wanted <= set(failed)
    assert all(name in str(outcome.error) for name, outcome in failed.items())


BINS = ("@eaDir", "#recycle", "$RECYCLE.BIN", "$Recycle.Bin", ".Trash-1000", "@Recycle", "System Volume Information")


@pytest.mark.parametrize("name", BINS)
async def test_recycle_bins_are_skipped_unless_they_are_the_source(tmp_path: Path, name: str) -> None:
    files(tmp_path, "a.jpg", f"x/{name}/b.jpg", f"{name}/c.jpg", f"{name}/d/e.jpg")
    for source in (folder(tmp_path), matches(tmp_path / "**/*.jpg")):
        assert [file.name async for file in source] == ["a.jpg"]
        assert source.count() == 1
    assert [file.name async for file in folder(tmp_path / name)] == ["c.jpg", "e.jpg"]
    assert [file.name async for file in matches(tmp_path / name / "*.jpg")] == ["c.jpg"]
    assert [file.name async for file in matches(tmp_path / f"*/{name}/*.jpg")] == ["b.jpg"]


async def test_patterns_are_excluded_by_name_or_by_path_below(tmp_path: Path) -> None:
    files(tmp_path, "a.jpg", "a_draft.jpg", "old/b.jpg", "x/old/c.jpg", "x/d.jpg", "ảnh.jpg")

    async def left(*exclude: str) -> list[str]:
        found = [file.name async for file in folder(tmp_path, exclude=exclude)]
        assert found == [file.name async for file in matches(tmp_path / "**/*.jpg", exclude=exclude)]
        return found

    everything = ["a.jpg", "a_draft.jpg", "ảnh.jpg", "b.jpg", "d.jpg", "c.jpg"]
    assert await left() == everything
    assert await left("*_draft.jpg", "old") == ["a.jpg", "ảnh.jpg", "d.jpg"]
    assert await left("old/") == ["a.jpg", "a_draft.jpg", "ảnh.jpg", "d.jpg"]
    assert await left("x/old") == ["a.jpg", "a_draft.jpg", "ảnh.jpg", "b.jpg", "d.jpg"]
    assert await left(unicodedata.normalize("NFD", "ả*")) == [name for name in everything if name != "ảnh.jpg"]
    assert [file.name async for file in folder(tmp_path, exclude="*_*")] == everything[:1] + everything[2:], (
        "one pattern"
    )


async def test_what_a_source_passes_over_is_counted_by_ending(tmp_path: Path) -> None:
    files(tmp_path, "a.jpg", "b.heic", "x/c.HEIC", "x/README", ".hidden.txt", "@eaDir/t.txt", "x/d.no-usual-ending")
    passed = {".heic": 2, "without an ending": 1, "others": 1}
    for source in (folder(tmp_path), matches(tmp_path / "**/*.jpg")):
        for _ in range(2):  # nothing is counted twice
            assert [file.name async for file in source] == ["a.jpg"]
            assert source.passed_over == passed
        source.count()
        assert source.passed_over == passed
    async with client(answer) as cvs:
        batch = cvs.batch(cvs.ocr.card, folder(tmp_path))
        assert (await batch.plan()).passed_over == passed
        assert (await cvs.batch(cvs.ocr.card, [b"x"]).plan()).passed_over == {}


async def test_endings_without_number_take_no_memory_without_bound(tmp_path: Path) -> None:
    files(tmp_path, *(f"a.{number}" for number in range(MOST_ENDINGS + 50)))
    source = folder(tmp_path)
    assert [file async for file in source] == []
    assert source.passed_over.total() == MOST_ENDINGS + 50
    assert len(source.passed_over) == MOST_ENDINGS + 1


LISTS_FOR_EVER = """
import asyncio, os, threading
from cvs_async import folder
from cvs_async.batch import matches
os.scandir = lambda path: threading.Event().wait()
async def main():
    async with asyncio.timeout(0.1):
        async for _ in {source}:
            pass
asyncio.run(main())
"""


@pytest.mark.parametrize("source", ["folder('.')", "matches('*')"])
def test_a_folder_that_is_listed_for_ever_does_not_keep_the_process(source: str) -> None:
    command = [sys.executable, "-c", LISTS_FOR_EVER.format(source=source)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert "TimeoutError" in ended.stderr


async def test_records_hold_what_was_read_and_what_went_wrong(cvs: AsyncCVS, jpg: bytes) -> None:
    source: list[Any] = [jpg, "https://example.com/a.jpg?token=canary"]
    done, failed = [outcome_to_dict(o) for o in await collect(cvs.batch(cvs.ocr.card, source, ordered=True))]
    assert (done["status"], done["charge"], done["source"]) == ("done", "billed", f"{len(jpg)} bytes")
    assert done["data"][0]["info"]["id"]["value"].startswith("SANDBOX")
    assert (failed["status"], failed["charge"], failed["source"]) == ("failed", "free", "https://example.com/a.jpg?…")
    assert failed["error"]["kind"] == "UrlUnavailableError"
    assert failed["error"]["code"] == 2


def test_errors_of_outcomes_are_typed() -> None:
    assert Held.__match_args__ == ("item", "reason", "error")
    assert Failed.__match_args__ == ("item", "error")
    assert Done.__match_args__ == ("item", "reply")
    assert issubclass(OutOfRequestsError, CVSError)


@pytest.mark.parametrize("with_journal", [False, True])
async def test_a_keyword_that_is_a_parameter_of_a_function_fails_its_item_only(
    cvs: AsyncCVS, jpg: bytes, tmp_path: Path, with_journal: bool
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpg)
    names = ("self", "endpoint", "inputs", "recorder", "patient", "operation", "item", "journal", "\x1b[31m")
    entries = [Entry({"path": tmp_path / "a.jpg", name: True}) for name in names]
    source = [*entries, Entry({"path": tmp_path / "a.jpg"})]
    async with cvs.batch(
        cvs.ocr.card, source, journal=tmp_path / "j.db" if with_journal else None, ordered=True
    ) as outcomes:
        *refused, last = [outcome async for outcome in outcomes]
    assert isinstance(last, Done)
    for name, outcome in zip(names, refused, strict=True):
        assert isinstance(outcome, Failed)
        assert isinstance(outcome.error, InvalidInputError)
        assert f"ocr.card takes no {name}" in str(outcome.error)
