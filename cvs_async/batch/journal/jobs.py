"""Jobs that a journal submits to its writer, and the order in which a group of them is carried out."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Sequence
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


_ORDER: tuple[Method, ...] = ("claim", "sent", "ended", "withdrawn", "content", "note", "made", "outputs")
DURABLE = frozenset[Method]({"sent", "ended", "withdrawn", "made", "note"})
"""Methods whose commits wait for the disk: with a note each second, the disk is never far behind."""
_ABOUT_NO_KEY = frozenset[Method]({"note", "made", "outputs"})


def in_turn(group: Sequence[Job]) -> Iterator[tuple[Method, Sequence[Job]]]:
    """Yield each method with its jobs.

    1. All jobs have different keys, so their order does not matter: all jobs of a method together, in `_ORDER`, with
       few statements.
    2. Two jobs have the same key, such as a request that was sent and ended within one group: each job alone, in the
       order of submission.
    """
    keys = [key for job in group for key in _keys(job)]
    if len(set(keys)) == len(keys):
        group = sorted(group, key=lambda job: _ORDER.index(job.method))
        for method, jobs in itertools.groupby(group, key=_method_of):
            yield method, list(jobs)
    else:
        for job in group:
            yield job.method, [job]


def _method_of(job: Job) -> Method:
    return job.method


def _keys(job: Job) -> Iterable[bytes]:
    if job.method == "claim":
        return [key for key, *_ in job.arguments[0]]
    if job.method in _ABOUT_NO_KEY:
        return ()
    return (job.arguments[0],)
