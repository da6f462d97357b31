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
    """Client for the CVS API. It has one connection pool and makes any number of calls at the same time.

    Create one client, use it for all calls, and close it with ``async with`` or `aclose`. It belongs to the event loop
    of its first call. In another event loop, calls raise `ConfigurationError` and send nothing.

    Args:
        api_key, api_secret: credentials. Default: CVS_API_KEY and CVS_API_SECRET.
        base_url: address of your account or of a sandbox; or a mapping of addresses, for the vendor's hosts ``cloud``
            and ``demo`` and for operations such as ``ocr.card``. Default, also for what a mapping does not name:
            CVS_BASE_URL (``https://… ocr.card=https://…``), else the vendor's documents.
        timeout: limit for a whole call in seconds, or a `Timeout` with limits for its parts.
        retry: when a failed attempt is repeated. ``RetryPolicy(attempts=1)`` repeats none.
        max_connections: maximum number of requests in flight. Further requests wait.
        concurrency: ``"auto"`` adapts the number of requests in flight to the service, up to `max_connections`.
        max_response_bytes: maximum size of an answer in bytes, unpacked. The default is enough for a PDF of fifty pages
            with a picture of half a megabyte each. Without pictures, a hundred pages of text take 6 MB.
        rate_limit: maximum rate of requests. Default: none. A ``Retry-After`` of the service pauses all calls to its
            origin in any case.
        quota: what happens to calls while the account is out of requests. ``"raise"``: they fail at once. ``"wait"``:
            they wait, within their `timeout`, including the call that was refused first.
        quota_probe: seconds between two calls that test whether the account has requests again.
        drain_timeout: maximum seconds to wait for the answer to a sent request, after its caller was cancelled or
            the client was closed.
        transport: an `httpx.AsyncBaseTransport` to use instead of the client's own connection pool.
        allow_insecure: allow plain http to other machines.
        on_event: called with an `Event` after each request. It runs on the event loop and must not block.
        tracing: create an OpenTelemetry span for each call. Needs the extra ``otel``.

    Attributes:
        stats: statistics so far, a `ClientStats`.

    Raises:
        ConfigurationError: a credential is missing, or an argument is unusable.
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
        # Imported here, because an HTTP library takes longer to import than everything else.
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
            operation: an operation of this client, such as ``cvs.ocr.card``, or an `Endpoint`.
            source: iterable or async iterable of inputs; of tuples for operations with several inputs. Items are
                pulled one by one. A synchronous iterable runs on the event loop and must not block.
            concurrency: maximum number of calls in flight, besides `max_connections` of the client. ``"auto"`` needs
                a client with ``concurrency="auto"``, which then decides.
            ordered: return outcomes in the order of the items, not as they finish.
            journal: path of the durable record of requests, answers and charges. The same batch with the same journal
                continues where it stopped, even after a crash, and pays for nothing twice.
            dedupe: with a journal, send only the first of several items with equal content, operation and parameters.
            replay: also return the outcomes that are already in the journal; otherwise skip those items.
            in_doubt: what to do with items that an earlier run sent without receiving an answer: ``report`` them as
                held, ``retry`` them and perhaps pay twice, or ``skip`` them.
            quota: while the account is out of requests, ``raise`` holds the items and ``wait`` waits.
            max_billed: maximum number of calls of this run that may be charged. Further items are held.
            max_consecutive_failures: number of failed calls in a row after which the other items are held; None for no
                limit. Failures caused by an input do not count. While no call has succeeded, three refused
                credentials are enough.
            moved_from: earlier address of the same service, such as ``https://old.example.com``, whose answers in the
                journal are accepted. Without it, a journal of another address is refused.
            other_account: accept a journal whose answers another api_key has paid for; otherwise it is refused.
            options: options of every call, such as `get_thumb` and `send_as`.

        Raises:
            ConfigurationError: a keyword of the batch is invalid.
            InvalidInputError: operation, source or options are unusable. An unusable item is a `Failed` outcome.
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
        """Call an operation that the library does not know yet, with the same limits, retries and errors as others.

        >>> reply = await cvs.call(Endpoint("ocr/card"), img="samples/0001-căn-cước.jpg")
        >>> reply.charge
        'billed'

        Args:
            endpoint: description of the operation. Without `returns`, the data is JSON as received.
            arguments: inputs by name, and keywords such as `get_thumb`, `check_sum`, `timeout`.

        Raises:
            InvalidInputError: an input is unusable. Nothing was sent.
            CVSError: the call failed.
        """
        inputs = {name: arguments.pop(name) for name in endpoint.images if name in arguments}
        return await self._call(endpoint, inputs, **arguments)

    @property
    def stats(self) -> ClientStats:
        """Statistics so far."""
        return evolve(self._dispatcher.stats(), connections=self._transport.connections)

    async def aclose(self) -> None:
        """Wait for requests in flight, for at most `drain_timeout`, and close all connections.

        The client cannot be used afterwards. If its event loop is closed already, only the sockets are closed.

        Raises:
            ConfigurationError: the client belongs to another event loop, which is still open.
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

    if not TYPE_CHECKING:  # type checkers must report a wrong name

        def __getattr__(self, name: str) -> object:
            raise no_operation("cvs", name, public_names(type(self)))

    def __repr__(self) -> str:
        return f"<AsyncCVS at {', '.join(self._config.origins.all)}>"


def _spans() -> Spans:
    from ._calls.telemetry import Spans

    return Spans()
