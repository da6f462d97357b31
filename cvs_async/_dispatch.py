"""From a call to its requests: one after another, under the client's limits, and never out of sight.

Each request is a task of its own. Where the caller leaves (cancelled, or out of time) before the request has,
the task ends with it. Where the request has left, the task goes on without the caller for a bounded time, so
that an answer that was paid for is still counted, and its connection is used again.
"""

from __future__ import annotations

import asyncio
import builtins
import logging
import random
import threading
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import TypeAlias, TypeVar

import anyio
from attrs import evolve

from ._concurrency import AutoLimit, Slots
from ._exchange import Attempt
from ._home import Home
from ._log import log
from ._pace import Pace
from ._quota import UNPRICED, Pass, QuotaGate
from ._reply import Reply
from ._retry import Again, Budget, Stop, decide
from ._running_call import Call
from .errors import (
    APIError,
    Charge,
    ConnectionLostError,
    CVSError,
    OutOfRequestsError,
    RateLimitedError,
    ServerError,
    TimeoutError,
    drop_frames,
)
from .settings import Limits
from .stats import ClientStats, Event

R = TypeVar("R")
Send: TypeAlias = Callable[[Attempt], Awaitable[R]]
"""Makes one request, and returns what came of it or raises a CVSError."""

DECODING = 1.0
"""Seconds beyond the bound on the whole call in which an answer that is there may still be decoded."""


