"""What makes two items the same: content, operation and parameters, and neither name nor place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from .._endpoint import DEFAULTS
from .._inputs import Part, Url

OF_THE_CALL = frozenset({"send_as", "timeout", "check_sum"})
"""Keywords that change how something is asked, but not what."""


def key_of(
    operation: str,
    inputs: Mapping[str, Url | Part],
    parameters: Mapping[str, object],
    *,
    copy: int | None = None,
) -> str:
    """64 hex digits; blocks while files are read. Of a URL it is the URL that counts; `copy` tells equal items apart
    that are to stay apart.

    Raises:
        InvalidInputError: if a file cannot be read any more.
    """
    chosen = ((name, value) for name, value in parameters.items() if value not in (None, DEFAULTS.get(name)))
    told = {name: value for name, value in chosen if name not in OF_THE_CALL}
    what = json.dumps([operation, told, copy], sort_keys=True, ensure_ascii=True, default=repr)
    whole = hashlib.sha256(what.encode())
    for name, value in sorted(inputs.items()):
        content = value.digest() if isinstance(value, Part) else hashlib.sha256(value.encode()).digest()
        kind = "file" if isinstance(value, Part) else "url"
        whole.update(hashlib.sha256(f"{kind} {name}".encode()).digest() + content)
    return whole.hexdigest()
