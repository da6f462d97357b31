"""The service: a Starlette application whose routes come from the table of operations."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from attrs import define
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .._codec.endpoint import Endpoint
from ..api import OPERATIONS
from ..errors import APIError, AuthenticationError, ConfigurationError, InvalidImageError, OutOfRequestsError
from .answers import Responder
from .documented import Boxes
from .faults import UNANSWERED, UNWORKED, Faults, HangUp, bare, spoiled
from .intake import Credentials, ParsedRequest, Refusal, parse_request
from .ledger import Entry, Ledger
from .messages import message_of, success_of
from .picture import Gallery, Reader, UnreadableError
from .views import Files


@define
class Account:
    """Number of answers that may still be billed."""

    left: float


class Service:
    """Implements the operations of the table, injects faults, and records requests and charges.

    Attributes:
        ledger: recorded requests and charges.
        latency: minimum seconds for each answer.
        limit: maximum number of accepted requests; others get HTTP 429. None is unlimited.
    """

    def __init__(
        self,
        credentials: Credentials,
        latency: float,
        quota: int | None,
        files: Path | None,
        *,
        faults: Mapping[str, float] | str | None = None,
        limit: int | None = None,
        workers: int | None = None,
        retry_after: float | None = None,
        seed: int = 0,
        boxes: Boxes = "documented",
    ) -> None:
        self.ledger = Ledger()
        self.latency = latency
        self.limit = limit
        self._credentials = credentials
        self._files = files
        self._retry_after = retry_after
        self._seed = seed
        self._reader = Reader()
        self._gallery = Gallery()
        self._responder = Responder(self._gallery, boxes)
        self._taken_on = 0
        self._line = anyio.CapacityLimiter(math.inf)
        self._stalls: set[anyio.CancelScope] = set()
        self.quota, self.workers, self.faults = quota, workers, faults

    @property
    def quota(self) -> int | None:
        """Number of answers that may still be billed; None is unlimited."""
        left = self._account.left
        if math.isinf(left):
            return None
        return int(left)

    @quota.setter
    def quota(self, left: int | None) -> None:
        # Create a new account, because requests in progress return their charge to the old one.
        self._account = Account(_bound(left))

    @property
    def workers(self) -> int | None:
        """Maximum number of requests processed at once, while others wait; None is unlimited.

        Waiting requests see a change at the next arrival or end of a request.
        """
        return self._workers

    @workers.setter
    def workers(self, workers: int | None) -> None:
        if workers is not None and workers < 1:
            raise ConfigurationError(f"workers must be at least 1, not {workers!r}")
        self._workers = workers

    @property
    def faults(self) -> Mapping[str, float]:
        """Probability of each kind of fault; setting it restarts the random sequence from the same seed."""
        return self._faults.chances

    @faults.setter
    def faults(self, faults: Mapping[str, float] | str | None) -> None:
        self._faults = Faults.parse(faults, self._seed)

    def end_stalls(self) -> None:
        """End all stalls. Call it in the service's own event loop."""
        for scope in self._stalls:
            scope.cancel()

    def app(self) -> Starlette:
        """Return the ASGI application."""
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
            if endpoint.format_type and endpoint.images:
                # If the query gives the form, a wrong method counts as a wrong form and gets that answer.
                methods = {"GET", "POST"}
            yield Route(path, handle, methods=methods)

    def _handler(self, endpoint: Endpoint[Any]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            entry = Entry(endpoint.name, request.method, dict(request.query_params))
            self.ledger.open(entry)
            fault = None
            try:
                self._credentials.check(request.headers.get("authorization", ""))
                parsed = await parse_request(endpoint, request, entry)
                if self._is_full():
                    return self._without_work(entry, "429")
                fault = self._faults.draw()
                if fault in UNWORKED:
                    return self._without_work(entry, fault, fault)
                data = await self._work(endpoint, parsed, str(request.base_url))
                code, message = 0, success_of(endpoint)
            except ClientDisconnect:  # the client disconnected
                return self._without_work(entry, "reset")
            except Refusal as refusal:  # free, and therefore delivered despite any fault
                fault = None
                data, code, message = None, _code(endpoint, refusal.kind), message_of(endpoint, refusal.kind)
            answered = fault not in UNANSWERED and not await request.is_disconnected()
            self.ledger.close(entry, code, fault=fault, answered=answered)
            return spoiled(JSONResponse(_wrapped(endpoint, data, code, message)), fault, self._stalls)

        return handle

    def _is_full(self) -> bool:
        limit = self.limit  # read only once, because it may be set from any thread
        return limit is not None and self._taken_on >= limit

    def _without_work(self, entry: Entry, how: str, fault: str | None = None) -> Response:
        """Reject a request: ``reset`` breaks its connection, other values are an HTTP status."""
        if how == "reset":
            self.ledger.close(entry, fault=fault, answered=False)
            return HangUp(reset=True)
        self.ledger.close(entry, fault=fault, status=int(how))
        return bare(int(how), self._retry_after)

    async def _work(self, endpoint: Endpoint[Any], parsed: ParsedRequest, base_url: str) -> Any:
        async with self._place():
            await anyio.sleep(self.latency)
            account = self._account
            if account.left < 1:
                raise Refusal(OutOfRequestsError)
            account.left -= 1
            try:
                return await anyio.to_thread.run_sync(self._read, endpoint, parsed, base_url)
            except Refusal:  # only successes are charged
                account.left += 1
                raise

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Hold a worker for the block, after waiting in line if all are busy."""
        self._taken_on += 1
        self._open_places()
        try:
            async with self._line:
                with self.ledger.working():
                    yield
        finally:
            self._taken_on -= 1
            self._open_places()

    def _open_places(self) -> None:
        # `workers` is set from any thread, but the line belongs to the loop: each request reads it again.
        self._line.total_tokens = _bound(self.workers)

    def _read(self, endpoint: Endpoint[Any], parsed: ParsedRequest, base_url: str) -> Any:
        look = self._reader.look
        if endpoint.name == "ocr.document.invoice_xml":
            look = self._reader.note
        try:
            files = [(look(content), content) for content in parsed.contents]
        except UnreadableError:
            raise Refusal(InvalidImageError) from None
        return self._responder.answer(endpoint, Files(files, parsed.arguments, base_url))

    async def _picture(self, request: Request) -> Response:
        content = self._gallery.get(request.path_params["name"])
        if content is None:
            return Response(status_code=404)
        return Response(content, media_type="image/jpeg")


def _bound(number: int | None) -> float:
    """Return a limit as a number; None is unlimited."""
    if number is None:
        return math.inf
    return number


def _wrapped(endpoint: Endpoint[Any], data: Any, code: int, message: str) -> dict[str, Any]:
    """Wrap data in its envelope. Some chapters of the documents have codes as text, others as numbers."""
    envelope = endpoint.envelope
    if code == 0 and not envelope.coded:
        return dict(data)
    told = code if envelope.name in ("face search", "smart crop") else str(code)
    outer = {envelope.code: told, envelope.message: message}
    return outer | ({envelope.data: data} if envelope.data is not None else data or {})


def _code(endpoint: Endpoint[Any], kind: type[APIError]) -> int:
    """Return the code of an error in the endpoint's own table; errors without one count as an unreadable picture."""
    codes = {meaning: code for code, meaning in endpoint.envelope.errors.items()}
    if kind in (AuthenticationError, OutOfRequestsError) and endpoint.envelope.ambiguous:
        return min(endpoint.envelope.ambiguous)
    return codes.get(kind, codes[InvalidImageError])
