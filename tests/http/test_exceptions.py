"""Every exception that the HTTP libraries have becomes one of ours, with the charge that is known."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import httpx
import pytest

from cvs_async._exchange import Attempt
from cvs_async._http import aiohttp_backend, httpx_backend
from tests.support.faults import PICTURE, Raising, client, failure, kinds, name_of


def made(kind: type[BaseException]) -> Any:
    """An exception of a class, whatever its constructor wants to know."""
    return kind.__new__(kind)


HTTPX = sorted({*kinds(httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)}, key=lambda kind: kind.__name__)
NEVER_DELIVERED = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.InvalidURL, httpx.UnsupportedProtocol),
)
"""These mean that nothing was sent, whatever happened before: in httpcore the way through a proxy is a request too."""
AIOHTTP = sorted(
    (
        kind
        for kind in {*kinds(aiohttp.ClientError, OSError)}
        if kind.__module__.partition(".")[0] in ("aiohttp", "builtins", "socket", "ssl")
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("phase", ["handed", "connecting", "sending"])
@pytest.mark.parametrize("kind", [kind for kind in HTTPX if not issubclass(kind, httpx.StreamError)])
def test_every_exception_of_httpx_is_classified(kind: type[BaseException], phase: Any) -> None:
    attempt = Attempt(phase=phase)
    error = attempt.stamp(httpx_backend.to_cvs_error(made(kind), attempt))
    free = phase == "connecting" or issubclass(kind, NEVER_DELIVERED)
    late = issubclass(kind, httpx.TimeoutException)
    assert name_of(error) == ("TimeoutError" if late else "ConnectError" if free else "ConnectionLostError")
    assert (error.charge, error.attempts) == ("free" if free else "unknown", 1)


@pytest.mark.parametrize("left", [False, True], ids=["before it left", "after it left"])
@pytest.mark.parametrize("kind", AIOHTTP)
def test_every_exception_of_aiohttp_is_classified(kind: type[BaseException], left: bool) -> None:
    attempt = Attempt(phase="sending" if left else "connecting")
    ours = attempt.stamp(aiohttp_backend.to_cvs_error(made(kind), attempt))
    late = issubclass(kind, asyncio.TimeoutError)
    assert name_of(ours) == ("TimeoutError" if late else "ConnectionLostError" if left else "ConnectError")
    assert ours.charge == ("unknown" if left else "free")


@pytest.mark.parametrize("left", [False, True], ids=["before it left", "after it left"])
@pytest.mark.parametrize("kind", [*HTTPX, *AIOHTTP, RuntimeError, asyncio.InvalidStateError])
async def test_whatever_a_transport_raises_becomes_ours(kind: type[BaseException], left: bool) -> None:
    after = "http11.send_request_headers.started" if left else "connection.connect_tcp.started"
    cvs = client("http://127.0.0.1", transport=Raising(made(kind), after=after))
    async with cvs:
        error = await failure(cvs.ocr.card(PICTURE))
    assert error.charge == ("unknown" if left and not issubclass(kind, NEVER_DELIVERED) else "free")
    assert error.unknown_attempts == cvs.stats.unknown == (error.charge == "unknown")
