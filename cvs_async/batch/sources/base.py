"""Base of sources, and how items are pulled from them."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from ..._inputs import describe
from ...errors import InvalidInputError
from ..worker_threads import WorkerThreads

T = TypeVar("T")

Source = Iterable[Any] | AsyncIterable[Any]
"""Inputs as an operation takes them, tuples of them for operations with several; pulled as they are needed."""


class Listed:
    """Base of sources that only point to their items: nothing is lost if more of one is read than is sent."""

    __slots__ = ()


async def in_thread(groups: Iterator[Sequence[T]]) -> AsyncGenerator[T]:
    """Take groups of items in a thread, and hand on one item at a time.

    Nobody waits for the thread at the end: a network drive that is gone may never answer.
    """
    async with WorkerThreads(1) as threads:
        while (group := await threads.run(lambda: next(groups, None))) is not None:
            for item in group:
                yield item


def iterate(source: object) -> AsyncIterator[Any]:
    """Pull items one by one.

    Raises:
        InvalidInputError: if this is one input rather than a source of inputs.
    """
    single = isinstance(source, (str, bytes, bytearray, os.PathLike)) or hasattr(source, "read")
    if not single and isinstance(source, AsyncIterable):
        return aiter(source)
    if not single and isinstance(source, Iterable):
        return _from_sync(iter(source))
    raise InvalidInputError(
        f"a batch reads a source of inputs, and {describe(source)} is none; "
        "give a list, any iterable or async iterable, or folder(...)"
    )


def may_be_read_ahead(source: object) -> bool:
    """Whether a source has its items still after they were read. Of a queue, or anything unknown, none may be lost."""
    return isinstance(source, (Listed, Sequence))


def is_read_once(source: object) -> bool:
    """Whether a source can be read but once, as generators can."""
    begin = getattr(source, "__aiter__", None) or getattr(source, "__iter__", None)
    return begin is None or begin() is source


async def _from_sync(items: Iterator[Any]) -> AsyncGenerator[Any]:
    try:
        for item in items:
            yield item
    finally:
        if close := getattr(items, "close", None):
            close()
