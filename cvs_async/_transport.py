"""Sending one request over HTTP, and saying exactly what became of it. The only place that knows httpx."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus

import httpx

from ._descriptors import found_in
from ._exchange import Progress, WireReply
from ._offline import is_offline, refuse_elsewhere
from ._private import Headers
from ._request import Body, Request
from ._retry import parse_retry_after
from ._transport_aiohttp import AiohttpTransport, Answer, Content, Outgoing
from ._unpack import ENCODINGS, BrokenEncodingError, Unpacker
from ._version import __version__
from .errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    CVSError,
    DecodeError,
    InvalidInputError,
    ResponseTooLargeError,
    TimeoutError,
)
from .settings import Settings, Timeout, is_safe

HEAD = 1 << 16
"""Bytes of an answer that is too large which are kept: its code may stand there."""


SMALL = 1 << 18
"""Bytes of a body that are handed to the connection at once."""


class Transport:
    """One connection pool and the rules for using it: credentials, bounds, no redirects."""

    def __init__(
        self,
        settings: Settings,
        max_connections: int,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        allow_insecure: bool = False,
    ) -> None:
        self._settings = settings
        self._allow_insecure = allow_insecure
        self._own = AiohttpTransport(max_connections, settings.origins.values()) if transport is None else None
        # httpx would route around the transport where a proxy is set; the transport reads the proxies itself.
        self._client = httpx.AsyncClient(
            transport=transport or self._own,
            follow_redirects=False,
            trust_env=False,
        )
        self._headers = Headers(
            {
                "Accept": "application/json",
                "Accept-Encoding": ENCODINGS,
                "Authorization": settings.authorization,
                "User-Agent": f"cvs_async/{__version__}",
            }
        )

    @property
    def connections(self) -> int | None:
        """How many are open; None with a transport of the user's own."""
        return None if self._own is None else self._own.connections

    async def send(self, request: Request, timeout: Timeout, progress: Progress) -> WireReply:
        """Make one attempt. The bound on the whole call is the caller's; `progress` tells it how far this came.

        Raises:
            TransportError: no answer; its charge says whether the request can have been worked on.
            DecodeError: the body's content encoding is broken.
            ResponseTooLargeError: the answer is larger than the client's bound.
            InvalidInputError: a file changed while it was being sent.
            ConfigurationError: a file could not be opened again, for the system allows no more open files; or the
                service is on another machine, and CVS_ASYNC_OFFLINE is set.
        """
        url = _quoted(f"{self._settings.origins[request.host]}{request.path}")
        headers, body = self._headers, request.body
        if request.query:
            url = f"{url}?{request.query}"
        if body is not None:
            headers = Headers({**headers, "Content-Type": body.content_type, "Content-Length": str(body.size)})
        stream = _stream(body, progress)
        outgoing = Outgoing(request.method, url, headers, stream, timeout)
        try:
            return await self._exchange(request.operation, outgoing, progress)
        finally:
            if isinstance(stream, Content) and progress.phase in ("leaving", "answered"):
                progress.sent = len(stream)
            stream.release()

    async def fetch(self, operation: str, url: str, timeout: Timeout, progress: Progress) -> WireReply:
        """Get what is at a URL. The credentials go along to the configured origins only.

        Raises:
            TransportError, DecodeError, ResponseTooLargeError: as for `send`.
            InvalidInputError: httpx cannot make sense of the URL, or others could read along.
        """
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InvalidInputError(f"{operation}: the URL cannot be used", operation=operation) from error
        if not (self._allow_insecure or is_safe(url)):
            raise InvalidInputError(
                f"{operation}: the URL is plain http; allow_insecure=True (--allow-insecure) uses it",
                operation=operation,
            )
        headers = Headers({**self._headers, "Accept": "*/*"})
        if _origin(target) not in {_origin(httpx.URL(origin)) for origin in self._settings.origins.values()}:
            del headers["Authorization"]
        return await self._exchange(operation, Outgoing("GET", str(target), headers, Content(()), timeout), progress)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def abandon(self) -> None:
        """Let go of the sockets of an event loop that is closed. A transport of the user's own keeps its own."""
        if self._own is not None:
            await self._own.abandon()

    async def _exchange(self, operation: str, outgoing: Outgoing, progress: Progress) -> WireReply:
        clock = asyncio.get_running_loop().time
        if is_offline():
            self._refuse_elsewhere(operation, outgoing.url)
        progress.handed_at, progress.phase = clock(), "handed"
        content = bytearray()
        try:
            answer = await self._answer(outgoing, progress)
            size = int(outgoing.headers.get("Content-Length", 0))
            # Transports of others need not read a body, as in tests.
            early = isinstance(answer, Answer) and isinstance(outgoing.body, _BodyStream) and progress.sent < size
            try:
                await self._read(answer, operation, progress, content)
                await _use_once(answer)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            ours = _as_ours(error, operation, progress)
            # Texts of httpx and httpcore, and of what led to them, may quote the answer.
            error.args, error.__cause__, error.__context__ = (type(error).__name__,), None, None
            raise ours from error
        except BrokenEncodingError as error:
            text = f"{operation}: the answer's content encoding is broken"
            raw = bytes(content) or None  # what it cost may stand there
            raise DecodeError(
                text, operation=operation, attempts=progress.attempts, charge="unknown", raw=raw
            ) from error
        except CVSError as error:
            error.operation, error.attempts = operation, progress.attempts
            if isinstance(error, ConfigurationError):
                error.args = (f"{operation}: {error}",)
            # A request whose input could not be read to its end is never complete, so nobody can have worked on it.
            error.charge = "free" if isinstance(error, (InvalidInputError, ConfigurationError)) else progress.charge
            raise
        else:
            progress.answered_at, progress.phase = clock(), "answered"
            progress.answer = WireReply(
                answer.status_code,
                bytes(content),
                progress.attempts,
                progress.unknown_before,
                None if answer.status_code == HTTPStatus.OK else _retry_after(answer.headers),
                size,
                early,
            )
            return progress.answer

    def _refuse_elsewhere(self, operation: str, url: str) -> None:
        refuse_elsewhere(operation, url, "the service's host")
        proxy = None if self._own is None else self._own.proxy_of(url)
        if proxy is not None:
            refuse_elsewhere(operation, proxy, "the proxy's host")

    def _answer(self, outgoing: Outgoing, progress: Progress) -> Awaitable[Answer | httpx.Response]:
        # What `AsyncClient.send` does beside this is for redirects, credentials, cookies and logging, of which there
        # are none here. Who replaces the client's transport, as respx does, is asked all the same.
        transport = self._client._transport_for_url(_ANY)
        if self._own is not None and transport is self._own:
            return self._own.send(outgoing, progress)
        return transport.handle_async_request(_as_httpx(outgoing, progress))

    async def _read(
        self, answer: Answer | httpx.Response, operation: str, progress: Progress, content: bytearray
    ) -> None:
        async for piece in _pieces(answer, progress):
            content += piece
            if len(content) > self._settings.max_response_bytes:
                raise ResponseTooLargeError(
                    f"{operation}: the answer has more than {self._settings.max_response_bytes} bytes, which is the"
                    " bound; a larger one is AsyncCVS(max_response_bytes=...)",
                    http_status=answer.status_code,
                    raw=bytes(content[:HEAD]),
                )


