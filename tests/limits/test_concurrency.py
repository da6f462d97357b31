"""Concurrency of requests: slots in turn, and a limit that is adapted to simulated services."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import AsyncCVS, ConfigurationError, ConnectionLostError, RateLimitedError, Reply, RetryPolicy
from cvs_async._limits.concurrency import INITIAL_LIMIT, MIN_LIMIT, AutoLimit
from tests.support.clock import now, settle, unhurried, virtual
from tests.support.servers import ANSWER

# Slots


class Line:
    """Borrowers of slots, and the order in which they got them."""

    def __init__(self, count: int) -> None:
        self.slots = anyio.CapacityLimiter(count)
        self.got: list[int] = []
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def come(self, *borrowers: int) -> None:
        for borrower in borrowers:
            self.tasks[borrower] = asyncio.create_task(self._take(borrower))
        await settle()

    async def leave(self, *borrowers: int) -> None:
        for borrower in borrowers:
            self.slots.release_on_behalf_of(borrower)
        await settle()

    def take_nowait(self, borrower: int) -> bool:
        try:
            self.slots.acquire_on_behalf_of_nowait(borrower)
        except anyio.WouldBlock:
            return False
        return True

    async def _take(self, borrower: int) -> None:
        await self.slots.acquire_on_behalf_of(borrower)
        self.got.append(borrower)


async def test_slots_are_taken_in_turn() -> None:
    line = Line(2)
    await line.come(1, 2, 3, 4, 5)
    assert (line.got, line.slots.borrowed_tokens) == ([1, 2], 2)
    await line.leave(2, 1)
    assert (line.got, line.slots.borrowed_tokens) == ([1, 2, 3, 4], 2)
    await line.leave(3, 4, 5)
    assert (line.got, line.slots.borrowed_tokens) == ([1, 2, 3, 4, 5], 0)


async def test_a_new_caller_does_not_overtake_waiting_ones() -> None:
    line = Line(1)
    assert line.take_nowait(1)
    assert not line.take_nowait(2)
    waiting = asyncio.create_task(line.slots.acquire_on_behalf_of(3))
    await settle()
    line.slots.release_on_behalf_of(1)
    assert not line.take_nowait(4), "it is 3's, even before 3 has woken up"
    await waiting
    assert line.slots.borrowed_tokens == 1


async def test_more_slots_let_more_in_at_once() -> None:
    line = Line(1)
    await line.come(1, 2, 3, 4)
    line.slots.total_tokens = 3
    await settle()
    assert (line.got, line.slots.total_tokens) == ([1, 2, 3], 3)


async def test_after_a_reduction_slots_are_granted_only_when_enough_are_free() -> None:
    line = Line(3)
    await line.come(1, 2, 3, 4)
    line.slots.total_tokens = 1
    await line.leave(1, 2)
    assert (line.got, line.slots.borrowed_tokens) == ([1, 2, 3], 1)
    await line.leave(3)
    assert line.got == [1, 2, 3, 4]


async def test_a_borrower_that_gives_up_in_the_moment_of_its_turn_passes_it_on() -> None:
    line = Line(1)
    await line.come(1, 2, 3)
    line.slots.release_on_behalf_of(1)
    line.tasks[2].cancel()
    await settle()
    assert (line.got, line.slots.borrowed_tokens) == ([1, 3], 1)


# A limit that is found by trying


@define
class Service:
    """A simulated one: `workers` work at once, the rest stands in line; more than `bears` of both it refuses.

    Attributes:
        seconds: of work in a request; a refusal takes a tenth.
        free_at: when each worker is free.
    """

    seconds: float = 0.2
    workers: int = 10_000
    bears: int = 10_000
    free_at: list[float] = field(factory=list)

    def take(self, now: float, in_flight: int) -> tuple[float, bool]:
        """Return the time of the answer, and whether it is a refusal."""
        if in_flight > self.bears:
            return now + self.seconds / 10, True
        while len(self.free_at) > self.workers:
            heapq.heappop(self.free_at)
        start = max(now, heapq.heappop(self.free_at)) if len(self.free_at) == self.workers else now
        heapq.heappush(self.free_at, start + self.seconds)
        return start + self.seconds, False

    @property
    def best(self) -> float:
        """The most answers in a second."""
        return min(self.workers, self.bears) / self.seconds


@define
class Simulation:
    """Callers without end, as many in flight as the limit allows."""

    service: Service
    auto: AutoLimit
    now: float = 0.0
    in_flight: list[tuple[float, float, bool]] = field(factory=list)
    answered: int = 0
    taken: int = 0
    limits: set[int] = field(factory=set)

    def run(self, seconds: float) -> float:
        """Return the answers a second, over a number of seconds."""
        until, before = self.now + seconds, self.answered
        while self.now < until:
            while len(self.in_flight) < self.auto.limit:
                ends, refused = self.service.take(self.now, self.taken + 1)
                self.taken += not refused
                heapq.heappush(self.in_flight, (ends, self.now, refused))
            self._answer()
        return (self.answered - before) / seconds

    def _answer(self) -> None:
        count = len(self.in_flight)
        self.now, began, refused = heapq.heappop(self.in_flight)
        self.answered += not refused
        self.taken -= not refused
        self.auto.observe(began, self.now, count, refused=refused, latency=not refused)
        self.limits.add(self.auto.limit)


SERVICES = [
    Service(bears=3),
    Service(bears=20),
    Service(bears=64),
    Service(workers=3),
    Service(workers=20),
    Service(workers=64),
    Service(workers=40, bears=50),
    Service(workers=16, seconds=1.5),
]


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_it_finds_the_hidden_limit_and_stays_there(service: Service) -> None:
    simulation = Simulation(service, AutoLimit(most=256))
    simulation.run(30)
    rates = [simulation.run(10) for _ in range(10)]
    assert min(rates) >= 0.8 * service.best
    assert max(simulation.limits) <= 256
    assert min(simulation.limits) >= MIN_LIMIT


def test_where_nothing_holds_it_up_it_takes_all_it_may() -> None:
    simulation = Simulation(Service(), AutoLimit(most=256))
    simulation.run(10)
    assert simulation.auto.limit == 256


@pytest.mark.parametrize(("name", "before", "after"), [("bears", 16, 64), ("workers", 16, 64)])
def test_it_recovers_when_the_limit_is_lifted(name: str, before: int, after: int) -> None:
    service = Service()
    setattr(service, name, before)
    simulation = Simulation(service, AutoLimit(most=256))
    simulation.run(60)
    setattr(service, name, after)
    simulation.run(30)
    assert simulation.run(30) >= 0.8 * service.best


def test_it_gives_way_when_the_service_bears_less() -> None:
    service = Service(bears=64)
    simulation = Simulation(service, AutoLimit(most=256))
    simulation.run(30)
    service.bears = 8
    simulation.run(10)
    assert simulation.run(30) >= 0.8 * service.best


def test_a_limit_that_is_not_reached_proves_nothing() -> None:
    auto = AutoLimit(most=256)
    for second in range(1000):
        auto.observe(second, second + 0.2, 1, refused=False, latency=True)
    assert auto.limit == INITIAL_LIMIT


def test_one_refusal_of_many_in_flight_lowers_it_once() -> None:
    auto = AutoLimit(most=256)
    for _ in range(8):
        auto.observe(0.0, 1.0, 8, refused=True, latency=False)
    assert auto.limit == 6


OBSERVATIONS = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 100), st.integers(1, 500), st.booleans(), st.booleans()), max_size=300
)


@unhurried
@given(st.integers(1, 300), OBSERVATIONS)
def test_the_limit_stays_within_its_bounds_whatever_is_observed(
    most: int, observations: list[tuple[float, float, int, bool, bool]]
) -> None:
    auto = AutoLimit(most)
    for began, seconds, in_flight, refused, latency in observations:
        auto.observe(began, began + seconds, in_flight, refused=refused, latency=latency)
        assert min(MIN_LIMIT, most) <= auto.limit <= most


# The whole client


def client(handle: Callable[[httpx.Request], Any], **settings: Any) -> AsyncCVS:
    return AsyncCVS("key", "secret", transport=httpx.MockTransport(handle), **settings)


class Bearing:
    """Answers after a while, and refuses what is more in flight than it bears."""

    def __init__(self, bears: int) -> None:
        self.bears = bears
        self.in_flight = 0
        self.most = 0
        self.answered: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.in_flight >= self.bears:
            await asyncio.sleep(0.01)
            return httpx.Response(429)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0.2)
        self.in_flight -= 1
        self.answered.append(now())
        return httpx.Response(200, content=ANSWER)


@virtual
async def test_a_client_shows_the_limit_that_it_has_found() -> None:
    service = Bearing(1000)
    async with client(service, concurrency="auto", max_connections=40) as cvs:
        assert cvs.stats.limit == INITIAL_LIMIT
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(400)))
        assert cvs.stats.limit == 40
    assert service.most == 40


@virtual
async def test_a_client_without_it_shows_its_connections() -> None:
    async with client(Bearing(1000), max_connections=40) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(400)))
        assert cvs.stats.limit == 40


@virtual
async def test_a_client_stays_below_what_the_service_refuses() -> None:
    service = Bearing(20)
    policy = RetryPolicy(attempts=1000, max_elapsed=None, maximum=0.5)
    async with client(service, concurrency="auto", retry=policy) as cvs:

        async def caller() -> None:
            while now() < 40:
                try:
                    await cvs.ocr.card(b"x")
                except RateLimitedError:
                    await asyncio.sleep(0.1)

        await asyncio.gather(*(caller() for _ in range(60)))
        assert 12 <= cvs.stats.limit <= 21
    assert sum(20 < time <= 40 for time in service.answered) / 20 >= 0.8 * 20 / 0.2


@virtual
async def test_one_connection_stays_one() -> None:
    service = Bearing(0)
    async with client(service, concurrency="auto", max_connections=1, retry=RetryPolicy(attempts=1)) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(20)), return_exceptions=True)
        assert cvs.stats.limit == 1


def test_there_is_one_way_only() -> None:
    with pytest.raises(ConfigurationError, match="concurrency must be one of"):
        client(Bearing(1), concurrency="fast")


@pytest.mark.parametrize("drain_timeout", [0, 30])
@virtual
async def test_closing_the_client_cancels_calls_that_wait_for_a_connection(drain_timeout: float) -> None:
    service = Bearing(1000)
    cvs = client(service, max_connections=1, drain_timeout=drain_timeout)
    calls = [asyncio.create_task(cvs.ocr.card(b"x")) for _ in range(5)]
    await asyncio.sleep(0.1)
    await cvs.aclose()
    assert now() == pytest.approx(0.2 if drain_timeout else 0.1)
    first, *others = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(first, Reply if drain_timeout else ConnectionLostError)
    assert {type(error) for error in others} == {ConfigurationError}
    assert cvs.stats.attempts == 1


@pytest.mark.parametrize(
    "answer", [httpx.Response(429), httpx.Response(503), httpx.ReadTimeout("slow")], ids=["429", "503", "timeout"]
)
@virtual
async def test_a_client_gives_way_to_a_service_that_has_too_much_to_do(answer: httpx.Response | Exception) -> None:
    def service(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with client(service, concurrency="auto", retry=RetryPolicy(attempts=1)) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(100)), return_exceptions=True)
        assert cvs.stats.limit == MIN_LIMIT
