"""The quota gate: an empty account is reported once, probed at intervals, and never asked in vain. In virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvs_async import (
    AsyncCVS,
    AuthenticationError,
    ConfigurationError,
    CVSError,
    Done,
    NoContentError,
    OutOfRequestsError,
    RetryPolicy,
    ServerError,
    Timeout,
    TimeoutError,
    Url,
)
from cvs_async import client as client_module
from cvs_async._limits.quota import FREE_PERMIT, Permit, QuotaGate
from tests.support.clock import now, run_virtual, settle, timers, unhurried, virtual
from tests.support.servers import ANSWER

REFUSAL = OutOfRequestsError("x")


def answer(code: int, message: str = "?") -> httpx.Response:
    return httpx.Response(200, json={"data": None, "errorCode": str(code), "errorMessage": message})


class Account:
    """A service with an account that is empty until it is filled.

    Attributes:
        filled: whether there are requests.
        seconds: what an answer takes; while it is made the account may be filled or emptied.
        otherwise: the answer instead, where there is one.
        asked: when each request came.
        billed: how often each document was paid for.
        refused: how many requests were refused.
    """

    def __init__(self, *, filled: bool = False, seconds: float = 0.0) -> None:
        self.filled = filled
        self.seconds = seconds
        self.otherwise: httpx.Response | Exception | None = None
        self.asked: list[float] = []
        self.billed: Counter[bytes] = Counter()
        self.refused = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(now())
        filled, otherwise = self.filled, self.otherwise
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if isinstance(otherwise, Exception):
            raise otherwise
        if otherwise is not None:
            return otherwise
        if filled:
            self.billed[request.content.partition(b"\r\n\r\n")[2].partition(b"\r\n")[0]] += 1
            return httpx.Response(200, content=ANSWER)
        self.refused += 1
        return answer(4)


def client(account: Callable[[httpx.Request], Any], quota: Literal["raise", "wait"] = "raise", **more: Any) -> AsyncCVS:
    return AsyncCVS("key", "secret", transport=httpx.MockTransport(account), quota=quota, quota_probe=60, **more)


def gate(cvs: AsyncCVS) -> str:
    """Return the current state; without it the type checker would assume that it stays the same."""
    return cvs.stats.gate


async def refused(call: Awaitable[object]) -> OutOfRequestsError:
    with pytest.raises(OutOfRequestsError) as caught:
        await call
    return caught.value


# "raise"


@virtual
async def test_a_refusal_that_only_its_message_names_closes_the_gate() -> None:
    account = Account()
    account.otherwise = httpx.Response(200, json={"result": None, "errorMessage": "Hết số lượng request hữu dụng"})
    async with client(account) as cvs:
        first = await refused(cvs.v1.get_scan_a4(b"x"))
        assert (first.code, first.charge, cvs.stats.gate) == (None, "free", "closed")
        assert "nothing was sent" in str(await refused(cvs.v1.get_scan_a4(b"x")))
        assert account.asked == [0]


@virtual
async def test_the_first_refusal_is_its_callers_and_the_others_ask_no_more() -> None:
    account = Account()
    async with client(account) as cvs:
        first = await refused(cvs.ocr.card(b"x"))
        assert (first.code, first.attempts, first.charge, cvs.stats.gate) == (4, 1, "free", "closed")
        for _ in range(10):
            other = await refused(cvs.ocr.card(b"x"))
            assert (other.code, other.attempts, other.charge) == (4, 0, "free")
            assert "nothing was sent" in str(other)
        assert (account.asked, cvs.stats.attempts, cvs.stats.calls) == ([0], 1, 11)
        assert (cvs.stats.waiting, cvs.stats.in_flight, timers()) == (0, 0, 0)


@virtual
async def test_one_call_after_the_interval_tries_while_the_others_still_fail() -> None:
    account = Account(seconds=1)
    async with client(account) as cvs:
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(59.9)
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(0.1)
        account.filled = True
        probe = asyncio.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(0.5)
        assert gate(cvs) == "probing"
        await refused(cvs.ocr.card(b"x"))
        assert (await probe).charge == "billed"
        assert gate(cvs) == "open"
        await cvs.ocr.card(b"x")
    assert account.asked == [0, 61, 62]


@virtual
async def test_the_gate_is_half_open_after_the_interval_without_a_call() -> None:
    account = Account(seconds=1)
    async with client(account) as cvs:
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(59.9)
        assert gate(cvs) == "closed"
        await asyncio.sleep(0.2)
        assert (gate(cvs), timers()) == ("half-open", 0)
        await refused(cvs.ocr.card(b"x"))
        assert gate(cvs) == "closed"


@virtual
async def test_a_service_that_is_asked_only_while_it_is_ready_recovers() -> None:
    """A load balancer sends calls only where the gate is not closed."""
    account = Account()
    async with client(account) as cvs:
        await refused(cvs.ocr.card(b"x"))
        asyncio.get_running_loop().call_later(200, setattr, account, "filled", True)
        for _ in range(300):
            if gate(cvs) != "closed":
                with suppress(OutOfRequestsError):
                    await cvs.ocr.card(b"x")
            await asyncio.sleep(1)
        assert gate(cvs) == "open"
    assert account.asked[:5] == [0, 60, 120, 180, 240]


def test_the_state_of_the_gate_can_be_read_outside_of_the_event_loop() -> None:
    cvs = client(Account())

    async def run() -> str:
        await refused(cvs.ocr.card(b"x"))
        return await asyncio.to_thread(gate, cvs)

    assert asyncio.run(run()) == "closed"
    assert gate(cvs) == "closed"


@virtual
async def test_a_refusal_says_when_the_next_call_may_try() -> None:
    account = Account(seconds=1)
    async with client(account) as cvs:
        first = await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(15)
        second = await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(45)
        probe = asyncio.create_task(refused(cvs.ocr.card(b"x")))
        await asyncio.sleep(0.5)
        beside = await refused(cvs.ocr.card(b"x"))
        assert [error.retry_after for error in (first, second, beside, await probe)] == [60, 45, 60, 60]


@virtual
async def test_a_refusal_does_not_say_less_than_the_service() -> None:
    account = Account()
    account.otherwise = answer(4)
    account.otherwise.status_code, account.otherwise.headers["Retry-After"] = 429, "600"
    async with client(account) as cvs:
        assert (await refused(cvs.ocr.card(b"x"))).retry_after == 600


@virtual
async def test_a_refused_probe_closes_it_for_another_interval() -> None:
    account = Account()
    async with client(account) as cvs:
        for _ in range(300):
            await refused(cvs.ocr.card(b"x"))
            await asyncio.sleep(1)
    assert account.asked == [0, 60, 120, 180, 240]


@pytest.mark.parametrize("otherwise", [answer(1), httpx.Response(503), httpx.ConnectError("x"), httpx.ReadError("x")])
@virtual
async def test_an_answer_that_says_nothing_of_the_account_lets_the_next_call_try(otherwise: Any) -> None:
    account = Account()
    async with client(account, retry=RetryPolicy(attempts=1)) as cvs:
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(60)
        account.otherwise = otherwise
        with pytest.raises(CVSError) as caught:
            await cvs.ocr.card(b"x")
        assert not isinstance(caught.value, OutOfRequestsError)
        assert gate(cvs) == "half-open"
        account.otherwise, account.filled = None, True
        await cvs.ocr.card(b"x")
        assert gate(cvs) == "open"
    assert account.asked == [0, 60, 60]


@virtual
async def test_a_probe_that_was_never_sent_lets_the_next_call_try() -> None:
    account = Account()
    async with client(account) as cvs:
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(60)
        with pytest.raises(CVSError, match="empty"):
            await cvs.ocr.card(b"")
        account.filled = True
        await cvs.ocr.card(b"x")
    assert account.asked == [0, 60]


@virtual
async def test_a_cancelled_probe_lets_the_next_call_try_once_it_has_come_to_its_end() -> None:
    account = Account(seconds=10)
    async with client(account, drain_timeout=5) as cvs:
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(60)
        probe = asyncio.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(1)
        probe.cancel()
        await asyncio.sleep(1)
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(4.5)
        account.filled = True
        await cvs.ocr.card(b"x")
        assert gate(cvs) == "open"
    assert account.asked == [0, 70, 76.5]


@virtual
async def test_a_cancelled_probe_that_is_paid_for_all_the_same_opens_it() -> None:
    account = Account(seconds=10)
    async with client(account) as cvs:
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(60)
        account.filled = True
        probe = asyncio.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(1)
        probe.cancel()
        await asyncio.sleep(10)
        assert (cvs.stats.gate, cvs.stats.billed, cvs.stats.drained) == ("open", 1, 1)


@virtual
async def test_calls_in_flight_come_to_their_end() -> None:
    account = Account(filled=True, seconds=10)
    async with client(account) as cvs:
        early = [asyncio.create_task(cvs.ocr.card(b"x")) for _ in range(3)]
        await asyncio.sleep(1)
        account.filled, account.seconds = False, 1
        late = [asyncio.create_task(refused(cvs.ocr.card(b"x"))) for _ in range(3)]
        assert [error.attempts for error in await asyncio.gather(*late)] == [1, 1, 1]
        assert gate(cvs) == "closed"
        assert [reply.charge for reply in await asyncio.gather(*early)] == ["billed"] * 3
        assert gate(cvs) == "closed", "they had been let through before it closed"
        await refused(cvs.ocr.card(b"x"))


@virtual
async def test_late_refusals_do_not_put_the_probe_off_and_do_not_close_it_again() -> None:
    account = Account(seconds=200)
    async with client(account) as cvs:
        very_late = asyncio.create_task(refused(cvs.ocr.card(b"x")))
        await settle()
        account.seconds = 30
        late = asyncio.create_task(refused(cvs.ocr.card(b"x")))
        await settle()
        account.seconds = 0
        await refused(cvs.ocr.card(b"x"))
        await late
        await asyncio.sleep(30)
        account.filled = True
        await cvs.ocr.card(b"x")
        await very_late
        assert (now(), cvs.stats.gate) == (200, "open")
    assert account.asked == [0, 0, 0, 60]


@virtual
async def test_it_is_logged_once_that_it_closes_and_once_that_it_opens(caplog: pytest.LogCaptureFixture) -> None:
    account = Account()
    async with client(account) as cvs:
        for _ in range(5):
            await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(60)
        account.filled = True
        for _ in range(5):
            await cvs.ocr.card(b"x")
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "the account is out of requests; one call is tried every 60 seconds",
        "the account has requests again",
    ]


Ask = Callable[[AsyncCVS], Awaitable[object]]


def card(cvs: AsyncCVS) -> Awaitable[object]:
    return cvs.ocr.card(b"x")


def faces(cvs: AsyncCVS) -> Awaitable[object]:
    return cvs.face_search.search(b"x")


def crop(cvs: AsyncCVS) -> Awaitable[object]:
    return cvs.smartcrop.crop_image(b"x", 10, 10)


@pytest.mark.parametrize(
    ("ask", "said", "kind"),
    [
        (card, {"errorCode": "4", "errorMessage": "?"}, OutOfRequestsError),
        (card, {"errorCode": "5", "errorMessage": "?"}, AuthenticationError),
        (card, {"errorCode": "4", "errorMessage": "Incorrect api_key or api_secret"}, AuthenticationError),
        (faces, {"status_code": 5, "message": "?"}, OutOfRequestsError),
        (faces, {"status_code": 4, "message": "?"}, AuthenticationError),
        (crop, {"errorCode": "4", "errorMessage": "out of request"}, OutOfRequestsError),
        (crop, {"errorCode": "4", "errorMessage": "hết số lượng request"}, OutOfRequestsError),
        (crop, {"errorCode": "4", "errorMessage": "Incorrect api_key or api_secret"}, AuthenticationError),
        (crop, {"errorCode": "4", "errorMessage": "?"}, AuthenticationError),
    ],
)
@virtual
async def test_each_family_says_it_in_its_own_way(ask: Ask, said: dict[str, Any], kind: type[CVSError]) -> None:
    async with client(lambda _: httpx.Response(200, json=said)) as cvs:
        with pytest.raises(CVSError) as caught:
            await ask(cvs)
        assert type(caught.value) is kind
        assert gate(cvs) == ("closed" if kind is OutOfRequestsError else "open")


@virtual
async def test_downloads_cost_nothing_and_pass() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"picture") if request.url.path == "/crop.jpg" else answer(4)

    async with client(service) as cvs:
        await refused(cvs.ocr.card(b"x"))
        assert await cvs.smartcrop.download("https://example.com/crop.jpg") == b"picture"
        assert (cvs.stats.gate, cvs.stats.billed, cvs.stats.free) == ("closed", 0, 2)
        await asyncio.sleep(60)
        await cvs.smartcrop.download("https://example.com/crop.jpg")
        assert gate(cvs) == "half-open", "a download is no probe"


# "wait"


@virtual
async def test_a_thousand_wait_and_one_tries_every_interval() -> None:
    account = Account(seconds=0.1)
    async with client(account, "wait", timeout=1000) as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(b"%d" % number)) for number in range(1000)]
        await asyncio.sleep(150)
        assert (cvs.stats.waiting, cvs.stats.gate, account.refused) == (1000, "closed", 100 + 2)
        assert timers() == 1000 + 1, "those of the bounds on the calls, and the gate's"
        account.filled = True
        replies = await asyncio.gather(*calls)
        assert cvs.stats.waiting == 0
    assert {reply.charge for reply in replies} == {"billed"}
    assert account.asked[100:103] == pytest.approx([60.1, 120.2, 180.3])
    assert (len(account.asked), account.refused) == (1000 + 102, 102)
    assert (len(account.billed), set(account.billed.values())) == (1000, {1})


@virtual
async def test_the_bound_on_the_call_bounds_the_waiting() -> None:
    account = Account()
    async with client(account, "wait", timeout=30) as cvs:
        results = await asyncio.gather(*(cvs.ocr.card(b"x") for _ in range(3)), return_exceptions=True)
        assert now() == 30
        assert {type(error) for error in results} == {TimeoutError}
        facts = [(e.charge, e.attempts) for e in results if isinstance(e, CVSError)]
        assert set(facts) <= {("free", 0), ("free", 1)}
        assert (cvs.stats.waiting, cvs.stats.in_flight, cvs.stats.attempts) == (0, 0, len(account.asked))


@virtual
async def test_a_cancelled_waiter_does_not_affect_the_others() -> None:
    account = Account()
    async with client(account, "wait") as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(b"x")) for _ in range(5)]
        await asyncio.sleep(1)
        asked = len(account.asked)
        for call in calls[:4]:
            call.cancel()
        account.filled = True
        await calls[4]
        assert (now(), len(account.asked)) == (60, asked + 1)


@virtual
async def test_a_waiter_cancelled_at_its_probe_passes_it_to_the_next() -> None:
    account = Account()
    async with client(account, "wait") as cvs:
        first = asyncio.create_task(cvs.ocr.card(b"x"))
        await settle()
        second = asyncio.create_task(cvs.ocr.card(b"x"))
        await settle()
        account.filled = True
        asyncio.get_running_loop().call_at(60, first.cancel)
        await second
        assert now() == 60
        assert first.cancelled()


@virtual
async def test_after_a_probe_that_learns_nothing_the_next_waiting_call_probes() -> None:
    account = Account()
    async with client(account, "wait", retry=RetryPolicy(attempts=1)) as cvs:
        calls = [asyncio.create_task(cvs.ocr.card(b"x")) for _ in range(3)]
        await settle()
        account.otherwise = answer(1)
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(result) for result in results} == {NoContentError}
        assert now() == 60


@virtual
async def test_calls_that_waited_long_may_still_be_sent_again() -> None:
    account = Account()
    async with client(account, "wait", timeout=Timeout(total=None), retry=RetryPolicy(max_elapsed=None)) as cvs:
        call = asyncio.create_task(cvs.ocr.card(b"x"))
        await asyncio.sleep(60 * 10 - 1)
        account.otherwise = httpx.ConnectError("refused")
        await asyncio.sleep(1.01)
        account.otherwise, account.filled = None, True
        assert (await call).charge == "billed"


def test_a_timer_that_comes_early_does_not_lose_the_probe() -> None:
    """Timers of real loops come early by as much as their clock's resolution: 15 ms on Windows, 1 ms with uvloop."""

    async def run() -> None:
        account = Account()
        async with client(account, "wait") as cvs:
            call = asyncio.create_task(cvs.ocr.card(b"x"))
            await asyncio.sleep(50)
            account.filled = True
            await call
            assert now() == pytest.approx(60)

    run_virtual(run(), early=0.5e-9)


