"""Work on large answers in threads, where it does not hold up the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from typing_extensions import TypeVarTuple, Unpack

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

SMALL = 1 << 16
"""Bytes of an answer that is decoded faster than it is handed to a thread, at the most."""

LARGE = 1 << 20
"""Of answers with more bytes only `AT_ONCE` are decoded at once, because each can take 0.2 GB while it is."""

AT_ONCE = 2

_turns: RunVar[anyio.CapacityLimiter] = RunVar("cvs_async large answers")


async def aside(size: int, work: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
    """Do work on an answer of so many bytes in a thread, and wait for a turn if it is large."""
    limiter = None
    if size > LARGE:
        limiter = _turns.get(None)
        if limiter is None:
            limiter = anyio.CapacityLimiter(AT_ONCE)
            _turns.set(limiter)
    return await anyio.to_thread.run_sync(work, *arguments, limiter=limiter)
