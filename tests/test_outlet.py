"""Handing outcomes over: in order, none lost, in turn with everything else of the loop."""

from __future__ import annotations

import asyncio

import pytest

from cvs_async.batch.outlet import Outlet
from tests.clock import settle


async def test_who_offers_learns_when_it_is_taken() -> None:
    outlet = Outlet[int](at_once=9)
    first, second = outlet.offer(1), outlet.offer(2)
    assert await outlet.take() == 1
    assert (first.done(), second.done()) == (True, False)
    assert await outlet.take() == 2
    assert second.done()


async def test_who_takes_waits_for_an_offer() -> None:
    outlet = Outlet[int](at_once=9)
    takers = [asyncio.create_task(outlet.take()) for _ in range(3)]
    await settle()
    assert not any(taker.done() for taker in takers)
    for number in range(3):
        outlet.offer(number)
    assert await asyncio.gather(*takers) == [0, 1, 2]


@pytest.mark.parametrize("at_once", [1, 4])
async def test_others_have_their_turn_between(at_once: int) -> None:
    outlet = Outlet[int](at_once)
    for number in range(20):
        outlet.offer(number)
    turned, longest, ended = 0, 0, False

    async def count() -> None:
        nonlocal turned
        while not ended:
            turned += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await settle()
    taken = list[tuple[int, int]]()
    for _ in range(20):
        taken.append((await outlet.take(), turned))
    ended = True
    await counting
    assert [number for number, _ in taken] == list(range(20))
    longest = max(sum(turn == other for _, other in taken) for _, turn in taken)
    assert longest == at_once


async def test_what_was_offered_can_be_taken_after_the_end() -> None:
    outlet = Outlet[int](at_once=9)
    outlet.offer(1)
    outlet.close()
    assert await outlet.take() == 1
    with pytest.raises(StopAsyncIteration):
        await outlet.take()


async def test_the_end_wakes_all_who_wait() -> None:
    outlet = Outlet[int](at_once=9)
    takers = [asyncio.create_task(outlet.take()) for _ in range(3)]
    await settle()
    outlet.close()
    assert [type(end) for end in await asyncio.gather(*takers, return_exceptions=True)] == [StopAsyncIteration] * 3


async def test_a_taker_that_is_cancelled_as_it_is_woken_takes_nothing_away() -> None:
    outlet = Outlet[int](at_once=9)
    first, second = (asyncio.create_task(outlet.take()) for _ in range(2))
    await settle()
    taken = outlet.offer(1)
    first.cancel()
    assert await second == 1
    assert taken.done()
    assert first.cancelled()


async def test_a_value_stays_where_nobody_waits_for_it_to_be_taken() -> None:
    outlet = Outlet[int](at_once=9)
    outlet.offer(1).cancel()
    assert await outlet.take() == 1
