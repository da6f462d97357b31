"""Worker threads: results come back in groups, and no thread outlives the pool."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from cvs_async._system.threads import NoAnswerError
from cvs_async.batch.worker_threads import GROUP, SLICE, WorkerThreads, resolve
from tests.support.servers import until


def barrier(count: int) -> Callable[[], int]:
    """Return work that ends when `count` threads do it at once."""
    met = threading.Barrier(count, timeout=30)
    return lambda: met.wait() * 0 + threading.get_ident()


async def turns() -> None:
    """Some turns of the loop, in which all that can be handed over is."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_results_and_errors_come_back_off_the_event_loop() -> None:
    def fails() -> None:
        raise ZeroDivisionError("in the work")

    async with WorkerThreads(2) as threads:
        assert await threads.run(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError, match="in the work"):
            await threads.run(fails)
        numbers = [partial(int, number) for number in range(100)]
        assert await asyncio.gather(*map(threads.run, numbers)) == [*range(100)]


async def test_quick_work_is_done_by_one_thread_in_groups() -> None:
    async with WorkerThreads(8) as threads:
        for _ in range(20):
            used = {await threads.run(threading.get_ident) for _ in range(3)}
            assert len(used) == 1
        together = await asyncio.gather(*(threads.run(threading.get_ident) for _ in range(GROUP)))
        assert len(set(together)) == 1


async def test_slow_work_gets_more_threads_but_no_more_than_allowed() -> None:
    async with WorkerThreads(3) as threads:
        work, running = barrier(3), []
        for _ in range(3):
            running.append(asyncio.create_task(threads.run(work)))
            await turns()
        assert len(set(await asyncio.gather(*running))) == 3
        assert len({await threads.run(threading.get_ident) for _ in range(20)}) <= 3


async def test_what_is_held_waits_for_a_group_or_a_flush() -> None:
    async with WorkerThreads(1) as threads:
        held = [asyncio.create_task(threads.run(threading.get_ident, hold=True)) for _ in range(GROUP - 1)]
        await threads.run(threading.get_ident, hold=True)
        assert len(await asyncio.gather(*held)) == GROUP - 1, "the last one has made it a group"

        alone = asyncio.create_task(threads.run(threading.get_ident, hold=True))
        await turns()
        assert not alone.done()
        threads.flush_soon()
        assert await alone


async def test_a_caller_that_is_cancelled_does_not_wait() -> None:
    go = threading.Event()
    async with WorkerThreads(1) as threads:
        task = asyncio.create_task(threads.run(lambda: go.wait(30)))
        await turns()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        assert await threads.run(lambda: "next") == "next"


async def test_callers_that_wait_at_the_end_are_cancelled_and_the_threads_end() -> None:
    before, go = threading.active_count(), threading.Event()
    async with WorkerThreads(2) as threads:
        task = asyncio.create_task(threads.run(lambda: go.wait(30)))
        held = asyncio.create_task(threads.run(threading.get_ident, hold=True))
        await turns()
    for waiting in (task, held):
        with pytest.raises(asyncio.CancelledError):
            await waiting
    go.set()
    await until(lambda: threading.active_count() <= before)
    with pytest.raises(RuntimeError, match="async with"):
        await threads.run(threading.get_ident)


async def test_many_results_let_other_tasks_run_in_between() -> None:
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(3 * SLICE)]
    resolve([(future, number) for number, future in enumerate(futures)])
    assert sum(future.done() for future in futures) == SLICE
    assert await asyncio.gather(*futures) == [*range(3 * SLICE)]


# Work that does not end


def hanging(go: threading.Event) -> Callable[[], object]:
    return lambda: "went on" if go.wait(60) else "gave up"


@pytest.fixture
def go() -> Iterator[threading.Event]:
    """Lets everything that hangs go on, at the latest when the test ends."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("place", [0, 3, GROUP - 1])
async def test_a_job_does_not_wait_for_another_one_of_its_group(place: int, go: threading.Event) -> None:
    async with WorkerThreads(2) as threads:
        works: list[Callable[[], object]] = [threading.get_ident] * GROUP
        works[place] = hanging(go)
        tasks = [asyncio.create_task(threads.run(work)) for work in works]
        hangs = tasks.pop(place)
        assert len(await asyncio.gather(*tasks)) == GROUP - 1
        assert not hangs.done()
        go.set()
        assert await hangs == "went on"


async def test_what_takes_too_long_ends_with_an_error_and_its_thread_is_replaced(go: threading.Event) -> None:
    async with WorkerThreads(1) as threads:
        tasks = [asyncio.create_task(threads.run(hanging(go), seconds=0.01)) for _ in range(3)]
        quick: Callable[[], object] = threading.get_ident
        tasks += [asyncio.create_task(threads.run(quick, seconds=3600)) for _ in range(3)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [TimeoutError] * 3 + [int] * 3


async def test_the_thread_of_a_cancelled_caller_is_replaced(go: threading.Event) -> None:
    async with WorkerThreads(1) as threads:
        tasks = [asyncio.create_task(threads.run(hanging(go))) for _ in range(3)]
        await turns()
        for task in tasks:
            task.cancel()
        assert await threads.run(lambda: "next") == "next"


async def test_slow_work_is_done_once_by_one_thread(go: threading.Event) -> None:
    done = Counter[int]()
    left = threading.Semaphore(0)

    def work(number: int) -> int:
        done[number] += 1
        if number % 5 == 0:  # these wait until all others are done
            go.wait(60)
        else:
            left.release()
        return number

    async with WorkerThreads(9) as threads:
        tasks = [asyncio.create_task(threads.run(partial(work, number))) for number in range(40)]
        await asyncio.to_thread(lambda: [left.acquire(timeout=60) for _ in range(32)])
        go.set()
        assert await asyncio.gather(*tasks) == [*range(40)]
    assert done == Counter(range(40))


async def test_where_too_many_hang_others_fail_at_once_and_are_served_again_later(
    go: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cvs_async.batch.worker_threads.MOST_STUCK", 2)
    async with WorkerThreads(1) as threads:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await threads.run(hanging(go), seconds=0.01)
        for _ in range(2):
            with pytest.raises(NoAnswerError, match="do not answer"):
                await threads.run(threading.get_ident)
        go.set()
        await until(lambda: not threads._stuck)
        assert await threads.run(lambda: "again") == "again"


async def test_a_stuck_thread_ends_when_its_work_does(go: threading.Event) -> None:
    before = threading.active_count()
    async with WorkerThreads(2) as threads:
        with pytest.raises(TimeoutError):
            await threads.run(hanging(go), seconds=0.01)
        assert await threads.run(lambda: "next") == "next"
    go.set()
    await until(lambda: threading.active_count() <= before)
