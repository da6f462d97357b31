"""Base of sinks that write files with blocking calls."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import anyio
import anyio.to_thread

from ..outcome import Outcome


class InThread(ABC):
    """Base of sinks that work in a thread, one outcome at a time. A write that has begun is completed.

    Raises:
        InvalidInputError: on entering, if the target exists, or cannot be made.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()  # a thread goes on after its task was cancelled, so two may meet here
        self._entered = False

    async def __aenter__(self) -> Self:
        await self._in_thread(self._open)
        self._entered = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._entered = False
        try:
            await self._in_thread(self._close, error is None)
        except OSError:
            if error is None:
                raise

    async def write(self, outcome: Outcome[Any] | Mapping[str, Any]) -> None:
        """Add one outcome, or its record, see `outcome_to_dict`.

        Raises:
            OSError: it cannot be written; earlier outcomes stay in the file.
        """
        if not self._entered:
            raise RuntimeError(f"write inside of: async with {type(self).__name__}(...) as sink")
        await self._in_thread(self._put, outcome)

    def write_all(self, outcomes: Iterable[Any]) -> None:
        """Write a whole file with these outcomes. Blocks.

        Raises:
            InvalidInputError: the target exists, or cannot be made.
            OSError: it cannot be written.
        """
        self._open()
        try:
            for outcome in outcomes:
                self._put(outcome)
        except BaseException:
            with suppress(OSError):
                self._close(False)
            raise
        self._close(True)

    async def _in_thread(self, work: Callable[..., None], *arguments: object) -> None:
        def take_turn() -> None:
            with self._turn:
                work(*arguments)

        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(take_turn)

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _put(self, outcome: Outcome[Any]) -> None: ...

    @abstractmethod
    def _close(self, all_is_well: bool) -> None: ...
