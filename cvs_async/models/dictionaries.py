"""Conversion of models to dictionaries of plain JSON values, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar, Self

import attrs

from .._text.hints import no_key
from .._text.json import dumps, json_values
from .._text.reveal import is_revealed


def pydantic_schema(cls: type[Any], source: Any, handler: Any) -> Any:
    """Return the pydantic schema of a class; pydantic calls it."""
    from .._schemas.pydantic import schema_of  # needs pydantic

    return schema_of(source, handler)


def pydantic_json_schema(cls: type[Any], schema: Any, handler: Any) -> Any:
    """Return the JSON Schema of a class; pydantic calls it."""
    from .._schemas.pydantic import json_schema_of  # needs pydantic

    return json_schema_of(cls, schema, handler)


class InPydantic:
    """Base of types that can be a field in pydantic, or an argument or result in FastAPI.

    Validation accepts an instance or the result of `to_dict`; serialisation is `to_dict`.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return the pydantic schema."""
        return pydantic_schema(cls, source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        """Return the JSON Schema."""
        return pydantic_json_schema(cls, schema, handler)


class DictConvertible:
    """Base of types without `to_dict` that `dict` can convert, for FastAPI's `jsonable_encoder` and similar code.

    The result has the public attributes as plain JSON values.
    """

    __slots__ = ()

    __iter__: ClassVar[None] = None
    """Prevents iteration, because the class has `__getitem__` but is not a sequence."""

    def keys(self) -> Iterable[str]:
        """Return the names of the public attributes."""
        return [name for name in _names(type(self)) if not name.startswith("_")]

    def __getitem__(self, name: str) -> Any:
        """Return an attribute as plain JSON; a class as its name."""
        from .._codec.converter import unstructure  # needs the models

        if name not in self.keys():
            raise no_key(self, name)
        value = getattr(self, name)
        if isinstance(value, type):
            return value.__name__
        if isinstance(value, tuple):
            return [dict(each) for each in value]
        return json_values(unstructure(value))


class Serializable(InPydantic):
    """Base of types with `to_dict`: a dictionary of plain JSON values under the names of the model.

    A field becomes an object with ``value``, ``confidence``, ``box`` and ``page``, a box a list of four numbers, a
    picture its base64 text. `dict` has the same result, for code that does not know `to_dict`, such as FastAPI's
    `jsonable_encoder`.
    """

    __slots__ = ()

    __iter__: ClassVar[None] = None
    """Prevents iteration, because the class has `__getitem__` but is not a sequence."""

    def to_dict(self, *, compact: bool = False) -> dict[str, Any]:
        """Return plain JSON values, as in a JSON Lines file.

        Values that JSON cannot represent are replaced: lone surrogates by U+FFFD, infinity by null, and content nested
        hundreds of levels deep by an explanation.

        Args:
            compact: omit empty values: parts of fields, fields, lists.
        """
        plain: dict[str, Any] = json_values(self._unstructured(compact=compact))
        return plain

    def to_json(self, *, compact: bool = False) -> str:
        """Return `to_dict` as JSON, on one line."""
        return dumps(self._unstructured(compact=compact))

    def _unstructured(self, *, compact: bool) -> Any:
        from .._codec.converter import unstructure  # needs the models

        return unstructure(self, compact=compact)

    def keys(self) -> Iterable[str]:
        """Return the names in `to_dict`. `dict` uses them."""
        return self.to_dict().keys()

    def __getitem__(self, name: str) -> Any:
        """Return a part of `to_dict` as plain JSON. Attributes have the typed values."""
        parts = self.to_dict()
        if name not in parts:
            raise no_key(self, name)
        return parts[name]


class Showable:
    """Base of types that terminals and notebooks can show."""

    __slots__ = ()

    def show(self) -> None:
        """Show the result with its values: as a table in a terminal, rendered in a notebook.

        The values stay in a notebook that is saved, and in a file to which standard output is redirected.
        """
        from .._display.showing import show  # needs the models

        show(self)

    def _repr_html_(self) -> str:
        """Return the HTML for a notebook; with values only inside `cvs_async.reveal`."""
        from .._display.showing import as_html

        return as_html(self, values=is_revealed())


class Restorable(Serializable):
    """Base of types that their own `from_dict` can restore."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore an instance from the result of `to_dict`, compact or not.

        Missing values are empty. A document keeps unknown names in `extra`.

        Raises:
            ValueError: a value has another type than `to_dict` writes; the message names the place, not the value.
        """
        from .._schemas.restoring import restore  # needs the models

        restored: Self = restore(data, cls)
        return restored

    def keys(self) -> Iterable[str]:
        """Return the names in `to_dict`. `dict` uses them."""
        return [name for name in _names(type(self)) if name != "extra" or getattr(self, name)]

    def __getitem__(self, name: str) -> Any:
        """Return a part of `to_dict` as plain JSON. Attributes have the typed values."""
        from .._codec.converter import unstructure

        if name not in _names(type(self)):
            raise no_key(self, name)
        return json_values(unstructure(getattr(self, name)))


def _names(cls: type[Any]) -> Collection[str]:
    return attrs.fields_dict(cls)
