"""Raw-socket servers on 127.0.0.1 that behave badly in one exactly known way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeAlias

from attrs import define, field

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Behave: TypeAlias = Callable[["BadServer"], Behaviour]

ANSWER = b'{"data": [], "errorCode": "0", "errorMessage": "Success"}'


@define(eq=False)
class BadServer:
    """One that counts what reaches it.

    Attributes:
        base_url: where it listens.
        connections: how many were opened.
        open: how many of them still are.
        requests: the requests that arrived: head and body, or as much of them as was read.
        answered: how many complete answers were written, where the behaviour counts them.
        go: what a behaviour that holds something back waits for.
        tasks: one for each open connection.
        writers: one for each open connection.
    """

    base_url: str = ""
    connections: int = 0
    requests: list[bytes] = field(factory=list)
    answered: int = 0
    go: asyncio.Event = field(factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(factory=set, repr=False)
    writers: set[asyncio.StreamWriter] = field(factory=set, repr=False)

    @property
    def open(self) -> int:
        return len(self.writers)

    def hang_up(self) -> None:
        """Close all connections at once, before the event loop turns again."""
        for writer in self.writers:
            writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; a minute is for ever."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - the server receives only bytes
            await asyncio.sleep(0.005)


async def arrived(server: BadServer, count: int) -> None:
    """Wait until `count` requests have reached a server."""
    await until(lambda: len(server.requests) >= count)


async def left(server: BadServer) -> None:
    """Wait until every connection to a server is closed."""
    await until(lambda: not server.open)


async def alone(server: BadServer) -> bool:
    """Return whether no task remains except this one and those of a server."""
    for _ in range(10):  # generators that were given up half way are closed by tasks of the loop, in a few turns
        if asyncio.all_tasks() == {asyncio.current_task(), *server.tasks}:
            return True
        await asyncio.sleep(0)
    return False


@contextlib.asynccontextmanager
async def bad_server(behave: Behave, *, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[BadServer]:
    """Run a server that treats each connection as `behave` says."""
    state = BadServer()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        state.writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        state.tasks.add(task)
        try:
            await behave(state)(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()
            state.writers.discard(writer)
            state.tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", port, ssl=tls)
    scheme = "http" if tls is None else "https"
    state.base_url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
        tasks = list(state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@contextlib.asynccontextmanager
async def full_backlog() -> AsyncIterator[str]:
    """Return the address of a server with a full backlog: connecting hangs."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def closed_port() -> str:
    """Return an address without a listener."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


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


def answers(*replies: bytes, then_close: bool = False) -> Behave:
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


def answers_before_the_body(reply: bytes) -> Behave:
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


def answers_after(pause: Callable[[], float]) -> Behave:
    """Answer every request after some seconds, and count the answers."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                state.requests.append(await read_request(reader))
                await asyncio.sleep(pause())
                writer.write(http())
                state.answered += 1

        return connection

    return behave


def answers_when_told(state: BadServer) -> Behaviour:
    """Answer every request once `go` is set, and count the answers."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            state.requests.append(await read_request(reader))
            await state.go.wait()
            writer.write(http())
            state.answered += 1

    return connection


def in_turn(*behaviours: Behave) -> Behave:
    """Treat the first connection in the first way, the second in the second, and all others in the last."""

    def behave(state: BadServer) -> Behaviour:
        return behaviours[min(state.connections, len(behaviours)) - 1](state)

    return behave


def after_request(*steps: bytes | Behaviour) -> Behave:
    """Read the request, take the steps one after another (bytes are written), and close."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await read_request(reader))
            for step in steps:
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                    await asyncio.sleep(0.01)  # what follows shall not overtake it
                else:
                    await step(reader, writer)

        return connection

    return behave


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection, rather than close it."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Do nothing until the other side goes away."""
    await reader.read()


def pours(*parts: bytes | Iterable[bytes], pause: float | None = None) -> Behaviour:
    """Write an answer piece by piece, with a pause after each of them."""

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            for piece in (part,) if isinstance(part, bytes) else part:
                writer.write(piece)
                await writer.drain()
                if pause is not None:
                    await asyncio.sleep(pause)

    return pour


silent = after_request(stall)
"""Read the request and never answer."""

closes_after_request = after_request()
"""Read the request and close without an answer."""

resets_after_request = after_request(reset)
"""Read the request and reset the connection."""


def hangs_up(state: BadServer) -> Behaviour:
    """Close the connection as soon as something other than HTTP arrives."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    return connection


def says(greeting: bytes) -> Behave:
    """Whatever arrives, say the same, and close; no request is read."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(greeting)
            await writer.drain()

        return connection

    return behave


def breaks_off_the_head(state: BadServer) -> Behaviour:
    """Reset the connection as soon as the first byte of a request is in."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.requests.append(await reader.readexactly(1))
        await reset(reader, writer)

    return connection


def deaf(state: BadServer) -> Behaviour:
    """Read the head of a request, and nothing more until `go` is set."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.requests.append(await reader.readuntil(b"\r\n\r\n"))
        await state.go.wait()
        while await reader.read(1 << 20):
            pass

    return connection
