"""README's recommendations for web applications, verbatim."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
import respx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from cvs_async import AsyncCVS, CVSError, InvalidInputError, OutOfRequestsError, Reply
from cvs_async.sandbox import Sandbox

CLOUD = "https://cloud.computervision.com.vn"


async def together(*calls: Awaitable[Reply[Any]]) -> list[Reply[Any]]:
    """Make different calls at once. The first error is raised as it is, and what has not left then is not sent."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def onboarding(cvs: AsyncCVS) -> FastAPI:
    """An application that makes two different calls for a visitor, and one handler for all errors of the library."""
    app = FastAPI()

    @app.exception_handler(CVSError)
    async def failed(_: Request, error: CVSError) -> JSONResponse:
        headers = {} if error.retry_after is None else {"Retry-After": str(math.ceil(error.retry_after))}
        status = 503 if isinstance(error, OutOfRequestsError) else 502
        return JSONResponse({"error": type(error).__name__}, status, headers)

    @app.get("/readyz")
    async def ready() -> JSONResponse:
        return JSONResponse(cvs.stats.gate, 503 if cvs.stats.gate == "closed" else 200)

    @app.post("/onboard")
    async def onboard() -> list[str]:
        card, text = await together(cvs.ocr.card(b"a card"), cvs.ocr.document.general(b"a contract"))
        return [card.charge, text.charge]

    return app


def visiting(app: FastAPI) -> httpx.AsyncClient:
    """The test client of an application that is tested with httpx."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")


async def test_the_applications_own_test_client_goes_through_respx() -> None:
    with respx.mock(using="httpx") as service:
        service.route(host="testserver").pass_through()  # the application's own test client
        success = {"data": [], "errorCode": "0", "errorMessage": "Success"}
        service.post(f"{CLOUD}/api/v2/ocr/card").respond(json=success)
        service.post(f"{CLOUD}/api/v2/ocr/document/general").respond(json=success)
        async with AsyncCVS("key", "secret", base_url=CLOUD) as cvs, visiting(onboarding(cvs)) as visitor:
            answer = await visitor.post("/onboard")
    assert (answer.status_code, answer.json()) == (200, ["billed", "billed"])


async def test_several_calls_at_once_fail_with_the_librarys_own_error() -> None:
    with Sandbox() as sandbox:  # another file than a picture is free, and an error
        async with (
            AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs,
            visiting(onboarding(cvs)) as visitor,
        ):
            answer = await visitor.post("/onboard")
    assert (answer.status_code, answer.json()) == (502, {"error": "InvalidImageError"})


async def test_when_another_call_fails_unsent_requests_are_dropped_and_sent_ones_counted() -> None:
    asked = list[str]()
    begun, go = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rpartition("/")[2])
        begun.set()
        await go.wait()
        return httpx.Response(200, json={"data": [], "errorCode": "0"})

    async def unusable(cvs: AsyncCVS) -> Reply[Any]:
        await begun.wait()
        return await cvs.ocr.card("https://example.com/a.jpg", send_as="file")

    transport = httpx.MockTransport(answer)
    async with AsyncCVS("key", "secret", base_url=CLOUD, transport=transport, max_connections=1) as cvs:
        with pytest.raises(InvalidInputError):
            await together(cvs.ocr.claims(b"x"), unusable(cvs), cvs.ocr.vehicle(b"x"))
        go.set()
    assert (asked, cvs.stats.billed, cvs.stats.drained) == (["claims"], 1, 1)


async def test_a_readiness_check_recovers_by_itself_and_says_when_to_come_back() -> None:
    with Sandbox(quota=0) as sandbox:
        async with (
            AsyncCVS("key", "secret", base_url=sandbox.base_url, quota_probe=0.05) as cvs,
            visiting(onboarding(cvs)) as visitor,
        ):
            refused = await visitor.post("/onboard")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert cvs.stats.gate in ("closed", "half-open")
            for _ in range(1000):
                if (await visitor.get("/readyz")).status_code == 200:
                    break
                await asyncio.sleep(0.01)
    assert cvs.stats.gate == "half-open"
