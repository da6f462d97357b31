"""The seam between the client and an HTTP library: what a request is, and what a library's adapter must do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Protocol

from attrs import define

from .._codec.request import Body
from .._exchange import Attempt
from .._settings.timeout import Timeout

SMALL = 1 << 18
"""Bytes of a body that are handed to the connection at once."""


class HttpBody:
    """The body of a request. HTTP libraries keep requests in reference cycles, so it can be released by hand.

    Attributes:
        size: in bytes.
        pieces: the whole body, where it is small and in memory: without waiting between pieces, sending takes half
            the time. They are not joined: copying 100 KB takes as long as the rest of sending it. Else None.
    """

    def __init__(self, body: Body | None, attempt: Attempt) -> None:
        self.size = 0 if body is None else body.size
        self.pieces: Sequence[bytes] | None = ()
        self._body: Body | None = None
        self._attempt = attempt
        if body is not None:
            self.pieces = body.contents() if self.size <= SMALL else None
            if self.pieces is None:
                self._body = body

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
        """Drop the contents. Count a body in memory as sent if the request may have been written."""
        if self.pieces is not None and self._attempt.may_be_sent:
            self._attempt.sent = self.size
        self.pieces, self._body = (), None


@define(eq=False)
class HttpRequest:
    """A request as it leaves. Its repr shows neither credentials nor contents.

    Attributes:
        url: quoted, letters in ASCII only.
        timeout: bounds on connecting, reading and writing, in seconds.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: HttpBody
    timeout: Timeout

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method}, {len(self.headers)} headers>"


class HttpResponse(Protocol):
    """An answer whose head has arrived. Iterating gives its body as it arrives. It must be closed.

    Attributes:
        status: of HTTP.
        headers: by name, in any case.
        encoding: the Content-Encoding of what iterating gives.
        early: whether the answer came before all of the request had been written.
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
        """True if a request may be cancelled while it connects, without losing a connection of the pool."""
        ...

    @property
    def connections(self) -> int | None:
        """Open connections; None where the library cannot be asked."""
        ...

    def proxy_of(self, url: str) -> str | None:
        """Return the proxy through which a request goes, as far as it is known; None without one."""
        ...

    def send(self, request: HttpRequest, attempt: Attempt) -> Awaitable[HttpResponse]:
        """Send one request, once, and report to the attempt when it connects and when its first byte leaves.

        Raises:
            TransportError: without an answer; a ConnectError only if nothing of the request was delivered.
            ConfigurationError: no file descriptor is left.
            CVSError: what iterating over the body has raised.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...

    async def abandon(self) -> None:
        """Close the sockets. Their event loop is closed, so that the connections cannot be."""
        ...
