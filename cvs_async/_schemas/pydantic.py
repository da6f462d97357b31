"""Schemas of the models for pydantic: validation, serialisation by `to_dict`, and JSON Schema.

It is imported only by the hooks that pydantic calls, because pydantic is optional.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import attrs
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema, to_jsonable_python

from .._codec.converter import unstructure
from .._codec.reply import Reply
from .._text.json import json_values, plain
from ..batch.outcome import Done, Failed, Held, Reason, Recorded
from ..errors import Charge
from ..models.catalogue_sources import meanings
from ..models.dictionaries import InPydantic
from ..models.fields import Box, Document, Image, Paper, Unknown
from ..models.general import NESTED, Page
from ..models.recognized import Recognized
from .restoring import bound, refuse_another, restore, restore_reply

INPUT = "json_schema_input_schema"


def schema_of(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the pydantic schema of a class of the library, with or without arguments: ``Recognized[Invoice]``.

    Validation has two steps, because pydantic shows the input of the failed step in its error, and the input is a
    document. The first step never fails; the second one gets the value or the placeholder `_Refused`.
    """
    cls = get_origin(source) or source
    if get_args(source):
        source = _default(cls, source)
    # By default pydantic would give all `source` of one `cls`, such as Recognized[Invoice], the same reference.
    reference = f"{cls.__module__}.{_name(source)}:{id(cls):#x}"
    take = core_schema.no_info_plain_validator_function(
        _validate(cls, source), json_schema_input_schema=_documented(cls, source, handler)
    )
    return core_schema.chain_schema(
        [take, core_schema.no_info_plain_validator_function(_accepted)],
        serialization=core_schema.plain_serializer_function_ser_schema(_written),
        ref=reference,
    )


