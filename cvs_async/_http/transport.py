"""Send a request over HTTP, and tell exactly how far it came. Independent of the HTTP library."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from http import HTTPStatus

from .._codec.request import Request
from .._exchange import Attempt, WireReply
from .._limits.retry import parse_retry_after
from .._settings.addresses import is_safe
from .._settings.timeout import Timeout
from .._system.private import Headers
from .._version import __version__
from ..errors import ConfigurationError, ConnectError, DecodeError, InvalidInputError, ResponseTooLargeError
from ..settings import ClientConfig
from .backend import Backend, HttpBody, HttpRequest, HttpResponse
from .offline import is_offline, refuse_elsewhere
from .unpack import ENCODINGS, BrokenEncodingError, Unpacker
from .urls import address_of, origin_of, quoted

HEAD = 1 << 16
"""Number of bytes that are kept of an answer that is too large. Its code may be in them."""


class Transport:
    """The client's rules for HTTP: URLs, credentials, size limits, unpacking, no redirects."""

    def __init__(self, config: ClientConfig, backend: Backend) -> None:
        self._config = config
        self._backend = backend
        self._headers = Headers(
            {
                "Accept": "application/json",
                "Accept-Encoding": ENCODINGS,
                "Authorization": config.credentials.authorization,
                "User-Agent": f"cvs_async/{__version__}",
            }
        )

    @property
    def connections(self) -> int | None:
        """Number of open connections; None with a user's own transport."""
        return self._backend.connections

    def send(self, request: Request, timeout: Timeout, attempt: Attempt) -> Awaitable[WireReply]:
        """Send a request and read the answer, and record the progress in `attempt`.

        The bound on the whole call is not applied here.

        Raises:
            TransportError: no answer arrived.
            DecodeError: the content encoding of the body is broken.
            ResponseTooLargeError: the answer is larger than `max_response_bytes`.
            InvalidInputError: a file changed while it was being sent.
            ConfigurationError: no file descriptor was free to read a file; or CVS_ASYNC_OFFLINE is set and the service
                is on another machine.
        """
        url = quoted(f"{self._config.origins.of(request.operation, request.host)}{request.path}")
        if request.query:
            url = f"{url}?{request.query}"
        self._check_offline(request.operation, url)
        headers, body = self._headers, HttpBody(request.body, attempt)
        if request.body is not None:
            headers = Headers({**headers, "Content-Type": request.body.content_type, "Content-Length": str(body.size)})
        return self._exchange(HttpRequest(request.method, url, headers, body, timeout), attempt)

    def fetch(self, operation: str, url: str, timeout: Timeout, attempt: Attempt) -> Awaitable[WireReply]:
        """Download a file. Credentials are sent only to the configured origins.

        Raises:
            TransportError, DecodeError, ResponseTooLargeError: as for `send`.
            InvalidInputError: the URL is unusable, or plain http to another machine.
        """
        try:
            target, origin = quoted(url), origin_of(url)
        except ValueError as error:
            raise InvalidInputError(f"{operation}: the URL cannot be used") from error
        if not (self._config.allow_insecure or is_safe(url)):
            raise InvalidInputError(
                f"{operation}: the URL is plain http; allow_insecure=True (--allow-insecure) uses it"
            )
        self._check_offline(operation, target)
        headers = Headers({**self._headers, "Accept": "*/*"})
        if origin not in map(origin_of, self._config.origins.all):
            del headers["Authorization"]
        return self._exchange(HttpRequest("GET", target, headers, HttpBody(None, attempt), timeout), attempt)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._backend.aclose()

    async def abandon(self) -> None:
        """Close the sockets after their event loop was closed, except those of a user's own transport."""
        await self._backend.abandon()

    async def _exchange(self, request: HttpRequest, attempt: Attempt) -> WireReply:
        now = asyncio.get_running_loop().time
        attempt.handed_at, attempt.phase = now(), "handed"
        size, content = request.body.size, bytearray()
        try:
            response = await self._backend.send(request, attempt)
            try:
                await self._read(response, attempt, content)
            finally:
                await response.aclose()
            attempt.answered_at, attempt.phase = now(), "answered"
        except BrokenEncodingError as error:
            text = f"{attempt.operation}: the answer's content encoding is broken"
            raw = bytes(content) or None  # the code may be in it
            raise DecodeError(text, raw=raw, charge="unknown") from error
        except ConfigurationError as error:
            error.args = (f"{attempt.operation}: {error}",)
            raise
        except ConnectError as error:
            error.args = (f"{error} at {self._way_to(request.url)}",)
            raise
        finally:
            request.body.release()
        attempt.answer = WireReply(
            response.status,
            bytes(content),
            attempt.attempts,
            attempt.unknown_before,
            _retry_after(response),
            size,
            response.early,
        )
        return attempt.answer

    async def _read(self, response: HttpResponse, attempt: Attempt, content: bytearray) -> None:
        bound, unpacker = self._config.max_response_bytes, Unpacker(response.encoding)
        async for chunk in response:
            attempt.received += len(chunk)
            for number, piece in enumerate(unpacker.feed(chunk)):
                if number:  # a highly compressed chunk: let other tasks run between its pieces
                    await asyncio.sleep(0)
                content += piece
                if len(content) > bound:
                    raise ResponseTooLargeError(
                        f"{attempt.operation}: the answer has more than {bound} bytes, the maximum;"
                        " AsyncCVS(max_response_bytes=...) raises it",
                        http_status=response.status,
                        raw=bytes(content[:HEAD]),
                        charge="unknown",
                    )
        unpacker.finish()

    def _way_to(self, url: str) -> str:
        """Return where a request goes, without path and query."""
        proxy = self._backend.proxy_of(url)
        return address_of(url) if proxy is None else f"{address_of(url)} by the proxy {address_of(proxy)}"

    def _check_offline(self, operation: str, url: str) -> None:
        if not is_offline():
            return
        refuse_elsewhere(operation, url, "the service's host")
        proxy = self._backend.proxy_of(url)
        if proxy is not None:
            refuse_elsewhere(operation, proxy, "the proxy's host")


def _retry_after(response: HttpResponse) -> float | None:
    if response.status == HTTPStatus.OK:
        return None
    return parse_retry_after(response.headers.get("retry-after"), response.headers.get("date"), time.time())
