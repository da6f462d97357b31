"""HTTP over httpx, for a user's own transport, and for mocks that replace the transports of all clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from .._exchange import Attempt
from .._system.descriptors import found_in
from ..errors import ConnectError, ConnectionLostError, CVSError, TimeoutError
from .backend import Backend, HttpBody, HttpRequest, HttpResponse

NOT_DELIVERED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Errors that httpx raises only before anything of a request is sent."""


class HttpxBackend:
    """A backend that sends over a transport of httpx."""

    may_cancel = False  # httpx loses a connection of its pool if a request is cancelled while it connects
    connections = None

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        # With trust_env, httpx would bypass the transport if the environment names a proxy.
        self._client = httpx.AsyncClient(transport=transport, follow_redirects=False, trust_env=False)

    def proxy_of(self, url: str) -> str | None:
        """Return None, because only the transport knows its proxy."""
        return None

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return the transport, or the mock that replaces it.

        It is used directly, because `AsyncClient.send` would only add redirects, credentials, cookies and logging.
        """
        return self._client._transport_for_url(_ANY)

    async def send(self, request: HttpRequest, attempt: Attempt) -> HttpResponse:
        """Send a request."""
        try:
            return _Response(await self.transport().handle_async_request(_to_httpx(request, attempt)), attempt)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise to_cvs_error(error, attempt) from _without_texts(error)

    async def aclose(self) -> None:
        """Close the transport."""
        await self._client.aclose()

    async def abandon(self) -> None:
        """Do nothing, because the sockets belong to the user's transport."""


class Mockable:
    """Another backend as a transport of httpx, which mocks can replace."""

    def __init__(self, own: Backend) -> None:
        self._own = own
        self._bridge = _Bridge(own)
        self._backend = HttpxBackend(self._bridge)

    def send(self, request: HttpRequest, attempt: Attempt) -> Awaitable[HttpResponse]:
        """Send a request, or pass it to the mock."""
        if self._backend.transport() is self._bridge:
            return self._own.send(request, attempt)
        return self._backend.send(request, attempt)


class _Bridge(httpx.AsyncBaseTransport):
    """Transport of httpx that sends over the other backend, also requests that a mock lets through."""

    def __init__(self, own: Backend) -> None:
        self._own = own

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        trace: _Trace = request.extensions["trace"]
        response = await self._own.send(trace.request, trace.attempt)
        headers = response.headers.items()
        raw = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers]
        return httpx.Response(response.status, headers=raw, stream=_Stream(response))


class _Trace:
    """Sets the phase of an attempt from httpcore's trace events."""

    def __init__(self, request: HttpRequest, attempt: Attempt) -> None:
        self.request = request
        self.attempt = attempt

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.attempt.sending()
        else:
            self.attempt.connecting()


class _Stream(httpx.AsyncByteStream):
    """The body of a request or response as a stream of httpx."""

    def __init__(self, body: HttpBody | HttpResponse) -> None:
        self._body = body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.__aiter__()

    async def aclose(self) -> None:
        if not isinstance(self._body, HttpBody):
            await self._body.aclose()


def _to_httpx(request: HttpRequest, attempt: Attempt) -> httpx.Request:
    url, timeout = httpx.URL(request.url), request.timeout
    timeouts = {"connect": timeout.connect, "read": timeout.read, "write": timeout.write, "pool": None}
    return httpx.Request(
        request.method,
        url,
        headers={**request.headers, "Host": url.netloc.decode("ascii")},
        stream=_Stream(request.body),
        extensions={"timeout": timeouts, "trace": _Trace(request, attempt)},
    )


class _Response:
    """A response of httpx. Its body is not read with `aiter_bytes`, which would unpack a compression bomb at once.

    The response of a mock has its content from the beginning, already unpacked.
    """

    early = False  # a user's transport may answer without reading the request's body

    def __init__(self, response: httpx.Response, attempt: Attempt) -> None:
        self._response = response
        self._attempt = attempt
        self._read = False
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.encoding = ""
        if not response.is_stream_consumed:
            self.encoding = response.headers.get("content-encoding", "")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._response.is_stream_consumed:
            yield self._response.content
        else:
            stream = self._response.stream
            if not isinstance(stream, httpx.AsyncByteStream):
                raise TypeError("the transport's answer is not asynchronous")
            try:
                async for chunk in stream:
                    yield chunk
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise to_cvs_error(error, self._attempt) from _without_texts(error)
        self._read = True

    async def aclose(self) -> None:
        """Close the response, and its connection if it is one of httpcore with HTTP/1.

        httpcore would take data that follows a response for the response to the next request. With HTTP/2 this cannot
        happen, because responses are numbered.
        """
        if self._read and self._response.http_version.startswith("HTTP/1"):
            connection = self._response.extensions.get("network_stream")
            if connection is not None:
                with suppress(Exception):  # the answer is complete, so errors of closing do not matter
                    await connection.aclose()
        await self._response.aclose()


_ANY = httpx.URL()
"""Any URL: the client has the same transport for all of them."""


def to_cvs_error(error: httpx.HTTPError | httpx.InvalidURL, attempt: Attempt) -> CVSError:
    """Return the error for a failed request, depending on whether anything of it may have been sent."""
    if isinstance(error, NOT_DELIVERED):
        attempt.not_delivered()
    if attempt.undelivered and (descriptors := found_in(error)) is not None:
        return descriptors
    operation, kind = attempt.operation, type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return TimeoutError(f"{operation}: no answer in time ({kind})")
    if attempt.undelivered:
        return ConnectError(f"{operation}: the service cannot be reached ({kind})")
    return ConnectionLostError(f"{operation}: the connection broke before the answer was complete ({kind})")


def _without_texts(error: Exception) -> Exception:
    """Return the error without its text and causes, which may quote the answer."""
    error.args, error.__cause__, error.__context__ = (type(error).__name__,), None, None
    return error
