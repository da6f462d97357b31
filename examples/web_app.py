"""A web app with one client for all requests; a request whose visitor disconnects is cancelled.

    python examples/web_app.py
    curl --form file=@scan.jpg http://127.0.0.1:8000/cards

The papers are returned as they were read; http://127.0.0.1:8000/docs explains each field.

A request already sent to the service may be paid for, so the client completes it in the background.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from anyio import CancelScope
from fastapi import FastAPI, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from cvs_async import AsyncCVS, CVSError, InvalidImageError, InvalidInputError, NoContentError, OutOfRequestsError
from cvs_async.models import Recognized


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, AsyncCVS]]:
    async with AsyncCVS() as cvs:
        yield {"cvs": cvs}


app = FastAPI(lifespan=lifespan)


@app.post("/cards", response_model=list[Recognized])
async def read_cards(file: UploadFile, request: Request) -> Response | list[Recognized]:
    cvs: AsyncCVS = request.state.cvs
    async with until_visitor_leaves(request):
        reply = await cvs.ocr.card(await file.read())
        return reply.data
    return Response(status_code=499)


@asynccontextmanager
async def until_visitor_leaves(request: Request) -> AsyncIterator[None]:
    """Cancel the body of the ``async with`` when the visitor disconnects."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    with CancelScope() as scope:
        watcher = asyncio.create_task(watch())
        try:
            yield
        finally:
            watcher.cancel()


@app.exception_handler(CVSError)
async def explain(request: Request, error: CVSError) -> JSONResponse:
    logging.getLogger(__name__).warning("%s (charge: %s)", error, error.charge)
    match error:
        case InvalidInputError() | InvalidImageError() | NoContentError():
            return JSONResponse({"detail": "There is no readable identity paper in it."}, 422)
        case OutOfRequestsError():
            return JSONResponse({"detail": "No papers can be read at present."}, 503)
    return JSONResponse({"detail": "The papers could not be read."}, 502)


if __name__ == "__main__":
    uvicorn.run(app)
