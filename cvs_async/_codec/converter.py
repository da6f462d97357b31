"""The cattrs converter between the vendor's JSON and models. Pure.

It never raises, because the answer was paid for: a value that does not fit its declared type stays in the document's
`extra`, an object in place of a list becomes a list of one, numbers in strings become numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from .._text.json import CUT, DEPTH
from ..models.fields import EMPTY, PAPERS, Box, Document, Field, Image, Paper, Unknown, class_of
from ..models.general import NESTED, Page
from ..models.tables import Row
from ..models.v1 import V1Paper, v1_papers
from . import scalars
from .untyped import type_from_fields

D = TypeVar("D", bound=Document)

Wire = dict[str, Any]
Read = Callable[[Wire], Any]
"""Function that removes the values it understands from a wire object and returns the result."""


def structure(data: Any, returns: Any) -> Any:
    """Decode an answer's data, or the whole answer for types built from it."""
    if isinstance(data, list) and len(data) == 1 and _is_document(returns):
        (data,) = data
    return _converter.structure(data, returns)


def unstructure(data: Any, *, compact: bool = False) -> Any:
    """Convert decoded data to plain JSON values, for files and streams.

    A field becomes an object of its parts, an image its base64 text; names are those of the models. Content nested too
    deeply is cut, see `_text.json.CUT`.

    Args:
        data: of a reply, or a part of it.
        compact: omit empty values in documents and fields.
    """
    converter = _compact_converter if compact else _converter
    try:
        return converter.unstructure(data)
    except RecursionError:
        return _unstructure_parts(data, DEPTH, converter)


def unstructure_with(data: Any, picture: Callable[[Image], Any]) -> Any:
    """Convert decoded data to plain JSON values, with a function that replaces each picture."""
    converter = _make_converter()
    converter.register_unstructure_hook(Image, picture)
    try:
        return converter.unstructure(data)
    except RecursionError:
        return _unstructure_parts(data, DEPTH, converter)


def _unstructure_parts(data: Any, depth: int, converter: Converter) -> Any:
    """Convert part by part, so that only deeply nested parts are affected by the limit."""
    if not isinstance(data, (dict, list)):
        return converter.unstructure(data)
    if not depth:
        return CUT
    if isinstance(data, dict):
        members = {}
        for name, part in data.items():
            members[name] = _unstructure_parts(part, depth - 1, converter)
        return members
    elements = []
    for part in data:
        elements.append(_unstructure_parts(part, depth - 1, converter))
    return elements


def wire_names(attribute: attrs.Attribute[Any]) -> tuple[str, ...]:
    """Return the wire names of a field: usually one, that of the model."""
    return tuple(attribute.metadata.get("wire", (attribute.name,)))


def declared_names(returns: type[Any] | None) -> frozenset[str]:
    """Return the wire names of the fields of an answer that is read as a whole; empty without a type."""
    cls: Any = get_args(returns)[0] if get_origin(returns) is list else returns
    cls = get_origin(cls) or cls
    if not _is_document(cls):
        return frozenset()
    fields = (attribute for attribute in attrs.fields(cls) if attribute.name != "extra")
    inside = () if cls.wire_inside is None else (cls.wire_inside,)
    return frozenset(name for attribute in fields for name in wire_names(attribute)).union(inside)


def _take_one(name: str, understand: scalars.Understand) -> Read:
    """Take a value; a value that is not understood, or has additional content, stays."""

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
    """Take the first understood value from any of its names."""
    takes = [_take_one(name, understand) for name in names]

    def take(wire: Wire) -> Any:
        return next((value for take in takes if (value := take(wire)) is not None), None)

    return takes[0] if len(takes) == 1 else take


def _fold(attribute: attrs.Attribute[Any], declared: frozenset[str]) -> Read:
    """Read `name`, `name_confidence`, `name_box` and `name_id` as one field; a declared name is never a part.

    Parts with other names are the attribute's ``beside``: of its confidence, and of its box.
    """
    names, (score, box_name) = wire_names(attribute), attribute.metadata.get("beside", ("", ""))
    text = scalars.lines if attribute.metadata.get("lines") else scalars.text
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
    """Read the common case of `_fold`: text, a float and a list, or nothing.

    This is half of the time for decoding an answer.
    """
    value_name, confidence_name, box_name, page_name = names

    def read_fast(wire: Wire) -> Field[str]:
        if page_name in wire:
            return read(wire)
        if value_name not in wire:
            return EMPTY if confidence_name not in wire and box_name not in wire else read(wire)
        value, confidence, raw = wire[value_name], wire.get(confidence_name), wire.get(box_name)
        if type(value) is str and type(confidence) is float and type(raw) is list and 0.0 <= confidence <= 1.0:
            box = scalars.box(raw)
            if box is not None:
                del wire[value_name], wire[confidence_name], wire[box_name]
                return Field(value, confidence, box)
        return read(wire)

    return read_fast


