"""Raw-socket servers on 127.0.0.1 that behave badly in one exactly known way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from attrs import define, field

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

ANSWER = b'{"data": [], "errorCode": "0", "errorMessage": "Success"}'


@define
class BadServer:
    """One that counts what reaches it.

    Attributes:
        base_url: where it listens.
        connections: how many were opened.
        open: how many of them still are.
        requests: the complete requests that arrived, head and body.
    """

    base_url: str = ""
    connections: int = 0
    open: int = 0
    requests: list[bytes] = field(factory=list)


async def arrived(server: BadServer, count: int) -> None:
    """Wait until so many requests have reached a server."""
    while len(server.requests) < count:  # noqa: ASYNC110 - the server is told of nothing but bytes
        await asyncio.sleep(0.005)


async def left(server: BadServer) -> None:
    """Wait until every connection to a server is closed."""
    while server.open:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def bad_server(behave: Callable[[BadServer], Behaviour]) -> AsyncIterator[BadServer]:
    """Run a server that treats each connection as `behave` says."""
    state = BadServer()
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        state.open += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await behave(state)(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            state.open -= 1

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    state.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One whole request: head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


def http(
    body: bytes = ANSWER, status: str = "200 OK", headers: tuple[str, ...] = (), length: int | None = None
) -> bytes:
    """An answer as bytes; `length` is what it declares, if not the truth."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answers(*replies: bytes, then_close: bool = False) -> Callable[[BadServer], Behaviour]:
    """Answer the requests of a connection one after another, the last reply again and again."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            number = 0
            while True:
                state.requests.append(await read_request(reader))
                writer.write(replies[min(number, len(replies) - 1)])
                await writer.drain()
                number += 1
                if then_close and number >= len(replies):
                    return

        return connection

    return behave


def answers_before_the_body(reply: bytes) -> Callable[[BadServer], Behaviour]:
    """Answer as soon as the head is in, and only then read the body, slowly."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(reply)
            await writer.drain()
            while await reader.read(1 << 20):
                pass

        return connection

    return behave


def silent(state: BadServer) -> Behaviour:
    """Read the request and never answer."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.requests.append(await read_request(reader))
        await reader.read()

    return connection


def closes_after_request(state: BadServer) -> Behaviour:
    """Read the request and close without an answer."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.requests.append(await read_request(reader))

    return connection


def resets_after_request(state: BadServer) -> Behaviour:
    """Read the request and reset the connection."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.requests.append(await read_request(reader))
        writer.transport.abort()

    return connection


def hangs_up(state: BadServer) -> Behaviour:
    """Close the connection as soon as something arrives that is no HTTP."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    return connection


def deaf(state: BadServer) -> Behaviour:
    """Accept the connection and never read from it."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    return connection
