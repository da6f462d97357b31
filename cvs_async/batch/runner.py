"""The batch runner: a source in, a stream of outcomes out, never more than so many calls in flight."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from .._call import Caller
from .._dispatch import drop_frames
from .._endpoint import Arguments, Endpoint
from ..errors import CVSError, InvalidInputError, OutOfRequestsError
from .order import Window
from .outcome import Done, Failed, Held, Item, Outcome, Stats
from .sources import iterate

T = TypeVar("T")


class Batch(Generic[T]):
    """Many calls of one operation. Made by `AsyncCVS.batch`; used as ``async with … as outcomes``.

    Iterating gives the outcomes. Whoever takes them slowly slows the calls down: at most `concurrency` outcomes
    wait (with `ordered`, at most four times as many), whatever the length of the source. Leaving the ``async
    with`` early takes back what was not sent yet; what was sent is brought to its end by the client, which counts
    it in `AsyncCVS.stats`.

    Attributes:
        stats: the batch in numbers.
    """

    def __init__(
        self,
        call: Caller,
        endpoint: Endpoint[T],
        source: object,
        *,
        concurrency: int,
        ordered: bool,
        options: Arguments,
    ) -> None:
        endpoint.check_options(options)
        if concurrency < 1:
            raise InvalidInputError(f"concurrency must be at least 1, not {concurrency!r}")
        self._call = call
        self._endpoint = endpoint
        self._source = iterate(source)
        self._concurrency = concurrency
        self._options = options
        self._window = Window[Outcome[T]](4 * concurrency) if ordered else None
        self._pulling = anyio.Lock()
        self._pulled = 0
        self._source_ended = False
        self._source_wait = anyio.CancelScope()
        self._source_error: Exception | None = None
        self._tasks: TaskGroup | None = None
        self.stats = Stats(total=len(source) if isinstance(source, Sized) else None)

    async def __aenter__(self) -> Self:
        if self._tasks is not None:
            raise RuntimeError("a batch runs once; make a new one")
        self._outcomes: MemoryObjectReceiveStream[Outcome[T]]
        send, self._outcomes = anyio.create_memory_object_stream[Outcome[T]](0)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._run, send)
        self.stats.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._tasks is not None  # noqa: S101 - __aenter__ made it
        self._tasks.cancel_scope.cancel()
        try:
            # Without the error of the body, which is the caller's and must not come back in a group.
            await self._tasks.__aexit__(None, None, None)
        finally:
            self.stats.end()
            self._outcomes.close()
            if close := getattr(self._source, "aclose", None):
                await close()

    def stop(self) -> None:
        """Take up no more items. Those in flight are finished, and their outcomes still come."""
        self._source_ended = True
        self._source_wait.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome[T]:
        if self._tasks is None:
            raise RuntimeError("a batch starts with: async with cvs.batch(...) as outcomes")
        try:
            return await self._outcomes.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            if self._source_error is not None:
                raise self._source_error from None
            raise StopAsyncIteration from None

    async def _run(self, send: MemoryObjectSendStream[Outcome[T]]) -> None:
        async with send, anyio.create_task_group() as workers:
            for _ in range(self._concurrency):
                workers.start_soon(self._work, send)

    async def _work(self, send: MemoryObjectSendStream[Outcome[T]]) -> None:
        while (item := await self._pull()) is not None:
            outcome = await self._attempt(item)
            self.stats.count(outcome)
            if self._window is None:
                await send.send(outcome)
            else:
                await self._window.put(item.index, outcome, send.send)

    async def _pull(self) -> Item | None:
        """The next item; None at the end of the source. An error of the source ends it, and shows last."""
        async with self._pulling:
            if self._source_ended:
                return None
            if self._window is not None:
                await self._window.room()
            try:
                with anyio.CancelScope() as self._source_wait:  # `stop` cancels it
                    item = Item(self._pulled, await anext(self._source))
                    self._pulled += 1
                    return item
            except StopAsyncIteration:
                self._source_ended = True
            except Exception as error:  # the source is the user's code: whatever it raises is handed on
                self._source_ended, self._source_error = True, error
            return None

    async def _attempt(self, item: Item) -> Outcome[T]:
        self.stats.in_flight += 1
        try:
            return Done(item, await self._call(self._endpoint, self._inputs(item), **self._options))
        except CVSError as error:
            return _without_reply(item, error)
        finally:
            self.stats.in_flight -= 1

    def _inputs(self, item: Item) -> Mapping[str, object]:
        names = self._endpoint.images
        elements = item.source if isinstance(item.source, tuple) else (item.source,)
        if len(elements) != len(names):
            raise InvalidInputError(
                f"{self._endpoint.name}: item {item.index} has {len(elements)} inputs, not {len(names)}"
                f" ({', '.join(names)})",
                operation=self._endpoint.name,
            )
        return dict(zip(names, elements, strict=True))


def _without_reply(item: Item, error: CVSError) -> Failed | Held:
    drop_frames(error)
    if isinstance(error, OutOfRequestsError):
        return Held(item, "quota", error)
    return Held(item, "in_doubt", error) if error.charge == "unknown" else Failed(item, error)


def endpoint_of(operation: Any, call: Caller, operations: Mapping[str, Endpoint[Any]]) -> Endpoint[Any]:
    """The endpoint behind a coroutine function of the client.

    Raises:
        InvalidInputError: if it is none of this client.
    """
    if isinstance(operation, Endpoint):
        return operation
    family = getattr(operation, "__self__", None)
    name = f"{getattr(family, 'path', '')}.{getattr(operation, '__name__', '')}"
    if getattr(family, "_call", None) is not call or name not in operations:
        raise InvalidInputError("a batch calls an operation of its own client, such as cvs.ocr.card, or an Endpoint")
    return operations[name]
