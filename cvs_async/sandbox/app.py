"""The service itself: a Starlette application whose routes are the table of operations."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
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
    InvalidIdError,
    InvalidImageError,
    NoContentError,
    OutOfRequestsError,
    ProcessingError,
    UrlUnavailableError,
)
from .answers import Desk, Files
from .intake import Credentials, Refusal, Taken, take
from .ledger import Entry, Ledger
from .picture import Gallery, Reader, UnreadableError

MESSAGES: dict[type[APIError], str] = {
    NoContentError: "The photo does not contain content",
    UrlUnavailableError: "Url is unavailable",
    InvalidImageError: "Incorrect image format",
    OutOfRequestsError: "Out of requests",
    AuthenticationError: "Incorrect Api_key or api_secret",
    FormatTypeError: "Incorrect format type",
    ProcessingError: "Error when processing the request",
    InvalidIdError: "Incorrect Id",
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
        self._gallery = Gallery()
        self._desk = Desk(self._gallery)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes: list[BaseRoute] = [route for endpoint in OPERATIONS.values() for route in self._routes(endpoint)]
        routes.append(Route("/pictures/{name}", self._picture))
        if self._files is not None:
            routes.append(Mount("/files", StaticFiles(directory=self._files)))
        return Starlette(routes=routes)

    def _routes(self, endpoint: Endpoint[Any]) -> Iterator[Route]:
        handle = self._handler(endpoint)
        forms = endpoint.forms if endpoint.images else (None,)
        for path in sorted({endpoint.wire_path(form) for form in forms}):
            methods = {endpoint.wire_method(form) for form in forms if endpoint.wire_path(form) == path}
            # Where the form is said in the query, a wrong method is a wrong form, and gets that answer.
            yield Route(path, handle, methods=["GET", "POST"] if endpoint.format_type and endpoint.images else methods)

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
            return JSONResponse(_wrapped(endpoint, data, code, message))

        return handle

    async def _work(self, endpoint: Endpoint[Any], request: Request, entry: Entry) -> Any:
        self._credentials.check(request.headers.get("authorization", ""))
        taken = await take(endpoint, request, entry)
        await anyio.sleep(self._latency)
        if self._left < 1:
            raise Refusal(OutOfRequestsError)
        self._left -= 1
        try:
            return await anyio.to_thread.run_sync(self._read, endpoint, taken, str(request.base_url))
        except Refusal:  # only a success is charged
            self._left += 1
            raise

    def _read(self, endpoint: Endpoint[Any], taken: Taken, base_url: str) -> Any:
        try:
            look = self._reader.look if endpoint.name != "ocr.document.invoice_xml" else self._reader.note
            files = [(look(content), content) for content in taken.contents]
        except UnreadableError:
            raise Refusal(InvalidImageError) from None
        return self._desk.answer(endpoint, Files(files, taken.arguments, base_url))

    async def _picture(self, request: Request) -> Response:
        content = self._gallery.get(request.path_params["name"])
        return Response(content or b"", 200 if content else 404, media_type="image/jpeg")


def _wrapped(endpoint: Endpoint[Any], data: Any, code: int, message: str) -> dict[str, Any]:
    """An answer in its envelope. Codes are text in some chapters of the documents, and numbers in others."""
    envelope = endpoint.envelope
    told = code if envelope.name in ("face search", "smart crop") else str(code)
    outer = {envelope.code: told, envelope.message: message}
    return outer | ({envelope.data: data} if envelope.data is not None else data or {})


def _code(endpoint: Endpoint[Any], kind: type[APIError]) -> int:
    """The code of a kind in the endpoint's own table; what has none there is an unreadable picture."""
    codes = {meaning: code for code, meaning in endpoint.envelope.errors.items()}
    if kind in (AuthenticationError, OutOfRequestsError) and endpoint.envelope.ambiguous:
        return min(endpoint.envelope.ambiguous)
    return codes.get(kind, codes[InvalidImageError])
