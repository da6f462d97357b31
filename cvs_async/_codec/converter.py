"""Conversion between the vendor's JSON and the models, with cattrs. Pure.

Decoding never raises, because the answer was paid for: a value of the wrong type stays in the document's `extra`, an
object where a list is expected becomes a list of one, numeric strings become numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from .._text.json import CUT, DEPTH
from ..models.fields import EMPTY, Box, Document, Field, Image, Paper, Unknown, class_of
from ..models.general import NESTED, Page
from ..models.recognized import Recognized
from ..models.tables import Row
from ..models.v1 import V1Paper, v1_papers
from . import scalars
from .readers import Read, Wire, reader, take_one, wire_names
from .untyped import lacks_type, with_types

D = TypeVar("D", bound=Document)


_LIST: Any = type(list[Any])
"""Type of ``list[…]``, which is found faster than whether it is a document."""


def structure(data: Any, returns: Any, operation: str = "") -> Any:
    """Convert an answer's data to the declared type.

    Args:
        data: the data; for types with an envelope, the whole answer.
        returns: the declared type.
        operation: the operation that answered, which determines the types that papers without a type may have.
    """
    if type(returns) is not _LIST and isinstance(data, list) and len(data) == 1 and _is_document(returns):
        (data,) = data
    if lacks_type(data) and _is_of_papers(returns):
        data = with_types(data, operation)
    return _converter.structure(data, returns)


def _is_of_papers(returns: Any) -> bool:
    element = returns
    if get_origin(returns) is list:
        (element,) = get_args(returns)
    return (get_origin(element) or element) is Recognized


def unstructure(data: Any, *, compact: bool = False) -> Any:
    """Convert decoded data to plain JSON values under the models' names.

    A field becomes an object of its parts, an image its base64 text. Content nested too deeply is replaced by
    `_text.json.CUT`.

    Args:
        data: a reply's data, or a part of it.
        compact: omit empty values in documents and fields.
    """
    return _unstructure(data, _compact_converter if compact else _converter)


def unstructure_with(data: Any, picture: Callable[[Image], Any]) -> Any:
    """Convert decoded data to plain JSON values, and each picture with the given function."""
    converter = _make_converter()
    converter.register_unstructure_hook(Image, picture)
    return _unstructure(data, converter)


def _unstructure(data: Any, converter: Converter) -> Any:
    try:
        return converter.unstructure(data)
    except RecursionError:
        return _unstructure_parts(data, DEPTH, converter)


def _unstructure_parts(data: Any, depth: int, converter: Converter) -> Any:
    """Convert level by level, so that only the parts below the maximum depth are cut."""
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


def declared_names(returns: type[Any] | None) -> frozenset[str]:
    """Return the wire names of the fields of a document, or of the documents in a list; empty for other types."""
    cls: Any = returns
    if get_origin(returns) is list:
        (cls,) = get_args(returns)
    cls = get_origin(cls) or cls
    if not _is_document(cls):
        return frozenset()
    names = {name for attribute in attrs.fields(cls) if attribute.name != "extra" for name in wire_names(attribute)}
    if cls.wire_inside is not None:
        names.add(cls.wire_inside)
    return frozenset(names)


def _readers(cls: type[Document], converter: Converter) -> list[tuple[str, Read]]:
    """Return a reader for each attribute of a document, except for `extra` and for a paper whose class varies."""
    attributes = [a for a in attrs.fields(attrs.resolve_types(cls)) if a.name != "extra" and "kinds" not in a.metadata]
    declared = frozenset(name for attribute in attributes for name in wire_names(attribute))
    return [(attribute.name, reader(attribute, declared, converter)) for attribute in attributes]


def _open(cls: type[Document], raw: Mapping[str, Any]) -> Wire:
    """Return a copy of a document's object, without its envelope and with its wrapped fields unwrapped."""
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
        if raw is None:
            return cls()
        if not isinstance(raw, Mapping):
            return cls(extra={"value": raw})
        extra = dict(raw)
        if opened:
            extra = _open(cls, raw)
        values = {name: read(extra) for name, read in readers}
        if cls is Unknown:
            extra = dict(raw)
        return cls(**values, extra=extra)

    return read