def json_schema_of(cls: type[Any], schema: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """Return the JSON Schema of a class. The descriptions in it are docstrings of the class and its fields."""
    found = handler(schema["steps"][0][INPUT])
    described = handler.resolve_ref_schema(found)
    described["title"] = schema["steps"][0]["function"]["function"].__name__
    described["description"] = _markdown((inspect.getdoc(cls) or "").partition("\n")[0])
    properties = described.get("properties", {})
    texts = meanings(cls) | _attributes_section(cls)
    for name, text in texts.items():
        if name in properties:
            properties[name]["description"] = _markdown(text)
    if properties and handler.mode == "serialization" and not issubclass(cls, Recorded):
        described["required"] = [name for name in properties if name not in ("extra", "unknown_attempts")]
    return found


# --- validation and serialisation


class _Refused(str):
    """Placeholder for a value that was refused."""

    reason: str

    def __new__(cls, value: Any, reason: str) -> _Refused:
        """Return a placeholder that shows only the class of the value."""
        refused = super().__new__(cls, f"<{type(value).__name__}>")
        refused.reason = reason
        return refused


def _accepted(value: Any) -> Any:
    if isinstance(value, _Refused):
        raise ValueError(value.reason)
    return value


def _validate(cls: type[Any], source: Any) -> Callable[[Any], Any]:
    take = _taking(cls, source)

    def validate(value: Any) -> Any:
        try:
            return take(value)
        except ValueError as error:
            return _Refused(value, str(error))

    validate.__name__ = validate.__qualname__ = _name(source)  # pydantic shows it as the title of errors
    return validate


def _taking(cls: type[Any], source: Any) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        if isinstance(value, cls):
            return _checked(value, source)
        if issubclass(cls, Recorded):
            raise ValueError("an outcome is not read back, because its item was an object of another program")
        if cls is Reply:
            return restore_reply(value, *get_args(source))
        if issubclass(cls, Document):
            refuse_another(value, cls)
        return restore(value, source, strict=True)

    return take


def _checked(value: Any, source: Any) -> Any:
    """Return an instance, with its data read as the type arguments of `source` if they are not the library's.

    Raises:
        ValueError: a paper in it has another class than the type arguments require.
    """
    kind: Any = next(iter(get_args(source)), Any)
    if kind is Any or isinstance(kind, TypeVar):
        return value
    if isinstance(value, Recognized) and not isinstance(value.info, kind):
        raise ValueError(f"info is a paper of class {type(value.info).__name__}, not {_name(kind)}")
    if isinstance(value, Reply):
        return _with(value, "data", _checked_data(value.data, kind))
    if isinstance(value, Done) and not value.purged:
        return _with(value, "reply", _checked(value.reply, Reply[kind]))
    return value


def _with(instance: Any, name: str, part: Any) -> Any:
    """Return an instance with a part replaced; the instance itself if it has this part already."""
    if getattr(instance, name) is part:
        return instance
    return attrs.evolve(instance, **{name: part})


def _checked_data(data: Any, kind: Any) -> Any:
    if not _is_ours(kind):
        return restore(data, kind, "data", strict=True)
    cls = get_origin(kind) or kind
    if not isinstance(data, cls):
        raise ValueError(f"data is of class {type(data).__name__}, not {cls.__name__}")
    if cls is list:
        for element in data:
            _checked_data(element, *get_args(kind))
    else:
        _checked(data, kind)
    return data


def _is_ours(kind: Any) -> bool:
    """Return whether a type is a class of the library, or a list of one."""
    cls = get_origin(kind) or kind
    if cls is list and get_args(kind):
        return _is_ours(*get_args(kind))
    return isinstance(cls, type) and issubclass(cls, InPydantic)


def _written(value: Any) -> Any:
    written = _to_dict(value)
    try:
        to_jsonable_python(written)
    except ValueError:  # nested too deeply for pydantic
        return plain(written)
    return written


def _to_dict(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return json_values(unstructure(value))  # a box or picture


# --- JSON Schema


def _default(cls: type[Any], source: Any) -> Any:
    """Return the class without its arguments if they are the defaults, so that it has one definition."""
    defaults = tuple(bound(each, {}) for each in cls.__parameters__)
    arguments = tuple(bound(each, {}) for each in get_args(source))
    if arguments == defaults:
        return cls
    return source


def _name(source: Any) -> str:
    """Return the name of a type with its arguments, such as ``Recognized[Invoice]``."""
    arguments = [_name(argument) for argument in get_args(source)]
    if get_origin(source) in (Union, UnionType):
        return " | ".join(arguments)
    name: str = getattr(get_origin(source) or source, "__name__", str(source))
    if not arguments:
        return name
    return f"{name}[{', '.join(arguments)}]"


def _documented(cls: type[Any], source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return the schema of the written form of a class."""
    if cls is Box:
        side = core_schema.float_schema()
        return core_schema.tuple_schema([side] * 4)
    if cls is Image:
        return core_schema.str_schema()
    if cls in NESTED:
        parts = core_schema.list_schema(handler.generate_schema(NESTED[cls]))
        if cls is Page:
            return core_schema.union_schema([parts, _pictured(parts)])
        return parts
    names = _names(cls, source)
    return core_schema.typed_dict_schema(
        {
            name: core_schema.typed_dict_field(handler.generate_schema(type_), required=required)
            for name, (type_, required) in names.items()
        }
    )


def _pictured(blocks: CoreSchema) -> CoreSchema:
    """Return the schema of a page with its picture."""
    return core_schema.typed_dict_schema(
        {
            "image": core_schema.typed_dict_field(core_schema.str_schema(), required=False),
            "result": core_schema.typed_dict_field(blocks),
        }
    )


def _names(cls: type[Any], source: Any) -> Mapping[str, tuple[Any, bool]]:
    """Return the type of each name, and whether it is required."""
    if cls is Reply:
        return _reply_types(source)
    if issubclass(cls, Recorded):
        return _outcome_types(cls, source)
    return dict(_types(cls, source))


def _types(cls: type[Any], source: Any) -> Iterator[tuple[str, tuple[Any, bool]]]:
    """Yield the type of each name, and whether it is required; `extra` last."""
    variables = dict(zip(getattr(cls, "__parameters__", ()), get_args(source), strict=False))
    attributes = attrs.fields(attrs.resolve_types(cls))
    for attribute in attributes:
        type_ = bound(attribute.type, variables)
        if "kinds" in attribute.metadata:
            type_ = _kinds(attribute.metadata["kinds"], type_)
        if attribute.name != "extra":
            yield attribute.name, (type_, attribute.default is attrs.NOTHING)
    if issubclass(cls, Document):
        yield "extra", (dict[str, Any], False)


def _kinds(kinds: Mapping[str, type[Paper]], declared: Any) -> Any:
    """Return the union of all classes that a paper may have if a class, or a union of classes, is declared."""
    found: list[Any] = [kind for kind in kinds.values() if issubclass(kind, declared)]
    if declared is Paper:
        found.append(Unknown)
    elif isinstance(declared, type):
        found.append(declared)
    return reduce(or_, found)


def _reply_types(source: Any) -> dict[str, tuple[Any, bool]]:
    (data,) = get_args(source) or (Any,)
    return {
        "operation": (str, True),
        "charge": (Charge, True),
        "attempts": (int, False),
        "unknown_attempts": (int, False),
        "elapsed": (float, False),
        "check_sum": (str | None, False),
        "data": (data, True),
    }


def _outcome_types(cls: type[Recorded], source: Any) -> dict[str, tuple[Any, bool]]:
    """Return the types of the members of an outcome, as in a line of a JSON Lines file."""
    statuses = {Done: Literal["done", "purged"], Failed: Literal["failed"], Held: Literal["held"]}
    head: dict[str, tuple[Any, bool]] = {
        "index": (int, True),
        "source": (str | list[str], True),
        "key": (str | None, True),
        "status": (statuses.get(cls, str), True),
        "id": (str, False),
    }
    how: dict[str, tuple[Any, bool]] = {"replayed": (bool, False), "deduplicated": (bool, False)}
    if cls is Done:
        return head | how | _reply_types(source) | {"data": (_reply_types(source)["data"][0], False)}
    failure: dict[str, tuple[Any, bool]] = {
        "operation": (str | None, True),
        "charge": (Charge, True),
        "attempts": (int, True),
        "error": (dict[str, Any], True),
        "raw": (Any, False),
    }
    if cls is Failed:
        return head | how | failure
    return head | {"reason": (Reason, True)} | failure


def _attributes_section(cls: type[Any]) -> dict[str, str]:
    """Return the entries of the ``Attributes`` section of a docstring."""
    found: dict[str, str] = {}
    name = ""
    for line in (inspect.getdoc(cls) or "").partition("\nAttributes:\n")[2].splitlines():
        if not line.strip():
            break
        if line.startswith("     "):
            found[name] += f" {line.strip()}"
        else:
            name, _, text = line.strip().partition(": ")
            found[name] = text
    return found


def _markdown(text: str) -> str:
    return text.replace("``", "`").replace("\n", " ")
