"""One call, from inputs to reply: load, build, send, decode."""

from __future__ import annotations

import secrets
import time
from collections.abc import Coroutine, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, Unpack
from urllib.parse import urlsplit

from attrs import define, field, frozen

from ._aside import aside, is_quick
from ._dispatch import Dispatcher
from ._endpoint import Arguments, Endpoint, Form
from ._exchange import Progress, WireReply
from ._inputs import Part, Url, choose_form, is_opened_once, load
from ._reply import Reply, decode, head_charge, http_error
from ._request import build
from ._running_call import Call
from .errors import ConnectionLostError, CVSError, DecodeError, InvalidInputError, ResponseTooLargeError
from .settings import Settings, Timeout, as_timeout

if TYPE_CHECKING:  # httpx and aiohttp take long to import, and `import cvs_async` shall not
    from ._telemetry import Spans
    from ._transport import Transport

T = TypeVar("T")


class Recorder(Protocol):
    """Told of each request of a call, by the request itself, so that it hears of those whose caller has left too."""

    async def sending(self) -> None:
        """A request is about to leave; it does not before this returns."""

    async def ended(self, progress: Progress, wire: WireReply | None, result: Reply[Any] | BaseException) -> None:
        """It has come to an end, or was given up. Must not raise."""


@frozen
class PreparedCall(Generic[T]):
    """A call that was checked and may be sent. Its inputs are not part of it.

    Attributes:
        endpoint: the operation.
        options: its keywords, completed with the operation's own defaults.
        form: how the inputs are sent; None for an operation without inputs.
        timeout: the bounds of the call.
    """

    endpoint: Endpoint[T]
    options: Mapping[str, Any] = field(repr=False)
    form: Form | None
    timeout: Timeout

    @property
    def check_sum(self) -> str | None:
        """The text that the vendor files with each request."""
        return self.options.get("check_sum")

    def with_check_sum(self, check_sum: str) -> PreparedCall[T]:
        """Return the call with a check_sum, unless it has one."""
        if self.check_sum is not None:
            return self
        return PreparedCall(self.endpoint, {**self.options, "check_sum": check_sum}, self.form, self.timeout)


def prepare(
    endpoint: Endpoint[T], inputs: Mapping[str, object], options: Mapping[str, object], timeout: Timeout
) -> PreparedCall[T]:
    """Check everything that can be refused before anything is opened. Pure.

    Args:
        endpoint, inputs, options: what to call.
        timeout: the bounds of a call whose options have none.

    Raises:
        InvalidInputError: a keyword, or the set of inputs, is unusable.
    """
    completed = endpoint.completed(options)
    if set(inputs) != set(endpoint.images):
        raise InvalidInputError(
            f"{endpoint.name} reads {', '.join(endpoint.images) or 'no file'},"
            f" and was given {', '.join(inputs) or 'nothing'}",
            operation=endpoint.name,
        )
    form = choose_form(endpoint, inputs, completed.get("send_as", "auto")) if endpoint.images else None
    return PreparedCall(endpoint, completed, form, as_timeout(completed.get("timeout"), timeout))


