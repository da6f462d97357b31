"""The client: settings, life cycle, and the operations as attributes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from ._call import Caller
from ._endpoint import Arguments, Endpoint
from ._reply import Reply
from .api import OPERATIONS, V1, Ekyc, FaceSearch, Ocr, SmartCrop
from .batch.runner import Batch, endpoint_of
from .batch.sources import Source
from .settings import Settings, Timeout

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


class AsyncCVS:
    """Client for the CVS API: one connection pool, any number of concurrent calls.

    Make one, keep it as long as you call, and close it with ``async with`` or `aclose`.

    Args:
        api_key, api_secret: else CVS_API_KEY and CVS_API_SECRET of the environment.
        base_url: one origin for everything (a sandbox, an installation of your own), or a mapping with an
            origin for each of ``cloud`` and ``demo``; else CVS_BASE_URL; else the hosts of the vendor's documents.
        timeout: seconds for a whole call, or a `Timeout` with its parts.
        max_connections: how many calls may be in flight; more of them wait.
        max_response_bytes: the largest answer that is read, in bytes.
        transport: an `httpx.AsyncBaseTransport` of your own instead of the client's connection pool.

    Raises:
        ConfigurationError: if a key is missing or an argument is unusable.
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        base_url: str | Mapping[str, str] | None = None,
        timeout: float | Timeout | None = None,
        max_connections: int = 100,
        max_response_bytes: int = 64 << 20,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        # Here, because httpx and aiohttp take longer to import than all the rest, and httpx imports click and
        # rich wherever they are installed.
        from ._transport import Transport

        settings = Settings.load(api_key, api_secret, base_url, timeout, max_connections, max_response_bytes)
        self._settings = settings
        self._transport = Transport(settings, transport)
        self._call = Caller(settings, self._transport)
        self.ekyc = Ekyc(self._call)
        self.ocr = Ocr(self._call)
        self.face_search = FaceSearch(self._call)
        self.smartcrop = SmartCrop(self._call)
        self.v1 = V1(self._call)

    def batch(
        self,
        operation: Callable[..., Awaitable[Reply[T]]] | Endpoint[T],
        source: Source,
        *,
        concurrency: int = 16,
        ordered: bool = False,
        **options: Unpack[Arguments],
    ) -> Batch[T]:
        """Call one operation for every item of a source, and stream what becomes of each.

        >>> async with cvs.batch(cvs.ocr.card, folder("samples"), concurrency=8) as outcomes:
        ...     async for outcome in outcomes:
        ...         match outcome:
        ...             case Done(item, reply):
        ...                 assert reply.charge == "billed"
        ...             case Failed(item, error) | Held(item, _, error):
        ...                 assert error.charge != "billed"
        >>> outcomes.stats.done, outcomes.stats.failed
        (17, 3)

        Args:
            operation: of this client, such as ``cvs.ocr.card``, or an `Endpoint`.
            source: any iterable or async iterable of inputs, of tuples of them for operations that read several.
                It is pulled item by item; an ordinary iterable on the event loop, so it must not block.
            concurrency: the most calls in flight. `max_connections` of the client bounds them too.
            ordered: give the outcomes in the order of the items rather than as they come.
            options: `get_thumb`, `send_as` and the like, for every call.

        Raises:
            InvalidInputError: if operation, source or options are unusable. What is wrong with a single item
                is its `Failed` outcome instead.
        """
        endpoint: Endpoint[T] = endpoint_of(operation, self._call, OPERATIONS)
        return Batch(self._call, endpoint, source, concurrency=concurrency, ordered=ordered, options=options)

    async def call(self, endpoint: Endpoint[T], **arguments: Any) -> Reply[T]:
        """Call an operation that the library does not know yet, with everything that the known ones have.

        >>> reply = await cvs.call(Endpoint("ocr/card"), img="samples/0001-căn-cước.jpg")
        >>> reply.charge
        'billed'

        Args:
            endpoint: where it is and what it takes. Without `returns` the data is the JSON as received.
            arguments: the endpoint's inputs by name, and keywords such as `get_thumb`, `check_sum`, `timeout`.

        Raises:
            InvalidInputError: before anything is sent.
            CVSError: of any other kind.
        """
        inputs = {name: arguments.pop(name) for name in endpoint.images if name in arguments}
        return await self._call(endpoint, inputs, **arguments)

    async def aclose(self) -> None:
        """Close all connections. The client cannot be used afterwards."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncCVS at {', '.join(dict.fromkeys(self._settings.origins.values()))}>"
