"""Restore models from the results of `to_dict`.

Unlike the converter of answers, which accepts what the service sends in any variation, this accepts only what `to_dict`
writes. Errors name the place of a wrong value and never contain the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
from typing_extensions import NoDefault

from .._codec import scalars
from .._codec.readers import as_cells, take_one
from .._codec.reply import Reply
from .._text.paths import below
from ..api import OPERATIONS
from ..errors import Charge
from ..models.dictionaries import InPydantic
from ..models.fields import Box, Document, Image, Paper, Unknown, class_of
from ..models.general import NESTED, Page
from ..models.tables import Table

Read = Callable[[Any, str], Any]
"""Function that builds a model from a plain value at a path."""


def restore(data: Any, type_: Any, path: str = "", *, strict: bool = False) -> Any:
    """Build a value of a type from plain values.

    Args:
        data: the plain values.
        type_: the type to build.
        path: path of the values, for errors.
        strict: refuse a paper whose `type` belongs to another class than the declared one. The service may send such a
            contradiction, which is accepted otherwise.

    Raises:
        ValueError: a value has the wrong type; the message names the place.
    """
    return _reader(type_, strict)(data, path)


def restore_reply(data: Any, returns: Any = None) -> Reply[Any]:
    """Build a reply from its `to_dict`, with data of the given type or else of the type that its operation returns.

    Raises:
        ValueError: it is not a reply, or a value has the wrong type; the message names the place.
    """
    if not isinstance(data, Mapping):
        raise _unfit("", "an object as Reply.to_dict writes it")
    if "operation" not in data or "data" not in data:
        if (status := data.get("status")) in ("failed", "held", "purged"):
            raise ValueError(f"an object of status {status} without operation and data is not a reply")
        raise ValueError("an object without operation and data is not a reply")
    operation = _text(data["operation"], "operation")
    if data.get("charge") not in get_args(Charge):
        raise _unfit("charge", f"one of {', '.join(get_args(Charge))}")
    answered: Any = None
    if operation in OPERATIONS:
        answered = OPERATIONS[operation].returns
    if returns in (None, Any):
        returns = answered
    restored = data["data"]
    if returns is not None:
        restored = restore(restored, returns, "data", strict=returns != answered)
    return Reply(
        operation=operation,
        data=restored,
        raw={},
        charge=data["charge"],
        attempts=_integer(data.get("attempts", 1), "attempts"),
        unknown_attempts=_integer(data.get("unknown_attempts", 0), "unknown_attempts"),
        elapsed=_float(data.get("elapsed", 0.0), "elapsed"),
        check_sum=_optional(_text)(data.get("check_sum"), "check_sum"),
    )


@cache
def _reader(type_: Any, strict: bool) -> Read:
    origin: Any = get_origin(type_) or type_
    arguments = get_args(type_)
    if type_ in _SCALARS:
        return _SCALARS[type_]
    if isinstance(origin, type) and issubclass(origin, InPydantic) and attrs.has(origin):
        read = _attributes_reader(origin, arguments, strict)
        if origin is Table:
            return lambda value, path: read(_with_rows(value), path)
        return read
    if origin in (Union, UnionType) and len(arguments) == 2 and type(None) in arguments:
        (inner,) = (each for each in arguments if each is not type(None))
        return _optional(_reader(inner, strict))
    if origin in NESTED:
        return _level_reader(origin, strict)
    if (origin is list and arguments) or (origin is tuple and arguments[1:] == (...,)):
        return _list_reader(_reader(arguments[0], strict), origin)
    if type_ is Any or isinstance(type_, TypeVar) or not strict:
        return lambda value, path: value
    from .foreign import foreign_reader  # imports pydantic

    return foreign_reader(type_)


def _level_reader(level: type[Any], strict: bool) -> Read:
    """Return a reader of pages, blocks or lines, which are lists; a page with a picture is an object."""
    read_list = _list_reader(_reader(NESTED[level], strict), level)
    if level is not Page:
        return read_list

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            return read_list(value, path)
        extra = dict(value)
        blocks = read_list(extra.pop("result", None), f"{path}.result")
        return Page(blocks, image=take_one("image", scalars.image)(extra), extra=extra)

    return read


# --- single values


def _of(description: str, *types: type) -> Read:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise _unfit(path, description)
        return value

    return read


_text, _boolean = _of("a text", str), _of("true or false", bool)


def _number(value: Any, path: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _unfit(path, "a number")
    try:
        if math.isfinite(value):
            return value
    except OverflowError:
        pass
    raise _unfit(path, "a finite number of at most 308 digits")


def _float(value: Any, path: str) -> float:
    return float(_number(value, path))


def _integer(value: Any, path: str) -> int:
    number = _number(value, path)
    if number != number // 1:
        raise _unfit(path, "a whole number")
    return int(number)


def _box(value: Any, path: str) -> Box:
    """Read a box. Its sides may be swapped, because some answers have such boxes."""
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise _unfit(path, "a list of four numbers")
    return Box(*(_number(side, below(path, place)) for place, side in enumerate(value)))


_SCALARS: dict[Any, Read] = {
    str: _text,
    bool: _boolean,
    float: _float,
    int: _integer,
    Box: _box,
    Image: lambda value, path: Image(_text(value, path)),
}


def _optional(read: Read) -> Read:
    def read_optional(value: Any, path: str) -> Any:
        if value is None:
            return None
        return read(value, path)

    return read_optional


# --- lists and objects


def _list_reader(read_element: Read, build: Callable[[Iterable[Any]], Any]) -> Read:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, (list, tuple)):
            raise _unfit(path, "a list")
        return build(read_element(part, below(path, place)) for place, part in enumerate(value))

    return read


def _attributes_reader(cls: type[Any], arguments: tuple[Any, ...], strict: bool) -> Read:
    """Return a reader of a class with attributes: a document or a field."""
    variables = dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=False))
    attributes = {attribute.name: attribute for attribute in attrs.fields(attrs.resolve_types(cls))}
    kinds: Mapping[str, type[Paper]] = {}
    for each in attributes.values():
        kinds = each.metadata.get("kinds", kinds)
    readers = {
        name: _reader(bound(each.type, variables), strict)
        for name, each in attributes.items()
        if name != "extra" and "kinds" not in each.metadata
    }
    declared = _declared_info(attributes, variables)
    is_document = issubclass(cls, Document)
    required = [each.name for each in attributes.values() if each.default is attrs.NOTHING]

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise _unfit(path, f"an object as {cls.__name__}.to_dict writes it")
        for name in required:
            if name not in value:
                raise _unfit(below(path, name), "there")
        values = {name: each(value[name], below(path, name)) for name, each in readers.items() if name in value}
        if kinds:
            kind: Any = _class(values.get("type"), kinds, declared, path, strict)
            if strict and kind is declared and kind is not Paper:
                refuse_another(value["info"], kind, below(path, "info"))
            values["info"] = _reader(kind, strict)(value["info"], below(path, "info"))
        unknown = {name: part for name, part in value.items() if name not in attributes}
        if is_document:
            return cls(**values, extra=unknown | _extra(value, path))
        if unknown:
            raise _unfit(path, f"an object with only the names {', '.join(attributes)}")
        return cls(**values)

    return read


def _with_rows(table: Any) -> Any:
    """Return a table with `rows`; former versions wrote the texts of its cells, as `info`."""
    if not isinstance(table, Mapping) or "rows" in table or "info" not in table:
        return table
    rows = table["info"]
    if isinstance(rows, list):
        rows = [[as_cells(text) or {} for text in row] if isinstance(row, list) else row for row in rows]
    others = {name: part for name, part in table.items() if name != "info"}
    return {**others, "rows": rows}


def _declared_info(attributes: Mapping[str, attrs.Attribute[Any]], variables: Mapping[Any, Any]) -> Any:
    """Return the declared type of a document's `info`; `Paper` without an `info`."""
    if "info" not in attributes:
        return Paper
    return bound(attributes["info"].type, variables)