def _typed_hook(cls: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Read a document whose `type` determines the class of its `info`.

    1. `info` is there, under one of its names: it is read as the paper.
    2. It is not there, but other parts are, in a document with an envelope: the paper is empty.
    3. Else the fields of the paper are not wrapped, as an older chapter documents it.
    """
    origin: type[Document] = get_origin(cls) or cls
    (declared,) = get_args(cls) or (Paper,)
    readers = _readers(origin, converter)
    read_pages = dict(readers).get("pages")  # read only if present: most answers do not have it
    readers = [(name, read) for name, read in readers if name != "pages"]
    info_attribute = attrs.fields_dict(origin)["info"]
    kinds = info_attribute.metadata["kinds"]
    # A field of the paper itself, such as an invoice's ``info_goods``, is not a name of `info`.
    names = [name for name in wire_names(info_attribute) if name not in attrs.fields_dict(declared)]

    def read(raw: Any, _: Any) -> Any:
        if isinstance(raw, list) and len(raw) == 1:
            (raw,) = raw
        extra: Wire = {}
        if isinstance(raw, Mapping):
            extra = _open(origin, raw)
        sent = [name for name in names if name in extra]
        if sent:
            info = extra.pop(next((name for name in sent if extra[name] is not None), sent[0]))
        elif origin.wire_envelope and extra:
            info = None
        else:
            info, extra = raw, {}
        values = {name: read(extra) for name, read in readers}
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
    if raw is None:
        return []
    return [raw]


def _on_page(document: D, page: int) -> D:
    """Return a document with `page` set in those of its fields that have no page."""
    placed: dict[str, Any] = {}
    for attribute in attrs.fields(type(document)):
        value = getattr(document, attribute.name)
        if isinstance(value, Field) and value is not EMPTY and value.page is None:
            placed[attribute.name] = Field(value.value, value.confidence, value.box, page)
        elif isinstance(value, list) and value and all(isinstance(each, Document) for each in value):
            placed[attribute.name] = [_on_page(each, page) for each in value]
    if not placed:
        return document
    return attrs.evolve(document, **placed)


def _row_hook(cls: type[Row], converter: Converter) -> Callable[[Any, Any], Row]:
    """Read a list as the named columns of a row."""
    attributes = [a for a in attrs.fields(attrs.resolve_types(cls)) if a.name != "extra"]
    columns = [(a.name, a.type, converter.get_structure_hook(a.type)) for a in attributes]

    def read(raw: Any, _: Any) -> Row:
        cells = _as_list(raw)
        values: dict[str, Any] = {
            name: hook(cell, type_) for (name, type_, hook), cell in zip(columns, cells, strict=False)
        }
        return cls(**values, extra={str(place): cells[place] for place in range(len(columns), len(cells))})

    return read


def _as_tables(raw: Any) -> list[Any]:
    """Return a list of tables, for which rows may come if there is only one table, and cells if it has one row."""
    tables = _as_list(raw)
    if tables and all(isinstance(each, Mapping) for each in tables):
        return [[tables]]
    rows = [each for each in tables if isinstance(each, list)]
    cells = [cell for row in rows for cell in row]
    if len(rows) == len(tables) and cells and all(isinstance(cell, Mapping) for cell in cells):
        return [tables]
    return tables


def _list_hook(cls: Any, converter: Converter) -> Callable[[Any, Any], list[Any]]:
    element: Any = NESTED.get(cls) or get_args(cls)[0]
    hook = converter.get_structure_hook(element)
    build: Callable[[Iterator[Any]], list[Any]] = list
    if cls in NESTED:
        build = cls
    as_list = _as_list
    if get_origin(element) is list and _is_row(get_args(element)[0]):
        as_list = _as_tables

    def read(raw: Any, _: Any) -> list[Any]:
        if cls is Page and isinstance(raw, Mapping) and "result" in raw:  # a page with its picture
            extra = dict(raw)
            blocks, image = extra.pop("result", None), take_one("image", scalars.image)(extra)
            return Page(read(blocks, cls), image=image, extra=extra)
        if element is V1Paper:
            raw = v1_papers(raw)
        return build(hook(item, element) for item in as_list(raw))

    return read


def _unstructure_hook(cls: Any, converter: Converter) -> Callable[[Any], Wire]:
    """Return a function that omits an empty `extra` and converts a paper by its actual class, not the declared one."""
    origin = get_origin(cls) or cls
    overrides: dict[str, Any] = {
        a.name: override(unstruct_hook=converter.unstructure) for a in attrs.fields(origin) if "kinds" in a.metadata
    }
    overrides["extra"] = override(omit_if_default=True, unstruct_hook=dict)  # plain JSON already
    omit = converter.omit_if_default
    return make_dict_unstructure_fn(attrs.resolve_types(origin), converter, _cattrs_omit_if_default=omit, **overrides)


def _unstructure_level(level: list[Any], converter: Converter) -> Any:
    """Return a page, block or line as a list; a page with a picture or `extra` as an object, as the service does."""
    parts = [converter.unstructure(part) for part in level]
    if not isinstance(level, Page) or (level.image is None and not level.extra):
        return parts
    members = dict(level.extra)
    if level.image is not None:
        members["image"] = converter.unstructure(level.image)
    return {**members, "result": parts}


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
    # cattrs tries the last registered hook first.
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
