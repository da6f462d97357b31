"""What makes two items the same: content, operation and parameters, and neither name nor place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from .._endpoint import DEFAULTS
from .._inputs import Part, Url

OF_THE_CALL = frozenset({"send_as", "timeout", "check_sum"})
"""Keywords that change how something is asked, but not what."""


def question_of(operation: str, parameters: Mapping[str, object]) -> bytes:
    """What is asked of the inputs."""
    chosen = ((name, value) for name, value in parameters.items() if value not in (None, DEFAULTS.get(name)))
    told = {name: value for name, value in chosen if name not in OF_THE_CALL}
    return json.dumps([operation, told], sort_keys=True, ensure_ascii=True, default=repr).encode()


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
