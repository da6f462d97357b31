"""Readers: functions that convert the value of one attribute of a model from the wire object around it.

They accept what the service sends in any variation. Values that do not fit stay in the wire object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_origin

import attrs
from cattrs import Converter

from ..models.fields import EMPTY, Field
from . import scalars

Wire = dict[str, Any]
Read = Callable[[Wire], Any]
"""Function that converts some values of a wire object and removes them from it."""


def wire_names(attribute: attrs.Attribute[Any]) -> tuple[str, ...]:
    """Return the wire names of a field: usually one, that of the model."""
    return tuple(attribute.metadata.get("wire", (attribute.name,)))


def take_one(name: str, understand: scalars.Understand) -> Read:
    """Read one value. It also stays in the wire object if it does not fit or has content beyond the result."""

    def take(wire: Wire) -> Any:
        raw = wire.pop(name, None)
        if raw is None:
            return None
        value = understand(raw)
        if value is None or (type(raw) is dict and scalars.is_more(raw)):
            wire[name] = raw
        return value

    return take


def _take(names: tuple[str, ...], understand: scalars.Understand) -> Read:
    """Read the first value that fits, under any of its names."""
    takes = [take_one(name, understand) for name in names]
    if len(takes) == 1:
        return takes[0]

    def take(wire: Wire) -> Any:
        return next((value for take in takes if (value := take(wire)) is not None), None)

    return take


def _fold(attribute: attrs.Attribute[Any], declared: frozenset[str]) -> Read:
    """Read `name`, `name_confidence`, `name_box` and `name_id` as the parts of one field.

    A name that is itself a declared field is not a part of another one. The attribute's ``beside`` has additional
    names of confidence and box.
    """
    names, (score, box_name) = wire_names(attribute), attribute.metadata.get("beside", ("", ""))
    text = scalars.text
    if attribute.metadata.get("lines"):
        text = scalars.lines
    kinds = (("", text), ("_confidence", scalars.number), ("_box", scalars.box), ("_id", scalars.integer))
    spellings = [
        tuple(name + suffix for name in names if not suffix or name + suffix not in declared) for suffix, _ in kinds
    ]
    if score:
        spellings[1] += (score,)
        spellings[2] += (box_name,)
    take_value, take_confidence, take_box, take_page = (
        _take(spelled, understand) for spelled, (_, understand) in zip(spellings, kinds, strict=True)
    )

    def read(wire: Wire) -> Field[str]:
        value, confidence, box, page = take_value(wire), take_confidence(wire), take_box(wire), take_page(wire)
        if value is None and confidence is None and box is None and page is None:
            return EMPTY
        return Field(value, confidence, box, page)

    if text is scalars.text and all(len(spelled) == 1 for spelled in spellings):
        return _fold_fast([name for (name,) in spellings], read)
    return read


def _fold_fast(names: list[str], read: Callable[[Wire], Field[str]]) -> Read:
    """Read the common case of `_fold` fast: a text, a float and a list, or no part at all. Else use `read`.

    Decoding an answer spends half of its time here.
    """
    value_name, confidence_name, box_name, page_name = names

    def read_fast(wire: Wire) -> Field[str]:
        if page_name in wire:
            return read(wire)
        if value_name not in wire:
            if confidence_name not in wire and box_name not in wire:
                return EMPTY
            return read(wire)
        value, confidence, raw = wire[value_name], wire.get(confidence_name), wire.get(box_name)
        if type(value) is str and type(confidence) is float and type(raw) is list and 0.0 <= confidence <= 1.0:
            box = scalars.box(raw)
            if box is not None:
                del wire[value_name], wire[confidence_name], wire[box_name]
                return Field(value, confidence, box)
        return read(wire)

    return read_fast


def reader(attribute: attrs.Attribute[Any], declared: frozenset[str], converter: Converter) -> Read:
    names, type_ = wire_names(attribute), attribute.type
    if get_origin(type_) is Field:
        return _fold(attribute, declared)
    understand = scalars.understanding(type_)
    if understand is None:
        hook = converter.get_structure_hook(type_)
        if "texts" in attribute.metadata:
            return _take_part(names, lambda raw, _: hook(as_cells(raw), type_), type_)
        return _take_part(names, hook, type_)
    if get_origin(type_) is list:
        take = _take(names, understand)
        return lambda wire: take(wire) or []
    if "none" in attribute.metadata:
        return _or_none(names[0], attribute.metadata["none"], understand)
    return _take(names, understand)


def _take_part(names: tuple[str, ...], hook: Callable[[Any, Any], Any], type_: Any) -> Read:
    """Read a document or a list of documents from the first of its names that has content."""
    first = names[0]
    if len(names) == 1:
        return lambda wire: hook(wire.pop(first, None), type_)

    def take(wire: Wire) -> Any:
        sent = next((name for name in names if wire.get(name) not in (None, [])), first)
        for name in names:
            if name != sent and wire.get(name) in (None, []):
                wire.pop(name, None)
        return hook(wire.pop(sent, None), type_)

    return take


def as_cells(raw: Any) -> Any:
    """Convert the plain texts in an older table to the form of cells."""
    if isinstance(raw, list):
        return [as_cells(each) for each in raw]
    if isinstance(raw, str | int | float):
        return {"value": raw}
    return raw


def _or_none(name: str, none: Any, understand: scalars.Understand) -> Read:
    """Read a value, with None for the word that the vendor uses for it."""
    take = take_one(name, understand)

    def read(wire: Wire) -> Any:
        value = take(wire)
        if value == none:
            return None
        return value

    return read
