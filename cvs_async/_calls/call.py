"""A call of an operation: check it, open its inputs, build the request, send it, decode the answer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Coroutine, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, Unpack
from urllib.parse import urlsplit

from attrs import define, field, frozen

from .._codec.aside import aside, is_quick
from .._codec.decoding import decode, head_charge, http_error
from .._codec.endpoint import Arguments, Endpoint, Form
from .._codec.inputs import Part, Url, choose_form, is_opened_once, load
from .._codec.reply import Reply
from .._codec.request import build
from .._exchange import READ_IN_PART, Attempt, WireReply
from .._settings.timeout import Timeout, as_timeout
from ..errors import ConnectionLostError, CVSError, InvalidInputError
from ..settings import ClientConfig
from .call_state import CallState
from .dispatch import Dispatcher

if TYPE_CHECKING:  # slow to import
    from .._http.transport import Transport
    from .telemetry import Spans

T = TypeVar("T")


class Recorder(Protocol):
    """Callbacks around each request. They run in the task of the request, even if its caller was cancelled."""

    async def sending(self) -> None:
        """Record that a request is about to be sent."""

    async def ended(self, attempt: Attempt, wire: WireReply | None, result: Reply[Any] | BaseException, /) -> None:
        """Record how a request ended, also if it was cancelled. Must not raise."""


@frozen
class PreparedCall(Generic[T]):
    """A checked call, without its inputs.

    Attributes:
        endpoint: the operation.
        options: the keywords, completed with the defaults of the operation.
        form: form in which the inputs are sent; None for an operation without inputs.
        timeout: bounds on the call.
    """

    endpoint: Endpoint[T]
    options: Mapping[str, Any] = field(repr=False)
    form: Form | None
    timeout: Timeout

    @property
    def check_sum(self) -> str | None:
        """The text that the vendor stores with each request; None without one."""
        return self.options.get("check_sum")

    def with_check_sum(self, check_sum: str) -> PreparedCall[T]:
        """Return the call with this check_sum, unless it already has another one."""
        if self.check_sum is not None:
            return self
        return PreparedCall(self.endpoint, {**self.options, "check_sum": check_sum}, self.form, self.timeout)


def prepare(
    endpoint: Endpoint[T], inputs: Mapping[str, object], options: Mapping[str, object], timeout: Timeout
) -> PreparedCall[T]:
    """Check a call as far as possible without opening its inputs. Pure.

    Args:
        endpoint: the operation.
        inputs: its inputs by name.
        options: its keywords.
        timeout: bounds on the call if the keywords have none.

    Raises:
        InvalidInputError: a keyword is invalid, or inputs are missing, unknown or not accepted.
    """
    completed = endpoint.completed(options)
    if set(inputs) != set(endpoint.images):
        raise InvalidInputError(
            f"{endpoint.name} reads {', '.join(endpoint.images) or 'no file'},"
            f" and was given {', '.join(inputs) or 'nothing'}",
            operation=endpoint.name,
        )
    form = None
    if endpoint.images:
        form = choose_form(endpoint, inputs, completed.get("send_as", "auto"))
    return PreparedCall(endpoint, completed, form, as_timeout(completed.get("timeout"), timeout))


class Caller:
    """Makes the calls of a client: those of its operations, of `AsyncCVS.call` and of batches."""

    def __init__(self, config: ClientConfig, transport: Transport, dispatcher: Dispatcher, spans: Spans | None) -> None:
        self._config = config
        self._transport = transport
        self._dispatcher = dispatcher
        self._spans = spans

    def __call__(
        self, endpoint: Endpoint[T], inputs: Mapping[str, object], **options: Unpack[Arguments]
    ) -> Coroutine[Any, Any, Reply[T]]:
        """Check a call and return the coroutine that sends it.

        This is not a coroutine function, so that tracebacks have one frame less.

        Args:
            endpoint: the operation.
            inputs: its inputs by name.
            options: its keywords.

        Raises:
            InvalidInputError: before anything is sent.
            ConfigurationError: the client belongs to another event loop; nothing was sent.
        """
        return self.send(prepare(endpoint, inputs, options, self._config.timeout), inputs)

    def send(
        self,
        prepared: PreparedCall[T],
        inputs: Mapping[str, object],
        *,
        recorder: Recorder | None = None,
        patient: bool = False,
    ) -> Coroutine[Any, Any, Reply[T]]:
        """Return the coroutine that sends a prepared call.

        Args:
            prepared: the call.
            inputs: its inputs by name, opened or not.
            recorder: callbacks around each request.
            patient: wait without a time limit while the account is out of requests.

        Raises:
            InvalidInputError: an input cannot be opened; nothing was sent.
            ConfigurationError: the client belongs to another event loop; nothing was sent.
            CVSError: the call failed; `charge` is what it cost.
        """
        self._dispatcher.home.enter()
        endpoint = prepared.endpoint
        call = CallState(
            operation=endpoint.name,
            origin=self._config.origins.of(endpoint.name, endpoint.host),
            timeout=prepared.timeout,
            repeatable=endpoint.repeatable,
            patient=patient,
        )
        parameters = endpoint.wire_parameters(prepared.options)
        request = _CallRequest(self._transport, prepared, dict(inputs), parameters, recorder, time.perf_counter())
        if self._spans is None:
            return self._dispatcher.run(call, request)
        return self._traced(self._spans, call, request)

    async def _traced(self, spans: Spans, call: CallState, request: _CallRequest[T]) -> Reply[T]:
        with spans.call(call):
            return await self._dispatcher.run(call, request)

    @property
    def config(self) -> ClientConfig:
        """The settings of the client."""
        return self._config

    def check_loop(self) -> None:
        """Raise ConfigurationError if the client belongs to another event loop than the running one."""
        self._dispatcher.home.check()

    def most_billed(self, endpoint: Endpoint[Any]) -> int:
        """Return the maximum number of requests of one call that can be charged."""
        return self._dispatcher.most_billed(repeatable=endpoint.repeatable)

    async def download(self, url: Url, *, operation: str) -> bytes:
        """Download a file to which an answer refers. This is not a call of the API and costs nothing.

        Raises:
            CVSError: an error of the transport or of HTTP.
        """
        self._dispatcher.home.enter()
        timeout = self._config.timeout

        async def fetch(attempt: Attempt) -> WireReply:
            wire = await self._transport.fetch(operation, url, timeout, attempt)
            if wire.status != HTTPStatus.OK:
                raise http_error(operation, wire)
            return wire

        origin = "://".join(urlsplit(url)[:2])
        call = CallState(operation=operation, origin=origin, timeout=timeout, priced=False)
        return (await self._dispatcher.run(call, fetch)).content


@define(eq=False, repr=False)  # the inputs are documents
class _CallRequest(Generic[T]):
    """A prepared call with its inputs. Calling it sends one request.

    The content of a file object is kept for further requests, because it can be read only once. For a large file its
    version is kept, so that all requests of a call send the same content or fail.
    """

    transport: Transport
    prepared: PreparedCall[T]
    inputs: dict[str, object]
    parameters: Mapping[str, Any]
    recorder: Recorder | None
    started: float

    async def __call__(self, attempt: Attempt) -> Reply[T]:
        endpoint, form = self.prepared.endpoint, self.prepared.form
        parts: dict[str, Url | Part] = {}
        if form is not None:
            parts = await load(endpoint, self.inputs, form)
        self.inputs.update({name: part for name, part in parts.items() if self._stays(name, part)})
        request = build(endpoint, form, parts, self.parameters, boundary=secrets.token_hex(16))
        wire: WireReply | None = None
        try:
            if self.recorder is not None:
                await self.recorder.sending()
            wire = await self.transport.send(request, self.prepared.timeout, attempt)
            if is_quick(wire.content):
                reply = self._decode(wire)
            else:
                reply = await aside(len(wire.content), self._decode, wire)
        except BaseException as error:
            if isinstance(error, CVSError):
                if wire is None and isinstance(error, READ_IN_PART) and error.raw:
                    error.charge = head_charge(endpoint, error.raw)
                attempt.stamp(error)
            if self.recorder is not None:
                await self.recorder.ended(attempt, wire, error)
            raise
        if self.recorder is not None:
            await self.recorder.ended(attempt, wire, reply)
        return reply

    def _stays(self, name: str, part: Url | Part) -> bool:
        """Return whether to keep a part for the next request. A small file is read again, to save memory meanwhile."""
        return isinstance(part, Part) and (part.content is None or is_opened_once(self.inputs[name]))

    def _decode(self, wire: WireReply) -> Reply[T]:
        endpoint, elapsed = self.prepared.endpoint, time.perf_counter() - self.started
        reply = decode(endpoint, wire, check_sum=self.prepared.check_sum, elapsed=elapsed)
        if wire.early:  # the service had not received all of the document: the answer may belong to an earlier one
            raise ConnectionLostError(
                f"{endpoint.name}: a reply came before the whole request was sent, so it may belong to another"
                " document; it is in .raw",
                http_status=wire.status,
                raw=reply.raw,
            )
        return reply
