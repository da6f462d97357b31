"""The interface between the client and an HTTP library: requests, responses, and the protocol of an adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Protocol

from attrs import define

from .._codec.request import Body
from .._exchange import Attempt
from .._settings.timeout import Timeout

SMALL = 1 << 18
"""Maximum size of a body that is written at once, in bytes."""


class HttpBody:
    """The body of a request. `release` frees its memory, because HTTP libraries keep requests in reference cycles.

    Attributes:
        size: in bytes.
        pieces: the whole body if it is small and in memory, else None. Without waits between the pieces, sending takes
            half the time. They are not joined, because copying 100 KB would take as long as the rest of sending.
    """

    def __init__(self, body: Body | None, attempt: Attempt) -> None:
        self.size = 0
        self.pieces: Sequence[bytes] | None = ()
        self._body = body
        self._attempt = attempt
        if body is not None:
            self.size = body.size
            self.pieces = None
            if self.size <= SMALL:
                self.pieces = body.contents()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.pieces is not None:
            for piece in self.pieces:
                yield piece
        elif self._body is not None:
            self._attempt.sent = 0
            async for chunk in self._body.chunks():
                self._attempt.sent += len(chunk)
                yield chunk

    def release(self) -> None:
        """Drop the content. Count a body in memory as sent if the request may have been written."""
        if self.pieces is not None and self._attempt.may_be_sent:
            self._attempt.sent = self.size
        self.pieces, self._body = (), None


@define(eq=False)
class HttpRequest:
    """An HTTP request. Its repr shows neither credentials nor content.

    Attributes:
        method: HTTP method.
        url: percent-encoded, in ASCII.
        headers: including credentials.
        body: the body; its size is 0 without one.
        timeout: bounds on connecting, reading and writing.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: HttpBody
    timeout: Timeout

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method}, {len(self.headers)} headers>"


class HttpResponse(Protocol):
    """An answer whose head has arrived. Iteration yields its body. It must be closed.

    Attributes:
        status: HTTP status.
        headers: values by name, case-insensitive.
        encoding: Content-Encoding of the body as it is yielded.
        early: whether the answer came before the whole request was written.
    """

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def encoding(self) -> str: ...
    @property
    def early(self) -> bool: ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return the chunks of the body. Raises `TransportError` if the connection breaks."""
        ...

    async def aclose(self) -> None:
        """Return the connection to the pool if the body was read to its end; else close it."""
        ...


class Backend(Protocol):
    """An HTTP library, with one pool of connections."""

    @property
    def may_cancel(self) -> bool:
        """True if cancelling a request that is connecting does not lose a connection of the pool."""
        ...

    @property
    def connections(self) -> int | None:
        """Number of open connections; None if the library does not tell."""
        ...

    def proxy_of(self, url: str) -> str | None:
        """Return the proxy for a URL; None without one, or if it is not known."""
        ...

    def send(self, request: HttpRequest, attempt: Attempt) -> Awaitable[HttpResponse]:
        """Send a request exactly once, and report to the attempt when it connects and before its first byte is sent.

        Raises:
            TransportError: no answer arrived; a ConnectError only if nothing of the request was delivered.
            ConfigurationError: no file descriptor is free.
            CVSError: an error from reading the body of the request.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...

    async def abandon(self) -> None:
        """Close the sockets after their event loop was closed, which no longer closes connections."""
        ...
