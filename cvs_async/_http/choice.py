"""Choose the backend of a client. httpx is imported only for a user's own transport, or if it is already loaded."""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from .._exchange import Attempt
from ..settings import ClientConfig
from .backend import Backend, HttpRequest, HttpResponse

if TYPE_CHECKING:
    import httpx

    from .httpx_backend import Mockable


def make_backend(config: ClientConfig, transport: httpx.AsyncBaseTransport | None) -> Backend:
    """Return the backend of a client: the user's own transport, if there is one, else a pool of connections.

    Raises:
        ConfigurationError: an environment variable for proxies or certificates is unusable.
    """
    if transport is not None:
        from .httpx_backend import HttpxBackend

        return HttpxBackend(transport)
    from .aiohttp_backend import AiohttpBackend

    return Replaceable(AiohttpBackend(config.max_connections, config.origins.all))


class Replaceable:
    """A backend that mocks of httpx can replace while they are active, such as `respx.mock(using="httpx")`."""

    def __init__(self, own: Backend) -> None:
        self._own = own
        self._mockable: Mockable | None = None
        self.may_cancel = own.may_cancel

    @property
    def connections(self) -> int | None:
        """Number of open connections."""
        return self._own.connections

    def proxy_of(self, url: str) -> str | None:
        """Return the proxy for a URL; None without one."""
        return self._own.proxy_of(url)

    def send(self, request: HttpRequest, attempt: Attempt) -> Awaitable[HttpResponse]:
        """Send a request, or pass it to the mock."""
        if "httpx" not in sys.modules:  # only httpx can be mocked
            return self._own.send(request, attempt)
        if self._mockable is None:
            from .httpx_backend import Mockable

            self._mockable = Mockable(self._own)
        return self._mockable.send(request, attempt)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._own.aclose()

    async def abandon(self) -> None:
        """Close the sockets after their event loop was closed."""
        await self._own.abandon()
