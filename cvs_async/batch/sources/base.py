"""Base of sources, and how items are pulled from them."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from ..._codec.inputs import describe
from ...errors import InvalidInputError
from ..worker_threads import WorkerThreads

T = TypeVar("T")

Source = Iterable[Any] | AsyncIterable[Any]
"""Inputs of an operation; tuples if it has several. Pulled when they are needed."""


class Listed:
    """Base of sources that only list their items, so that items can be read before they are sent."""

    __slots__ = ()


async def in_thread(groups: Iterator[Sequence[T]]) -> AsyncGenerator[T]:
    """Read groups of items in a thread, and yield one item at a time.

    Closing it does not wait for the thread, because a lost network drive may never answer.
    """
    async with WorkerThreads(1) as threads:
        while (group := await threads.run(lambda: next(groups, None))) is not None:
            for item in group:
                yield item


def iterate(source: object) -> AsyncIterator[Any]:
    """Return an iterator that pulls items one by one.

    Raises:
        InvalidInputError: `source` is a single input, not a source of inputs.
    """
    single = isinstance(source, (str, bytes, bytearray, os.PathLike)) or hasattr(source, "read")
    if not single and isinstance(source, AsyncIterable):
        return aiter(source)
    if not single and isinstance(source, Iterable):
        return _from_sync(iter(source))
    raise InvalidInputError(
        f"a batch reads a source of inputs, and {describe(source)} is not one; "
        "give a list, any iterable or async iterable, or folder(...)"
    )


def may_be_read_ahead(source: object) -> bool:
    """Return whether items can be read ahead safely.

    1. Sources that can be read again, such as lists, folders, patterns and manifests: yes.
    2. Queues, generators and anything unknown, where an item that is read and not sent would be lost: no.
    """
    return isinstance(source, (Listed, Sequence))


def is_read_once(source: object) -> bool:
    """Return whether a source can be read only once, such as a generator."""
    begin = getattr(source, "__aiter__", None) or getattr(source, "__iter__", None)
    return begin is None or begin() is source


async def _from_sync(items: Iterator[Any]) -> AsyncGenerator[Any]:
    try:
        for item in items:
            yield item
    finally:
        if close := getattr(items, "close", None):
            close()
