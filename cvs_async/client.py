"""The client: settings, life cycle, and the operations as attributes."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack

import anyio
from attrs import evolve

from ._calls.call import Caller
from ._calls.dispatch import Dispatcher
from ._codec.endpoint import Arguments, Endpoint
from ._codec.reply import Reply
from ._http.certificates import refuse_pipes
from ._limits.pace import LocalPauses, RateLimit, RateLimiter
from ._limits.quota import Quota, QuotaGate
from ._limits.retry import RetryPolicy
from ._settings.credentials import Credentials
from ._settings.origins import Origins
from ._settings.timeout import Timeout, as_timeout
from ._system.private import private
from ._text.hints import public_names
from .api import HOST_OF, OPERATIONS, V1, V3, Attached, Ekyc, FaceSearch, Ocr, SmartCrop, attach, no_operation
from .batch.policy import BatchPolicy, InDoubt
from .batch.runner import Batch, endpoint_of
from .batch.sources import Source
from .errors import InvalidInputError
from .settings import ClientConfig
from .stats import ClientStats, Event

if TYPE_CHECKING:
    import httpx

    from ._calls.telemetry import Spans

T = TypeVar("T")

DEFAULT_RETRY = RetryPolicy()


class AsyncCVS:
    """Client for the CVS API: one connection pool, any number of concurrent calls.

    Make one, keep it as long as you call, and close it with ``async with`` or `aclose`. It belongs to the event loop
    of its first call; in any other its calls raise `ConfigurationError`, and nothing is sent.

    Args:
        api_key, api_secret: else CVS_API_KEY and CVS_API_SECRET of the environment.
        base_url: one address for everything (that of your account, a sandbox), or a mapping with addresses for some
            of the vendor's hosts, ``cloud`` and ``demo``, and for some operations by name, such as ``ocr.card``. What
            it does not name is taken from CVS_BASE_URL (``https://… ocr.card=https://…``), then from the vendor's
            documents.
        timeout: seconds for a whole call, or a `Timeout` with its parts.
        retry: when a call is sent again by itself; ``RetryPolicy(attempts=1)`` is never.
        max_connections: how many requests may be in flight; more of them wait.
        concurrency: ``"auto"`` finds out how many requests the service bears, up to `max_connections`.
        max_response_bytes: the largest answer that is read, in bytes once unpacked. The default holds a PDF of fifty
            pages with a picture of half a megabyte for each; without pictures, a hundred pages of text are 6 MB.
        rate_limit: how many requests may leave in a time; no bound unless given. A ``Retry-After`` of the service
            holds up all calls to its origin, with and without it.
        quota: handling of calls while the account is out of requests: ``"raise"`` fails them at once, as the
            first one was; ``"wait"`` lets them wait, that first one too, within their `timeout`.
        quota_probe: seconds between two calls that try whether the account has requests again.
        drain_timeout: seconds for which a sent request may still wait for its answer after its caller stopped
            waiting or the client was closed.
        transport: an `httpx.AsyncBaseTransport` of your own instead of the client's connection pool.
        allow_insecure: take plain http to other machines than this one.
        on_event: called with an `Event` after each request. It runs on the event loop, so it must not block.
        tracing: make an OpenTelemetry span of each call; needs the extra ``otel``.

    Attributes:
        stats: what the client has done so far, in a `ClientStats`.

    Raises:
        ConfigurationError: if a key is missing or an argument is unusable.
    """

    ekyc = Attached(Ekyc)
    ocr = Attached(Ocr)
    face_search = Attached(FaceSearch)
    smartcrop = Attached(SmartCrop)
    v1 = Attached(V1)
    v3 = Attached(V3)

    @private
    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        base_url: str | Mapping[str, str] | None = None,
        timeout: float | Timeout | None = None,
        retry: RetryPolicy = DEFAULT_RETRY,
        max_connections: int = 100,
        concurrency: Literal["auto"] | None = None,
        max_response_bytes: int = 32 << 20,
        rate_limit: RateLimit | None = None,
        quota: Quota = "raise",
        quota_probe: float = 60.0,
        drain_timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        allow_insecure: bool = False,
        on_event: Callable[[Event], object] | None = None,
        tracing: bool = False,
    ) -> None:
        # Here, because an HTTP library takes longer to import than all the rest.
        refuse_pipes()
        from ._http.choice import make_backend
        from ._http.transport import Transport

        self._config = ClientConfig(
            credentials=Credentials.load(api_key, api_secret),
            origins=Origins.load(base_url, HOST_OF, allow_insecure=allow_insecure),
            allow_insecure=allow_insecure,
            timeout=as_timeout(timeout, Timeout()),
            retry=retry,
            max_connections=max_connections,
            concurrency=concurrency,
            max_response_bytes=max_response_bytes,
            rate_limit=rate_limit,
            quota=quota,
            quota_probe=quota_probe,
            drain_timeout=drain_timeout,
        )
        backend = make_backend(self._config, transport)
        self._transport = Transport(self._config, backend)
        self._dispatcher = Dispatcher(
            self._config,
            () if on_event is None else (on_event,),
            limiter=None if rate_limit is None else RateLimiter(rate_limit),
            gate=QuotaGate(quota, quota_probe),
            pauses=LocalPauses(),
            may_cancel=backend.may_cancel,
        )
        self._call = Caller(self._config, self._transport, self._dispatcher, _spans() if tracing else None)
        attach(self, self._call)

    @private
    def batch(
        self,
        operation: Callable[..., Awaitable[Reply[T]]] | Endpoint[T],
        source: Source,
        *,
        concurrency: int | Literal["auto"] = 16,
        ordered: bool = False,
        journal: str | os.PathLike[str] | None = None,
        dedupe: bool = True,
        replay: bool = True,
        in_doubt: InDoubt = "report",
        quota: Quota = "raise",
        max_billed: int | None = None,
        max_consecutive_failures: int | None = 50,
        moved_from: str | None = None,
        other_account: bool = False,
        **options: Unpack[Arguments],
    ) -> Batch[T]:
        """Call one operation for every item of a source, and stream the outcomes.

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
            concurrency: the most calls in flight. `max_connections` of the client bounds them too. ``"auto"``
                leaves it to a client that was made with ``concurrency="auto"``.
            ordered: give the outcomes in the order of the items rather than as they come.
            journal: path of the durable record of what was sent, answered and paid. The same batch with the same
                journal goes on where it was ended, however it was ended, and pays for nothing twice.
            dedupe: with a journal, send only the first of items with the same content, operation and parameters.
            replay: give the outcomes that the journal has once more; else leave those items out.
            in_doubt: handling of items that an earlier run sent, and whose answer never came:
                ``report`` them as held, ``retry`` them and perhaps pay twice, or ``skip`` them.
            quota: while the account is out of requests, ``raise`` holds the items, ``wait`` waits until it is not.
            max_billed: the most calls of this run that may be charged; all further items are held.
            max_consecutive_failures: hold the rest after this number of failed calls in a row; failures caused by the
                input do not count. Three refusals of the credentials suffice while no call has succeeded. None for no
                bound.
            moved_from: the address that the service had before, such as ``https://old.example.com``: what the journal
                has from there counts as answered by this one. Without it a journal of another address is refused.
            other_account: go on with a journal that was paid for with another api_key; else it is refused.
            options: `get_thumb`, `send_as` and the like, for every call.

        Raises:
            ConfigurationError: if a keyword of the batch is invalid.
            InvalidInputError: if operation, source or options are unusable. What is wrong with a single item
                is its `Failed` outcome instead.
        """
        endpoint: Endpoint[T] = endpoint_of(operation, self._call, OPERATIONS)
        if concurrency == "auto":
            if self._config.concurrency != "auto":
                raise InvalidInputError('concurrency="auto" needs a client that was made with concurrency="auto"')
            concurrency = self._config.max_connections
        policy = BatchPolicy(
            concurrency=concurrency,
            ordered=ordered,
            dedupe=dedupe,
            replay=replay,
            in_doubt=in_doubt,
            quota=quota,
            max_billed=max_billed,
            max_consecutive_failures=max_consecutive_failures,
            moved_from=moved_from,
            other_account=other_account,
        )
        return Batch(self._call, endpoint, source, options, policy, journal)

    @private
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

    @property
    def stats(self) -> ClientStats:
        """Counters of the client's work so far."""
        return evolve(self._dispatcher.stats(), connections=self._transport.connections)

    async def aclose(self) -> None:
        """Let the requests in flight come to an end, for at most `drain_timeout`, and close all connections.

        The client cannot be used afterwards. A client whose event loop was closed before lets go of its sockets.

        Raises:
            ConfigurationError: if the client belongs to another event loop, which is still open.
        """
        home = self._dispatcher.home
        if home.is_elsewhere:
            if not home.is_over:
                home.check()
            self._dispatcher.abandon()
            await self._transport.abandon()
            return
        try:
            await self._dispatcher.aclose()
        finally:
            with anyio.CancelScope(shield=True):
                await self._transport.aclose()

    async def __aenter__(self) -> Self:
        self._call.check_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    if not TYPE_CHECKING:  # for them a wrong name stays an error

        def __getattr__(self, name: str) -> object:
            raise no_operation("cvs", name, public_names(type(self)))

    def __repr__(self) -> str:
        return f"<AsyncCVS at {', '.join(self._config.origins.all)}>"


def _spans() -> Spans:
    from ._calls.telemetry import Spans

    return Spans()
