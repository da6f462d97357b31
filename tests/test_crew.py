"""The crew of threads: what is handed over comes back, in groups, and nothing outlives it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from cvs_async.batch.crew import GROUP, SLICE, Crew, resolve
from tests.servers import until


def barrier(count: int) -> Callable[[], int]:
    """Work that ends when so many threads do it at once."""
    met = threading.Barrier(count, timeout=30)
    return lambda: met.wait() * 0 + threading.get_ident()


async def turns() -> None:
    """Some turns of the loop, in which all that can be handed over is."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_results_and_errors_come_back_off_the_event_loop() -> None:
    def fails() -> None:
        raise ZeroDivisionError("in the work")

    async with Crew(2) as crew:
        assert await crew.run(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError, match="in the work"):
            await crew.run(fails)
        assert await asyncio.gather(*(crew.run(lambda number=number: number) for number in range(100))) == [*range(100)]  # type: ignore[misc]


async def test_quick_work_is_done_by_one_thread_in_groups() -> None:
    async with Crew(8) as crew:
        for _ in range(20):
            threads = {await crew.run(threading.get_ident) for _ in range(3)}
            assert len(threads) == 1
        together = await asyncio.gather(*(crew.run(threading.get_ident) for _ in range(GROUP)))
        assert len(set(together)) == 1


async def test_slow_work_gets_more_threads_but_no_more_than_allowed() -> None:
    async with Crew(3) as crew:
        work, running = barrier(3), []
        for _ in range(3):
            running.append(asyncio.create_task(crew.run(work)))
            await turns()
        assert len(set(await asyncio.gather(*running))) == 3
        assert len({await crew.run(threading.get_ident) for _ in range(20)}) <= 3


async def test_what_is_held_waits_for_a_group_or_a_flush() -> None:
    async with Crew(1) as crew:
        held = [asyncio.create_task(crew.run(threading.get_ident, hold=True)) for _ in range(GROUP - 1)]
        await crew.run(threading.get_ident, hold=True)
        assert len(await asyncio.gather(*held)) == GROUP - 1, "the last one has made it a group"

        alone = asyncio.create_task(crew.run(threading.get_ident, hold=True))
        await turns()
        assert not alone.done()
        crew.flush_soon()
        assert await alone


async def test_a_caller_that_is_cancelled_does_not_wait() -> None:
    go = threading.Event()
    async with Crew(1) as crew:
        task = asyncio.create_task(crew.run(lambda: go.wait(30)))
        await turns()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        assert await crew.run(lambda: "next") == "next"


async def test_whoever_waits_at_the_end_is_cancelled_and_the_threads_end() -> None:
    before, go = threading.active_count(), threading.Event()
    async with Crew(2) as crew:
        task = asyncio.create_task(crew.run(lambda: go.wait(30)))
        held = asyncio.create_task(crew.run(threading.get_ident, hold=True))
        await turns()
    for waiting in (task, held):
        with pytest.raises(asyncio.CancelledError):
            await waiting
    go.set()
    await until(lambda: threading.active_count() <= before)
    with pytest.raises(RuntimeError, match="async with"):
        await crew.run(threading.get_ident)


async def test_many_results_leave_other_tasks_their_turn() -> None:
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(3 * SLICE)]
    resolve([(future, number) for number, future in enumerate(futures)])
    assert sum(future.done() for future in futures) == SLICE
    assert await asyncio.gather(*futures) == [*range(3 * SLICE)]
