"""Retries, delays and charges: first the decision, then the whole client in virtual time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvs_async import (
    APIError,
    AsyncCVS,
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    CVSError,
    DecodeError,
    FormatTypeError,
    InvalidIdError,
    InvalidImageError,
    InvalidInputError,
    NoContentError,
    OutOfRequestsError,
    ProcessingError,
    RateLimitedError,
    RedirectError,
    ResponseTooLargeError,
    RetryPolicy,
    ServerError,
    TimeoutError,
    TransportError,
    UrlUnavailableError,
)
from cvs_async._limits.retry import Budget, Cause, GiveUp, Retry, decide, parse_retry_after
from tests.support.clock import now, settle, timers, unhurried, virtual
from tests.support.servers import ANSWER

POLICY = RetryPolicy()


def decided(failure: CVSError, policy: RetryPolicy = POLICY, **changes: Any) -> Retry | GiveUp:
    """The decision on the first failure of a call that has all the time in the world."""
    facts: dict[str, Any] = {
        "attempts": 1,
        "unknown": int(failure.charge == "unknown"),
        "elapsed": 0.0,
        "left": None,
        "chance": 1.0,
        "budget": Budget(),
    }
    return decide(policy, failure, **(facts | changes))


def why(step: Retry | GiveUp) -> str:
    assert isinstance(step, GiveUp)
    return step.why


# The decision


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (ConnectError("x"), "unreachable"),
        (TimeoutError("x"), "unreachable"),
        (TransportError("x"), "unreachable"),
        (RateLimitedError("x", http_status=429), "rate_limited"),
        (ServerError("x", http_status=500), "unavailable"),
        (ServerError("x", http_status=503), "unavailable"),
        (APIError("x", http_status=408), "unavailable"),
        (ProcessingError("x", code=6), "processing"),
    ],
)
def test_what_was_certainly_not_charged_is_sent_again(failure: CVSError, cause: Cause) -> None:
    assert decided(failure) == Retry(cause, POLICY.initial)


@pytest.mark.parametrize(
    "failure",
    [
        APIError("x", code=9, http_status=408),
        APIError("x", http_status=400),
        APIError("x", http_status=404),
        AuthenticationError("x", http_status=401),
        AuthenticationError("x", code=5),
        ConfigurationError("x"),
        CVSError("x"),
        DecodeError("x"),
        FormatTypeError("x", code=6),
        InvalidIdError("x", code=7),
        InvalidImageError("x", code=3),
        InvalidInputError("x"),
        NoContentError("x", code=1),
        OutOfRequestsError("x", code=4),
        RedirectError("x", http_status=302),
        ServerError("x", http_status=501),
        UrlUnavailableError("x", code=2),
    ],
)
def test_an_answer_is_an_answer(failure: CVSError) -> None:
    assert decided(failure, RetryPolicy(unknown_resends=9)) == GiveUp()


DOUBTFUL = [
    ConnectionLostError("x", charge="unknown"),
    TimeoutError("x", charge="unknown"),
    DecodeError("x", charge="unknown"),
    ServerError("x", http_status=502, charge="unknown"),
    ServerError("x", http_status=504, charge="unknown"),
    CVSError("x", charge="unknown"),
]


@pytest.mark.parametrize("failure", DOUBTFUL)
def test_what_may_have_been_charged_is_sent_again_only_as_often_as_was_allowed(failure: CVSError) -> None:
    assert decided(failure) == GiveUp()
    policy = RetryPolicy(unknown_resends=2)
    assert [type(decided(failure, policy, unknown=unknown)) for unknown in (1, 2, 3)] == [Retry, Retry, GiveUp]
    assert decided(failure, policy) == Retry("unknown", policy.initial)


@pytest.mark.parametrize("failure", DOUBTFUL)
def test_what_does_something_each_time_is_never_sent_twice_in_doubt(failure: CVSError) -> None:
    assert decided(failure, RetryPolicy(unknown_resends=2), repeatable=False) == GiveUp()


def test_what_does_something_each_time_is_sent_again_where_it_did_nothing() -> None:
    assert decided(ConnectError("x"), repeatable=False) == Retry("unreachable", POLICY.initial)


@pytest.mark.parametrize("failure", [DecodeError("x", charge="billed"), ConnectError("x", charge="billed")])
def test_what_was_billed_is_never_sent_again(failure: CVSError) -> None:
    assert decided(failure, RetryPolicy(unknown_resends=9)) == GiveUp()


@pytest.mark.parametrize("charge", ["free", "unknown", "billed"])
def test_an_answer_that_is_too_large_would_be_so_again(charge: Any) -> None:
    assert decided(ResponseTooLargeError("x", charge=charge), RetryPolicy(unknown_resends=9)) == GiveUp()


def test_one_attempt_is_one_attempt_and_needs_no_explanation() -> None:
    assert decided(ConnectError("x"), RetryPolicy(attempts=1)) == GiveUp()


def test_it_says_why_it_stops() -> None:
    failure = ServerError("x", http_status=503)
    assert why(decided(failure, attempts=5)) == "given up after 5 attempts"
    assert why(decided(failure, elapsed=119.9, attempts=3)) == "given up after 120 seconds and 3 attempts"
    assert why(decided(failure, left=0.2)) == "the next attempt is in 0.5 seconds, and the call has 0.2 left"
    assert (
        why(decided(failure, budget=Budget(capacity=4)))
        == "not sent again, because too many requests of this client fail"
    )


def test_no_time_left_needs_no_explanation() -> None:
    assert decided(ConnectError("x"), left=0.0) == GiveUp()


@pytest.mark.parametrize("failure", [RateLimitedError, ServerError])
def test_retry_after_is_obeyed_up_to_its_bound(failure: type[CVSError]) -> None:
    def asked(seconds: float) -> Retry | GiveUp:
        return decided(failure("x", http_status=503, retry_after=seconds), RetryPolicy(max_retry_after=30))

    step = asked(30.0)
    assert isinstance(step, Retry)
    assert step.delay == 30.0
    assert why(asked(31.0)) == "the service asks to wait 31 seconds, and max_retry_after is 30"


def test_retry_after_does_not_shorten_the_backoff() -> None:
    assert decided(ServerError("x", http_status=503, retry_after=0.0)) == Retry("unavailable", POLICY.initial)


def test_max_elapsed_may_be_unlimited() -> None:
    policy = RetryPolicy(max_elapsed=None)
    assert isinstance(decided(ConnectError("x"), policy, elapsed=1e9), Retry)


def test_the_budget_is_for_a_hundred_and_successes_fill_it_again() -> None:
    budget = Budget()
    assert sum(budget.take() for _ in range(1000)) == 100
    for _ in range(4):
        budget.succeeded(after_retry=False)
    assert not budget.take()
    budget.succeeded(after_retry=False)
    assert budget.take()
    budget.succeeded(after_retry=True)
    assert budget.take()
    assert not budget.take()


def test_the_budget_never_holds_more_than_its_capacity() -> None:
    budget = Budget(capacity=10)
    for _ in range(10):
        budget.succeeded(after_retry=True)
    assert [budget.take() for _ in range(3)] == [True, True, False]


def test_a_call_that_gives_up_does_not_spend_the_budget() -> None:
    budget = Budget()
    decided(ConnectError("x"), budget=budget, attempts=5)
    decided(ConnectError("x"), budget=budget, left=0.1)
    decided(NoContentError("x", code=1), budget=budget)
    assert budget.tokens == budget.capacity


def test_a_retry_after_a_requested_pause_does_not_spend_the_budget() -> None:
    told, untold = RateLimitedError("x", retry_after=1.0), RateLimitedError("x")
    assert isinstance(decided(told, budget=Budget(capacity=0)), Retry)
    assert isinstance(decided(untold, budget=Budget(capacity=0)), GiveUp)


SECONDS = st.floats(0, 1e6)
FAILURES = st.builds(
    lambda kind, charge, status, retry_after: kind("x", charge=charge, http_status=status, retry_after=retry_after),
    st.sampled_from(
        [ConnectError, TimeoutError, RateLimitedError, ServerError, ProcessingError, DecodeError, APIError]
    ),
    st.sampled_from(["free", "unknown", "billed"]),
    st.sampled_from([None, 200, 408, 429, 500, 502, 503, 504]),
    st.none() | SECONDS,
)
POLICIES = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 1000),
    max_elapsed=st.none() | SECONDS,
    initial=SECONDS,
    maximum=SECONDS,
    max_retry_after=SECONDS,
    unknown_resends=st.integers(0, 5),
)


@unhurried
@given(
    FAILURES,
    POLICIES,
    st.integers(1, 2000),
    st.integers(0, 9),
    SECONDS,
    st.none() | SECONDS,
    st.floats(0, 1),
    st.booleans(),
)
def test_waits_stay_within_the_limits_and_nothing_is_paid_twice(
    failure: CVSError,
    policy: RetryPolicy,
    attempts: int,
    unknown: int,
    elapsed: float,
    left: float | None,
    chance: float,
    repeatable: bool,
) -> None:
    unknown = max(unknown, int(failure.charge == "unknown"))
    step = decided(
        failure,
        policy,
        attempts=attempts,
        unknown=unknown,
        elapsed=elapsed,
        left=left,
        chance=chance,
        repeatable=repeatable,
    )
    if isinstance(step, GiveUp):
        return
    assert math.isfinite(step.delay)
    assert (failure.retry_after or 0.0) <= step.delay <= max(policy.maximum, failure.retry_after or 0.0)
    assert left is None or step.delay < left
    assert policy.max_elapsed is None or elapsed + step.delay <= policy.max_elapsed
    assert attempts < policy.attempts
    assert failure.charge != "billed"
    assert failure.charge == "free" or (repeatable and unknown <= policy.unknown_resends)


@unhurried
@given(POLICIES, st.integers(1, 10**6), st.floats(0, 1))
def test_the_backoff_grows_within_its_bounds(policy: RetryPolicy, attempt: int, chance: float) -> None:
    longest = policy.backoff(attempt, 1.0)
    assert 0 <= policy.backoff(attempt, chance) <= longest <= policy.maximum
    assert longest <= policy.backoff(attempt + 1, 1.0)
    assert longest == min(policy.maximum, policy.initial * 2.0 ** min(attempt - 1, 64))


def test_the_backoff_doubles() -> None:
    assert [POLICY.backoff(attempt, 1.0) for attempt in range(1, 8)] == [0.5, 1, 2, 4, 8, 16, 20]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("attempts", 0),
        ("attempts", -1),
        *((name, -1) for name in ("max_elapsed", "initial", "maximum", "max_retry_after", "unknown_resends")),
        *((name, math.nan) for name in ("max_elapsed", "initial", "maximum", "max_retry_after")),
    ],
)
def test_a_policy_refuses_numbers_that_make_no_sense(name: str, number: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^retry: {name} must"):
        RetryPolicy(**{name: number})


# Retry-After

MINUTE_BEFORE = "Wed, 21 Oct 2015 07:27:00 GMT"
EPOCH = 1445412420.0
DATES = ["Wed, 21 Oct 2015 07:28:00 GMT", "Wednesday, 21-Oct-15 07:28:00 GMT", "Wed Oct 21 07:28:00 2015"]


@pytest.fixture(params=["UTC", "Asia/Ho_Chi_Minh"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Dates of HTTP are in GMT, wherever the machine stands."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("", None),
        ("soon", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
    ],
)
def test_retry_after_as_seconds(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, None, EPOCH) == seconds


@pytest.mark.usefixtures("_zone")
@pytest.mark.parametrize("header", DATES)
def test_retry_after_as_a_date_is_held_against_the_date_of_the_answer(header: str) -> None:
    assert parse_retry_after(header, MINUTE_BEFORE, 0.0) == 60.0
    assert parse_retry_after(header, "yesterday", EPOCH) == 60.0
    assert parse_retry_after(header, None, EPOCH) == 60.0
    assert parse_retry_after(header, None, EPOCH + 1e6) == 0.0


@unhurried
@given(st.text() | st.floats().map(str), st.none() | st.text())
def test_retry_after_is_a_sensible_number_whatever_stands_there(header: str, date: str | None) -> None:
    seconds = parse_retry_after(header, date, EPOCH)
    assert seconds is None or 0 <= seconds < math.inf


# The whole client

Answers = Callable[[httpx.Request], Any]


def client(handle: Answers, **settings: Any) -> AsyncCVS:
    """A client whose service is a function."""
    return AsyncCVS("key", "secret", transport=httpx.MockTransport(handle), **settings)


class Service:
    """Gives its answers in turn, the last one again and again, and notes when it was asked."""

    def __init__(self, *answers: httpx.Response | Exception | int) -> None:
        self.answers = answers
        self.asked: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(now())
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer, content=ANSWER if answer == 200 else b"")
        return answer


async def failure(service: Service, **settings: Any) -> CVSError:
    """The error that one call ends with."""
    async with client(service, **settings) as cvs:
        with pytest.raises(CVSError) as caught:
            await cvs.ocr.card(b"x")
    return caught.value


@virtual
async def test_a_dead_service_sees_few_more_requests_than_calls() -> None:
    service = Service(httpx.ConnectError("refused"))
    async with client(service) as cvs:
        results = await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(1000)), return_exceptions=True)
        assert {type(result) for result in results} == {ConnectError}
        assert len(service.asked) == 1000 + 100
        assert cvs.stats.retries == {"unreachable": 100}
        assert (cvs.stats.waiting, cvs.stats.in_flight, cvs.stats.free) == (0, 0, 1100)


@virtual
async def test_it_is_sent_again_until_it_is_answered() -> None:
    service = Service(httpx.ConnectError("refused"), 503, 429, 200)
    async with client(service) as cvs:
        reply = await cvs.ocr.card(b"x")
        assert (reply.attempts, reply.unknown_attempts, reply.charge) == (4, 0, "billed")
        assert cvs.stats.retries == {"unreachable": 1, "unavailable": 1, "rate_limited": 1}
    waits = [later - earlier for earlier, later in pairwise(service.asked)]
    assert [wait <= most for wait, most in zip(waits, (0.5, 1, 2), strict=True)] == [True] * 3


@virtual
async def test_the_first_failure_is_the_cause_of_the_last() -> None:
    error = await failure(Service(503, httpx.ConnectError("refused"), 500), retry=RetryPolicy(attempts=3))
    assert isinstance(error, ServerError)
    assert (error.http_status, error.attempts, error.charge) == (500, 3, "free")
    assert str(error).endswith("given up after 3 attempts")
    assert isinstance(error.__cause__, ServerError)
    assert error.__cause__.http_status == 503


@virtual
async def test_the_only_failure_keeps_the_cause_that_it_had() -> None:
    error = await failure(Service(httpx.ConnectError("refused")), retry=RetryPolicy(attempts=1))
    assert isinstance(error.__cause__, httpx.ConnectError)


@virtual
async def test_a_wait_that_would_pass_the_bound_on_the_call_is_not_begun() -> None:
    service = Service(httpx.Response(503, headers={"Retry-After": "30"}))
    error = await failure(service, timeout=10)
    assert (now(), len(service.asked), error.charge, error.attempts) == (0.0, 1, "free", 1)
    assert str(error).endswith("the next attempt is in 30.0 seconds, and the call has 10.0 left")


@virtual
async def test_a_retry_after_above_its_bound_fails_at_once() -> None:
    service = Service(httpx.Response(503, headers={"Retry-After": "61"}))
    error = await failure(service)
    assert (now(), len(service.asked), error.retry_after) == (0.0, 1, 61.0)


@virtual
async def test_a_retry_after_is_obeyed() -> None:
    service = Service(httpx.Response(503, headers={"Retry-After": "7"}), 200)
    async with client(service) as cvs:
        await cvs.ocr.card(b"x")
    assert service.asked == [0.0, 7.0]


@virtual
async def test_all_waiting_together_stays_within_max_elapsed() -> None:
    service = Service(503)
    error = await failure(service, retry=RetryPolicy(attempts=1000, max_elapsed=20, maximum=3))
    assert "given up after" in str(error)
    assert 0 < service.asked[-1] <= now() <= 20


@virtual
async def test_the_bound_on_the_call_holds_over_all_its_requests() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3)
        return httpx.Response(503)

    async with client(slow, retry=RetryPolicy(attempts=100, initial=0), timeout=10) as cvs:
        with pytest.raises(TimeoutError) as caught:
            await cvs.ocr.card(b"x")
        assert now() == 10
        assert (caught.value.attempts, caught.value.charge, caught.value.unknown_attempts) == (4, "unknown", 1)
        assert isinstance(caught.value.__cause__, ServerError)


@virtual
async def test_a_request_in_doubt_is_not_sent_again() -> None:
    service = Service(httpx.ReadError("reset"), 200)
    error = await failure(service)
    assert (len(service.asked), error.charge, error.unknown_attempts) == (1, "unknown", 1)


@virtual
async def test_requests_in_doubt_are_counted_where_they_are_sent_again() -> None:
    service = Service(httpx.ReadError("reset"), 503, 502, 200)
    async with client(service, retry=RetryPolicy(unknown_resends=2)) as cvs:
        reply = await cvs.ocr.card(b"x")
        assert (reply.attempts, reply.unknown_attempts) == (4, 2)
        assert (cvs.stats.unknown, cvs.stats.free, cvs.stats.billed) == (2, 1, 1)
        assert cvs.stats.retries == {"unknown": 2, "unavailable": 1}


@virtual
async def test_a_call_of_which_one_request_is_in_doubt_is_in_doubt() -> None:
    error = await failure(Service(502, 503), retry=RetryPolicy(unknown_resends=1, attempts=2))
    assert isinstance(error, ServerError)
    assert (error.http_status, error.charge, error.unknown_attempts, error.attempts) == (503, "unknown", 1, 2)


@virtual
async def test_a_picture_is_never_added_twice() -> None:
    service = Service(502)
    async with client(service, retry=RetryPolicy(unknown_resends=3)) as cvs:
        with pytest.raises(ServerError):
            await cvs.face_search.add_image(b"x")
    assert len(service.asked) == 1


@virtual
async def test_a_success_lets_others_be_sent_again() -> None:
    dead = True

    def service(request: httpx.Request) -> httpx.Response:
        if dead:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, content=ANSWER)

    async with client(service) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(200)), return_exceptions=True)
        dead = False
        for _ in range(10):
            await cvs.ocr.card(b"x")
        dead = True
        await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(9)), return_exceptions=True)
        assert cvs.stats.retries == {"unreachable": 100 + 2}


@virtual
async def test_cancelling_between_two_requests_leaves_nothing() -> None:
    service = Service(httpx.Response(503, headers={"Retry-After": "30"}))
    async with client(service) as cvs:
        call = asyncio.create_task(cvs.ocr.card(b"x"))
        await settle()
        assert (cvs.stats.waiting, timers()) == (1, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (cvs.stats.waiting, cvs.stats.in_flight, timers()) == (0, 0, 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert (now(), len(service.asked)) == (0.0, 1)


@virtual
async def test_an_answer_that_is_still_being_decoded_when_time_is_up_is_not_lost() -> None:
    large = b'{"rest": "' + b"x" * 1_000_000 + b'", ' + ANSWER[1:]
    async with client(lambda _: httpx.Response(200, content=large)) as cvs:
        assert (await cvs.ocr.card(b"x")).charge == "billed"  # a thread decodes it, and virtual time waits for none


@virtual
async def test_closing_the_client_cancels_pending_retries() -> None:
    service = Service(503)
    cvs = client(service)
    call = asyncio.create_task(cvs.ocr.card(b"x"))
    await settle()
    await cvs.aclose()
    with pytest.raises(ConfigurationError) as caught:
        await call
    assert (caught.value.charge, caught.value.attempts, service.asked) == ("free", 1, [0])


@virtual
async def test_requests_before_the_last_one_count_where_the_time_is_up() -> None:
    asked = list[httpx.Request]()

    async def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            raise httpx.ReadError("reset")
        await asyncio.sleep(1000)
        return httpx.Response(200, content=ANSWER)

    retry = RetryPolicy(initial=0.0, unknown_resends=1)
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(handle), retry=retry, drain_timeout=1) as cvs:
        with pytest.raises(TimeoutError) as caught:
            await cvs.ocr.card(b"document", timeout=30)
    assert (len(asked), caught.value.attempts, caught.value.unknown_attempts) == (2, 2, 2)
