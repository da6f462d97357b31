"""Inputs of all kinds, opened as a call does it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from cvs_async import Endpoint, InvalidInputError, Url
from cvs_async._codec.endpoint import SendAs
from cvs_async._codec.inputs import Part, choose_form, load

CARD = Endpoint[Any]("ocr/card")
CARDS = Endpoint[Any]("ekyc/cards", images=("img1", "img2"))
LINK = "https://example.com/ảnh.jpg"
SECRET_LINK = "https://user:CANARY@example.com/ảnh.jpg?token=CANARY#CANARY"
JPEG = b"\xff\xd8\xff\xe0 picture"
PNG = b"\x89PNG\r\n\x1a\n picture"
PDF = b"%PDF-1.7 document"
CONTENTS = [
    (JPEG, "image/jpeg", ".jpg"),
    (PNG, "image/png", ".png"),
    (PDF, "application/pdf", ".pdf"),
    (b"something else", "application/octet-stream", ""),
]


async def open_inputs(
    endpoint: Endpoint[Any], values: dict[str, object], send_as: SendAs = "auto"
) -> dict[str, Url | Part]:
    """Do the steps of a call before it builds a request."""
    return await load(endpoint, values, choose_form(endpoint, values, send_as))


async def load_part(value: object) -> Part:
    """The part that one input becomes."""
    part = (await open_inputs(CARD, {"img": value}))["img"]
    assert isinstance(part, Part)
    return part


async def content(part: Part) -> bytes:
    return b"".join([chunk async for chunk in part.chunks()])


async def refusal(value: object, send_as: SendAs = "auto") -> InvalidInputError:
    """The error that `load` ends with; it names operation and input in any case."""
    with pytest.raises(InvalidInputError) as caught:
        await open_inputs(CARD, {"img": value}, send_as)
    assert str(caught.value).startswith("ocr.card: img")
    assert (caught.value.operation, caught.value.charge, caught.value.attempts) == ("ocr.card", "free", 0)
    return caught.value


class PathLike:
    """Path-like object other than a pathlib path; its `__fspath__` returns the given value."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def __fspath__(self) -> Any:
        return self.given


def text_path_like(path: Path) -> PathLike:
    return PathLike(str(path))


def bytes_path_like(path: Path) -> PathLike:
    return PathLike(os.fsencode(path))


class Reader:
    """A file object that notes the threads it is read in, and gives or raises what it is made with."""

    def __init__(self, given: object) -> None:
        self.given = given
        self.threads: list[int] = []

    def read(self) -> object:
        self.threads.append(threading.get_ident())
        if isinstance(self.given, Exception):
            raise self.given
        return self.given