class Dispatcher:
    """Makes the requests of all calls of a client. `may_cancel` says whether its transport bears being cancelled.

    Attributes:
        home: the event loop of the client, which is that of its first call.
    """

    def __init__(self, limits: Limits, *, may_cancel: bool) -> None:
        self._limits = limits
        self._may_cancel = may_cancel
        self._auto = AutoLimit(limits.max_connections) if limits.concurrency == "auto" else None
        self._slots = Slots(limits.max_connections if self._auto is None else self._auto.limit)
        self._rate = None if limits.rate_limit is None else Pace(limits.rate_limit)
        self._pauses: defaultdict[str, Pace] = defaultdict(Pace)
        self._gate = QuotaGate(limits.quota, limits.quota_probe)
        self._budget = Budget()
        self._stats = ClientStats()
        self._tasks: set[asyncio.Task[object]] = set()
        self._waits: set[asyncio.Timeout] = set()
        self._closed = False
        self.home = Home("client", "Make the client inside asyncio.run, or one client for each event loop")

    def stats(self) -> ClientStats:
        """The numbers of this moment."""
        return evolve(self._stats, retries=Counter(self._stats.retries), limit=self._slots.count, gate=self._gate.state)

    def most_billed(self, *, repeatable: bool) -> int:
        """How many requests of one call can be charged: the last one, and those that were sent again regardless."""
        retry = self._limits.retry
        return 1 + min(retry.unknown_resends, retry.attempts - 1) if repeatable else 1

    async def run(self, call: Call, send: Send[R]) -> R:
        """Make requests until one is answered, or none is worth making any more.

        Raises:
            CVSError: the last failure; the first one is its cause.
        """
        self._stats.calls += 1
        first: CVSError | None = None
        while True:
            attempt = Attempt(call.attempts + 1, call.unknown, call.operation)
            granted = self._admit_at_once(call, attempt) or await self._admit(call, attempt)
            result = await self._request(call, granted, attempt, send)
            if not isinstance(result, CVSError):
                return result
            if isinstance(result, OutOfRequestsError) and (call.patient or self._gate.waits):
                call.held += 1
                continue
            step = self._decide(call, result)
            if isinstance(step, Stop):
                raise call.final(result, step) from (first or result.__cause__)
            log.info("%s: %s, again in %.2f seconds", call.operation, type(result).__name__, step.delay)
            self._stats.retries[step.cause] += 1
            first = first or drop_frames(result)
            await self._sleep(call, step.delay)

    def abandon(self) -> None:
        """Make no more requests; those that were being made ended when their event loop was closed."""
        self._closed = True

    async def aclose(self) -> None:
        """Make no more requests, and let those that are being made come to an end, for a bounded time."""
        self._closed = True
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(0.0)  # they are told that the client is closed
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._limits.drain_timeout)
        finally:
            for task in self._tasks:
                task.cancel()
            with anyio.CancelScope(shield=True):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    # --- before a request

    def _admit_at_once(self, call: Call, attempt: Attempt) -> Pass | None:
        """Where nothing stands in the way, without a turn of the loop."""
        if self._closed:
            raise call.closed()
        if self._rate is not None or not self._pauses[call.origin].idle(asyncio.get_running_loop().time()):
            return None
        granted = self._gate.enter() if call.priced else UNPRICED
        if granted is not None and not self._slots.take_nowait(attempt):
            self._gate.unused(granted)
            return None
        return granted

    async def _admit(self, call: Call, attempt: Attempt) -> Pass:
        loop = asyncio.get_running_loop()
        try:
            granted = await self._patience(call) if call.patient else None
            left = call.left(loop.time())
            async with self._waiting(None if left is None else max(left, 0.0)):
                return await self._turn(call, attempt, granted)
        except builtins.TimeoutError as error:
            if isinstance(error, CVSError):
                raise
            if self._closed:
                raise call.closed() from None
            raise call.final(TimeoutError(f"{call.operation}: {call.late}, and no turn came")) from error

    async def _patience(self, call: Call) -> Pass:
        """Leave of the gate, however long that takes."""
        async with self._waiting(None):
            waited = asyncio.get_running_loop().time()
            granted = await self._gate.wait(first=call.held > 0)
            call.began += asyncio.get_running_loop().time() - waited
            return granted

    async def _turn(self, call: Call, attempt: Attempt, granted: Pass | None) -> Pass:
        """Gate, pause, pace, slot; and once more, if the first of them has closed during the last."""
        now = asyncio.get_running_loop().time
        pause = self._pauses[call.origin]
        while True:
            if granted is None or not self._gate.holds(granted):
                granted = await self._pass(call)
            try:
                self._check_pause(call, pause.paused(now()))
                await pause.turn(call.began)
                async with nullcontext() if self._rate is None else self._rate.through(call.began):
                    await self._slot(call, attempt)
                if self._closed:
                    self._slots.give_back(attempt)
                    raise call.closed()
            except BaseException:
                self._gate.unused(granted)
                raise
            if self._gate.holds(granted) and not pause.paused(now()):
                return granted
            self._slots.give_back(attempt)

    async def _pass(self, call: Call) -> Pass:
        if not call.priced:
            return UNPRICED
        if self._gate.waits or call.patient:
            return await self._gate.wait(first=call.held > 0)
        granted = self._gate.enter()
        if granted is None:
            raise call.refused_before(self._gate.refusal, self._gate.seconds_to_probe())
        return granted

    def _check_pause(self, call: Call, seconds: float) -> None:
        if seconds > self._limits.retry.max_retry_after:
            text = (
                f"{call.operation}: the service has asked for {seconds:.0f} more seconds of pause, so nothing was sent"
            )
            raise call.final(RateLimitedError(text, http_status=429, retry_after=seconds))

    async def _slot(self, call: Call, attempt: Attempt) -> None:
        pool = call.timeout.pool
        try:
            async with asyncio.timeout(pool):
                await self._slots.take(attempt)
        except builtins.TimeoutError as error:
            text = f"{call.operation}: none of {self._slots.count} connections became free within {pool:g} seconds"
            raise call.final(TimeoutError(text)) from error

    # --- a request

    async def _request(self, call: Call, granted: Pass, attempt: Attempt, send: Send[R]) -> R | CVSError:
        loop = asyncio.get_running_loop()
        task = loop.create_task(_caught(call.operation, send, attempt))
        over: asyncio.Future[None] = loop.create_future()
        left = call.left(loop.time())
        timer = None if left is None else loop.call_later(left, _tell, over)
        self._stats.in_flight += 1
        self._tasks.add(task)
        task.add_done_callback(partial(self._settle, call, granted, attempt, over))
        try:
            await over
            if not task.done() and attempt.phase == "answered":
                await _decoded(task)
        except asyncio.CancelledError:
            self._leave(call, task, attempt)
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if task.done():
            return self._result(call, attempt, task)
        self._leave(call, task, attempt)
        late = TimeoutError(f"{call.operation}: {call.late}", attempts=attempt.attempts, charge=attempt.charge)
        late.unknown_attempts += attempt.unknown_before
        if attempt.answer is not None:  # it may have been paid for
            late.http_status, late.raw = attempt.answer.status, attempt.answer.content
        return late

    def _result(self, call: Call, attempt: Attempt, task: asyncio.Task[R | CVSError]) -> R | CVSError:
        if not (task.cancelled() and self._closed):
            return task.result()
        text = f"{call.operation}: the client was closed before the answer came"
        raise call.final(ConnectionLostError(text, attempts=attempt.attempts, charge=attempt.charge))

    def _leave(self, call: Call, task: asyncio.Task[object], attempt: Attempt) -> None:
        """The caller is gone. What has not left is taken back; what has is waited for, but not for ever."""
        attempt.orphaned = True
        left = attempt.charge != "free" or (attempt.phase == "connecting" and not self._may_cancel)
        if not left or not call.priced:
            task.cancel()
        else:
            timer = asyncio.get_running_loop().call_later(self._limits.drain_timeout, _give_up, task, attempt)
            task.add_done_callback(lambda _: timer.cancel())

    # --- after a request

    def _settle(
        self, call: Call, granted: Pass, attempt: Attempt, over: asyncio.Future[None], task: asyncio.Task[object]
    ) -> None:
        """Count a request, and let everything that hangs on it know. Runs for every request, whatever became of it."""
        _tell(over)  # its caller goes on in the next turn of the loop
        self._tasks.discard(task)
        self._stats.in_flight -= 1
        result = None if task.cancelled() or task.exception() is not None else task.result()
        call.attempts = attempt.attempts
        if attempt.attempts < attempt.number:  # nothing was sent, as with an input that cannot be read
            self._slots.give_back(attempt)
            self._gate.unused(granted)
            return
        charge = call.charge_of(result, attempt)
        call.unknown += charge == "unknown"
        self._count(attempt, charge)
        self._inform(call, granted, attempt, result, charge)
        self._slots.give_back(attempt)  # after that, so that nobody leaves under a limit that was just refused
        self._tell(call, attempt, result, charge)

    def _count(self, attempt: Attempt, charge: Charge) -> None:
        stats = self._stats
        stats.attempts += 1
        stats.billed += charge == "billed"
        stats.free += charge == "free"
        stats.unknown += charge == "unknown"
        stats.bytes_sent += attempt.sent
        stats.bytes_received += attempt.received
        stats.drained += attempt.orphaned

    def _inform(self, call: Call, granted: Pass, attempt: Attempt, result: object, charge: Charge) -> None:
        """The limits learn from what came back."""
        if isinstance(result, OutOfRequestsError):
            self._gate.refused(granted, result)
            result.retry_after = max(result.retry_after or 0.0, self._gate.seconds_to_probe())
        elif charge == "billed":
            self._gate.billed(granted)
        else:
            self._gate.unused(granted)
        if not isinstance(result, CVSError) or (isinstance(result, APIError) and result.code is not None):
            self._budget.succeeded(after_retry=attempt.number > 1)
        now = asyncio.get_running_loop().time()
        if isinstance(result, RateLimitedError) and result.retry_after is not None:
            self._pauses[call.origin].pause(now + result.retry_after)
        if self._auto is not None:
            busy = isinstance(result, ServerError) and result.http_status == 503
            refused = busy or isinstance(result, (RateLimitedError, TimeoutError))
            self._auto.observe(attempt.handed_at, now, self._slots.taken, refused=refused, latency=charge == "billed")
            if self._auto.limit != self._slots.count:
                self._slots.count = self._auto.limit

    def _tell(self, call: Call, attempt: Attempt, result: object, charge: Charge) -> None:
        observers = (*self._limits.observers, *call.observers)
        if not observers and not log.isEnabledFor(logging.DEBUG):
            return
        event = Event(
            operation=call.operation,
            attempt=attempt.number,
            charge=charge,
            http_status=result.http_status if isinstance(result, (Reply, CVSError)) else None,
            error=_name(result),
            seconds=(attempt.answered_at or asyncio.get_running_loop().time()) - attempt.handed_at,
            bytes_sent=attempt.sent,
            bytes_received=attempt.received,
            drained=attempt.orphaned,
        )
        log.debug("%s", event)
        for observe in observers:
            try:
                observe(event)
            except Exception as error:  # the user's code must not stand between an answer and its caller
                log.error("an on_event hook raised %s", type(error).__name__)

    # --- between two requests

    def _decide(self, call: Call, failure: CVSError) -> Again | Stop:
        now = asyncio.get_running_loop().time()
        return decide(
            self._limits.retry,
            failure,
            attempts=call.attempts - call.held,
            unknown=call.unknown,
            elapsed=now - call.began,
            left=call.left(now),
            chance=random.random(),  # noqa: S311 - jitter is no secret
            budget=self._budget,
            repeatable=call.repeatable,
        )

    async def _sleep(self, call: Call, seconds: float) -> None:
        try:
            async with self._waiting(None):
                await asyncio.sleep(seconds)
        except builtins.TimeoutError:
            raise call.closed() from None

    @asynccontextmanager
    async def _waiting(self, seconds: float | None) -> AsyncIterator[None]:
        """A wait that is counted, and ends with builtins.TimeoutError after so many seconds or with the client."""
        self._stats.waiting += 1
        wait = asyncio.timeout(seconds)
        self._waits.add(wait)
        try:
            async with wait:
                yield
        finally:
            self._waits.discard(wait)
            self._stats.waiting -= 1


def _give_up(task: asyncio.Task[object], attempt: Attempt) -> None:
    if attempt.phase != "answered":  # else nobody is waited for any more: its answer is being decoded
        task.cancel()


async def _decoded(task: asyncio.Task[object]) -> None:
    """Wait until an answer is decoded, for at most `DECODING`: by the clock of the thread that decodes it."""
    done = threading.Event()
    task.add_done_callback(lambda _: done.set())
    await asyncio.get_running_loop().run_in_executor(None, done.wait, DECODING)


def _tell(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


async def _caught(operation: str, send: Send[R], attempt: Attempt) -> R | CVSError:
    """Errors as values: a task that nobody waits for any more must not complain of them."""
    try:
        return await send(attempt)
    except CVSError as error:
        return error
    except Exception as error:  # a transport of the user's own may raise anything
        unforeseen = CVSError(
            f"{operation}: {type(error).__name__} out of the transport",
            operation=operation,
            attempts=attempt.attempts,
            charge=attempt.charge,
        )
        unforeseen.__cause__ = error
        return unforeseen


def _name(result: object) -> str | None:
    if result is None:  # it was given up
        return asyncio.CancelledError.__name__
    return type(result).__name__ if isinstance(result, CVSError) else None
