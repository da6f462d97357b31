"""What makes two items the same: content, operation and parameters, and neither name nor place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from .._endpoint import DEFAULTS, Endpoint
from .._inputs import Part, Url
from ..api import OPERATIONS
from ..errors import InvalidInputError

OF_THE_CALL = frozenset({"send_as", "timeout", "check_sum"})
"""Keywords that change how something is asked, but not what."""


def question_of(operation: str, parameters: Mapping[str, object], *, place: Sequence[str] = ()) -> bytes:
    """What is asked of the inputs; `place` is where, if the name does not tell, see `place_of`.

    Raises:
        InvalidInputError: if a parameter holds what is no JSON value.
    """
    chosen = chosen_of(parameters)
    asked = [operation, chosen, *place]
    try:
        return json.dumps(asked, sort_keys=True, ensure_ascii=True, default=repr).encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidInputError(
            f"{operation}: {', '.join(sorted(chosen))} must hold nothing but JSON values", operation=operation
        ) from None


def chosen_of(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters that are part of a key: those that differ from the defaults, and say what is asked."""
    chosen = ((name, value) for name, value in parameters.items() if value not in (None, DEFAULTS.get(name)))
    return {name: value for name, value in chosen if name not in OF_THE_CALL}


def state_of(inputs: Mapping[str, Url | Part]) -> str | None:
    """Return size and time of the files among the inputs, ``106013:1732600000000000000 …``; None if there are none."""
    files = [part for part in inputs.values() if isinstance(part, Part) and part.modified_ns is not None]
    return " ".join(f"{part.size}:{part.modified_ns}" for part in files) or None


def place_of(endpoint: Endpoint[Any]) -> Sequence[str]:
    """Return where an endpoint is, if its name does not tell: nothing for the library's own.

    A name is made of the path, without its prefix and hyphens, and tells neither host nor method. So an endpoint of
    the user's own may have the name of another one, and must not be given its answers.
    """
    here = _place(endpoint)
    known = OPERATIONS.get(endpoint.name)
    if known is not None:
        return () if here == _place(known) else here
    is_told = endpoint.path.replace("-", "_") == f"/api/v2/{endpoint.name.replace('.', '/')}"
    return () if is_told and here == ("cloud", "", endpoint.path) else here


def _place(endpoint: Endpoint[Any]) -> tuple[str, ...]:
    return endpoint.host, endpoint.method or "", endpoint.path, *sorted(endpoint.paths.values())


def key_of(question: bytes, inputs: Mapping[str, Url | Part], *, copy: int | None = None) -> str:
    """64 hex digits; blocks while files are read. Of a URL it is the URL that counts; `copy` tells equal items apart
    that are to stay apart.

    Raises:
        InvalidInputError: if a file cannot be read any more.
    """
    whole = hashlib.sha256(b"%d %s" % (-1 if copy is None else copy, question))
    for name, value in sorted(inputs.items()):
        content = value.digest() if isinstance(value, Part) else hashlib.sha256(value.encode()).digest()
        kind = "file" if isinstance(value, Part) else "url"
        whole.update(hashlib.sha256(f"{kind} {name}".encode()).digest() + content)
    return whole.hexdigest()
