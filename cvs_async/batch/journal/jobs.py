"""Jobs that a journal submits to its writer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

from attrs import define

Method: TypeAlias = Literal["claim", "sent", "ended", "withdrawn", "content", "note", "made", "outputs"]
"""Names of jobs, which are methods of the writer."""


@define(eq=False, repr=False)  # answers are among the arguments
class Job:
    """A call of one of the writer's methods, in the next group."""

    method: Method
    arguments: tuple[Any, ...]
    future: asyncio.Future[Any]


class JournalWriter(Protocol):
    """Writes a journal. It is made, used and closed in one thread."""

    def commit(self, group: Sequence[Job]) -> list[Any]:
        """Carry out a group in one transaction. Return the result of each job, or an error for each."""
        ...

    def close(self) -> None:
        """Close everything."""


class JobRunner(Protocol):
    """Carries out the jobs of a journal: `WriterThread`, or a test's own.

    Raises:
        JournalError: from `open`, and from the future of any job.
    """

    async def open(self) -> None:
        """Return when jobs can be submitted."""

    def submit(self, method: Method, *arguments: Any) -> asyncio.Future[Any]:
        """Add a job to the next group. Return the future of its result."""
        ...

    async def aclose(self) -> None:
        """Carry out what was submitted, then close everything. May be called again."""
