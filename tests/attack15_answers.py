"""Faults found in the answers of the vendor's newer pages. Each test fails until its fault is mended."""

from __future__ import annotations

import json
from typing import Any

from cvs_async import Reply
from cvs_async._codec.decoding import decode
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS
from cvs_async.batch.sinks.thumbnails import images_of

BLOCKS = [[[{"text": "Xin", "confidence": 0.99, "box": {"left": 1, "top": 2, "right": 30, "bottom": 14}}]]]


def answered(operation: str, answer: dict[str, Any]) -> Reply[Any]:
    return decode(OPERATIONS[operation], WireReply(200, json.dumps(answer).encode()))


def reply(operation: str, data: Any) -> Reply[Any]:
    return answered(operation, {"data": data, "errorCode": "0", "errorMessage": "Success"})


def pictured(**more: Any) -> Reply[Any]:
    return reply("ocr.document.general", [{"image": "UA==", "result": BLOCKS, **more}])


def test_the_picture_of_a_page_is_among_the_pictures_of_an_answer() -> None:
    assert [image.base64 for _, image in images_of(pictured().data)] == ["UA=="]