def _reader(attribute: attrs.Attribute[Any], declared: frozenset[str], converter: Converter) -> Read:
    names, type_ = wire_names(attribute), attribute.type
    if get_origin(type_) is Field:
        return _fold(attribute, declared)
    understand = scalars.understanding(type_)
    if understand is None:
        hook = converter.get_structure_hook(type_)
        if "texts" in attribute.metadata:
            return _take_part(names, lambda raw, _: hook(_as_cells(raw), type_), type_)
        return _take_part(names, hook, type_)
    if get_origin(type_) is list:
        take = _take(names, understand)
        return lambda wire: take(wire) or []
    if "none" in attribute.metadata:
        return _or_none(names[0], attribute.metadata["none"], understand)
    return _take(names, understand)


def _take_part(names: tuple[str, ...], hook: Callable[[Any, Any], Any], type_: Any) -> Read:
    """Take a document, or a list of them, from under the first of its spellings that has one."""
    first = names[0]
    if len(names) == 1:
        return lambda wire: hook(wire.pop(first, None), type_)

    def take(wire: Wire) -> Any:
        sent = next((name for name in names if wire.get(name) is not None), first)
        return hook(wire.pop(sent, None), type_)

    return take


def _as_cells(raw: Any) -> Any:
    """Write the bare texts of an older table as cells."""
    if isinstance(raw, list):
        return [_as_cells(each) for each in raw]
    return {"value": raw} if isinstance(raw, str | int | float) else raw


def _or_none(name: str, none: Any, understand: scalars.Understand) -> Read:
    """Read a value for which the vendor has a word that means None."""
    take = _take((name,), understand)

    def read(wire: Wire) -> Any:
        value = take(wire)
        return None if value == none else value

    return read


def _readers(cls: type[Document], converter: Converter) -> list[tuple[str, Read]]:
    """Return a reader for each attribute of a document; `extra` is the remainder."""
    attributes = [a for a in attrs.fields(attrs.resolve_types(cls)) if a.name != "extra" and "kinds" not in a.metadata]
    declared = frozenset(name for attribute in attributes for name in wire_names(attribute))
    return [(attribute.name, _reader(attribute, declared, converter)) for attribute in attributes]


def _open(cls: type[Document], raw: Mapping[str, Any]) -> Wire:
    """Return the object that a document is read from, without the envelope around it and the wrapping inside it."""
    wire = {name: value for name, value in raw.items() if name not in cls.wire_envelope}
    inside = cls.wire_inside
    if inside is not None and isinstance(wrapped := wire.get(inside), Mapping):
        in_both = {name: value for name, value in wrapped.items() if name in wire}
        wire = {**wrapped, **wire, inside: in_both}
        if not in_both:
            del wire[inside]
    return wire


def _document_hook(cls: type[Document], converter: Converter) -> Callable[[Any, Any], Document]:
    readers = _readers(cls, converter)
    opened = bool(cls.wire_envelope or cls.wire_inside)

    def read(raw: Any, _: Any) -> Document:
        if not isinstance(raw, Mapping):
            return cls(extra={} if raw is None else {"value": raw})
        extra = _open(cls, raw) if opened else dict(raw)
        values = {name: read(extra) for name, read in readers}
        return cls(**values, extra=dict(raw) if cls is Unknown else extra)

    return read


