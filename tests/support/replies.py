"""Replies, decoded from JSON as the service sends it."""

from __future__ import annotations

import json
from typing import Any

from cvs_async import Reply
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS


def answered(operation: str, answer: dict[str, Any]) -> Reply[Any]:
    """Decode a whole answer of an operation."""
    return decode(OPERATIONS[operation], WireReply(200, json.dumps(answer).encode()))


def reply(operation: str, data: Any) -> Reply[Any]:
    """Decode an answer of an operation with this data."""
    return answered(operation, {"data": data, "errorCode": "0", "errorMessage": "Success"})
