"""The rate at which requests leave, and the pauses that a service asks for; all in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import AsyncCVS, ConfigurationError, RateLimit, RateLimitedError, RetryPolicy
from cvs_async import client as client_module
from cvs_async._limits.pace import LATENESS, LocalPauses, Pause, RateLimiter
from tests.support.clock import now, settle, timers, unhurried, virtual
from tests.support.servers import ANSWER


async def times(pace: Pause, callers: int) -> list[float]:
    """Return when each of these callers may send, if all come at once."""
    left: list[float] = []

    async def caller() -> None:
        await pace.wait(now())
        left.append(now())

    await asyncio.gather(*(caller() for _ in range(callers)))
    return left


@pytest.mark.parametrize("numbers", [{"count": 0}, {"count": -1}, {"count": 1, "per": 0}, {"count": float("nan")}])
def test_a_rate_must_be_one(numbers: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"^rate_limit: count and per"):
        RateLimit(**numbers)  # type: ignore[arg-type]


def test_a_burst_is_at_least_one() -> None:
    with pytest.raises(ConfigurationError, match=r"^rate_limit: burst"):
        RateLimit(1, burst=0)


@virtual
async def test_requests_are_evenly_spaced() -> None:
    assert await times(RateLimiter(RateLimit(4)), 5) == [0, 0.25, 0.5, 0.75, 1]


@virtual
async def test_a_rate_may_be_less_than_one_a_second() -> None:
    assert await times(RateLimiter(RateLimit(1, per=60)), 3) == [0, 60, 120]


@virtual
async def test_a_burst_leaves_at_once_and_the_rest_evenly() -> None:
    pace = RateLimiter(RateLimit(4, burst=3))
    assert await times(pace, 6) == [0, 0, 0, 0.25, 0.5, 0.75]
    await asyncio.sleep(10)
    assert await times(pace, 4) == [10.75, 10.75, 10.75, 11]


@virtual
async def test_quiet_time_is_not_saved_up_beyond_the_burst() -> None:
    pace = RateLimiter(RateLimit(4))
    await asyncio.sleep(100)
    assert await times(pace, 3) == [100, 100.25, 100.5]


@virtual
async def test_without_a_rate_no_caller_waits() -> None:
    assert await times(Pause(), 100) == [0] * 100
    assert timers() == 0


@virtual
async def test_the_call_that_began_first_leaves_first() -> None:
    pace, left = RateLimiter(RateLimit(1)), list[float]()

    async def caller(began: float) -> None:
        await pace.wait(began)
        left.append(began)

    await pace.wait(0)
    async with asyncio.TaskGroup() as tasks:
        for began in (5, 3, 8, 3, 1):
            tasks.create_task(caller(began))
        await asyncio.sleep(1.5)
        tasks.create_task(caller(2))  # sent again: it comes back late, and has waited longest
    assert left == [1, 2, 3, 3, 5, 8]


@virtual
async def test_a_cancelled_caller_gives_its_turn_to_the_next() -> None:
    pace = RateLimiter(RateLimit(1))
    await pace.wait(0)
    callers = [asyncio.create_task(pace.wait(began)) for began in (1, 2, 3)]
    await settle()
    callers[0].cancel()
    callers[1].cancel()
    await callers[2]
    assert now() == 1


@virtual
async def test_a_caller_cancelled_at_its_turn_gives_it_to_the_next() -> None:
    pace = RateLimiter(RateLimit(1))
    await pace.wait(0)
    first, second = (asyncio.create_task(pace.wait(began)) for began in (1, 2))
    await settle()
    asyncio.get_running_loop().call_at(1, first.cancel)
    await second
    assert now() == 1
    assert first.cancelled()


@virtual
async def test_the_only_caller_in_the_line_can_be_cancelled() -> None:
    pace = RateLimiter(RateLimit(1))
    await pace.wait(0)
    caller = asyncio.create_task(pace.wait(0))
    await settle()
    caller.cancel()
    await asyncio.sleep(2)
    assert timers() == 0
    assert await times(pace, 2) == [2, 3]


@virtual
async def test_a_pause_holds_up_everybody() -> None:
    pace = Pause()
    early = asyncio.create_task(times(pace, 3))
    await settle()
    pace.pause(5)
    pace.pause(4)  # the longer one holds
    assert (early.done(), pace.paused(now()), pace.idle(now())) == (True, 5, False)
    assert await times(pace, 3) == [5, 5, 5]
    assert (pace.paused(now()), pace.idle(now())) == (0, True)


@virtual
async def test_a_pause_delays_calls_that_wait_already() -> None:
    pace = RateLimiter(RateLimit(1))
    waiting = asyncio.create_task(times(pace, 3))
    await settle()
    pace.pause(10)
    left = await waiting
    assert left[:2] == [0, 10]
    assert left[2] == pytest.approx(11, abs=LATENESS)


@virtual
async def test_ten_thousand_wait_with_one_timer() -> None:
    pace, seen = RateLimiter(RateLimit(1000)), list[int]()

    async def caller() -> None:
        await pace.wait(now())
        seen.append(timers())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(10_000):
            tasks.create_task(caller())
    assert len(seen) == 10_000
    assert max(seen) == 1
    assert timers() == 0
    assert now() == pytest.approx(9.999)


def most_within(times: Sequence[float], seconds: float) -> int:
    """Return the maximum number in any span of `seconds`, both ends included."""
    return max(sum(start <= time <= start + seconds for time in times) for start in times)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.none() | st.floats(0, 3)), min_size=1, max_size=60),
    st.integers(1, 40),
    st.floats(0.1, 3),
    st.integers(1, 5),
)
@settings(unhurried, max_examples=150)
@virtual
async def test_no_span_of_time_sees_more_than_the_rate_and_the_burst(
    arrivals: list[tuple[float, float | None]], count: int, per: float, burst: int
) -> None:
    """Exactly: count + burst in `per` seconds, ends included. A timer that comes late adds 10 ms worth to it."""
    pace, left = RateLimiter(RateLimit(count, per=per, burst=burst)), list[float]()

    async def caller(arrives: float, patience: float | None) -> None:
        await asyncio.sleep(arrives)
        try:
            async with asyncio.timeout(patience):
                await pace.wait(now())
        except TimeoutError:
            return
        left.append(now())

    await asyncio.gather(*(caller(*arrival) for arrival in arrivals))
    if not left:
        return
    assert most_within(left, per * (1 - 1e-9)) <= count + burst
    latest = max(arrives for arrives, _ in arrivals) + len(arrivals) * per / count
    assert max(left) <= latest + 1e-6, "nobody waits longer than those before need"


def lateness(timers_late_by: float) -> list[float]:
    """Return when each of a hundred callers sends at 1,000 a second, if each timer is late."""
    pace, left = RateLimiter(RateLimit(1000)), list[float]()

    @virtual
    async def run() -> None:
        loop = asyncio.get_running_loop()
        on_time = loop.call_later
        loop.call_later = lambda delay, *rest: on_time(delay + timers_late_by, *rest)  # type: ignore[method-assign]
        await asyncio.gather(*(caller() for _ in range(100)))

    async def caller() -> None:
        await pace.wait(0)
        left.append(now())

    run()
    return left


def test_timers_that_come_a_little_late_do_not_slow_it_down() -> None:
    assert lateness(0.005)[-1] <= 0.1 + 0.005
    assert most_within(lateness(0.005), 0.05) <= 50 + 1 + 1000 * LATENESS


def test_timers_that_come_very_late_are_not_made_up_for() -> None:
    assert most_within(lateness(0.1), 0.05) <= 1000 * LATENESS + 1


# The whole client


class Service:
    """Service that records the time of each request and answers from a list."""

    def __init__(self, *first: httpx.Response) -> None:
        self.first = list(first)
        self.asked: list[tuple[str, float]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.host, now()))
        return self.first.pop(0) if self.first else httpx.Response(200, content=ANSWER)

    def times(self, host: str) -> list[float]:
        return [time for asked, time in self.asked if asked == host]


def client(service: Service, **arguments: Any) -> AsyncCVS:
    origins = {"cloud": "https://cloud.example.com", "demo": "https://demo.example.com"}
    return AsyncCVS("key", "secret", base_url=origins, transport=httpx.MockTransport(service), **arguments)


CLOUD, DEMO = "cloud.example.com", "demo.example.com"


def busy(seconds: float) -> httpx.Response:
    return httpx.Response(429, headers={"Retry-After": f"{seconds:g}"})


@virtual
async def test_a_429_holds_up_all_callers_of_its_origin_and_no_others() -> None:
    service = Service(busy(2))
    async with client(service) as cvs, asyncio.TaskGroup() as tasks:
        tasks.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(0.5)
        tasks.create_task(cvs.ocr.vehicle(b"x"))
        tasks.create_task(cvs.ocr.document.credit_report(b"x"))
        await asyncio.sleep(0.1)
        assert cvs.stats.waiting == 2
    assert service.times(CLOUD) == [0, 2, 2]
    assert service.times(DEMO) == [0.5]


@virtual
async def test_pauses_may_be_shared_by_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = LocalPauses()
    monkeypatch.setattr(client_module, "LocalPauses", lambda: shared)
    first, second = Service(busy(2)), Service()
    async with client(first) as cvs, client(second) as other, asyncio.TaskGroup() as tasks:
        tasks.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(0.5)
        tasks.create_task(other.ocr.card(b"x"))
    assert (first.times(CLOUD), second.times(CLOUD)) == ([0, 2], [2])


@virtual
async def test_a_429_without_retry_after_does_not_pause_other_calls() -> None:
    service = Service(httpx.Response(429))
    async with client(service, retry=RetryPolicy(attempts=1)) as cvs:
        with pytest.raises(RateLimitedError):
            await cvs.ocr.card(b"x")
        await cvs.ocr.card(b"x")
    assert service.times(CLOUD) == [0, 0]


@virtual
async def test_a_pause_longer_than_every_timeout_fails_all_calls_at_once() -> None:
    service = Service(busy(600))
    async with client(service) as cvs:
        for attempts in (1, 0):
            with pytest.raises(RateLimitedError) as caught:
                await cvs.ocr.card(b"x")
            assert (caught.value.attempts, caught.value.charge, now()) == (attempts, "free", 0)
        await cvs.ocr.document.credit_report(b"x")
        await asyncio.sleep(550)
        await cvs.ocr.card(b"x")
    assert service.times(CLOUD) == [0, 600]


@virtual
async def test_a_pause_also_delays_calls_that_wait_for_a_connection() -> None:
    service = Service(busy(2))

    async def slow(request: httpx.Request) -> httpx.Response:
        answer = service(request)
        await asyncio.sleep(1)
        return answer

    transport = httpx.MockTransport(slow)
    async with AsyncCVS("key", "secret", transport=transport, max_connections=1) as cvs:
        await asyncio.gather(cvs.ocr.card(b"x"), cvs.ocr.card(b"x"))
    assert [time for _, time in service.asked] == [0, 3, 4]


@virtual
async def test_requests_that_are_sent_again_count_too() -> None:
    service = Service(*(httpx.Response(503) for _ in range(10)))
    async with client(service, rate_limit=RateLimit(10)) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(10)))
        assert cvs.stats.retries == {"unavailable": 10}
    asked = service.times(CLOUD)
    assert len(asked) == 20
    assert min(later - earlier for earlier, later in pairwise(asked)) == pytest.approx(0.1)


@virtual
async def test_the_rate_is_one_for_all_origins() -> None:
    service = Service()
    async with client(service, rate_limit=RateLimit(1)) as cvs:
        await asyncio.gather(cvs.ocr.card(b"x"), cvs.ocr.document.credit_report(b"x"), cvs.ocr.card(b"x"))
    assert [time for _, time in service.asked] == [0, 1, 2]


@virtual
async def test_no_connection_is_held_while_the_rate_is_waited_for() -> None:
    service = Service()
    async with client(service, rate_limit=RateLimit(1), max_connections=1) as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(b"x")) for _ in range(3)]
        await asyncio.sleep(0.5)
        assert (cvs.stats.in_flight, cvs.stats.waiting) == (0, 2)
        await asyncio.gather(*calls)


@virtual
async def test_the_rate_is_waited_for_within_the_bound_on_the_call() -> None:
    service = Service()
    async with client(service, rate_limit=RateLimit(1), timeout=2.5) as cvs:
        results = await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(5)), return_exceptions=True)
        failed = [result for result in results if isinstance(result, TimeoutError)]
        assert (len(service.asked), len(failed), now()) == (3, 2, 2.5)
        assert {(error.charge, error.attempts) for error in failed} == {("free", 0)}  # type: ignore[attr-defined]


@virtual
async def test_closing_the_client_cancels_calls_that_wait_for_their_turn() -> None:
    service = Service()
    cvs = client(service, rate_limit=RateLimit(1))
    calls = [asyncio.create_task(cvs.ocr.card(b"x")) for _ in range(3)]
    await settle()
    await cvs.aclose()
    _, *others = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(error) for error in others} == {ConfigurationError}
    assert service.times(CLOUD) == [0]


@virtual
async def test_calls_admitted_while_all_connections_hung_are_not_sent_together() -> None:
    left: list[float] = []

    async def service(request: httpx.Request) -> httpx.Response:
        left.append(now())
        await asyncio.sleep(3 if len(left) <= 10 else 0)
        return httpx.Response(200, content=ANSWER)

    below = httpx.MockTransport(service)
    async with AsyncCVS("key", "secret", transport=below, rate_limit=RateLimit(50), max_connections=10) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(300)))
    most = max(sum(start <= moment < start + 1 for moment in left) for start in left)
    assert (len(left), most) == (300, 51)


@virtual
async def test_a_slot_whose_request_is_not_sent_takes_no_turn() -> None:
    pace = RateLimiter(RateLimit(1))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with pace.slot(0):
                raise ZeroDivisionError
    assert await times(pace, 2) == [0, 1]