@virtual
async def test_a_call_that_the_gate_caught_in_front_of_the_slots_is_held_too() -> None:
    account = Account(seconds=1)
    async with client(account, max_connections=1) as cvs:
        results = await asyncio.gather(*(refused(cvs.ocr.card(b"x")) for _ in range(10)))
        assert len(account.asked) == 1
        assert [error.attempts for error in results] == [1] + [0] * 9


@virtual
async def test_a_server_error_before_it_stays_the_cause() -> None:
    account = Account()
    account.otherwise = httpx.Response(503)
    async with client(account) as cvs:
        call = asyncio.create_task(refused(cvs.ocr.card(b"x")))
        await settle()
        account.otherwise = None
        error = await call
        assert error.attempts == 2
        assert isinstance(error.__cause__, ServerError)


# The gate alone

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "wait", "leave", "refused", "billed", "unused", "sleep"]), st.integers(0, 10**6)
    ),
    max_size=60,
)


class Driver:
    """Does what callers do, in any order; and checks that there is never more than one probe."""

    def __init__(self) -> None:
        self.gate = QuotaGate("wait", 60)
        self.out: list[Permit] = []
        self.tasks: list[asyncio.Task[Permit]] = []

    async def do(self, action: str, number: int) -> None:
        if action == "enter":
            self._got(self.gate.enter())
        elif action == "wait":
            self.tasks.append(asyncio.create_task(self.gate.wait()))
        elif action == "leave" and self.tasks:
            self.tasks[number % len(self.tasks)].cancel()
        elif action == "sleep":
            await asyncio.sleep(number % 100)
        elif self.out and action in ("refused", "billed", "unused"):
            self.give_back(action, self.out.pop(number % len(self.out)))
        if number % 2:  # otherwise the next action comes before any waiter has woken up
            await self.collect()

    def give_back(self, action: str, granted: Permit) -> None:
        if action == "refused":
            self.gate.close(granted, REFUSAL)
        elif action == "billed":
            self.gate.open(granted)
        else:
            self.gate.release(granted)

    async def collect(self) -> None:
        await settle()
        for task in [task for task in self.tasks if task.done()]:
            self.tasks.remove(task)
            if not task.cancelled():
                self._got(task.result())

    def _got(self, granted: Permit | None) -> None:
        if granted is None:
            assert self.gate.state != "open"
            return
        self.out.append(granted)
        probes = sum(held.probe and self.gate.is_valid(held) and held.era == self._era() for held in self.out)
        assert probes <= 1

    def _era(self) -> int:
        return max((held.era for held in self.out), default=0)

    async def open(self) -> None:
        """Open the gate after any sequence: permits are returned, and a probe is paid for."""
        for granted in self.out:
            self.gate.release(granted)
        self.out.clear()
        for _ in range(3):
            await asyncio.sleep(61)
            await self.collect()
            self._got(self.gate.enter())
            for granted in self.out:
                self.gate.open(granted)
            self.out.clear()


