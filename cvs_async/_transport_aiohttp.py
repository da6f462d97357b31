"""Requests over aiohttp, which never says less, or more, than it knows about a request's delivery.

httpx is the interface that users, hooks and mocks know, and its errors are those that are raised here; aiohttp is
what stays cheap with a thousand calls in flight. What this file adds to both is exactness: errors from before and
after the moment when a request began to leave are never confused, and nothing is ever sent twice behind the
caller's back.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Self

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractStreamWriter
from attrs import define

from ._certificates import tls_context
from ._descriptors import found_in
from ._proxies import Proxies
from ._transport_connection import Connection, Connector, Socket
from ._transport_parser import MAX_FIELD, MAX_FIELDS
from .settings import Timeout

Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""What httpx calls so: is told of each step of a request."""


class _UnansweredError(aiohttp.ClientError):
    """A connection that broke without an answer; aiohttp would resend a GET, this it hands on."""


class _UnusableError(aiohttp.ClientError):
    """The connection was closed, or something had arrived on it, before anything of the request was written."""


class Content(httpx.AsyncByteStream):
    """The body of a request that is in memory, and can be let go: httpx and aiohttp keep requests in cycles.

    Its pieces are not joined: to copy 100 KB takes as long as all the rest of sending them.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def release(self) -> None:
        """Keep nothing of it."""
        self.pieces = ()


@define(eq=False, repr=False)  # credentials are among the headers
class Outgoing:
    """A request as it leaves: its URL is quoted already, and the bounds on its parts are in seconds."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: httpx.AsyncByteStream
    timeout: Timeout


class _Payload(aiohttp.Payload):
    """Such a body, for aiohttp."""

    _autoclose = True

    def __init__(self, content: Content, sending: _Sending) -> None:
        super().__init__(content)
        self._size = len(content)
        self._sending = sending

    async def write(self, writer: AbstractStreamWriter) -> None:
        await self._sending.leave()
        for piece in self._value.pieces:
            await writer.write(piece)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await self.write(writer)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a body is no text")


@define(eq=False)
class _Sending:
    """One request on its way out.

    Attributes:
        trace: is told when a connection is looked for, and right before anything is written to it.
        used: the connections that have carried a request.
        connection: what it goes over.
        kept: whether that has carried a request before.
        unusable: whether it was closed, or something had arrived on it unasked.
        left: whether anything of it may have been written.
        write_timer: bounds the time that it takes to write a piece of its body; None for a body in one piece.
        body_error: why its body could not be had.
    """

    trace: Trace | None
    used: weakref.WeakSet[asyncio.BaseTransport]
    connection: Connection | None = None
    kept: bool = False
    unusable: bool = False
    left: bool = False
    write_timer: asyncio.Timeout | None = None
    body_error: Exception | None = None

    async def tell(self, event: str) -> None:
        if self.trace is not None:
            await self.trace(event, {})

    def goes_over(self, connection: Connection) -> None:
        self.connection, self.unusable = connection, False
        self.kept = connection.transport in self.used

    async def leave(self) -> None:
        """Right before the first byte is written: see to it that nothing has arrived on the connection unasked.

        Raises:
            _UnusableError: it has, or the connection is closed.
        """
        connection = self.connection
        if connection is None or not await connection.is_usable() or connection.transport is None:
            self.unusable = True
            raise _UnusableError
        try:
            await self.tell("http11.send_request_headers.started")
        except Exception as error:
            self.body_error = error
            raise
        self.left = True
        if not self.kept:
            self.used.add(connection.transport)


