"""A connection of aiohttp that detects unexpected data.

A server or proxy may answer twice, or send "408 Request Timeout" on an idle connection. aiohttp would take such bytes
for the answer to the next request, and so give the answer for one document to another.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Awaitable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from .aiohttp_parser import Parser

if TYPE_CHECKING:
    from typing_extensions import Buffer

TURNS = 10
"""Maximum number of turns of the event loop to wait for a TLS connection that processes records without data."""


class Socket(socket.socket):
    """A socket that ignores errors of sending to a closed connection. The next read reports the close.

    A service that refuses a request (too large, wrong credentials) may answer and close before it has read all of it.
    After an error of sending, asyncio would close the connection without reading the answer.
    """

    def send(self, data: Buffer, flags: int = 0, /) -> int:
        """Send data, or drop it if the other side has closed."""
        try:
            return super().send(data, flags)
        except CLOSED:
            return memoryview(data).nbytes

    def sendmsg(self, buffers: Iterable[Buffer], /, *others: Any) -> int:
        """Send data, or drop it if the other side has closed."""
        pieces = list(buffers)
        try:
            return super().sendmsg(pieces, *others)
        except CLOSED:
            return sum(memoryview(piece).nbytes for piece in pieces)


CLOSED = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError)


class Connection(ResponseHandler):
    """aiohttp's protocol for one connection.

    Attributes:
        clean: False if the connection had received unexpected data when the next request was prepared.
    """

    clean = True

    def set_response_params(self, **parameters: Any) -> None:
        """Prepare for the next answer, with a new parser. aiohttp calls this before each request."""
        self.clean = self.is_clean()
        parser: Any = Parser(self._new_parser(parameters), partial(self._new_parser, parameters))
        self._parser = parser

    def _new_parser(self, parameters: dict[str, Any]) -> Any:
        """Return a new parser of aiohttp."""
        current = self._parser
        super().set_response_params(**parameters)
        parser, self._parser = self._parser, current
        return parser

    def is_clean(self) -> bool:
        """Return whether all received data belongs to earlier answers: no message, error or part of one remains."""
        parser: Any = self._parser
        return not (self.should_close or self._reading_paused) and (parser is None or parser.is_between_messages())

    async def is_usable(self) -> bool:
        """Return whether a request may be written: the connection is open and has not received unexpected data.

        Bytes of TLS may be records without data, such as session tickets. The event loop gets up to `TURNS` turns to
        process them; after that the connection counts as unusable.
        """
        for _ in range(TURNS):
            transport = self.transport
            if transport is None or transport.is_closing() or not (self.clean and self.is_clean()):
                return False
            seen = look(transport)
            if seen == "quiet":
                return True
            if seen == "closed" or transport.get_extra_info("sslcontext") is None:
                return False
            await asyncio.sleep(0)
        return False


def _new_connection(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return Connection(loop)


class Connector(aiohttp.TCPConnector):
    """A pool of `Connection`s."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._factory = partial(_new_connection, loop=self._loop)

    def _close(self, *, abort_ssl: bool = False) -> list[Awaitable[object]]:
        """Close all connections. Closing ones are closed first: aiohttp raises AttributeError for some of them."""
        if not self._loop.is_closed():
            for connection in (*self._acquired, *(idle for pool in self._conns.values() for idle, _ in pool)):
                if connection.transport is not None and connection.transport.is_closing():
                    connection.close()
        return super()._close(abort_ssl=abort_ssl)


def look(transport: asyncio.BaseTransport) -> str:
    """Return the state of a connection's socket: ``quiet``, ``readable``, or ``closed`` by the other side.

    The event loop may not have noticed a close yet. If it is detected before a request is written, the request is
    certainly not charged.
    """
    opened = transport.get_extra_info("socket")
    if opened is None or opened.fileno() < 0:
        return "closed"
    if not hasattr(select, "poll"):
        readable, _, _ = select.select([opened], [], [], 0)
        return "readable" if readable else "quiet"
    closed = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR | select.POLLNVAL
    poll = select.poll()
    poll.register(opened, select.POLLIN | getattr(select, "POLLRDHUP", 0))
    found = poll.poll(0)
    if not found:
        return "quiet"
    return "closed" if found[0][1] & closed else "readable"