def _as_httpx(outgoing: Outgoing, progress: Progress) -> httpx.Request:
    url, timeout = httpx.URL(outgoing.url), outgoing.timeout
    timeouts = {"connect": timeout.connect, "read": timeout.read, "write": timeout.write, "pool": None}
    return httpx.Request(
        outgoing.method,
        url,
        headers={**outgoing.headers, "Host": url.netloc.decode("ascii")},
        stream=outgoing.body,
        extensions={"timeout": timeouts, "trace": progress},
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    return parse_retry_after(headers.get("retry-after"), headers.get("date"), time.time())


async def _pieces(answer: Answer | httpx.Response, progress: Progress) -> AsyncIterator[bytes]:
    """The content of an answer. httpx would unpack whatever has arrived at once, and that may be a bomb."""
    if isinstance(answer, httpx.Response) and answer.is_stream_consumed:  # a mock's, there from the beginning
        progress.received += len(answer.content)
        yield answer.content
        return
    stream = answer.stream if isinstance(answer, httpx.Response) else answer
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the transport's answer is not asynchronous")
    unpacker = Unpacker(answer.headers.get("content-encoding", ""))
    async for chunk in stream:
        progress.received += len(chunk)
        for number, piece in enumerate(unpacker.feed(chunk)):
            if number:  # there is much in a small chunk, and perhaps in those of many other answers
                await asyncio.sleep(0)
            yield piece
    unpacker.finish()


async def _use_once(answer: Answer | httpx.Response) -> None:
    """Close the connection of an answer that came through httpcore, which is what httpx's own transports use.

    httpcore keeps what came together with an answer, and takes it for the answer to the next request. The client's own
    connections notice that; these cannot be asked. HTTP/2 numbers its answers, so its connections stay open.
    """
    if isinstance(answer, httpx.Response) and answer.http_version.startswith("HTTP/1"):
        stream = answer.extensions.get("network_stream")
        if stream is not None:
            with suppress(Exception):  # the answer is there; how its connection ends is of no account
                await stream.aclose()


def _stream(body: Body | None, progress: Progress) -> Content | _BodyStream:
    """What is small and in memory goes without waiting between its pieces, which takes half the time."""
    contents = [] if body is None else body.contents() if body.size <= SMALL else None
    return _BodyStream(body, progress) if contents is None else Content(contents)


class _BodyStream(httpx.AsyncByteStream):
    """A request's body. httpx keeps requests in reference cycles, so what they carry must be let go by hand."""

    def __init__(self, body: Body | None, progress: Progress) -> None:
        self._body = body
        self._progress = progress

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body is not None:
            async for chunk in self._body.chunks():
                self._progress.sent += len(chunk)
                yield chunk

    def release(self) -> None:
        self._body = None


@lru_cache
def _quoted(url: str) -> str:
    """As it goes over the wire, where letters are ASCII."""
    return str(httpx.URL(url))


_ANY = httpx.URL()
"""The client has one transport, whatever the URL."""


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _as_ours(error: httpx.HTTPError | httpx.InvalidURL, operation: str, progress: Progress) -> CVSError:
    attempts = progress.attempts
    never_left = isinstance(error, _NOT_DELIVERED) or progress.charge == "free"
    if never_left and (descriptors := found_in(error)) is not None:
        return ConfigurationError(f"{operation}: {descriptors}", operation=operation, attempts=attempts)
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
