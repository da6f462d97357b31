"""HTTP over aiohttp, which stays cheap with a thousand requests in flight.

Errors tell exactly whether anything of a request was sent, and no request is sent twice without the caller.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import weakref
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Self

import aiohttp
import yarl
from aiohttp.abc import AbstractStreamWriter
from attrs import define

from .._exchange import Attempt
from .._system.descriptors import found_in
from ..errors import ConnectError, ConnectionLostError, CVSError, TimeoutError
from .aiohttp_connection import Connection, Connector, Socket
from .aiohttp_parser import MAX_FIELD, MAX_FIELDS
from .backend import HttpBody, HttpRequest
from .certificates import tls_context
from .proxies import Proxies

KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds without traffic before the first TCP probe, seconds between probes, and number of unanswered probes."""


class _UnansweredError(aiohttp.ClientError):
    """The connection broke without an answer. After this error aiohttp does not send a GET again."""


class _UnusableError(aiohttp.ClientError):
    """Before the request was written, the connection was closed or had received unexpected data."""


@define(eq=False)
class _Delivery:
    """Delivery of one request over a connection.

    Attributes:
        attempt: the attempt to report to.
        used: connections that have carried a request before.
        connection: the connection of this request.
        kept: whether it is one of `used`.
        unusable: whether it was closed or had received unexpected data.
        write_timer: timer for writing one piece of the body; None for a body in memory.
        body_error: error from reading the body.
    """

    attempt: Attempt
    used: weakref.WeakSet[asyncio.BaseTransport]
    connection: Connection | None = None
    kept: bool = False
    unusable: bool = False
    write_timer: asyncio.Timeout | None = None
    body_error: Exception | None = None

    def goes_over(self, connection: Connection) -> None:
        self.connection, self.unusable = connection, False
        self.kept = connection.transport in self.used

    async def begin(self) -> None:
        """Check, right before the first byte is written, that the connection is open and has received nothing.

        Raises:
            _UnusableError: it is closed, or has received unexpected data.
        """
        connection = self.connection
        if connection is None or not await connection.is_usable() or connection.transport is None:
            self.unusable = True
            raise _UnusableError
        try:
            self.attempt.sending()
        except Exception as error:
            self.body_error = error
            raise
        if not self.kept:
            self.used.add(connection.transport)

    def bound_write(self, until: float | None) -> None:
        if self.write_timer is not None:
            with suppress(RuntimeError):  # the timer has ended, because the answer came before the end of the body
                self.write_timer.reschedule(until)


_delivery: ContextVar[_Delivery] = ContextVar("cvs_async_delivery")
"""Passes the delivery to `_Request`, which aiohttp creates in the same task."""


