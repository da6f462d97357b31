"""Records the requests of a batch in its journal."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import anyio

from .._codec.reply import Reply
from .._exchange import Attempt, WireReply
from .._system.log import log
from ..errors import APIError, CVSError
from .journal import JournalError
from .store import JournalStore


class RequestLog:
    """Records the requests of all items, and counts the open ones, by key.

    A request is open until its end is in the journal, also after its caller was cancelled or ran out of time.

    Attributes:
        error: why the journal can no longer be written; None while it can.
    """

    def __init__(self, journal: JournalStore) -> None:
        self._journal = journal
        self._open: dict[str, int] = {}
        self._waits: dict[str, asyncio.Event] = {}
        self._drained: asyncio.Event | None = None
        self.error: JournalError | None = None

    def end_of(self, key: str) -> asyncio.Event | None:
        """Return an event that is set when no request for this key is open; None if no request is open now."""
        if key not in self._open:
            return None
        return self._waits.setdefault(key, asyncio.Event())

    async def drained(self) -> None:
        """Return when no request is open."""
        while self._open:
            if self._drained is None:
                self._drained = asyncio.Event()
            await self._drained.wait()

    async def begin(self, key: str, check_sum: str | None) -> None:
        """Record that a request is about to leave."""
        self._open[key] = self._open.get(key, 0) + 1
        await self._journal.sent(key, check_sum=check_sum)

    async def end(self, key: str, attempt: Attempt, wire: WireReply | None, result: Reply[Any] | BaseException) -> None:
        """Record how a request ended. Never raises, so that its caller gets the answer in any case."""
        try:
            with anyio.CancelScope(shield=True):
                await self._record_end(key, attempt, wire, result)
        except JournalError as error:  # the batch ends after this outcome
            self.error = error
        except RuntimeError:  # the journal was closed when the batch was forced to end: it stays in doubt
            log.warning("the answer to a request came after its journal was closed")
        finally:
            self._close(key)

    async def _record_end(
        self, key: str, attempt: Attempt, wire: WireReply | None, result: Reply[Any] | BaseException
    ) -> None:
        if attempt.attempts < attempt.number:
            await self._journal.withdrawn(key)
            return
        charge, content, http_status, error = attempt.charge, None, None, type(result).__name__
        if wire is not None:
            content, http_status = wire.content, wire.status
        if isinstance(result, (Reply, CVSError)):  # else cancelled, perhaps during decoding
            charge, http_status = result.charge, result.http_status
        await self._journal.ended(
            key,
            charge=charge,
            content=content,
            http_status=http_status,
            error=None if isinstance(result, Reply) else error,
            code=_code_of(result),
        )

    def _close(self, key: str) -> None:
        left = self._open.pop(key) - 1
        if left:
            self._open[key] = left
        elif (wait := self._waits.pop(key, None)) is not None:
            wait.set()
        if not self._open and self._drained is not None:
            self._drained.set()
            self._drained = None


class JournalRecorder:
    """Records the requests of one call.

    Attributes:
        sent_at: when the last request was about to leave, in seconds since 1970; None before the first.
    """

    def __init__(self, requests: RequestLog, key: str, check_sum: str | None) -> None:
        self._requests = requests
        self._key = key
        self._check_sum = check_sum
        self.sent_at: float | None = None

    async def sending(self) -> None:
        """Record a request before it is sent."""
        self.sent_at = time.time()
        await self._requests.begin(self._key, self._check_sum)

    async def ended(self, attempt: Attempt, wire: WireReply | None, result: Reply[Any] | BaseException) -> None:
        """Record how a request ended."""
        await self._requests.end(self._key, attempt, wire, result)


def _code_of(result: Reply[Any] | BaseException) -> int | str | None:
    if isinstance(result, APIError):
        return result.code
    if isinstance(result, Reply) and result.charge == "billed":
        return 0
    return None
