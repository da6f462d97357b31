"""A connection of aiohttp that notices what arrives on it without having been asked for.

A server or proxy may answer twice, or say "408 Request Timeout" on an idle connection. aiohttp keeps such bytes and
takes them for the answer to the next request, which would then be another document's.
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
"""Turns of the event loop in which a TLS connection may process records without data, such as session tickets."""


class Socket(socket.socket):
    """A socket on which a send does not fail because the other side has closed; a read then shows it.

    A service that refuses a request (too large, wrong credentials) may answer and close before it has read all. With
    an error of a send, asyncio ends the connection at once, and the unread answer is lost.
    """

    def send(self, data: Buffer, flags: int = 0, /) -> int:
        """Send, or drop what the other side does not read any more."""
        try:
            return super().send(data, flags)
        except CLOSED:
            return memoryview(data).nbytes

    def sendmsg(self, buffers: Iterable[Buffer], /, *others: Any) -> int:
        """Send, or drop what the other side does not read any more."""
        pieces = list(buffers)
        try:
            return super().sendmsg(pieces, *others)
        except CLOSED:
            return sum(memoryview(piece).nbytes for piece in pieces)


CLOSED = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError)


class Connection(ResponseHandler):
    """aiohttp's protocol for one connection.

    Attributes:
        clean: whether nothing had arrived unasked when the next request was prepared.
    """

    clean = True

    def set_response_params(self, **parameters: Any) -> None:
        """Prepare for the next answer. aiohttp calls this before each request, and parses with a new parser then."""
        self.clean = self.is_clean()
        parser: Any = Parser(self._new_parser(parameters), partial(self._new_parser, parameters))
        self._parser = parser

    def _new_parser(self, parameters: dict[str, Any]) -> Any:
        """Return the parser that aiohttp would use."""
        current = self._parser
        super().set_response_params(**parameters)
        parser, self._parser = self._parser, current
        return parser

    def is_clean(self) -> bool:
        """Return whether nothing is left of what has arrived: no data, no message, no error, no half of a message."""
        parser: Any = self._parser
        return not (self.should_close or self._reading_paused) and (parser is None or parser.is_between_messages())

    async def is_usable(self) -> bool:
        """Return whether a request may be written: the connection is open, and nothing has arrived on it unasked.

        With TLS, bytes on the socket need not be data: the event loop processes them first. That is bounded, so that
        a server that never stops talking cannot hold up the call.
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
    """A pool of such connections."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._factory = partial(_new_connection, loop=self._loop)

    def _close(self, *, abort_ssl: bool = False) -> list[Awaitable[object]]:
        """Close all. A TLS transport that was closed twice raises AttributeError where aiohttp asks what it is."""
        if not self._loop.is_closed():
            for connection in (*self._acquired, *(idle for pool in self._conns.values() for idle, _ in pool)):
                if connection.transport is not None and connection.transport.is_closing():
                    connection.close()
        return super()._close(abort_ssl=abort_ssl)


def look(transport: asyncio.BaseTransport) -> str:
    """Return whether a connection's socket is ``quiet``, ``readable`` or ``closed`` by the other side.

    The event loop may not have noticed a close yet. If it is found now, nothing was sent; a moment later that would be
    unknown.
    """
    opened = transport.get_extra_info("socket")
    if opened is None or opened.fileno() < 0:
        return "closed"
    if not hasattr(select, "poll"):
        return "readable" if select.select([opened], [], [], 0)[0] else "quiet"
    closed = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR | select.POLLNVAL
    poll = select.poll()
    poll.register(opened, select.POLLIN | getattr(select, "POLLRDHUP", 0))
    found = poll.poll(0)
    if not found:
        return "quiet"
    return "closed" if found[0][1] & closed else "readable"