@given(ACTIONS)
@settings(unhurried, max_examples=300)
@virtual
async def test_whatever_happens_there_is_one_probe_at_a_time_and_a_billed_one_opens_it(
    actions: list[tuple[Any, int]],
) -> None:
    driver = Driver()
    for action, number in actions:
        await driver.do(action, number)
        assert driver.gate.waiting <= len(driver.tasks)
    await driver.collect()
    await driver.open()
    await driver.collect()
    assert (driver.gate.state, driver.gate.waiting, driver.tasks, timers()) == ("open", 0, [], 0)


@virtual
async def test_what_costs_nothing_moves_nothing() -> None:
    gate = QuotaGate("raise", 60)
    gate.close(FREE_PERMIT, REFUSAL)
    assert gate.state == "open"
    first = gate.enter()
    assert first is not None
    gate.close(first, REFUSAL)
    gate.open(FREE_PERMIT)
    gate.release(FREE_PERMIT)
    assert (gate.state, gate.is_valid(FREE_PERMIT), gate.enter()) == ("closed", True, None)


@virtual
async def test_closing_the_client_cancels_calls_that_wait_at_the_gate() -> None:
    account = Account()
    cvs = client(account, "wait")
    call = asyncio.create_task(cvs.ocr.card(b"x"))
    await settle()
    await cvs.aclose()
    with pytest.raises(ConfigurationError) as caught:
        await call
    assert (caught.value.charge, caught.value.attempts, account.asked) == ("free", 1, [0])


