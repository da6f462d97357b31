"""Copies of a document and renamed files: a journal recognises them, and each document is paid for once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from cvs_async import Done, Failed, Held, InvalidInputError, folder
from cvs_async.batch.sources.manifests import Entry
from tests.support.clock import leap, leaping
from tests.support.servers import until
from tests.support.service import Service, errors, files, good, kinds, numbered, reasons, records, refusal, run


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
@leaping
async def test_a_copy_waits_for_an_open_request_whose_caller_timed_out(
    path: Path, in_doubt: str, concurrency: int
) -> None:
    service = Service(go=asyncio.Event())
    assert service.go is not None
    options: Any = {"journal": path, "concurrency": concurrency, "in_doubt": in_doubt, "timeout": 60}
    async with service.client() as cvs, cvs.batch(cvs.ocr.card, iter([b"same"] * 3), **options) as batch:
        await until(lambda: service.sent.total() == 1)
        leap(60)
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
@leaping
async def test_a_batch_whose_copies_wait_for_a_request_can_be_ended(path: Path, end: str) -> None:
    service = Service(go=asyncio.Event())
    assert service.go is not None
    options: Any = {"journal": path, "concurrency": 3, "in_doubt": "retry", "timeout": 60}
    async with service.client() as cvs:
        with anyio.CancelScope() as scope:
            async with cvs.batch(cvs.ocr.card, iter([b"same"] * 9), **options) as batch:
                await until(lambda: service.sent.total() == 1)
                leap(60)
                await anext(batch)
                asyncio.get_running_loop().call_later(0.05, service.go.set)
                if end == "cancel":
                    scope.cancel()
                elif end == "stop":
                    batch.stop()
                    assert kinds([outcome async for outcome in batch]) == [Done] * 2
    assert service.sent.total() == 1
    assert [record.state for record in records(path).values()] == ["billed"]


@leaping
async def test_copies_continue_after_a_request_is_given_up(path: Path) -> None:
    service = Service(go=asyncio.Event())
    async with service.client(drain_timeout=60) as cvs:
        source, options = [b"same"] * 3, {"in_doubt": "retry", "timeout": 60, "concurrency": 3}
        batch = asyncio.create_task(run(cvs, source, path, **options))
        await until(lambda: service.sent.total() == 1)
        while not batch.done():
            leap(60)  # first the call has no time left, then its request has none
            await asyncio.sleep(0.005)
        outcomes, _ = await batch
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