class Caller:
    """Makes calls: the one thing that the families, `AsyncCVS.call` and the batch have in common."""

    def __init__(self, settings: Settings, transport: Transport, dispatcher: Dispatcher, spans: Spans | None) -> None:
        self._settings = settings
        self._transport = transport
        self._dispatcher = dispatcher
        self._spans = spans

    def __call__(
        self, endpoint: Endpoint[T], inputs: Mapping[str, object], **options: Unpack[Arguments]
    ) -> Coroutine[Any, Any, Reply[T]]:
        """Check a call and return the coroutine that sends it; without a frame of its own under that.

        Args:
            endpoint, inputs, options: what to call.

        Raises:
            InvalidInputError: before anything is sent.
            ConfigurationError: the client belongs to another event loop; nothing was sent.
        """
        self._dispatcher.home.enter()
        return self.send(prepare(endpoint, inputs, options, self._settings.timeout), inputs)

    async def send(
        self,
        prepared: PreparedCall[T],
        inputs: Mapping[str, object],
        *,
        recorder: Recorder | None = None,
        patient: bool = False,
    ) -> Reply[T]:
        """Send a call that was prepared.

        Args:
            prepared: the call.
            inputs: what it reads, opened or not.
            recorder: is called around each request.
            patient: wait while the account is out of requests, however long it takes.

        Raises:
            InvalidInputError: an input cannot be opened; nothing was sent.
            ConfigurationError: the client belongs to another event loop; nothing was sent.
            CVSError: of any other kind, with what it cost in `charge`.
        """
        self._dispatcher.home.enter()
        endpoint = prepared.endpoint
        call = Call(
            operation=endpoint.name,
            origin=self._settings.origins[endpoint.host],
            timeout=prepared.timeout,
            repeatable=endpoint.repeatable,
            patient=patient,
        )
        parameters = endpoint.wire_parameters(prepared.options)
        attempt = _Attempt(self._transport, prepared, dict(inputs), parameters, recorder, time.perf_counter())
        if self._spans is None:
            return await self._dispatcher.run(call, attempt)
        with self._spans.call(call):
            return await self._dispatcher.run(call, attempt)

    @property
    def settings(self) -> Settings:
        """Who calls, and where to."""
        return self._settings

    def check_loop(self) -> None:
        """Raise ConfigurationError if the client belongs to another event loop than the running one."""
        self._dispatcher.home.check()

    def most_billed(self, endpoint: Endpoint[Any]) -> int:
        """How many requests of one call can be charged."""
        return self._dispatcher.most_billed(repeatable=endpoint.repeatable)

    async def download(self, url: Url, *, operation: str) -> bytes:
        """Get a file that an answer speaks of. It is no call of the API, and costs nothing.

        Raises:
            CVSError: of the kinds of transport and HTTP.
        """
        self._dispatcher.home.enter()
        timeout = self._settings.timeout

        async def attempt(progress: Progress) -> WireReply:
            try:
                wire = await self._transport.fetch(operation, url, timeout, progress)
                if wire.status != HTTPStatus.OK:
                    raise http_error(operation, wire)
            except CVSError as error:
                error.charge = "free"
                raise
            return wire

        origin = "://".join(urlsplit(url)[:2])
        call = Call(operation=operation, origin=origin, timeout=timeout, priced=False)
        return (await self._dispatcher.run(call, attempt)).content


@define(eq=False, repr=False)  # the inputs are documents
class _Attempt(Generic[T]):
    """Makes one request of a call, as often as it is called.

    File objects can be read but once: their content stays. Of large files their version stays: all requests of a call
    send the same content, or none.
    """

    transport: Transport
    prepared: PreparedCall[T]
    inputs: dict[str, object]
    parameters: Mapping[str, Any]
    recorder: Recorder | None
    started: float

    async def __call__(self, progress: Progress) -> Reply[T]:
        endpoint, form = self.prepared.endpoint, self.prepared.form
        parts = {} if form is None else await load(endpoint, self.inputs, form)
        self.inputs.update({name: part for name, part in parts.items() if self._stays(name, part)})
        request = build(endpoint, form, parts, self.parameters, boundary=secrets.token_hex(16))
        wire: WireReply | None = None
        try:
            if self.recorder is not None:
                await self.recorder.sending()
            wire = await self.transport.send(request, self.prepared.timeout, progress)
            quick = is_quick(wire.content)
            reply = self._decode(wire) if quick else await aside(len(wire.content), self._decode, wire)
        except BaseException as error:
            if wire is None and isinstance(error, (ResponseTooLargeError, DecodeError)) and error.raw:
                error.charge = head_charge(endpoint, error.raw)
                error.unknown_attempts = int(error.charge == "unknown")
            if self.recorder is not None:
                await self.recorder.ended(progress, wire, error)
            raise
        if self.recorder is not None:
            await self.recorder.ended(progress, wire, reply)
        return reply

    def _stays(self, name: str, part: Url | Part) -> bool:
        """Whether the next request sends the same part; small files are read anew, so that waiting takes no memory."""
        return isinstance(part, Part) and (part.content is None or is_opened_once(self.inputs[name]))

    def _decode(self, wire: WireReply) -> Reply[T]:
        endpoint, elapsed = self.prepared.endpoint, time.perf_counter() - self.started
        reply = decode(endpoint, wire, check_sum=self.prepared.check_sum, elapsed=elapsed)
        if wire.early:  # nobody reads a document that is not there: it may be the answer to an earlier one
            raise ConnectionLostError(
                f"{endpoint.name}: a reply came before the whole request had left, so it may be another"
                " document's; it is in .raw",
                operation=endpoint.name,
                attempts=wire.attempts,
                charge="unknown",
                http_status=wire.status,
                raw=reply.raw,
            )
        return reply
