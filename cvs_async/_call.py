"""One call, from inputs to reply: load, build, send, decode."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import anyio
import anyio.to_thread

from ._endpoint import Arguments, Endpoint
from ._exchange import Progress
from ._inputs import Url, choose_form, load
from ._params import Param
from ._reply import Reply, decode, http_error
from ._request import build
from .errors import CVSError, InvalidInputError, TimeoutError
from .settings import Settings, Timeout, as_timeout

if TYPE_CHECKING:  # httpx and aiohttp take long to import, and `import cvs_async` shall not
    from ._transport import Transport

T = TypeVar("T")

DECODE_ASIDE = 1 << 16
"""Answers of more bytes than this are decoded in a thread, so that they do not hold up the event loop."""


class Caller:
    """Makes calls: the one thing that the families, `AsyncCVS.call` and the batch have in common."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport

    async def __call__(
        self, endpoint: Endpoint[T], inputs: Mapping[str, object], **options: Unpack[Arguments]
    ) -> Reply[T]:
        """Call an operation once.

        Raises:
            InvalidInputError: before anything is sent.
            CVSError: of any other kind, with what it cost in `charge`.
        """
        started = time.perf_counter()
        parameters = _check(endpoint, inputs, options)
        form = choose_form(endpoint, inputs, options.get("send_as", "auto")) if endpoint.images else None
        timeout = as_timeout(options.get("timeout"), self._settings.timeout)
        progress = Progress()
        async with _bounded(endpoint.name, timeout, progress), self._transport.slot(endpoint.name, timeout):
            parts = {} if form is None else await load(endpoint, inputs, form)
            request = build(endpoint, form, parts, parameters, boundary=secrets.token_hex(16))
            wire = await self._transport.send(request, timeout, progress)

        # Outside the bound: an answer that is in, and paid for, must not be lost to a timer.
        def decoded() -> Reply[T]:
            elapsed = time.perf_counter() - started
            return decode(endpoint, wire, check_sum=options.get("check_sum"), elapsed=elapsed)

        return decoded() if len(wire.content) <= DECODE_ASIDE else await anyio.to_thread.run_sync(decoded)

    async def download(self, url: Url, *, operation: str) -> bytes:
        """Get a file that an answer speaks of. It is no call of the API, and costs nothing.

        Raises:
            CVSError: of the kinds of transport and HTTP.
        """
        progress, timeout = Progress(), self._settings.timeout
        try:
            async with _bounded(operation, timeout, progress), self._transport.slot(operation, timeout):
                wire = await self._transport.fetch(operation, url, timeout, progress)
            if wire.status != HTTPStatus.OK:
                raise http_error(operation, wire)
        except CVSError as error:
            error.charge = "free"
            raise
        return wire.content


def _check(endpoint: Endpoint[Any], inputs: Mapping[str, object], arguments: Arguments) -> dict[str, Any]:
    """Everything that can be refused before anything is opened; returns what goes over the wire beside the inputs."""
    endpoint.check_options(arguments)
    if set(inputs) != set(endpoint.images):
        raise InvalidInputError(
            f"{endpoint.name} reads {', '.join(endpoint.images) or 'no file'},"
            f" and was given {', '.join(inputs) or 'nothing'}",
            operation=endpoint.name,
        )
    parameters = {
        param.name: _checked(endpoint, param, arguments)
        for param in endpoint.params
        if param.required or arguments.get(param.name) is not None
    }
    if endpoint.thumb:
        parameters["get_thumb"] = "true" if arguments.get("get_thumb", False) else "false"
    if (check_sum := arguments.get("check_sum")) is not None:
        if not str(check_sum).isprintable():
            raise InvalidInputError(f"{endpoint.name}: check_sum must be printable text", operation=endpoint.name)
        parameters["check_sum"] = str(check_sum)
    return parameters


def _checked(endpoint: Endpoint[Any], param: Param, arguments: Arguments) -> Any:
    try:
        return param.check(arguments.get(param.name))
    except ValueError as error:
        raise InvalidInputError(f"{endpoint.name}: {param.name} {error}", operation=endpoint.name) from None


@asynccontextmanager
async def _bounded(operation: str, timeout: Timeout, progress: Progress) -> AsyncIterator[None]:
    """The bound on the whole call. What was known of the request when it fell decides about the charge."""
    with anyio.move_on_after(timeout.total) as scope:
        yield
    if scope.cancelled_caught:
        raise TimeoutError(
            f"{operation}: no answer within {timeout.total:g} seconds in all",
            operation=operation,
            attempts=progress.attempts,
            charge=progress.charge,
        )
