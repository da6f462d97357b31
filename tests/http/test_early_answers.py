"""Answers that come before the request was read."""

from __future__ import annotations

import contextlib
import fcntl
import re
import socket
import ssl
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cvs_async import RetryPolicy
from tests.support.faults import LARGE, PICTURE, certified, client, failure, name_of, refusal
from tests.support.servers import answers, answers_before_the_body, bad_server, http, left


def refuse_at_once(answer: bytes, context: ssl.SSLContext | None, listening: socket.socket) -> None:
    """Answer each connection once its first head is in, and close it with the rest unread, which resets it."""
    with contextlib.suppress(OSError):
        while True:
            connection = listening.accept()[0]
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or the answer waits for the tickets
            with contextlib.suppress(OSError), connection if context is None else wrapped(context, connection) as one:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += one.recv(1 << 10)
                one.sendall(answer)
                while unsent(one):
                    pass


def unsent(connection: socket.socket) -> int:
    """Bytes that the other side's system has not taken yet: to close would drop them."""
    left = fcntl.ioctl(connection, termios.TIOCOUTQ, struct.pack("i", 0))
    count: int = struct.unpack("i", left)[0]
    return count


def wrapped(context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
    return context.wrap_socket(connection, server_side=True)


@contextmanager
def refusing(answer: bytes, *, tls: bool) -> Iterator[str]:
    """The address of such a server, in a thread: within one event loop nothing ever comes at a bad moment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        arguments = (answer, certified()[0] if tls else None, listening)
        server = threading.Thread(target=refuse_at_once, args=arguments)
        server.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()


REFUSALS = {
    "413": (http(b"<html>", "413 Content Too Large", ("Connection: close",)), "APIError"),
    "413 that would be kept": (http(b"<html>", "413 Content Too Large"), "APIError"),
    "401": (http(b"", "401 Unauthorized"), "AuthenticationError"),
    "code 3": (refusal(3), "InvalidImageError"),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("size", [1_000, 200_000, 3 << 20])
@pytest.mark.parametrize("form", ["file", "base64"])
@pytest.mark.parametrize(("answer", "expected"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_is_read_although_the_service_closed_before_it_had_read_the_request(
    answer: bytes, expected: str, form: Any, size: int, tls: bool, tmp_path: Path
) -> None:
    path = tmp_path / "scan.jpg"
    path.write_bytes(PICTURE.ljust(size))
    with refusing(answer, tls=tls) as base_url:
        for source in (path, PICTURE.ljust(size)):
            async with client(base_url, retry=RetryPolicy(attempts=1)) as cvs:  # with a connection of its own
                error = await failure(cvs.ocr.card(source, send_as=form))
            assert (name_of(error), error.charge) == (expected, "free")


@pytest.mark.parametrize(("form", "body"), [("file", 1_000), ("base64", 1_336)])
async def test_a_too_large_answer_is_reported_with_size_and_remedy(form: Any, body: int) -> None:
    async with bad_server(answers(http(b"", "413 Content Too Large"))) as server, client(server.base_url) as cvs:
        error = await failure(cvs.ocr.card(PICTURE.ljust(1_000), send_as=form))
    found = re.search(r"HTTP 413: the request of ([\d,]+) bytes is too large .* send a smaller", str(error))
    assert found is not None
    assert body <= int(found[1].replace(",", "")) < body + 400
    assert (error.charge, error.http_status, len(server.requests)) == ("free", 413, 1)


async def test_a_connection_on_which_half_a_request_was_sent_is_not_used_again() -> None:
    """The rest of the request would come after the next one."""
    behave = answers_before_the_body(refusal(3))
    async with bad_server(behave) as server, client(server.base_url) as cvs:
        for _ in range(3):
            assert name_of(await failure(cvs.ocr.card(LARGE))) == "InvalidImageError"
        await left(server)
    assert server.connections == 3


async def test_without_an_answer_a_connection_that_breaks_while_sending_has_an_unknown_charge() -> None:
    with refusing(b"", tls=False) as base_url:
        async with client(base_url, retry=RetryPolicy(attempts=1)) as cvs:
            for source in (PICTURE, LARGE) * 5:
                error = await failure(cvs.ocr.card(source))
                assert (name_of(error), error.charge) == ("ConnectionLostError", "unknown")