def _typed_hook(cls: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Read a document whose `type` determines the class of its `info`."""
    origin: type[Document] = get_origin(cls) or cls
    (declared,) = get_args(cls) or (Paper,)
    readers = _readers(origin, converter)
    read_pages = dict(readers).get("pages")  # most answers have none, and are read often
    readers = [(name, read) for name, read in readers if name != "pages"]
    info_attribute = attrs.fields_dict(origin)["info"]
    kinds = info_attribute.metadata["kinds"]
    # An invoice's own ``info_goods`` is not another name of the `info` around it.
    names = [name for name in wire_names(info_attribute) if name not in attrs.fields_dict(declared)]

    def read(raw: Any, _: Any) -> Any:
        if isinstance(raw, list) and len(raw) == 1:
            (raw,) = raw
        extra = _open(origin, raw) if isinstance(raw, Mapping) else {}
        sent = [name for name in names if name in extra]
        if sent:
            info = extra.pop(next((name for name in sent if extra[name] is not None), sent[0]))
        elif origin.wire_envelope and extra:
            info = None
        else:  # an older chapter of the documents has the fields without wrapping
            info, extra = raw, {}
        values = {name: read(extra) for name, read in readers}
        if kinds is PAPERS and declared is Paper:
            values["type"] = type_from_fields(values["type"], info)
        kind = class_of(values["type"], kinds, declared)
        paper = converter.structure(info, kind)
        if read_pages is not None and "pages" in extra:
            values["pages"] = pages = read_pages(extra)
            if len(pages) == 1:
                paper = _on_page(paper, pages[0])
        return origin(**values, info=paper, extra=extra)  # type: ignore[call-arg]

    return read


def _as_list(raw: Any) -> list[Any]:
    if isinstance(raw, list):
        return raw
    return [] if raw is None else [raw]


def _on_page(document: D, page: int) -> D:
    """Say on which page the fields of a document stand that do not say it themselves."""
    placed: dict[str, Any] = {}
    for attribute in attrs.fields(type(document)):
        value = getattr(document, attribute.name)
        if isinstance(value, Field) and value is not EMPTY and value.page is None:
            placed[attribute.name] = Field(value.value, value.confidence, value.box, page)
        elif isinstance(value, list) and value and all(isinstance(each, Document) for each in value):
            placed[attribute.name] = [_on_page(each, page) for each in value]
    return attrs.evolve(document, **placed) if placed else document


def _row_hook(cls: type[Row], converter: Converter) -> Callable[[Any, Any], Row]:
    """Read a list as the columns declared by a row."""
    attributes = [a for a in attrs.fields(attrs.resolve_types(cls)) if a.name != "extra"]
    columns = [(a.name, a.type, converter.get_structure_hook(a.type)) for a in attributes]

    def read(raw: Any, _: Any) -> Row:
        cells = _as_list(raw)
        values: dict[str, Any] = {
            name: hook(cell, type_) for (name, type_, hook), cell in zip(columns, cells, strict=False)
        }
        return cls(**values, extra={str(place): cells[place] for place in range(len(columns), len(cells))})

    return read


def _list_hook(cls: Any, converter: Converter) -> Callable[[Any, Any], list[Any]]:
    element: Any = NESTED.get(cls) or get_args(cls)[0]
    hook = converter.get_structure_hook(element)
    build = cls if cls in NESTED else list

    def read(raw: Any, _: Any) -> list[Any]:
        if cls is Page and isinstance(raw, Mapping) and "result" in raw:  # with its picture
            extra = dict(raw)
            blocks, image = extra.pop("result", None), _take_one("image", scalars.image)(extra)
            return Page(read(blocks, cls), image=image, extra=extra)
        if element is V1Paper:
            raw = v1_papers(raw)
        return build(hook(item, element) for item in _as_list(raw))

    return read


def _unstructure_hook(cls: Any, converter: Converter) -> Callable[[Any], Wire]:
    """Omit an empty `extra`; convert a paper by its own class rather than the declared one."""
    origin = get_origin(cls) or cls
    overrides: dict[str, Any] = {
        a.name: override(unstruct_hook=converter.unstructure) for a in attrs.fields(origin) if "kinds" in a.metadata
    }
    overrides["extra"] = override(omit_if_default=True, unstruct_hook=dict)  # it is plain JSON of any depth
    omit = converter.omit_if_default
    return make_dict_unstructure_fn(attrs.resolve_types(origin), converter, _cattrs_omit_if_default=omit, **overrides)


def _unstructure_level(level: list[Any], converter: Converter) -> Any:
    """Write a level of text as a list; a page with a picture, as the service does, as an object."""
    parts = [converter.unstructure(part) for part in level]
    if not isinstance(level, Page) or (level.image is None and not level.extra):
        return parts
    image = {} if level.image is None else {"image": converter.unstructure(level.image)}
    return {**dict(level.extra), **image, "result": parts}


def _is_document(cls: Any) -> bool:
    origin = get_origin(cls) or cls
    return isinstance(origin, type) and issubclass(origin, Document)


def _is_typed(cls: Any) -> bool:
    return _is_document(cls) and any("kinds" in a.metadata for a in attrs.fields(get_origin(cls) or cls))


def _is_row(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Row)


def _is_list(cls: Any) -> bool:
    return cls in NESTED or get_origin(cls) is list


def _make_converter(*, compact: bool = False) -> Converter:
    converter = Converter(omit_if_default=compact)
    # The last registered one is tried first.
    converter.register_structure_hook_factory(_is_document, _document_hook)
    converter.register_structure_hook_factory(_is_typed, _typed_hook)
    converter.register_structure_hook_factory(_is_row, _row_hook)
    converter.register_structure_hook_factory(_is_list, _list_hook)
    converter.register_unstructure_hook_factory(_is_document, _unstructure_hook)
    converter.register_unstructure_hook(Image, lambda image: image.base64)
    converter.register_unstructure_hook(Box, list)
    converter.register_unstructure_hook_func(NESTED.__contains__, lambda level: _unstructure_level(level, converter))
    return converter


_converter = _make_converter()
_compact_converter = _make_converter(compact=True)
