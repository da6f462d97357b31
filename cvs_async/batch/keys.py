"""Keys of items: equal for equal content, operation and parameters. Names and folders do not matter."""

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
"""Keywords that do not affect the answer of a call."""


def question_of(operation: str, parameters: Mapping[str, object], *, place: Sequence[str] = ()) -> bytes:
    """Return operation and parameters as bytes; `place` is the result of `place_of`.

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
    """Return the parameters that are part of a key: all that affect the answer and differ from their defaults."""
    chosen = ((name, value) for name, value in parameters.items() if value not in (None, DEFAULTS.get(name)))
    return {name: value for name, value in chosen if name not in OF_THE_CALL}


def state_of(inputs: Mapping[str, Url | Part]) -> str | None:
    """Return size and modification time of each file, ``106013:1732600000000000000 …``; None without files."""
    files = [part for part in inputs.values() if isinstance(part, Part) and part.modified_ns is not None]
    return " ".join(f"{part.size}:{part.modified_ns}" for part in files) or None


def place_of(endpoint: Endpoint[Any]) -> Sequence[str]:
    """Return host, method and paths of an endpoint of the user's own, unless its name implies them; else nothing.

    Names are derived from paths, without prefix, hyphens, host and method. So an endpoint of the user's own may have
    the name of another one, whose answers it must not get.
    """
    here = _place(endpoint)
    known = OPERATIONS.get(endpoint.name)
    if known is not None:
        is_implied = here == _place(known)
    else:
        is_usual = endpoint.path.replace("-", "_") == f"/api/v2/{endpoint.name.replace('.', '/')}"
        is_implied = is_usual and here == ("cloud", "", endpoint.path)
    if is_implied:
        return ()
    return here


def _place(endpoint: Endpoint[Any]) -> tuple[str, ...]:
    return endpoint.host, endpoint.method or "", endpoint.path, *sorted(endpoint.paths.values())


def key_of(question: bytes, inputs: Mapping[str, Url | Part], *, copy: int | None = None) -> str:
    """Return the key of an item, 64 hex digits. Blocks while files are read.

    Of a URL, its text is hashed. Different numbers for `copy` make different keys for equal items.

    Raises:
        InvalidInputError: a file cannot be read any more.
    """
    whole = hashlib.sha256(b"%d %s" % (-1 if copy is None else copy, question))
    for name, value in sorted(inputs.items()):
        if isinstance(value, Part):
            kind, content = "file", value.digest()
        else:
            kind, content = "url", hashlib.sha256(value.encode()).digest()
        whole.update(hashlib.sha256(f"{kind} {name}".encode()).digest() + content)
    return whole.hexdigest()
