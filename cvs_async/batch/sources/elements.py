"""From an element of a source to the inputs and keywords of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..._codec.endpoint import Arguments, Endpoint
from ..._codec.inputs import is_url
from ...errors import InvalidInputError
from .manifests import ONLY_INPUT, Entry

HASHED_AT_ONCE = 1 << 14
"""Bytes that are hashed on the event loop."""


def are_at_hand(inputs: Mapping[str, object]) -> bool:
    """Return whether opening and hashing the inputs takes less time than handing them to a thread."""
    return all(
        is_url(value) or (isinstance(value, bytes) and len(value) <= HASHED_AT_ONCE) for value in inputs.values()
    )


def inputs_of(endpoint: Endpoint[Any], entry: Entry) -> list[tuple[str, object]]:
    """Return name and value of each input of an entry, in the order of the operation."""
    names = {name: name for name in endpoint.images}
    if len(names) == 1:
        names |= dict.fromkeys(ONLY_INPUT, endpoint.images[0])
    inputs = [(names[name], value) for name, value in entry.values.items() if name in names]
    return sorted(inputs, key=lambda pair: endpoint.images.index(pair[0]))


def apart(
    endpoint: Endpoint[Any], index: int, element: object, options: Arguments
) -> tuple[Mapping[str, object], Arguments]:
    """Return the inputs and the keywords of an element's call. Without keywords of its own, these are `options` itself.

    Raises:
        InvalidInputError: the element has too few, too many or unusable inputs, or unknown keywords.
    """
    names = endpoint.images
    if isinstance(element, Entry):
        return _entry_apart(endpoint, element, options)
    elements = element if isinstance(element, tuple) else (element,)
    if len(elements) != len(names):
        raise InvalidInputError(
            f"{endpoint.name}: item {index} has {len(elements)} inputs, not {len(names)} ({', '.join(names)})",
            operation=endpoint.name,
        )
    return dict(zip(names, elements, strict=True)), options


def _entry_apart(endpoint: Endpoint[Any], entry: Entry, options: Arguments) -> tuple[Mapping[str, object], Arguments]:
    def unusable(why: str) -> InvalidInputError:
        return InvalidInputError(f"{endpoint.name}: {entry.origin}: {why}", operation=endpoint.name)

    if entry.problem is not None:
        raise unusable(entry.problem)
    given = inputs_of(endpoint, entry)
    inputs = dict(given)
    if len(inputs) < len(given):
        raise unusable("gives one input twice, under two names")
    if missing := [name for name in endpoint.images if name not in inputs]:
        raise unusable(f"has no {', '.join(missing)}")
    alone = len(endpoint.images) == 1
    own = {name: value for name, value in entry.values.items() if name not in endpoint.images}
    keywords = {name: value for name, value in own.items() if not (alone and name in ONLY_INPUT)}
    endpoint.check_options(keywords)  # before they meet the parameters of functions, such as self
    if not keywords:
        return inputs, options
    return inputs, cast(Arguments, {**options, **keywords})