@virtual
async def test_refused_calls_precede_waiting_ones() -> None:
    account, done = Account(seconds=100), list[bytes]()

    async def call(cvs: AsyncCVS, name: bytes) -> None:
        await cvs.ocr.card(name)
        done.append(name)

    async with client(account, "wait", timeout=Timeout(total=9999, read=9999)) as cvs:
        calls = [asyncio.create_task(call(cvs, b"slow"))]
        await asyncio.sleep(1)
        account.seconds = 1
        for name in (b"quick", b"later"):
            calls.append(asyncio.create_task(call(cvs, name)))
            await asyncio.sleep(5)
        await asyncio.sleep(95)
        account.filled = True
        await asyncio.gather(*calls)
    assert done[0] == b"slow", "it was refused last, and sent first"


@virtual
async def test_in_a_batch_the_time_of_a_call_stands_still_at_the_gate() -> None:
    account = Account()
    async with (
        client(account, timeout=100) as cvs,
        cvs.batch(cvs.ocr.card, [b"a", b"b"], quota="wait", concurrency=2) as batch,
    ):
        asyncio.get_running_loop().call_later(1000, setattr, account, "filled", True)
        outcomes = [outcome async for outcome in batch]
    assert [type(outcome) for outcome in outcomes] == [Done, Done]
    assert sum(account.billed.values()) == 2


