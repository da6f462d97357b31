"""The steps of one item: look it up in the journal, take permits, call the API, return its outcome."""

from __future__ import annotations

import asyncio
import time
from enum import Enum
from typing import Generic, TypeVar

from .._calls.call import Caller
from .._codec.aside import aside, is_quick
from ..errors import Charge, ConfigurationError, CVSError, OutOfRequestsError, drop_frames
from .breaker import Breaker, not_sent
from .journal import JournalError, Record
from .keys import state_of
from .outcome import Done, Failed, Held, Item, Outcome, Requests, Stats, name_of
from .policy import BatchPolicy
from .prepare import PreparedItem, Preparer, named
from .recorder import JournalRecorder, RequestLog
from .replay import PERMANENT, answered, in_doubt, is_answered, is_free, may_be_read, unread
from .store import Ceiling, JournalStore
from .worker_threads import WorkerThreads

T = TypeVar("T")


class Next(Enum):
    """The next step of an item whose outcome the journal does not give."""

    CALL = "call"
    SKIP = "skip"


class ItemProcessor(Generic[T]):
    """Turns the items of a batch into outcomes: journal -> ceiling -> slot -> call -> outcome.

    Args:
        call: makes the calls of the client.
        preparer: of the items.
        policy: of the batch.
        stats: of the batch.
        threads: that open files; files that are held back are opened when a slot is free.
        journal: where requests are recorded; None for a batch without one.
        ceiling: on what may be billed.

    Attributes:
        stopped: set it to make no more calls; further items are skipped.
    """

    def __init__(
        self,
        call: Caller,
        preparer: Preparer[T],
        policy: BatchPolicy,
        stats: Stats,
        threads: WorkerThreads,
        *,
        journal: JournalStore | None,
        ceiling: Ceiling,
    ) -> None:
        self._caller = call
        self._preparer = preparer
        self._endpoint = preparer.endpoint
        self._policy = policy
        self._stats = stats
        self._threads = threads
        self._known = None if journal is None else _Known(journal, preparer, policy, stats)
        self._ceiling = ceiling
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._has_slot = set[int]()
        self._breaker = Breaker(self._endpoint.name, policy.max_consecutive_failures)
        self.stopped = False

    @property
    def journal_error(self) -> JournalError | None:
        """The reason why the journal can no longer be written; None while it can."""
        return None if self._known is None else self._known.requests.error

    async def drained(self) -> None:
        """Wait until the end of every request is recorded, including those whose caller was cancelled."""
        if self._known is not None:
            await self._known.requests.drained()

    async def process(self, item: Item) -> Outcome[T] | None:
        """Return the outcome of an item; None if it is skipped. Call `release_slot` after it in any case.

        Raises:
            JournalError: the journal cannot be written; nothing was sent.
        """
        element, item = item.source, named(self._endpoint, item)
        if self._breaker.error is not None:
            return self._stopped_by(self._breaker.error, item)
        try:
            prepared = await self._preparer.prepare(item, element, hold=self._slots.locked())
        except ConfigurationError as error:  # the item is usable: another run may send it
            return Held(item, "stop", drop_frames(error))
        except CVSError as error:
            error.operation = error.operation or self._endpoint.name
            return _failure_outcome(item, error)
        if self._known is None:
            return await self._call(prepared)
        await self._known.own(prepared.key)
        try:
            found = await self._known.look_up(prepared)
            if found is Next.CALL:
                return await self._call(prepared)
            if found is Next.SKIP:
                return None
            return found
        finally:
            self._known.release(prepared.key)

    def release_slot(self, item: Item) -> None:
        """Let the next item be sent. Called when the outcome is taken, for back-pressure."""
        if item.index in self._has_slot:
            self._has_slot.remove(item.index)
            self._slots.release()
            if not self._slots.locked():  # no item was ready for the slot: open the files that are held back
                self._threads.flush_soon()

    async def _call(self, prepared: PreparedItem[T]) -> Outcome[T] | None:
        """Call the API within the ceiling and the slots."""
        item = prepared.item
        if not await self._ceiling.reserve():
            why = f"max_billed={self._policy.max_billed} is reached"
            return Held(item, "ceiling", not_sent(self._endpoint.name, why))
        paid = 0
        try:
            await self._slots.acquire()
            self._has_slot.add(item.index)
            if self._breaker.error is not None:
                return self._stopped_by(self._breaker.error, item)
            if self.stopped:
                return None
            outcome, paid = await self._call_api(prepared)
            return outcome
        finally:
            await self._ceiling.settle(paid)

    async def _call_api(self, prepared: PreparedItem[T]) -> tuple[Outcome[T], int]:
        """Return the outcome of a call, and the number of its requests that may have been billed."""
        item, call = prepared.item, prepared.call
        recorder = None if self._known is None else self._known.recorder(prepared)
        self._stats.in_flight += 1
        began = time.time()
        try:
            patient = self._policy.quota == "wait"
            reply = await self._caller.send(call, prepared.parts, recorder=recorder, patient=patient)
            self._breaker.succeeded()
            requests = _requests(recorder, began, began + reply.elapsed, reply.charge)
            return Done(item, reply, requests=requests), reply.unknown_attempts + (reply.charge == "billed")
        except JournalError:
            raise
        except CVSError as error:
            self._breaker.failed(error)
            made = _requests(recorder, began, time.time(), error.charge) if error.attempts else None
            return _failure_outcome(item, error, made), error.unknown_attempts + (error.charge == "billed")
        finally:
            self._stats.in_flight -= 1

    def _stopped_by(self, why: CVSError, item: Item) -> Held:
        return Held(item, "stop", not_sent(self._endpoint.name, f"the batch has stopped; {why}"))


