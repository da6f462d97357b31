"""One call, from inputs to reply: load, build, send, decode."""

from __future__ import annotations

import secrets
import time
from collections.abc import Coroutine, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, Unpack
from urllib.parse import urlsplit

from attrs import define

from ._aside import aside, is_quick
from ._call_state import CallState
from ._dispatch import Dispatcher
from ._endpoint import Arguments, Endpoint, Form
from ._exchange import READ_IN_PART, Attempt, WireReply
from ._inputs import Part, Url, choose_form, is_opened_once, load
from ._reply import Reply, decode, head_charge, http_error
from ._request import build
from .errors import ConnectionLostError, CVSError, InvalidInputError
from .settings import Settings, Timeout, as_timeout

if TYPE_CHECKING:  # what they import takes long, and `import cvs_async` shall not
    from ._http.transport import Transport
    from ._telemetry import Spans

T = TypeVar("T")


class Recorder(Protocol):
    """Callbacks around each request. They run in the request's own task, so also after its caller was cancelled."""

    async def sending(self) -> None:
        """Run before a request is sent."""

    async def ended(self, attempt: Attempt, wire: WireReply | None, result: Reply[Any] | BaseException, /) -> None:
        """Run when a request has ended, or was given up. Must not raise."""


class Caller:
    """Makes calls, for the families, `AsyncCVS.call` and the batch."""

    def __init__(self, settings: Settings, transport: Transport, dispatcher: Dispatcher, spans: Spans | None) -> None:
        self._settings = settings
        self._transport = transport
        self._dispatcher = dispatcher
        self._spans = spans

    def __call__(
        self,
        endpoint: Endpoint[T],
        inputs: Mapping[str, object],
        *,
        recorder: Recorder | None = None,
        patient: bool = False,
        **options: Unpack[Arguments],
    ) -> Coroutine[Any, Any, Reply[T]]:
        """Call an operation.

        Not a coroutine function itself, which keeps a frame out of tracebacks.

        Args:
            endpoint, inputs, options: what to call.
            recorder: called around each request.
            patient: wait while the account is out of requests, however long it takes.

        Raises:
            InvalidInputError: before anything is sent.
            ConfigurationError: the client belongs to another event loop; nothing was sent.
            CVSError: of any other kind, with what it cost in `charge`.
        """
        self._dispatcher.home.enter()
        started = time.perf_counter()
        arguments = _check(endpoint, inputs, options)
        form = choose_form(endpoint, inputs, arguments.get("send_as", "auto")) if endpoint.images else None
        timeout = as_timeout(arguments.get("timeout"), self._settings.timeout)

        call = CallState(
            operation=endpoint.name,
            origin=self._settings.origins[endpoint.host],
            timeout=timeout,
            repeatable=endpoint.repeatable,
            patient=patient,
        )
        prepared = _PreparedCall(
            self._transport,
            endpoint,
            dict(inputs),
            form,
            endpoint.wire_parameters(arguments),
            timeout,
            recorder,
            arguments.get("check_sum"),
            started,
        )
        if self._spans is None:
            return self._dispatcher.run(call, prepared)
        return self._traced(self._spans, call, prepared)

    async def _traced(self, spans: Spans, call: CallState, prepared: _PreparedCall[T]) -> Reply[T]:
        with spans.call(call):
            return await self._dispatcher.run(call, prepared)

    @property
    def settings(self) -> Settings:
        """Credentials, origins and bounds."""
        return self._settings

    def seconds_of(self, options: Arguments) -> float | None:
        """Return the bound on a whole call with these keywords; None without a bound."""
        return as_timeout(options.get("timeout"), self._settings.timeout).total

    def check_loop(self) -> None:
        """Raise ConfigurationError if the client belongs to another event loop than the running one."""
        self._dispatcher.home.check()

    def most_billed(self, endpoint: Endpoint[Any]) -> int:
        """Return how many requests of one call can be charged."""
        return self._dispatcher.most_billed(repeatable=endpoint.repeatable)

    async def download(self, url: Url, *, operation: str) -> bytes:
        """Get a file to which an answer refers. This is not a call of the API, and costs nothing.

        Raises:
            CVSError: of the kinds of transport and HTTP.
        """
        self._dispatcher.home.enter()
        timeout = self._settings.timeout

        async def fetch(attempt: Attempt) -> WireReply:
            wire = await self._transport.fetch(operation, url, timeout, attempt)
            if wire.status != HTTPStatus.OK:
                raise http_error(operation, wire)
            return wire

        origin = "://".join(urlsplit(url)[:2])
        call = CallState(operation=operation, origin=origin, timeout=timeout, priced=False)
        return (await self._dispatcher.run(call, fetch)).content


@define(eq=False, repr=False)  # the inputs are documents
class _PreparedCall(Generic[T]):
    """A call whose arguments are checked. Calling it sends one request.

    A file object can be read only once, so its content is kept. Of a large file its version is kept: all requests of a
    call send the same content, or fail.
    """

    transport: Transport
    endpoint: Endpoint[T]
    inputs: dict[str, object]
    form: Form | None
    parameters: Mapping[str, Any]
    timeout: Timeout
    recorder: Recorder | None
    check_sum: str | None
    started: float

    async def __call__(self, attempt: Attempt) -> Reply[T]:
        parts = {} if self.form is None else await load(self.endpoint, self.inputs, self.form)
        self.inputs.update({name: part for name, part in parts.items() if self._stays(name, part)})
        request = build(self.endpoint, self.form, parts, self.parameters, boundary=secrets.token_hex(16))
        wire: WireReply | None = None
        try:
            if self.recorder is not None:
                await self.recorder.sending()
            wire = await self.transport.send(request, self.timeout, attempt)
            if is_quick(wire.content):
                reply = self._decode(wire)
            else:
                reply = await aside(len(wire.content), self._decode, wire)
        except BaseException as error:
            if isinstance(error, CVSError):
                if wire is None and isinstance(error, READ_IN_PART) and error.raw:
                    error.charge = head_charge(self.endpoint, error.raw)
                attempt.stamp(error)
            if self.recorder is not None:
                await self.recorder.ended(attempt, wire, error)
            raise
        if self.recorder is not None:
            await self.recorder.ended(attempt, wire, reply)
        return reply

    def _stays(self, name: str, part: Url | Part) -> bool:
        """Return whether the next request sends the same part. Small files are read anew: waiting takes no memory."""
        return isinstance(part, Part) and (part.content is None or is_opened_once(self.inputs[name]))

    def _decode(self, wire: WireReply) -> Reply[T]:
        elapsed = time.perf_counter() - self.started
        reply = decode(self.endpoint, wire, check_sum=self.check_sum, elapsed=elapsed)
        if wire.early:  # the service had not seen all of the document: it may be the answer to an earlier one
            raise ConnectionLostError(
                f"{self.endpoint.name}: a reply came before the whole request had left, so it may be another"
                " document's; it is in .raw",
                http_status=wire.status,
                raw=reply.raw,
            )
        return reply


def _check(endpoint: Endpoint[Any], inputs: Mapping[str, object], options: Arguments) -> dict[str, Any]:
    """Return the keywords, completed; refuse what can be refused before anything is opened."""
    arguments = endpoint.completed(options)
    if set(inputs) != set(endpoint.images):
        raise InvalidInputError(
            f"{endpoint.name} reads {', '.join(endpoint.images) or 'no file'},"
            f" and was given {', '.join(inputs) or 'nothing'}",
            operation=endpoint.name,
        )
    return arguments
