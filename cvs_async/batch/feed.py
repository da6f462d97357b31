"""The source of a running batch: its elements are pulled one at a time, and numbered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable

import anyio

from .outcome import Item
from .sources import iterate


class Feed:
    """Pulls the items of a source on behalf of many workers.

    Attributes:
        error: what the source raised; None if nothing. The items before it are still processed.
    """

    def __init__(self, source: object) -> None:
        self._elements = iterate(source)
        # The iterator over any other source never suspends, so two tasks cannot be inside it at once.
        self._may_suspend = isinstance(source, AsyncIterable)
        self._turn = asyncio.Lock()
        self._wait: anyio.CancelScope | None = None
        self._has_ended = False
        self._count = 0
        self.error: Exception | None = None

    async def next(self) -> Item | None:
        """Return the next item; None at the end, after an error of the source, and after `stop`."""
        if self._has_ended:
            return None
        try:
            element = await (self._next_in_turn() if self._may_suspend else anext(self._elements))
        except StopAsyncIteration:
            self._has_ended = True
            return None
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            # The source awaited a task of its own that was cancelled. The outcomes so far must not end with it.
            self._has_ended, self.error = True, RuntimeError("the source was cancelled")
            return None
        except Exception as error:  # the source is user code, and may raise anything
            self._has_ended, self.error = True, error
            return None
        self._count += 1
        return Item(self._count - 1, element)

    def stop(self) -> None:
        """Pull no more items, and stop waiting for one."""
        self._has_ended = True
        if self._wait is not None:
            self._wait.cancel()

    async def aclose(self) -> None:
        """Close the source's iterator, if it can be closed."""
        if close := getattr(self._elements, "aclose", None):
            await close()

    async def _next_in_turn(self) -> object:
        async with self._turn:
            if not self._has_ended:  # `stop` may have been called while this task waited for its turn
                with anyio.CancelScope() as self._wait:
                    return await anext(self._elements)
        raise StopAsyncIteration


def _is_cancelled() -> bool:
    """Return whether the running task is asked to end."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
