"""The one cattrs converter: from the vendor's JSON to models and back. Pure, and never at a loss.

Whoever reads here has paid for the answer, so nothing raises: a value that does not fit its declared type is
left in the document's `extra`, an object where a list belongs is a list of one, numbers in strings are numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from .models.fields import EMPTY, PAPERS, Box, Document, Field, Image, Paper, Unknown
from .models.general import NESTED
from .models.recognized import Recognized

Wire = dict[str, Any]
Read = Callable[[Wire], Any]
"""Takes what it understands out of a wire object, and returns it."""


def structure(data: Any, returns: Any) -> Any:
    """Decode an answer's data as the type that its endpoint declares."""
    return _converter.structure(data, returns)


def unstructure(data: Any) -> Any:
    """Turn decoded data into plain JSON values, for files and streams.

    A field becomes its parts, an image its base64 text; names are those of the models.
    """
    return _converter.unstructure(data)


def _text(raw: Any) -> str | None:
    if isinstance(raw, str):
        return raw
    return str(raw) if isinstance(raw, (int, float)) else None


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _integer(raw: Any) -> int | None:
    number = _number(raw)
    return int(number) if number is not None and number.is_integer() else None


def _boolean(raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    return {"true": True, "false": False}.get(raw.strip().lower()) if isinstance(raw, str) else None


def _box(raw: Any) -> Box | None:
    if isinstance(raw, Mapping):
        raw = [raw.get(side) for side in Box._fields]
    if not isinstance(raw, (list, tuple)) or len(raw) != 4:
        return None
    sides = [number for number in map(_number, raw) if number is not None]
    return Box(*(int(side) if side.is_integer() else side for side in sides)) if len(sides) == 4 else None


def _image(raw: Any) -> Image | None:
    return Image(raw) if isinstance(raw, str) and raw else None


_SCALARS: dict[Any, Callable[[Any], Any]] = {
    str | None: _text,
    float | None: _number,
    int | None: _integer,
    bool | None: _boolean,
    Box | None: _box,
    Image | None: _image,
}


def _take(wire: Wire, key: str, understand: Callable[[Any], Any]) -> Any:
    raw = wire.get(key)
    if raw is None:
        return wire.pop(key, None)
    value = understand(raw)
    if value is not None and not (isinstance(raw, dict) and len(raw) > len(Box._fields)):  # a box, and more than that
        del wire[key]
    return value


def _fold(name: str, declared: frozenset[str]) -> Read:
    """Read `name`, `name_confidence`, `name_box` and `name_id` as one field; a declared name is never a part."""
    confidence_key, box_key, page_key = f"{name}_confidence", f"{name}_box", f"{name}_id"
    own = {key: key not in declared for key in (confidence_key, box_key, page_key)}

    def read(wire: Wire) -> Field[str]:
        value = _take(wire, name, _text)
        confidence = _take(wire, confidence_key, _number) if own[confidence_key] else None
        box = _take(wire, box_key, _box) if own[box_key] else None
        page = _take(wire, page_key, _integer) if own[page_key] else None
        if value is None and confidence is None and box is None and page is None:
            return EMPTY
        return Field(value, confidence, box, page)

    return read


def wire_names(attribute: attrs.Attribute[Any]) -> tuple[str, ...]:
    """How the vendor spells a field: most often in one way, which is that of the model."""
    return tuple(attribute.metadata.get("wire", (attribute.name,)))


def _first_of(others: Mapping[str, Read], otherwise: Read) -> Read:
    """Read a field under the other spelling that is there."""
    return lambda wire: next((read for name, read in others.items() if name in wire), otherwise)(wire)


def _readers(cls: type[Document], converter: Converter) -> list[tuple[str, Read]]:
    """For each attribute of a document, how to read it off the wire."""
    attributes = [a for a in attrs.fields(attrs.resolve_types(cls)) if a.name not in ("extra", "info")]
    spellings = {a.name: wire_names(a) for a in attributes}
    declared = frozenset(name for names in spellings.values() for name in names)

    def reader(attribute: attrs.Attribute[Any]) -> Read:
        (name, *others), type_ = spellings[attribute.name], attribute.type
        if get_origin(type_) is Field:
            fold = _fold(name, declared)
            return _first_of({other: _fold(other, declared) for other in others}, fold) if others else fold
        if type_ in _SCALARS:
            understand = _SCALARS[type_]
            return lambda wire: _take(wire, name, understand)
        hook = converter.get_structure_hook(type_)
        return lambda wire: hook(wire.pop(name, None), type_)

    return [(attribute.name, reader(attribute)) for attribute in attributes]


def _document_hook(cls: type[Document], converter: Converter) -> Callable[[Any, Any], Document]:
    readers = _readers(cls, converter)

    def read(raw: Any, _: Any) -> Document:
        if not isinstance(raw, Mapping):
            return cls(extra={} if raw is None else {"value": raw})
        extra = dict(raw)
        values = {name: read(extra) for name, read in readers}
        return cls(**values, extra=dict(raw) if cls is Unknown else extra)

    return read


def _recognized_hook(cls: Any, converter: Converter) -> Callable[[Any, Any], Recognized[Any]]:
    readers = _readers(Recognized, converter)
    (declared,) = get_args(cls) or (Paper,)

    def read(raw: Any, _: Any) -> Recognized[Any]:
        wrapped = isinstance(raw, Mapping) and "info" in raw
        # An older chapter of the documents has the fields without a wrapping.
        extra: Wire = dict(raw) if wrapped else {}
        values = {name: read(extra) for name, read in readers}
        info = extra.pop("info", raw)
        kind = PAPERS.get(values["type"] or "", Unknown) if declared is Paper else declared
        return Recognized(**values, info=converter.structure(info, kind), extra=extra)

    return read


def _list_hook(cls: Any, converter: Converter) -> Callable[[Any, Any], list[Any]]:
    element: Any = NESTED.get(cls) or get_args(cls)[0]
    hook = converter.get_structure_hook(element)
    build = cls if cls in NESTED else list

    def read(raw: Any, _: Any) -> list[Any]:
        items = raw if isinstance(raw, list) else [] if raw is None else [raw]
        return build(hook(item, element) for item in items)

    return read


def _unstructure_hook(cls: Any, converter: Converter) -> Callable[[Any], Wire]:
    """Leave out `extra` where it is empty; write what a TypeVar stands for by its own class."""
    overrides: dict[str, Any] = {
        a.name: override(unstruct_hook=converter.unstructure)
        for a in attrs.fields(attrs.resolve_types(cls))
        if isinstance(a.type, TypeVar)
    }
    overrides["extra"] = override(omit_if_default=True, unstruct_hook=dict)  # it is plain JSON, however deep
    return make_dict_unstructure_fn(cls, converter, **overrides)


def _is_document(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Document)


def _is_list(cls: Any) -> bool:
    return cls in NESTED or get_origin(cls) is list


def _is_recognized(cls: Any) -> bool:
    return cls is Recognized or get_origin(cls) is Recognized


def _make_converter() -> Converter:
    converter = Converter()
    converter.register_structure_hook_factory(_is_document, _document_hook)
    converter.register_structure_hook_factory(_is_list, _list_hook)
    converter.register_structure_hook_factory(_is_recognized, _recognized_hook)
    converter.register_unstructure_hook_factory(_is_document, _unstructure_hook)
    converter.register_unstructure_hook(Image, lambda image: image.base64)
    converter.register_unstructure_hook(Box, list)
    converter.register_unstructure_hook_func(NESTED.__contains__, lambda level: [unstructure(part) for part in level])
    return converter


_converter = _make_converter()
