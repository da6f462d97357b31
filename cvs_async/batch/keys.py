"""Keys of items: equal content, operation and parameters make equal keys; names and places do not count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from .._codec.endpoint import DEFAULTS, Endpoint
from .._codec.inputs import Part, Url
from ..api import OPERATIONS
from ..errors import InvalidInputError

OF_THE_CALL = frozenset({"send_as", "timeout", "check_sum"})
"""Keywords that change how a call is made, but not its answer."""


def question_of(operation: str, parameters: Mapping[str, object], *, place: Sequence[str] = ()) -> bytes:
    """Return operation and parameters as bytes; `place` is where the operation is, see `place_of`.

    Raises:
        InvalidInputError: a parameter is not a JSON value.
    """
    chosen = chosen_of(parameters)
    asked = [operation, chosen, *place]
    try:
        return json.dumps(asked, sort_keys=True, ensure_ascii=True, default=repr).encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidInputError(
            f"{operation}: {', '.join(sorted(chosen))} must contain only JSON values", operation=operation
        ) from None


def chosen_of(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that are part of a key: those that differ from the defaults and affect the answer."""
    chosen = ((name, value) for name, value in parameters.items() if value not in (None, DEFAULTS.get(name)))
    return {name: value for name, value in chosen if name not in OF_THE_CALL}


def state_of(inputs: Mapping[str, Url | Part]) -> str | None:
    """Return size and time of the files among the inputs, ``106013:1732600000000000000 …``; None without files."""
    files = [part for part in inputs.values() if isinstance(part, Part) and part.modified_ns is not None]
    return " ".join(f"{part.size}:{part.modified_ns}" for part in files) or None


def place_of(endpoint: Endpoint[Any]) -> Sequence[str]:
    """Return host, method and paths of an endpoint that its name does not identify; empty for the library's own.

    A name is derived from the path, without its prefix and hyphens, and has neither host nor method. So an endpoint of
    the user's own may have the name of another one, whose answers it must not get.
    """
    here = _place(endpoint)
    known = OPERATIONS.get(endpoint.name)
    if known is not None:
        return () if here == _place(known) else here
    is_implied = endpoint.path.replace("-", "_") == f"/api/v2/{endpoint.name.replace('.', '/')}"
    return () if is_implied and here == ("cloud", "", endpoint.path) else here


def _place(endpoint: Endpoint[Any]) -> tuple[str, ...]:
    return endpoint.host, endpoint.method or "", endpoint.path, *sorted(endpoint.paths.values())


def key_of(question: bytes, inputs: Mapping[str, Url | Part], *, copy: int | None = None) -> str:
    """Return 64 hex digits. Blocks while files are read.

    Of a URL, the URL itself is hashed; `copy` makes different keys for equal items.

    Raises:
        InvalidInputError: if a file cannot be read any more.
    """
    whole = hashlib.sha256(b"%d %s" % (-1 if copy is None else copy, question))
    for name, value in sorted(inputs.items()):
        content = value.digest() if isinstance(value, Part) else hashlib.sha256(value.encode()).digest()
        kind = "file" if isinstance(value, Part) else "url"
        whole.update(hashlib.sha256(f"{kind} {name}".encode()).digest() + content)
    return whole.hexdigest()
