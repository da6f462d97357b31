"""Types that are not the library's, as in ``Reply[dict[str, int]]``, and unions of several: read as pydantic does.

Imported only when such a type is asked for, because pydantic is optional.
"""

from __future__ import annotations

from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from .restoring import Read, below


def foreign_reader(type_: Any) -> Read:
    """Return what reads values of a type. Its errors name the place and no value."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(type_)
    except PydanticSchemaGenerationError:  # arbitrary types are allowed in the model that it is in
        return lambda value, path: value

    def read(value: Any, path: str) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        for part in first["loc"]:
            if not str(part).endswith("]"):  # as names of a union's members do
                path = below(path, part)
        said = first["msg"].removeprefix("Value error, ")
        raise ValueError(
            f"{path}{said.removeprefix('the value')}" if said.startswith("the value ") else f"{path}: {said}"
        )

    return read
