"""Sending one request over HTTP, and saying exactly what became of it. The only place that knows httpx."""

from __future__ import annotations

import asyncio
import builtins
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import httpx

from ._exchange import Progress, WireReply
from ._request import Body, Request
from ._transport_aiohttp import AiohttpTransport
from ._version import __version__
from .errors import (
    ConnectError,
    ConnectionLostError,
    CVSError,
    DecodeError,
    ResponseTooLargeError,
    TimeoutError,
)
from .settings import Settings, Timeout


class Transport:
    """One connection pool and the rules for using it: credentials, bounds, no redirects."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        # Of the pool's size, so that nobody waits inside the HTTP library.
        self._slots = asyncio.Semaphore(settings.max_connections)
        tls = any(origin.startswith("https") for origin in settings.origins.values())
        # httpx would route around the transport where a proxy is set; the transport reads the proxies itself.
        self._client = httpx.AsyncClient(
            transport=transport or AiohttpTransport(settings.max_connections, tls=tls),
            follow_redirects=False,
            trust_env=False,
        )
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": self._client.headers["Accept-Encoding"],
            "Authorization": settings.authorization,
            "User-Agent": f"cvs_async/{__version__}",
        }
        logging.getLogger("httpx").addFilter(_not_in_our_call)

    @asynccontextmanager
    async def slot(self, operation: str, timeout: Timeout) -> AsyncIterator[None]:
        """One of the client's connections, from before the inputs are read: what waits holds no documents.

        Raises:
            TimeoutError: none became free in time.
        """
        try:
            async with asyncio.timeout(timeout.pool):
                await self._slots.acquire()
        except builtins.TimeoutError as error:
            raise TimeoutError(
                f"{operation}: none of {self._settings.max_connections} connections"
                f" became free within {timeout.pool:g} seconds",
                operation=operation,
            ) from error
        try:
            yield
        finally:
            self._slots.release()

    async def send(self, request: Request, timeout: Timeout, progress: Progress) -> WireReply:
        """Make one attempt. The bound on the whole call is the caller's; `progress` tells it how far this came.

        Raises:
            TransportError: no answer; its charge says whether the request can have been worked on.
            DecodeError: the body's content encoding is broken.
            ResponseTooLargeError: the answer is larger than the client's bound.
            InvalidInputError: a file changed while it was being sent.
        """
        in_our_call = _in_our_call.set(True)
        try:
            progress.phase = "handed"
            return await self._exchange(request, timeout, progress)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _as_ours(error, request, progress) from error
        except CVSError as error:
            error.operation, error.attempts = request.operation, progress.attempts
            error.charge = progress.charge
            raise
        finally:
            _in_our_call.reset(in_our_call)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _exchange(self, request: Request, timeout: Timeout, progress: Progress) -> WireReply:
        stream = _BodyStream(request.body)
        try:
            response = await self._client.send(self._http(request, stream, timeout, progress), stream=True)
        finally:
            stream.release()
        try:
            return WireReply(response.status_code, await self._read(response, request))
        finally:
            await response.aclose()

    def _http(self, request: Request, stream: _BodyStream, timeout: Timeout, progress: Progress) -> httpx.Request:
        mark = "?" if request.query else ""
        url = httpx.URL(f"{self._settings.origins[request.host]}{request.path}{mark}{request.query}")
        headers = self._headers | {"Host": url.netloc.decode("ascii")}
        if request.body is not None:
            headers |= {
                "Content-Type": request.body.content_type,
                "Content-Length": str(request.body.size),
            }
        parts = {"connect": timeout.connect, "read": timeout.read, "write": timeout.write, "pool": None}
        return httpx.Request(
            request.method,
            url,
            headers=headers,
            stream=stream if request.body is not None else httpx.ByteStream(b""),
            extensions={"timeout": parts, "trace": progress},
        )

    async def _read(self, response: httpx.Response, request: Request) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._settings.max_response_bytes:
                raise ResponseTooLargeError(
                    f"{request.operation}: the answer has more than {self._settings.max_response_bytes} bytes;"
                    " max_response_bytes of the client is the bound",
                    http_status=response.status_code,
                )
        return bytes(content)


class _BodyStream(httpx.AsyncByteStream):
    """A request's body. httpx keeps requests in reference cycles, so what they carry must be let go by hand."""

    def __init__(self, body: Body | None) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body is not None:
            async for chunk in self._body.chunks():
                yield chunk

    def release(self) -> None:
        self._body = None


def _as_ours(error: httpx.HTTPError | httpx.InvalidURL, request: Request, progress: Progress) -> CVSError:
    operation, attempts = request.operation, progress.attempts
    if isinstance(error, httpx.DecodingError):
        return DecodeError(
            f"{operation}: the answer's content encoding is broken",
            operation=operation, attempts=attempts, charge="unknown",
        )  # fmt: skip
    never_left = isinstance(error, _NOT_DELIVERED) or progress.charge == "free"
    kind = type(error).__name__
    ours: type[CVSError]
    if isinstance(error, httpx.TimeoutException):
        text, ours = f"no answer in time ({kind})", TimeoutError
    elif never_left:
        text, ours = f"the service cannot be reached ({kind})", ConnectError
    else:
        text, ours = f"the connection broke before the answer was complete ({kind})", ConnectionLostError
    return ours(
        f"{operation}: {text}",
        operation=operation,
        attempts=attempts,
        charge="free" if never_left else "unknown",
    )


_NOT_DELIVERED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""What httpx raises before anything of a request has left, whichever transport is below."""

_in_our_call: ContextVar[bool] = ContextVar("cvs_async_in_our_call", default=False)


def _not_in_our_call(record: logging.LogRecord) -> bool:
    """httpx logs each request's URL with its query, where the document's link stands."""
    return not _in_our_call.get()
