"""One call, from inputs to reply: load, build, send, decode."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import anyio
import anyio.to_thread

from ._endpoint import Endpoint, ThumbOptions
from ._exchange import Progress, WireReply
from ._inputs import choose_form, load
from ._reply import Reply, decode
from ._request import build
from .errors import InvalidInputError, TimeoutError
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
        self, endpoint: Endpoint[T], inputs: Mapping[str, object], **options: Unpack[ThumbOptions]
    ) -> Reply[T]:
        """Call an operation once.

        Raises:
            InvalidInputError: before anything is sent.
            CVSError: of any other kind, with what it cost in `charge`.
        """
        _check(endpoint, inputs, options)
        started = time.perf_counter()
        timeout = as_timeout(options.get("timeout"), self._settings.timeout)
        progress = Progress()
        async with _bounded(endpoint, timeout, progress):
            wire = await self._exchange(endpoint, inputs, options, timeout, progress)

        # Outside the bound: an answer that is in, and paid for, must not be lost to a timer.
        def decoded() -> Reply[T]:
            elapsed = time.perf_counter() - started
            return decode(endpoint, wire, check_sum=options.get("check_sum"), elapsed=elapsed)

        return decoded() if len(wire.content) <= DECODE_ASIDE else await anyio.to_thread.run_sync(decoded)

    async def _exchange(
        self,
        endpoint: Endpoint[Any],
        inputs: Mapping[str, object],
        options: ThumbOptions,
        timeout: Timeout,
        progress: Progress,
    ) -> WireReply:
        form = choose_form(endpoint, inputs, options.get("send_as", "auto"))
        async with self._transport.slot(endpoint.name, timeout):
            parts = await load(endpoint, inputs, form)
            request = build(endpoint, form, parts, _parameters(endpoint, options), boundary=secrets.token_hex(16))
            return await self._transport.send(request, timeout, progress)


def _check(endpoint: Endpoint[Any], inputs: Mapping[str, object], options: ThumbOptions) -> None:
    endpoint.check_options(options)
    if set(inputs) != set(endpoint.images):
        raise InvalidInputError(
            f"{endpoint.name} reads {', '.join(endpoint.images)}, and was given {', '.join(inputs) or 'nothing'}",
            operation=endpoint.name,
        )


def _parameters(endpoint: Endpoint[Any], options: ThumbOptions) -> dict[str, str]:
    parameters = {}
    if endpoint.thumb:
        parameters["get_thumb"] = "true" if options.get("get_thumb", False) else "false"
    if (check_sum := options.get("check_sum")) is not None:
        parameters["check_sum"] = str(check_sum)
    return parameters


@asynccontextmanager
async def _bounded(endpoint: Endpoint[Any], timeout: Timeout, progress: Progress) -> AsyncIterator[None]:
    """The bound on the whole call. What was known of the request when it fell decides about the charge."""
    with anyio.move_on_after(timeout.total) as scope:
        yield
    if scope.cancelled_caught:
        raise TimeoutError(
            f"{endpoint.name}: no answer within {timeout.total:g} seconds in all",
            operation=endpoint.name,
            attempts=progress.attempts,
            charge=progress.charge,
        )