@virtual
async def test_a_probe_that_gives_up_waiting_for_a_slot_lets_the_next_one_try() -> None:
    account = Account(seconds=1000)
    async with client(account, max_connections=2, timeout=Timeout(total=5000, read=5000, pool=1)) as cvs:
        first = asyncio.create_task(cvs.ocr.card(b"a"))
        await asyncio.sleep(500)
        others = [asyncio.create_task(cvs.ocr.card(b"b"))]
        await refused(first)
        url = Url("http://127.0.0.1/a.jpg")  # a download costs nothing, and passes the gate
        downloads = [asyncio.create_task(cvs._call.download(url, operation="smartcrop.download"))]
        await asyncio.sleep(100)
        assert gate(cvs) == "half-open"
        with pytest.raises(TimeoutError):  # the probe: both slots are taken for longer than a second
            await cvs.ocr.card(b"probe")
        assert gate(cvs) == "half-open"
        await asyncio.gather(*others, *downloads, return_exceptions=True)
        account.seconds, account.filled = 0, True
        await asyncio.sleep(1000)
        assert (await cvs.ocr.card(b"next")).charge == "billed"


class LeasedGate(QuotaGate):
    """Gate that waits a second for another process before each probe."""

    granted = 0

    def enter(self) -> Permit | None:
        return super().enter() if self.state == "open" else None

    async def ask(self) -> Permit | None:
        await asyncio.sleep(1)
        self.granted += 1
        return super().enter()


@virtual
async def test_a_gate_may_ask_elsewhere_before_it_lets_a_call_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    leased, account = LeasedGate("raise", 60), Account()
    monkeypatch.setattr(client_module, "QuotaGate", lambda *_: leased)
    async with client(account) as cvs:
        await refused(cvs.ocr.card(b"x"))
        assert leased.granted == 0  # an open gate does not ask
        await refused(cvs.ocr.card(b"x"))
        await asyncio.sleep(60)
        account.filled = True
        await cvs.ocr.card(b"x")
    assert (account.asked, leased.granted) == ([0, 62], 2)
