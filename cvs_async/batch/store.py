"""Interfaces of the journal and the ceiling of a batch, for other implementations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..errors import Charge
from .journal import Record


class JournalStore(Protocol):
    """A durable record of documents and their requests. Each method returns once what it records is committed.

    Raises:
        JournalError: from any method, if the journal can no longer be written. Then nothing may be sent.
    """

    async def claim(
        self, key: str, *, operation: str, source: str, reference: str | None = None, files: str | None = None
    ) -> Record | None:
        """Record that a source has this key. Return the known record, or None if the key is new.

        When it returns, this batch owns the document, or the outcome of the document is known. A store that several
        processes share waits here while another running process owns the document.
        """

    def release(self, key: str) -> None:
        """Give up the ownership of a document as soon as no request for it is open. Does not wait."""

    async def content(self, key: str) -> bytes | None:
        """Return the body of the answer; None if it was never stored, or was purged."""

    async def sent(self, key: str, *, check_sum: str | None) -> None:
        """Record that a request is about to leave. It may leave only after this has returned."""

    async def ended(
        self,
        key: str,
        *,
        charge: Charge,
        content: bytes | None,
        http_status: int | None,
        error: str | None,
        code: int | str | None,
    ) -> None:
        """Record how the last request for this key ended."""

    async def withdrawn(self, key: str) -> None:
        """Remove the record of a request that did not leave."""

    async def note(self, figures: Mapping[str, Any]) -> None:
        """Store the figures of the running batch for readers."""


class Ceiling(Protocol):
    """A limit on billed requests. Permits are taken before anything is sent."""

    async def reserve(self) -> bool:
        """Take the permits of one call. Wait while calls in flight may return theirs; False if too few are left."""
        ...

    async def settle(self, paid: int) -> None:
        """Return the permits of one call, of which `paid` requests were, or may have been, billed."""
