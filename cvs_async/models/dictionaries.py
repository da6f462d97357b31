"""Models as dictionaries of plain JSON values, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar, Self

import attrs

from .._hints import no_key
from .._json import dumps, json_values
from .._reveal import is_revealed


def pydantic_schema(cls: type[Any], source: Any, handler: Any) -> Any:
    """Return how pydantic takes and gives a class; pydantic calls it."""
    from .._pydantic import schema_of  # which needs pydantic

    return schema_of(source, handler)


def pydantic_json_schema(cls: type[Any], schema: Any, handler: Any) -> Any:
    """Return how a class is documented in JSON Schema; pydantic calls it."""
    from .._pydantic import json_schema_of  # which needs pydantic

    return json_schema_of(cls, schema, handler)


class InPydantic:
    """What may be the type of a field in pydantic, and of an argument or answer in FastAPI.

    It is made of an instance, or of what `to_dict` writes, and written as `to_dict` does.
    """

    __slots__ = ()

    __get_pydantic_core_schema__ = classmethod(pydantic_schema)
    __get_pydantic_json_schema__ = classmethod(pydantic_json_schema)


class Serializable(InPydantic):
    """What can be written as a dictionary of plain JSON values. Its names are those of the model.

    A field becomes an object with ``value``, ``confidence``, ``box`` and ``page``; a box a list of four numbers; a
    picture its base64 text. `dict` makes the same of it, for whoever knows no `to_dict`, such as FastAPI's
    `jsonable_encoder`.
    """

    __slots__ = ()

    __iter__: ClassVar[None] = None
    """It is no sequence, although it has `__getitem__`."""

    def to_dict(self, *, compact: bool = False) -> dict[str, Any]:
        """Return it as plain JSON values: what a JSON Lines file has of it.

        What no JSON can hold is replaced: half of a surrogate pair by U+FFFD, infinity by null, and what is nested in
        hundreds of levels by a text that says so.

        Args:
            compact: leave out what is empty: parts of fields, fields, lists.
        """
        plain: dict[str, Any] = json_values(self._unstructured(compact=compact))
        return plain

    def to_json(self, *, compact: bool = False) -> str:
        """Return `to_dict` as JSON, on one line."""
        return dumps(self._unstructured(compact=compact))

    def _unstructured(self, *, compact: bool) -> Any:
        from .._converter import unstructure  # which needs the models

        return unstructure(self, compact=compact)

    def keys(self) -> Iterable[str]:
        """Return the names in `to_dict`, so that `dict` makes a dictionary of it."""
        return self.to_dict().keys()

    def __getitem__(self, name: str) -> Any:
        """Return a part of `to_dict`, which is plain JSON. Attributes hold the typed values."""
        parts = self.to_dict()
        if name not in parts:
            raise no_key(self, name)
        return parts[name]


class Showable:
    """What can be looked at."""

    __slots__ = ()

    def show(self) -> None:
        """Show what was read, values included: as a table in a terminal, rendered in a notebook.

        A notebook that is saved afterwards, or a file that standard output goes to, holds the values.
        """
        from .._showing import show  # which needs the models

        show(self)

    def _repr_html_(self) -> str:
        """Return what a notebook renders; with values inside of `cvs_async.reveal` only."""
        from .._showing import as_html

        return as_html(self, values=is_revealed())


class Restorable(Serializable):
    """What can also be read back without knowing more than its class."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` has written, compact or not.

        What is missing is empty; a document keeps names that it does not know in `extra`.

        Raises:
            ValueError: some value has another type than `to_dict` writes; names the place, not the value.
        """
        from .._restoring import restore  # which needs the models

        restored: Self = restore(data, cls)
        return restored

    def keys(self) -> Iterable[str]:
        """Return the names in `to_dict`, so that `dict` makes a dictionary of it."""
        return [name for name in _names(type(self)) if name != "extra" or getattr(self, name)]

    def __getitem__(self, name: str) -> Any:
        """Return a part of `to_dict`, which is plain JSON. Attributes hold the typed values."""
        from .._converter import unstructure

        if name not in _names(type(self)):
            raise no_key(self, name)
        return json_values(unstructure(getattr(self, name)))


def _names(cls: type[Any]) -> Collection[str]:
    return attrs.fields_dict(cls)
