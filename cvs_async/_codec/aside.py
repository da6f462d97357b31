"""Decode large answers in threads, so that the event loop is not blocked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from typing_extensions import TypeVarTuple, Unpack

from .answer import count_nodes

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

SMALL = 1 << 16
"""Maximum size of an answer that may be decoded faster than it is passed to a thread."""

FEW = 1 << 10
"""Maximum number of values in such an answer. Each takes up to 5 microseconds, and 60 answers may arrive at once."""

LARGE = 1 << 20
"""Answers with more bytes wait in a separate queue: each takes seconds and up to 0.2 GB."""

AT_ONCE = 2
"""Number of answers that are decoded at once, in each queue. More threads would only slow the event loop down.

These threads are not those that read files, which may hang on a lost network drive.
"""

_Turns = RunVar[anyio.CapacityLimiter]
_LARGE_TURNS: _Turns = RunVar("cvs_async large answers")
_TURNS: _Turns = RunVar("cvs_async answers")


def is_quick(content: bytes) -> bool:
    """Return whether an answer is decoded faster than it is passed to a thread. Each value has at least two bytes."""
    return len(content) <= 2 * FEW or (len(content) <= SMALL and count_nodes(content) <= FEW)


async def aside(size: int, work: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
    """Run work on an answer of `size` bytes in a thread, after waiting for a free one."""
    turns = _TURNS
    if size > LARGE:
        turns = _LARGE_TURNS
    limiter = turns.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        turns.set(limiter)
    return await anyio.to_thread.run_sync(work, *arguments, limiter=limiter)
