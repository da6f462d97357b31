"""Work on large answers in threads, where it does not hold up the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from typing_extensions import TypeVarTuple, Unpack

from ._answer import count_nodes

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

SMALL = 1 << 16
"""Bytes of an answer that may be decoded faster than it is handed to a thread, at the most."""

FEW = 1 << 10
"""Values of such an answer, at the most: each takes up to 5 microseconds, and sixty answers may come at once."""

LARGE = 1 << 20
"""Answers with more bytes have turns of their own: they take seconds, and up to 0.2 GB each."""

AT_ONCE = 2
"""Answers of each kind that are decoded at once. More threads would not be faster, but take turns from the event loop.

They are not taken from the threads that files are read in: some of these may wait for a network drive that is gone.
"""

_Turns = RunVar[anyio.CapacityLimiter]
_LARGE_TURNS: _Turns = RunVar("cvs_async large answers")
_TURNS: _Turns = RunVar("cvs_async answers")


def is_quick(content: bytes) -> bool:
    """Return whether an answer is decoded faster than it is handed to a thread. Each value has two bytes at least."""
    return len(content) <= 2 * FEW or (len(content) <= SMALL and count_nodes(content) <= FEW)


async def aside(size: int, work: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
    """Do work on an answer of so many bytes in a thread, once it is its turn."""
    turns = _LARGE_TURNS if size > LARGE else _TURNS
    limiter = turns.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        turns.set(limiter)
    return await anyio.to_thread.run_sync(work, *arguments, limiter=limiter)
