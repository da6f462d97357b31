"""Credentials, contents, field values and query strings show nowhere that nobody asked for them."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import Any

import httpx
import pytest

from cvs_async import AsyncCVS, CVSError, Done, Url
from cvs_async.batch import Outcome

CANARY = "c4n4ry"


def reply_with(value: str) -> dict[str, Any]:
    info = {"id": value, "name": value, "image": value, "surprise": value, "table": [[{"value": value}]]}
    return {"data": {"type": "passport", "info": info, "surprise": value}, "errorCode": "0", "errorMessage": value}


ANSWERS = [
    httpx.Response(200, json=reply_with(CANARY)),
    httpx.Response(200, json={"data": CANARY, "errorCode": "3", "errorMessage": CANARY}),
    httpx.Response(200, json={"data": CANARY, "errorCode": CANARY, "errorMessage": CANARY}),
    httpx.Response(200, text=CANARY),
    httpx.Response(429, text=CANARY),
    httpx.Response(502, text=CANARY),
    httpx.Response(302, headers={"Location": f"https://example.com/{CANARY}"}),
]


def everything_that_shows(thing: object) -> str:
    shown = f"{thing} {thing!r}"
    if isinstance(thing, BaseException):
        shown += "".join(traceback.format_exception(thing))
    return shown


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
@pytest.mark.parametrize("as_url", [False, True])
async def test_nothing_shows_of_a_call(answer: httpx.Response, as_url: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    source: Url | bytes = (
        Url(f"https://u:{CANARY}@example.com/a.jpg?t={CANARY}#{CANARY}") if as_url else CANARY.encode()
    )

    async with AsyncCVS(CANARY, CANARY, transport=httpx.MockTransport(lambda _: answer)) as cvs:
        shown = repr(cvs) + repr(cvs.ocr) + repr(source if as_url else "")
        outcomes: list[Outcome[Any]] = []
        async with cvs.batch(cvs.ocr.card, [source], check_sum=CANARY) as batch:
            shown += repr(batch)
            outcomes += [outcome async for outcome in batch]
    (outcome,) = outcomes
    shown += everything_that_shows(outcome)
    if isinstance(outcome, Done):
        shown += repr(outcome.reply.data) + repr(outcome.reply)
    else:
        shown += everything_that_shows(outcome.error)
    assert CANARY not in shown
    assert CANARY not in caplog.text


@pytest.mark.parametrize("code", [CANARY])
async def test_an_odd_code_is_kept_though(code: str) -> None:
    answer = httpx.Response(200, json={"data": None, "errorCode": code, "errorMessage": "?"})
    async with AsyncCVS("key", "secret", transport=httpx.MockTransport(lambda _: answer)) as cvs:
        with pytest.raises(CVSError) as caught:
            await cvs.ocr.card(b"x")
    assert getattr(caught.value, "code", None) == code


async def test_errors_of_files_name_the_file_and_not_what_is_in_it(tmp_path: Path) -> None:
    empty = tmp_path / "trống.jpg"
    empty.write_bytes(b"")
    async with AsyncCVS("key", "secret") as cvs:
        with pytest.raises(CVSError, match=r"ocr\.card: img \(.*trống\.jpg\) is empty"):
            await cvs.ocr.card(empty)
