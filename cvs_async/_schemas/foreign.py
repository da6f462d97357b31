"""Read values of types that are not the library's, as in ``Reply[dict[str, int]]``, with pydantic.

It is imported only when such a type occurs, because pydantic is optional.
"""

from __future__ import annotations

from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from .._text.paths import below
from .restoring import Read


def foreign_reader(type_: Any) -> Read:
    """Return a function that reads values of a type. Its errors name the place, not the value."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(type_)
    except PydanticSchemaGenerationError:  # unknown to pydantic, but the user's model allows arbitrary types
        return lambda value, path: value

    def read(value: Any, path: str) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        for part in first["loc"]:
            if not str(part).endswith("]"):  # else it names a member of a union
                path = below(path, part)
        problem = first["msg"].removeprefix("Value error, ")
        if problem.startswith("the value "):
            raise ValueError(path + problem.removeprefix("the value"))
        raise ValueError(f"{path}: {problem}")

    return read
