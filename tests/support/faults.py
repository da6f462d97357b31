"""A client that is quick to send again, a server's certificate, and README's fault table."""

from __future__ import annotations

import itertools
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import httpx
import pytest

from cvs_async import AsyncCVS, CVSError, Reply, RetryPolicy, Timeout
from tests.support.servers import BadServer, Behave, answers, bad_server, http

MIB = 1 << 20
README = Path(__file__).parents[2] / "README.md"
COLUMNS = ["situation", "exception", "charge", "requests"]
PICTURE = b"\xff\xd8\xff picture"
LINK = "https://example.com/ảnh%20thẻ.jpg?token=canary&x=1#y"
LARGE = b"\xff\xd8\xff" + bytes(32 << 20)
Input: TypeAlias = str | bytes
BUSY, DOWN = "429 Too Many Requests", "503 Service Unavailable"


def client(base_url: str, **others: Any) -> AsyncCVS:
    """One that is quick to send again."""
    settings: dict[str, Any] = {
        "retry": RetryPolicy(attempts=3, initial=0.001, maximum=0.01, max_retry_after=1),
        "timeout": Timeout(total=20, connect=10, read=10, write=10),
        "max_response_bytes": MIB,
        "drain_timeout": 0.2,
    }
    return AsyncCVS("key", "secret", base_url=base_url, **(settings | others))


@asynccontextmanager
async def self_signed(behave: Behave) -> AsyncIterator[BadServer]:
    async with bad_server(behave, tls=certified()[0]) as server:
        yield server


@cache
def certified() -> tuple[ssl.SSLContext, str]:
    """Return a server's TLS context with an untrusted certificate, and that certificate."""
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    with TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        try:
            command = [*make.split(), "-keyout", str(key), "-out", str(certificate)]
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("openssl is not installed")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        return context, certificate.read_text()


def cells(line: str) -> list[str]:
    return [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]


def readme_table() -> list[list[str]]:
    lines = README.read_text(encoding="utf-8").splitlines()
    start = next((number for number, line in enumerate(lines) if cells(line) == COLUMNS), len(lines))
    return [cells(line) for line in itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])]


async def failure(call: Awaitable[object]) -> CVSError:
    with pytest.raises(CVSError) as caught:
        await call
    return caught.value


def kinds(*roots: type[BaseException]) -> Iterator[type[BaseException]]:
    """These classes, and all that are derived from them."""
    for root in roots:
        yield root
        yield from kinds(*root.__subclasses__())


def refusal(code: int, status: str = "200 OK") -> bytes:
    return http(b'{"data": null, "errorCode": "%d", "errorMessage": "no"}' % code, status)


def status(line: str, *headers: str, body: bytes = b"<html>sorry</html>") -> Behave:
    return answers(http(body, line, headers))


async def outcome_of(call: Awaitable[Reply[Any]]) -> Reply[Any] | CVSError:
    try:
        return await call
    except CVSError as error:
        return error


def name_of(outcome: Reply[Any] | CVSError) -> str:
    return type(outcome).__name__ if isinstance(outcome, CVSError) else "none"


class Raising(httpx.AsyncBaseTransport):
    """Fails in a given way, in a given phase."""

    def __init__(self, error: BaseException, *, after: str) -> None:
        self.error, self.after, self.asked = error, after, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await request.extensions["trace"](self.after, {})
        raise self.error
