"""The journal of a batch: a durable record of claims, requests, answers and charges that survives kill -9.

A journal is an SQLite database. One process writes to it, in a thread of its own (`WriterThread`); others can read it
at the same time (`JournalReader`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from ..._text.json import dumps
from ...errors import Charge
from .jobs import JobRunner
from .records import Output, Record
from .schema import to_code, to_key, to_text
from .service import Service
from .writer import ClaimRow, SessionInfo, Writer
from .writer_thread import WriterThread

Claim: TypeAlias = tuple[str, str, str, str | None] | tuple[str, str, str, str | None, str | None]
"""Key, operation, source, reference, and the state of its files if known, see `state_of`."""


class Journal:
    """Writes the journal of a batch: ``async with Journal("claims.db") as journal``.

    Each method returns when what it records is committed; `sent` and `ended` also wait for the disk. A cancelled
    caller takes nothing back: what it submitted is committed.

    Args:
        path: of the journal; a new one is made if it is missing, readable for its owner only.
        service: of the batch; a journal with answers of another service is refused. None accepts any journal.
        info: operation of the batch, and its parameters as JSON; stored with each session.
        runner: carries out what is submitted; by default a thread that writes an SQLite database at `path`.

    Attributes:
        path: of the journal.

    Raises:
        JournalError: on entering, if it cannot be opened, or another process writes to it. From any method, if it
            cannot be written, for example because the disk is full, or if its files were removed, replaced or cut.
            From then on only the results of requests in flight are still written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        service: Service | None = None,
        info: SessionInfo | None = None,
        *,
        runner: JobRunner | None = None,
    ) -> None:
        self.path = Path(path)
        self._runner = runner or WriterThread(self.path, lambda: Writer(self.path, service, info))

    async def __aenter__(self) -> Self:
        await self._runner.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Commit what was submitted, and release the journal for other processes. May be called again."""
        await self._runner.aclose()

    async def claim(
        self, key: str, *, operation: str, source: str, reference: str | None = None, files: str | None = None
    ) -> Record | None:
        """Record that a source has this key. Return the known record, or None if the key is new, and now planned.

        The record has no content; see `content`.

        Args:
            key: of its content, operation and parameters: 64 hex digits.
            operation: such as ``ocr.card``.
            source: the item's name for people.
            reference: the user's own id of the item.
            files: the state of its files.
        """
        [record] = await self.claim_many([(key, operation, source, reference, files)])
        return record

    async def claim_many(self, claims: Sequence[Claim]) -> list[Record | None]:
        """Claim many at once, which is much faster; a few hundred to a few thousand is a good number."""
        rows: list[ClaimRow] = [
            (to_key(key), operation, to_text(source), _text_or_none(reference), next(iter(files), None))
            for key, operation, source, reference, *files in claims
        ]
        records: list[Record | None] = await self._runner.submit("claim", rows)
        return records

    def release(self, key: str) -> None:
        """Do nothing: the process that writes the journal owns all documents."""

    async def content(self, key: str) -> bytes | None:
        """Return the body of the answer, preferably of the billed one; None without an answer, or if it was purged."""
        content: bytes | None = await self._runner.submit("content", to_key(key))
        return content

    async def sent(self, key: str, *, check_sum: str | None) -> None:
        """Record that a request for this key is about to leave. It may leave only after this has returned.

        An earlier request whose end was not recorded counts as unknown from then on.

        Raises:
            LookupError: if the key was never claimed.
        """
        await self._runner.submit("sent", to_key(key), _text_or_none(check_sum), time.time())

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
        """Record how the last request for this key ended.

        Calling it again overwrites the earlier result, except one that was billed.

        Args:
            key: of the item.
            charge: what the request cost.
            content: the body of the answer; None if none came.
            http_status: of the answer.
            error: the name of the error's class; None for a reply.
            code: of the envelope.

        Raises:
            LookupError: if no request was made for this key.
        """
        end = charge, http_status, error, to_code(code), time.time()
        await self._runner.submit("ended", to_key(key), content, end)

    async def withdrawn(self, key: str) -> None:
        """Remove the record of a request that did not leave, and restore the earlier state.

        Raises:
            LookupError: if there is no such request since the journal was opened.
        """
        await self._runner.submit("withdrawn", to_key(key))

    async def note(self, figures: Mapping[str, Any]) -> None:
        """Store figures of the running batch, as JSON values, for readers. They replace earlier figures."""
        await self._runner.submit("note", dumps(dict(figures)), time.time())

    async def outputs(self, path: str, *, prefix: bool = False) -> list[Output]:
        """Return the files that batches with this journal made at an absolute path, or at paths with this prefix."""
        first = to_text(path)
        behind = first + "\0"
        if prefix:
            behind = first[:-1] + chr(ord(first[-1]) + 1)
        outputs: list[Output] = await self._runner.submit("outputs", first, behind)
        return outputs

    async def made(self, outputs: Sequence[Output]) -> None:
        """Record files before they get their names: only recorded files are ever replaced."""
        rows = [(to_text(one.path), one.identity, one.size, one.modified_ns) for one in outputs]
        await self._runner.submit("made", rows)


def _text_or_none(text: str | None) -> str | None:
    if text is None:
        return None
    return to_text(text)
