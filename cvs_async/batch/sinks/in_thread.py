"""Sinks that block: they work in a thread."""

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
    """Base of sinks that work in a thread, one outcome at a time. What it begins to write it writes whole.

    Raises:
        InvalidInputError: on entering, if there is something already, or nothing can be made.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()  # of threads: one that was left by a cancelled task goes on to its end
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
            OSError: if it cannot be written; what was written before stays as it is.
        """
        if not self._entered:
            raise RuntimeError(f"write inside of: async with {type(self).__name__}(...) as sink")
        await self._in_thread(self._put, outcome)

    def write_all(self, outcomes: Iterable[Any]) -> None:
        """Make the file of outcomes that are there already. Blocks.

        Raises:
            InvalidInputError: if there is something already, or nothing can be made.
            OSError: if it cannot be written.
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
