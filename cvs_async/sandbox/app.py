"""The service itself: a Starlette application whose routes are the table of operations."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .._endpoint import Endpoint
from ..api import OPERATIONS
from ..errors import (
    APIError,
    AuthenticationError,
    FormatTypeError,
    InvalidImageError,
    NoContentError,
    OutOfRequestsError,
    UrlUnavailableError,
)
from .answers import answer
from .intake import Credentials, Refusal, read_files
from .ledger import Entry, Ledger
from .picture import Reader, UnreadableError

MESSAGES: dict[type[APIError], str] = {
    NoContentError: "The photo does not contain content",
    UrlUnavailableError: "Url is unavailable",
    InvalidImageError: "Incorrect image format",
    OutOfRequestsError: "Out of requests",
    AuthenticationError: "Incorrect Api_key or api_secret",
    FormatTypeError: "Incorrect format type",
}
"""The vendor's words (document 001, "Bảng mã lỗi")."""


class Service:
    """Answers the operations of the table, and keeps the books."""

    def __init__(self, credentials: Credentials, latency: float, quota: int | None, files: Path | None) -> None:
        self.ledger = Ledger()
        self._credentials = credentials
        self._latency = latency
        self._left = math.inf if quota is None else quota
        self._files = files
        self._reader = Reader()

    def app(self) -> Starlette:
        """The ASGI application."""
        routes: list[BaseRoute] = [
            Route(endpoint.path, self._handler(endpoint), methods=["GET", "POST"]) for endpoint in OPERATIONS.values()
        ]
        if self._files is not None:
            routes.append(Mount("/files", StaticFiles(directory=self._files)))
        return Starlette(routes=routes)

    def _handler(self, endpoint: Endpoint[Any]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            entry = Entry(endpoint.name, request.method, dict(request.query_params))
            self.ledger.open(entry)
            try:
                data = await self._work(endpoint, request, entry)
                code, message = 0, "Success"
            except Refusal as refusal:
                data, code, message = None, _code(endpoint, refusal.kind), MESSAGES[refusal.kind]
            self.ledger.close(entry, code)
            envelope = endpoint.envelope
            return JSONResponse({envelope.data: data, envelope.code: str(code), envelope.message: message})

        return handle

    async def _work(self, endpoint: Endpoint[Any], request: Request, entry: Entry) -> Any:
        self._credentials.check(request.headers.get("authorization", ""))
        contents = await read_files(endpoint, request, entry)
        await anyio.sleep(self._latency)
        thumb = request.query_params.get("get_thumb") == "true"
        if self._left < 1:
            raise Refusal(OutOfRequestsError)
        self._left -= 1
        try:
            return await anyio.to_thread.run_sync(self._read, endpoint, contents, thumb)
        except Refusal:  # only a success is charged
            self._left += 1
            raise

    def _read(self, endpoint: Endpoint[Any], contents: Sequence[bytes], thumb: bool) -> Any:
        try:
            files = [(self._reader.look(content), content) for content in contents]
        except UnreadableError:
            raise Refusal(InvalidImageError) from None
        data = answer(endpoint, files, thumb)
        if data is None:
            raise Refusal(NoContentError)
        return data


def _code(endpoint: Endpoint[Any], kind: type[APIError]) -> int:
    return next(code for code, meaning in endpoint.envelope.errors.items() if meaning is kind)
