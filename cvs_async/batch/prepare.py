"""Prepares the elements of a source for sending: checks the call, opens the inputs, computes the key."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from attrs import evolve, field, frozen

from .._calls.call import Caller, PreparedCall, prepare
from .._codec.endpoint import Arguments, Endpoint
from .._codec.inputs import Part, Url, open_inputs
from .._system.threads import NoAnswerError
from ..errors import TimeoutError
from .keys import key_of, place_of, question_of
from .outcome import Item, name_of
from .sources.elements import apart, are_at_hand, inputs_of
from .sources.entries import Entry
from .worker_threads import WorkerThreads

T = TypeVar("T")
R = TypeVar("R")


@frozen
class PreparedItem(Generic[T]):
    """An item that is ready to be sent.

    Attributes:
        item: with its key.
        key: of content, operation and parameters.
        parts: the opened inputs.
        call: the checked call. Its check_sum is the beginning of the key, unless the user gave another one.
    """

    item: Item
    key: str
    parts: Mapping[str, Url | Part] = field(repr=False)
    call: PreparedCall[T]


class Preparer(Generic[T]):
    """Prepares the items of a batch.

    Args:
        call: the client's.
        endpoint: the operation.
        options: keywords of every call.
        threads: that open files.
        dedupe: whether items with the same content and parameters get the same key.
    """

    def __init__(
        self, call: Caller, endpoint: Endpoint[T], options: Arguments, threads: WorkerThreads, *, dedupe: bool
    ) -> None:
        self._timeout = call.config.timeout
        self._options = options
        self._threads = threads
        self._dedupe = dedupe
        self._place = place_of(endpoint)
        self._common_question: bytes | None = None
        self.endpoint = endpoint

    async def prepare(self, item: Item, element: object, *, hold: bool = False) -> PreparedItem[T]:
        """Check the call of an element, open its inputs, and hash them.

        Args:
            item: as its outcome will show it.
            element: of the source.
            hold: wait until a group of files can be opened together, because no call could start at once.

        Raises:
            InvalidInputError: the element cannot be sent.
            TimeoutError: its files could not be read within the timeout of the call.
            ConfigurationError: this process cannot open another file.
        """
        endpoint = self.endpoint
        inputs, options = apart(endpoint, item.index, element, self._options)
        call = prepare(endpoint, inputs, options, self._timeout)
        question = self._question(call, is_common=options is self._options)

        def opened() -> tuple[dict[str, Url | Part], str]:
            parts = open_inputs(endpoint, inputs, call.form) if call.form is not None else {}
            return parts, key_of(question, parts, copy=None if self._dedupe else item.index)

        if are_at_hand(inputs):
            parts, key = opened()
        else:
            parts, key = await self._in_thread(opened, item, hold=hold, seconds=call.timeout.total)
        keyed = Item(item.index, item.source, key=key, reference=item.reference)
        return PreparedItem(keyed, key, parts, call.with_check_sum(key[:16]))

    def _question(self, call: PreparedCall[T], *, is_common: bool) -> bytes:
        """Return operation and parameters as bytes. They are the same for all items without keywords of their own."""
        if is_common and self._common_question is not None:
            return self._common_question
        question = question_of(self.endpoint.name, call.options, place=self._place)
        if is_common:
            self._common_question = question
        return question

    async def _in_thread(self, work: Callable[[], R], item: Item, *, hold: bool, seconds: float | None) -> R:
        try:
            return await self._threads.run(work, hold=hold, seconds=seconds)
        except NoAnswerError as error:
            why = str(error)
        except builtins.TimeoutError:
            why = f"it could not be read within {seconds:g} seconds"
        name = self.endpoint.name
        raise TimeoutError(f"{name}: {name_of(item.source)}: {why}; nothing was sent", operation=name)


def named(endpoint: Endpoint[Any], item: Item) -> Item:
    """Return an item as its outcome shows it. Of an `Entry`, `source` is the inputs and `reference` the id."""
    entry = item.source
    if not isinstance(entry, Entry):
        return item
    inputs = tuple(value for _, value in inputs_of(endpoint, entry))
    source: object = inputs or entry.origin
    if len(inputs) == 1:
        [source] = inputs
    return evolve(item, source=source, reference=entry.reference)