class AiohttpBackend:
    """Up to `max_connections` kept connections, with proxies and certificate authorities from the environment.

    Raises:
        ConfigurationError: an environment variable for them is unusable.
    """

    may_cancel = True

    def __init__(self, max_connections: int, origins: Collection[str]) -> None:
        self._max_connections = max_connections
        self._proxies = Proxies()
        for origin in origins:
            self._proxies.of(origin)
        self._tls: ssl.SSLContext | bool = True
        if any(origin.startswith("https") for origin in origins):  # loading certificates takes tens of milliseconds
            self._tls = tls_context()
        self._session: aiohttp.ClientSession | None = None
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._used: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()

    @property
    def connections(self) -> int:
        """Number of open connections."""
        return sum(opened.fileno() >= 0 for opened in self._sockets)

    def proxy_of(self, url: str) -> str | None:
        """Return the proxy for a URL; None without one."""
        return self._proxies.of(url)

    async def send(self, request: HttpRequest, attempt: Attempt) -> AiohttpResponse:
        """Send one request, once."""
        delivery = _Delivery(attempt, self._used)
        token = _delivery.set(delivery)
        try:
            attempt.connecting()
            if request.body.pieces is not None:
                return AiohttpResponse(await self._request(request, delivery), request.body, attempt)
            async with asyncio.timeout(None) as delivery.write_timer:
                return AiohttpResponse(await self._request(request, delivery), request.body, attempt)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Raised outside of this handler: as context, aiohttp's error would show URL and answer.
            failure = _failure(error, delivery)
        finally:  # break the reference cycle of task, context and timer, which would keep the answer in memory
            _delivery.reset(token)
            delivery.write_timer = None
        raise failure

    async def _request(self, request: HttpRequest, delivery: _Delivery) -> aiohttp.ClientResponse:
        session, url = self._open_session(), yarl.URL(request.url, encoded=True)
        proxy, timeout = self._proxies.of(request.url), _timeout(request.timeout.connect, request.timeout.read)
        middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (_send_once,)
        if request.method == "POST":  # which aiohttp never sends again
            middlewares = ()
        while True:
            try:
                response = await session.request(
                    request.method,
                    url,
                    headers=request.headers,
                    data=_data(request, delivery),
                    timeout=timeout,
                    allow_redirects=False,
                    proxy=proxy,
                    middlewares=middlewares,
                )
            except aiohttp.ClientError:
                if not delivery.unusable:
                    raise
            else:
                if delivery.attempt.may_be_sent:
                    return response
                response.close()  # it came before anything of the request was written
            if not delivery.kept:  # the server closes new connections at once, or sends first
                raise _UnusableError
            # Each iteration removes one kept connection from the pool, so the loop ends.

    async def aclose(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def abandon(self) -> None:
        """Close the sockets after their event loop was closed, which no longer closes connections."""
        await self.aclose()
        for opened in self._sockets:
            opened.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=Connector(limit=self._max_connections, ssl=self._tls, socket_factory=self._open_socket),
                request_class=_Request,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=MAX_FIELD,
                max_field_size=MAX_FIELD,
                max_headers=MAX_FIELDS,
            )
        return self._session

    def _open_socket(self, address: Any) -> socket.socket:
        """Open a socket with TCP keep-alive: load balancers drop connections without traffic during a long request."""
        family, kind, protocol = address[:3]
        opened = Socket(family, kind, protocol)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEP_ALIVE.items():
            if option := getattr(socket, name, None):  # missing on some systems
                opened.setsockopt(socket.IPPROTO_TCP, option, value)
        self._sockets.add(opened)
        return opened


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Write the request. A body is written in another task, whose `begin` checks the connection."""
        delivery = _delivery.get()
        delivery.goes_over(conn.protocol)
        if not self._body:
            try:
                await delivery.begin()
            except _UnusableError:
                conn.close()
                raise
        return await super().send(conn)


@lru_cache
def _timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=connect, sock_read=read)


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Prevent aiohttp from sending a request again when a kept connection breaks: it could be charged twice."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _UnansweredError(str(error)) from error


class _Payload(aiohttp.Payload):
    """A body in memory, for aiohttp."""

    _autoclose = True

    def __init__(self, body: HttpBody, delivery: _Delivery) -> None:
        super().__init__(body)
        self._size = body.size
        self._delivery = delivery

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self._delivery.begin()
        for piece in self._value.pieces:
            await writer.write(piece)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await self.write(writer)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a body is not text")


def _data(request: HttpRequest, delivery: _Delivery) -> AsyncIterator[bytes] | _Payload | None:
    if request.body.pieces is None:
        return _timed(request.body, delivery, request.timeout.write)
    if not request.body.pieces:
        return None
    return _Payload(request.body, delivery)


async def _timed(body: HttpBody, delivery: _Delivery, seconds: float | None) -> AsyncIterator[bytes]:
    """Yield the body, with a timeout for writing each piece, which aiohttp does not have."""
    now = asyncio.get_running_loop().time
    try:
        await delivery.begin()
        async for chunk in body:
            if seconds is not None:
                delivery.bound_write(now() + seconds)
            yield chunk
            delivery.bound_write(None)
    except _UnusableError:
        raise
    except Exception as error:
        delivery.body_error = error
        raise


def _failure(error: Exception, delivery: _Delivery) -> Exception:
    attempt = delivery.attempt
    if delivery.body_error is not None:
        return delivery.body_error
    if delivery.write_timer is not None and delivery.write_timer.expired():
        return TimeoutError(f"{attempt.operation}: no answer in time (WriteTimeout)")
    if not attempt.may_be_sent and (descriptors := found_in(error)) is not None:
        return descriptors
    return to_cvs_error(error, attempt)


def to_cvs_error(error: Exception, attempt: Attempt) -> CVSError:
    """Return the error for a failed request, depending on whether anything of it may have been sent.

    Its text does not quote aiohttp's, which may contain the query of the URL. It names the class of httpx's error.
    """
    if attempt.may_be_sent:
        return _lost(error, attempt.operation)
    return _unreachable(error, attempt.operation)


def _unreachable(error: Exception, operation: str) -> CVSError:
    if isinstance(error, (aiohttp.ClientHttpProxyError, aiohttp.ClientProxyConnectionError)):
        kind = "ProxyError"
    elif isinstance(error, asyncio.TimeoutError):
        return TimeoutError(f"{operation}: no answer in time (ConnectTimeout)")
    elif isinstance(error, (aiohttp.InvalidURL, ValueError)):
        kind = "UnsupportedProtocol"
    else:
        kind = "ConnectError"
    return ConnectError(f"{operation}: the service cannot be reached ({kind})")


def _lost(error: Exception, operation: str) -> CVSError:
    if isinstance(error, asyncio.TimeoutError):
        return TimeoutError(f"{operation}: no answer in time (ReadTimeout)")
    kind = "ReadError"
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)):
        kind = "RemoteProtocolError"
    return ConnectionLostError(f"{operation}: the connection broke before the answer was complete ({kind})")


class AiohttpResponse:
    """An `HttpResponse` of aiohttp."""

    def __init__(self, response: aiohttp.ClientResponse, body: HttpBody, attempt: Attempt) -> None:
        self._response = response
        self._attempt = attempt
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.encoding = response.headers.get("content-encoding", "")
        self.early = body.pieces is None and attempt.sent < body.size

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            failure = to_cvs_error(error, self._attempt)
        else:
            if chunk:
                return chunk
            raise StopAsyncIteration
        raise failure

    async def aclose(self) -> None:
        """Return the connection to the pool if the body was read to its end; else close it."""
        with suppress(aiohttp.ClientError):
            if self._response.content.at_eof():
                self._response.release()
            else:
                self._response.close()