class _Known(Generic[T]):
    """Looks items up in the journal, and tracks the keys that this batch is working on.

    Attributes:
        requests: records the requests of the batch.
    """

    def __init__(self, journal: JournalStore, preparer: Preparer[T], policy: BatchPolicy, stats: Stats) -> None:
        self._journal = journal
        self._endpoint = preparer.endpoint
        self._policy = policy
        self._stats = stats
        self._owned: dict[str, asyncio.Event] = {}
        self.requests = RequestLog(journal)

    def recorder(self, prepared: PreparedItem[T]) -> JournalRecorder:
        """Return what records the requests of an item."""
        return JournalRecorder(self.requests, prepared.key, prepared.call.check_sum)

    async def own(self, key: str) -> None:
        """Wait until no other item of this batch uses this key, then reserve it.

        A copy of an item then finds the answer in the journal. A request may still be open after its item has an
        outcome, because the caller ran out of time; that is waited for, too.
        """
        while (busy := self._owned.get(key) or self.requests.end_of(key)) is not None:
            await busy.wait()
        self._owned[key] = asyncio.Event()

    def release(self, key: str) -> None:
        """Let the next item with this key continue."""
        self._owned.pop(key).set()
        self._journal.release(key)

    async def look_up(self, prepared: PreparedItem[T]) -> Outcome[T] | Next:
        """Return the outcome from the journal, or the next step.

        1. New, planned, or refused for a temporary reason: call.
        2. Billed, or refused permanently: replay the answer.
        3. Of unknown charge, with a readable answer: replay it. The item is neither in doubt nor sent again.
        4. In doubt: follow the policy. A request of this run is never sent again in this run.
        """
        item = prepared.item
        record = await self._journal.claim(
            prepared.key,
            operation=self._endpoint.name,
            source=name_of(item.source),
            reference=item.reference,
            files=state_of(prepared.parts),
        )
        if record is None or record.state == "planned" or (is_free(record) and record.error not in PERMANENT):
            return Next.CALL
        if record.state == "billed" or is_free(record):
            return await self._replay(item, record)
        if may_be_read(record) and (kept := await self._kept(item, record)) is not None:
            return kept
        if self._policy.in_doubt == "retry" and not record.this_run:
            return Next.CALL
        if self._policy.in_doubt == "skip":
            return self._skip()
        return in_doubt(self._endpoint, item, record)

    async def _replay(self, item: Item, record: Record) -> Outcome[T] | Next:
        if not self._is_wanted(record):
            return self._skip()
        content = await self._journal.content(record.key)
        if content is not None:
            return await self._answered(item, record, content)
        if record.error is not None:
            return unread(self._endpoint, item, record)
        return self._skip()

    async def _kept(self, item: Item, record: Record) -> Outcome[T] | Next | None:
        """Return the outcome of an answer whose charge is unknown; None if it cannot be read."""
        content = await self._journal.content(record.key)
        if content is None:
            return self._skip() if is_answered(record) else None
        outcome = await self._answered(item, record, content)
        if not isinstance(outcome, Done):
            return None
        if not self._is_wanted(record):
            return self._skip()
        return outcome

    def _is_wanted(self, record: Record) -> bool:
        """Return whether a known answer becomes an outcome. An answer of this run always does."""
        return self._policy.replay or record.this_run

    def _skip(self) -> Next:
        self._stats.skipped += 1
        return Next.SKIP

    async def _answered(self, item: Item, record: Record, content: bytes) -> Done[T] | Failed:
        if is_quick(content):
            return answered(self._endpoint, item, record, content)
        return await aside(len(content), answered, self._endpoint, item, record, content)


def _requests(recorder: JournalRecorder | None, began: float, ended: float, charge: Charge) -> Requests:
    """Return the requests of a call that has just ended."""
    sent_at = began if recorder is None else recorder.sent_at
    return Requests(sent_at, ended, int(charge == "billed"))


def _failure_outcome(item: Item, error: CVSError, requests: Requests | None = None) -> Failed | Held:
    drop_frames(error)
    if isinstance(error, OutOfRequestsError):
        return Held(item, "quota", error, requests=requests)
    if error.charge == "unknown":
        return Held(item, "in_doubt", error, requests=requests)
    if isinstance(error, ConfigurationError):  # another client, or one with a higher limit, can send the item
        return Held(item, "stop", error, requests=requests)
    return Failed(item, error, requests=requests)