def _class(name: str | None, kinds: Mapping[str, type[Paper]], declared: Any, path: str, strict: bool) -> type[Paper]:
    """Return the class of a paper by its type. If a union is declared, the class must be one of its members."""
    kind = kinds.get(name or "")
    if get_origin(declared) in (Union, UnionType):
        if kind is None or not issubclass(kind, declared):
            raise _unfit(below(path, "type"), "the type of any paper allowed here")
        return kind
    if strict and kind is not None and not (issubclass(kind, declared) or issubclass(declared, kind)):
        where = below(path, "type")
        raise ValueError(f"{where} belongs to a paper of class {kind.__name__}, not {declared.__name__}")
    return class_of(name, kinds, declared)


def refuse_another(value: Any, cls: type[Document], path: str = "") -> None:
    """Refuse a dictionary that another class than `cls` has written. There are two cases:

    1. It has names that `cls` lacks, and another class has all of its names.
    2. It has exactly the names of another class of papers.

    Names that no class has are accepted: a newer version may have written them.

    Raises:
        ValueError: naming the class that has written it.
    """
    if not isinstance(value, Mapping):
        return
    names, own = value.keys() - {"extra"}, _names(cls)
    if names == own:
        return
    for other in _subclasses(Document):
        theirs = _names(other)
        has_foreign_names = not names <= own and names <= theirs and not issubclass(other, cls)
        is_other_paper = names == theirs and issubclass(cls, Paper) and issubclass(other, Paper)
        if has_foreign_names or (is_other_paper and not issubclass(cls, other) and other is not Unknown):
            raise ValueError(f"{path or 'the value'} is written as of class {other.__name__}, not {cls.__name__}")


def _names(cls: type[Document]) -> frozenset[str]:
    return frozenset(attribute.name for attribute in attrs.fields(cls)) - {"extra"}


def _subclasses(cls: type[Document]) -> Iterator[type[Document]]:
    for each in cls.__subclasses__():
        yield each
        yield from _subclasses(each)


def bound(type_: Any, variables: Mapping[Any, Any]) -> Any:
    """Return a type with its variables replaced by the given types, or else by the default of the variable."""
    if isinstance(type_, TypeVar):
        default = getattr(type_, "__default__", NoDefault)
        if default is NoDefault:
            default = Any
        return variables.get(type_, default)
    parameters = getattr(type_, "__parameters__", ())
    if not parameters:
        return type_
    return type_[tuple(bound(each, variables) for each in parameters)]


def _extra(value: Mapping[str, Any], path: str) -> dict[str, Any]:
    extra = value.get("extra", {})
    if not isinstance(extra, Mapping):
        raise _unfit(below(path, "extra"), "an object")
    return dict(extra)


def _unfit(path: str, wanted: str) -> ValueError:
    return ValueError(f"{path or 'the value'} is not {wanted}")
