"""The attempts of a call: one after another, within the client's limits, each in its own task.

A caller may stop waiting because it is cancelled or out of time. If nothing of its request has been sent, the task is
cancelled too. Otherwise the task continues for a bounded time, so that a paid answer is counted and the connection can
be used again.
"""

from __future__ import annotations

import asyncio
import builtins
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import TypeAlias, TypeVar

import anyio
from attrs import evolve

from .._exchange import Attempt
from .._limits.pace import Limiter, Pauses
from .._limits.quota import FREE_PERMIT, Gate, Permit
from .._limits.retry import GiveUp, Retry, decide
from .._system.home import Home
from .._system.log import log
from ..errors import ConnectionLostError, CVSError, OutOfRequestsError, RateLimitedError, TimeoutError, drop_frames
from ..settings import ClientConfig
from ..stats import ClientStats
from .call_state import CallState, Observer
from .settlement import Settlement

R = TypeVar("R")
Send: TypeAlias = Callable[[Attempt], Awaitable[R]]
"""Function that sends one request, and returns its result or raises a CVSError."""

DECODING = 1.0
"""Extra seconds to decode an answer that arrived before the time of the whole call was up."""


class Dispatcher:
    """Makes the requests of all calls of a client.

    Args:
        config: of the client.
        observers: are called after each request of any call.
        limiter: limits the rate of requests; None without a limit.
        gate: holds requests back while the account is out of requests.
        pauses: that the service asks for.
        may_cancel: whether a request may be cancelled while it connects.

    Attributes:
        home: event loop of the client: that of its first call.
    """

    def __init__(
        self,
        config: ClientConfig,
        observers: tuple[Observer, ...],
        *,
        limiter: Limiter | None,
        gate: Gate,
        pauses: Pauses,
        may_cancel: bool,
    ) -> None:
        self._config = config
        self._limiter = limiter
        self._gate = gate
        self._may_cancel = may_cancel
        self._pauses = pauses
        self._settlement = Settlement(config, gate, pauses, observers)
        self._slots = self._settlement.slots
        self._stats = self._settlement.stats
        self._tasks: set[asyncio.Task[object]] = set()
        self._waits: set[asyncio.Timeout] = set()
        self._closed = False
        self.home = Home("client", "Make the client inside asyncio.run, or one client for each event loop")

    def stats(self) -> ClientStats:
        """Return a snapshot of the statistics."""
        retries, limit = Counter(self._stats.retries), int(self._slots.total_tokens)
        return evolve(self._stats, retries=retries, limit=limit, gate=self._gate.state)

    def most_billed(self, *, repeatable: bool) -> int:
        """Return the maximum number of requests of one call that can be charged."""
        if not repeatable:
            return 1
        retry = self._config.retry
        return 1 + min(retry.unknown_resends, retry.attempts - 1)

    async def run(self, call: CallState, send: Send[R]) -> R:
        """Make requests until one succeeds or the retry policy gives up.

        Raises:
            CVSError: the last failure, with the first one as its cause.
        """
        self._stats.calls += 1
        first: CVSError | None = None
        while True:
            attempt = call.next_attempt()
            permit = self._admit_at_once(call, attempt) or await self._admit(call, attempt)
            result = await self._request(call, permit, attempt, send)
            if not isinstance(result, CVSError):
                return result
            if isinstance(result, OutOfRequestsError) and (call.patient or self._gate.waits):
                call.refused += 1
                continue
            step = self._decide(call, result)
            if isinstance(step, GiveUp):
                raise call.final(result, step) from (first or result.__cause__)
            log.info("%s: %s, again in %.2f seconds", call.operation, type(result).__name__, step.delay)
            self._stats.retries[step.cause] += 1
            first = first or drop_frames(result)
            await self._sleep(call, step.delay)

    def abandon(self) -> None:
        """Refuse further requests. Those in flight ended with their event loop, which is closed."""
        self._closed = True

    async def aclose(self) -> None:
        """Refuse further requests, and wait at most `drain_timeout` for those in flight."""
        self._closed = True
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(0.0)  # the waiting calls fail
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._config.drain_timeout)
        finally:
            for task in self._tasks:
                task.cancel()
            with anyio.CancelScope(shield=True):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    # --- before a request

    def _admit_at_once(self, call: CallState, attempt: Attempt) -> Permit | None:
        """Return a permit if there is nothing to wait for; else None. This saves a turn of the loop."""
        if self._closed:
            raise call.closed()
        if self._limiter is not None or not self._pauses.of(call.origin).idle(asyncio.get_running_loop().time()):
            return None
        permit: Permit | None = FREE_PERMIT
        if call.priced:
            permit = self._gate.enter()
        if permit is None:
            return None
        try:
            self._slots.acquire_on_behalf_of_nowait(attempt)
        except anyio.WouldBlock:
            self._gate.release(permit)
            return None
        return permit

    async def _admit(self, call: CallState, attempt: Attempt) -> Permit:
        loop = asyncio.get_running_loop()
        try:
            permit = None
            if call.patient:
                permit = await self._patience(call)
            left = call.left(loop.time())
            if left is not None:
                left = max(left, 0.0)
            async with self._waiting(left):
                return await self._turn(call, attempt, permit)
        except builtins.TimeoutError as error:
            if isinstance(error, CVSError):
                raise
            if self._closed:
                raise call.closed() from None
            raise call.final(TimeoutError(f"{call.operation}: {call.late}, and no turn came")) from error

    async def _patience(self, call: CallState) -> Permit:
        """Wait for the gate without a time limit. The wait does not count for the time of the call."""
        async with self._waiting(None):
            waited = asyncio.get_running_loop().time()
            permit = await self._gate.wait(first=call.refused > 0)
            call.began += asyncio.get_running_loop().time() - waited
            return permit

    async def _turn(self, call: CallState, attempt: Attempt, permit: Permit | None) -> Permit:
        """Wait for gate, pause, rate limiter and slot, in this order, and return the permit of the gate.

        There are four cases:

        1. A wait failed or was cancelled: release the permit.
        2. The client was closed meanwhile: release slot and permit.
        3. The gate is still open and there is no pause: the request may be sent.
        4. The gate closed or a pause began during a later wait: release the slot and start again. The turn of the rate
           limiter is lost, which only lowers the rate.
        """
        now = asyncio.get_running_loop().time
        pause = self._pauses.of(call.origin)
        while True:
            if permit is None or not self._gate.is_valid(permit):
                permit = await self._permit(call)
            try:
                self._check_pause(call, pause.paused(now()))
                await pause.wait(call.began)
                async with self._rate_slot(call):
                    await self._slot(call, attempt)
                if self._closed:
                    self._slots.release_on_behalf_of(attempt)
                    raise call.closed()
            except BaseException:
                self._gate.release(permit)
                raise
            if self._gate.is_valid(permit) and not pause.paused(now()):
                return permit
            self._slots.release_on_behalf_of(attempt)

    async def _permit(self, call: CallState) -> Permit:
        if not call.priced:
            return FREE_PERMIT
        if self._gate.waits or call.patient:
            return await self._gate.wait(first=call.refused > 0)
        permit = await self._gate.ask()
        if permit is None:
            raise call.refused_before(self._gate.refusal, self._gate.seconds_to_probe())
        return permit

    def _check_pause(self, call: CallState, seconds: float) -> None:
        if seconds > self._config.retry.max_retry_after:
            text = (
                f"{call.operation}: the service has asked for {seconds:.0f} more seconds of pause, so nothing was sent"
            )
            raise call.final(RateLimitedError(text, http_status=429, retry_after=seconds))

    def _rate_slot(self, call: CallState) -> AbstractAsyncContextManager[None]:
        if self._limiter is None:
            return nullcontext()
        return self._limiter.slot(call.began)

    async def _slot(self, call: CallState, attempt: Attempt) -> None:
        pool = call.timeout.pool
        try:
            async with asyncio.timeout(pool):
                await self._slots.acquire_on_behalf_of(attempt)
        except builtins.TimeoutError as error:
            count = self._slots.total_tokens
            text = f"{call.operation}: none of {count} connections became free within {pool:g} seconds"
            raise call.final(TimeoutError(text)) from error

    # --- a request

    async def _request(self, call: CallState, permit: Permit, attempt: Attempt, send: Send[R]) -> R | CVSError:
        """Make one request in a task, and wait until it ends or the time of the call is up.

        It waits for a future of its own, because `asyncio.wait` needs one more callback for each request.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(_caught(send, attempt))
        over: asyncio.Future[None] = loop.create_future()
        left = call.left(loop.time())
        timer = None
        if left is not None:
            timer = loop.call_later(left, _resolve, over)
        self._stats.in_flight += 1
        self._tasks.add(task)
        task.add_done_callback(partial(self._settle, call, permit, attempt, over))
        try:
            await over
            if not task.done() and attempt.phase == "answered":
                await _decoded(task)
        except asyncio.CancelledError:
            self._orphan(call, task, attempt)
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if task.done():
            return self._result(call, attempt, task)
        self._orphan(call, task, attempt)
        late = attempt.stamp(TimeoutError(f"{call.operation}: {call.late}"))
        late.unknown_attempts += attempt.unknown_before
        if attempt.answer is not None:  # it may have been paid for
            late.http_status, late.raw = attempt.answer.status, attempt.answer.content
        return late

    def _result(self, call: CallState, attempt: Attempt, task: asyncio.Task[R | CVSError]) -> R | CVSError:
        if not (task.cancelled() and self._closed):
            return task.result()
        text = f"{call.operation}: the client was closed before the answer came"
        raise call.final(attempt.stamp(ConnectionLostError(text)))

    def _orphan(self, call: CallState, task: asyncio.Task[object], attempt: Attempt) -> None:
        """Let a request continue without its caller for at most `drain_timeout`. Cancel it if nothing was sent."""
        attempt.orphaned = True
        left = not attempt.undelivered or (attempt.phase == "connecting" and not self._may_cancel)
        if not left or not call.priced:
            task.cancel()
            return
        timer = asyncio.get_running_loop().call_later(self._config.drain_timeout, _give_up, task, attempt)
        task.add_done_callback(lambda _: timer.cancel())

    # --- after a request

    def _settle(
        self, call: CallState, permit: Permit, attempt: Attempt, over: asyncio.Future[None], task: asyncio.Task[object]
    ) -> None:
        """Wake the caller of a request that has ended in any way, and settle the request."""
        _resolve(over)  # the caller continues in the next turn of the loop
        self._tasks.discard(task)
        self._stats.in_flight -= 1
        result = None
        if not task.cancelled() and task.exception() is None:
            result = task.result()
        call.attempts = attempt.attempts
        if attempt.attempts < attempt.number:
            self._settlement.unsent(permit, attempt)
        else:
            self._settlement.ended(call, permit, attempt, result)

    # --- between two requests

    def _decide(self, call: CallState, failure: CVSError) -> Retry | GiveUp:
        now = asyncio.get_running_loop().time()
        return decide(
            self._config.retry,
            failure,
            attempts=call.attempts - call.refused,
            unknown=call.unknown,
            elapsed=now - call.began,
            left=call.left(now),
            chance=random.random(),  # noqa: S311 - jitter need not be secret
            budget=self._settlement.budget,
            repeatable=call.repeatable,
        )

    async def _sleep(self, call: CallState, seconds: float) -> None:
        try:
            async with self._waiting(None):
                await asyncio.sleep(seconds)
        except builtins.TimeoutError:
            raise call.closed() from None

    @asynccontextmanager
    async def _waiting(self, seconds: float | None) -> AsyncIterator[None]:
        """Count a waiting call. Raise builtins.TimeoutError after `seconds`, or when the client is closed."""
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
    if attempt.phase != "answered":  # else its answer is being decoded, which ends soon
        task.cancel()


async def _decoded(task: asyncio.Task[object]) -> None:
    """Wait until an answer is decoded, for at most `DECODING` seconds of real time, not of the loop's clock."""
    done = threading.Event()
    task.add_done_callback(lambda _: done.set())
    await asyncio.get_running_loop().run_in_executor(None, done.wait, DECODING)


def _resolve(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


async def _caught(send: Send[R], attempt: Attempt) -> R | CVSError:
    """Send a request, and return its error as a value: asyncio would log an exception that is never retrieved."""
    try:
        return await send(attempt)
    except CVSError as error:
        return attempt.stamp(error)
    except Exception as error:  # a user's own transport may raise any class
        unexpected = CVSError(f"{attempt.operation}: the transport raised {type(error).__name__}")
        unexpected.__cause__ = error
        return attempt.stamp(unexpected)