_sending: ContextVar[_Sending] = ContextVar("cvs_async_sending")
"""For `_Request`, which aiohttp makes; it sends in the task that asked for it."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """`max_connections` kept-alive connections; proxies and extra CAs come from the usual environment variables.

    Raises:
        ConfigurationError: if one of these variables makes it impossible to reach one of the origins.
    """

    def __init__(self, max_connections: int, origins: Collection[str]) -> None:
        self._max_connections = max_connections
        self._proxies = Proxies()
        for origin in origins:
            self._proxies.of(origin)
        # Where no origin needs TLS it is not loaded: that takes tens of milliseconds.
        tls = any(origin.startswith("https") for origin in origins)
        self._tls: ssl.SSLContext | bool = tls_context(httpx.create_ssl_context) if tls else True
        self._session: aiohttp.ClientSession | None = None
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._used: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()

    @property
    def connections(self) -> int:
        """How many are open."""
        return sum(opened.fileno() >= 0 for opened in self._sockets)

    def proxy_of(self, url: str) -> str | None:
        """Return the proxy through which a request goes; None if there is none."""
        return self._proxies.of(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """For httpx, which takes twice as long; see `send`."""
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("the request's body is not asynchronous")
        timeout = request.extensions.get("timeout", {})
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in request.headers.raw}
        answer = await self.send(
            Outgoing(
                request.method,
                str(request.url),
                headers,
                request.stream,
                Timeout(**{name: timeout.get(name) for name in ("connect", "read", "write")}),
            ),
            request.extensions.get("trace"),
        )
        return httpx.Response(answer.status_code, headers=answer.raw_headers, stream=answer, request=request)

    async def send(self, outgoing: Outgoing, trace: Trace | None) -> Answer:
        """Send one request, once.

        Raises:
            httpx.TransportError: of the kind that tells whether the request can have reached the service.
        """
        sending = _Sending(trace, self._used)
        token = _sending.set(sending)
        try:
            await sending.tell("connection.started")
            if isinstance(outgoing.body, (Content, httpx.ByteStream)):
                return Answer(await self._request(outgoing, sending))
            async with asyncio.timeout(None) as sending.write_timer:
                return Answer(await self._request(outgoing, sending))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Not raised in here: aiohttp's error quotes URL and answer, and is no context for others to see.
            failure = _failure(error, sending)
        finally:  # or task, context and timer would keep each other, and the answer with them
            _sending.reset(token)
            sending.write_timer = None
        raise failure

    async def _request(self, outgoing: Outgoing, sending: _Sending) -> aiohttp.ClientResponse:
        session, url = self._open_session(), yarl.URL(outgoing.url, encoded=True)
        proxy, timeout = self._proxies.of(outgoing.url), _timeout(outgoing.timeout.connect, outgoing.timeout.read)
        while True:
            try:
                response = await session.request(
                    outgoing.method,
                    url,
                    headers=outgoing.headers,
                    data=_body(outgoing.body, sending, outgoing.timeout.write),
                    timeout=timeout,
                    allow_redirects=False,
                    proxy=proxy,
                    middlewares=() if outgoing.method == "POST" else (_send_once,),
                )
            except aiohttp.ClientError:
                if not sending.unusable:
                    raise
            else:
                if sending.left:
                    return response
                response.close()  # it came before anything of the request was written
            if not sending.kept:  # a new connection: who closes those at once, or speaks first, will go on so
                raise _UnusableError
            # Each turn takes one kept connection out of the pool, so this comes to an end.

    async def aclose(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def abandon(self) -> None:
        """Close the sockets. Their event loop is closed, so that the connections cannot be."""
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
        """With TCP keep-alive: load balancers forget connections that are silent while a document is worked on."""
        family, kind, protocol = address[:3]
        opened = Socket(family, kind, protocol)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEP_ALIVE.items():
            if option := getattr(socket, name, None):  # not every system has them all
                opened.setsockopt(socket.IPPROTO_TCP, option, value)
        self._sockets.add(opened)
        return opened


KEEP_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds of silence before the first probe, seconds between probes, probes that may go unanswered."""


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Write the request. One with a body leaves in a task of its own, a turn of the loop later."""
        sending = _sending.get()
        sending.goes_over(conn.protocol)
        if not self._body:
            try:
                await sending.leave()
            except _UnusableError:
                conn.close()
                raise
        return await super().send(conn)


@lru_cache
def _timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=connect, sock_read=read)


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp sends again what is no POST when a kept connection breaks; here that could be paid twice, unseen."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _UnansweredError(str(error)) from error


def _body(
    stream: httpx.AsyncByteStream, sending: _Sending, seconds: float | None
) -> AsyncIterator[bytes] | _Payload | None:
    if isinstance(stream, Content):
        return _Payload(stream, sending) if stream.pieces else None
    if isinstance(stream, httpx.ByteStream):
        content = b"".join(stream)
        return _Payload(Content((content,)), sending) if content else None
    return _timed(stream, sending, seconds)


async def _timed(stream: Any, sending: _Sending, seconds: float | None) -> AsyncIterator[bytes]:
    """Hand out the body, and bound the time until the next piece is asked for: aiohttp has no write timeout."""
    now = asyncio.get_running_loop().time

    def bound(until: float | None) -> None:
        if sending.write_timer is not None:
            with suppress(RuntimeError):  # the answer came before the body was taken: there is nothing left to bound
                sending.write_timer.reschedule(until)

    try:
        await sending.leave()
        async for chunk in stream:
            bound(None if seconds is None else now() + seconds)
            yield chunk
            bound(None)
    except _UnusableError:
        raise
    except Exception as error:
        sending.body_error = error
        raise


def _failure(error: Exception, sending: _Sending) -> Exception:
    if sending.body_error is not None:
        return sending.body_error
    if sending.write_timer is not None and sending.write_timer.expired():
        return httpx.WriteTimeout("the request could not be written in time")
    if not sending.left and (descriptors := found_in(error)) is not None:
        return descriptors
    return _as_httpx(error, sending.left)


def _as_httpx(error: Exception, left: bool) -> httpx.TransportError:
    """aiohttp's errors in httpx's words; what is raised before `left` was certainly not delivered."""
    text = type(error).__name__  # aiohttp's own texts may quote the URL with its query
    if not left:
        if isinstance(error, (aiohttp.ClientHttpProxyError, aiohttp.ClientProxyConnectionError)):
            return httpx.ProxyError(text)
        if isinstance(error, asyncio.TimeoutError):
            return httpx.ConnectTimeout(text)
        if isinstance(error, (aiohttp.InvalidURL, ValueError)):
            return httpx.UnsupportedProtocol(text)
        return httpx.ConnectError(text)
    if isinstance(error, asyncio.TimeoutError):
        return httpx.ReadTimeout(text)
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)):
        return httpx.RemoteProtocolError(text)
    return httpx.ReadError(text)


class Answer(httpx.AsyncByteStream):
    """An answer: iterating gives its body as it arrives. It is to be closed.

    Attributes:
        status_code: of HTTP.
        headers: by their names, in any case of letters.
        raw_headers: in bytes, as they came.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status_code = response.status
        self.headers: Mapping[str, str] = response.headers
        self.raw_headers = response.raw_headers

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise _as_httpx(error, True) from None
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Give the connection back if the body was read to its end, and end it if it was not."""
        with suppress(aiohttp.ClientError):
            self._response.release() if self._response.content.at_eof() else self._response.close()
