"""Work on large answers in threads, where it does not block the event loop."""

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
"""Maximum number of values of such an answer: each takes up to 5 microseconds, and sixty answers may arrive at once."""

LARGE = 1 << 20
"""Answers with more bytes have a separate queue: they take seconds, and up to 0.2 GB each."""

AT_ONCE = 2
"""Number of answers of each kind decoded at once. More threads would not be faster, and would slow the event loop.

They are separate from the threads that read files, some of which may wait for a lost network drive.
"""

_Turns = RunVar[anyio.CapacityLimiter]
_LARGE_TURNS: _Turns = RunVar("cvs_async large answers")
_TURNS: _Turns = RunVar("cvs_async answers")


def is_quick(content: bytes) -> bool:
    """Return whether an answer is decoded faster than it is passed to a thread. Each value has at least two bytes."""
    return len(content) <= 2 * FEW or (len(content) <= SMALL and count_nodes(content) <= FEW)


async def aside(size: int, work: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
    """Run work on an answer of `size` bytes in a thread, after waiting for a free one."""
    turns = _LARGE_TURNS if size > LARGE else _TURNS
    limiter = turns.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        turns.set(limiter)
    return await anyio.to_thread.run_sync(work, *arguments, limiter=limiter)
