"""Connections that are kept, closed, or cannot be opened."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from cvs_async import ConfigurationError, ConnectionLostError, RetryPolicy
from cvs_async._http import aiohttp_connection as connections
from tests.support.faults import (
    LINK,
    PICTURE,
    Input,
    certified,
    client,
    failure,
    name_of,
    outcome_of,
    self_signed,
    status,
)
from tests.support.servers import ANSWER, BadServer, Behaviour, answers, bad_server, http, left, read_request, silent


async def test_a_connection_that_was_closed_before_anything_was_sent_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new one, too, if the close was there before the first byte."""
    look = connections.look
    async with bad_server(silent) as server:

        def closed_first(transport: asyncio.BaseTransport) -> str:
            transport.get_extra_info("socket").shutdown(0)  # as if the server's FIN had just come in
            return look(transport)

        monkeypatch.setattr(connections, "look", closed_first)
        async with client(server.base_url) as cvs:
            error = await failure(cvs.ocr.card(PICTURE))
        await left(server)
    assert (name_of(error), error.charge, error.attempts) == ("ConnectError", "free", 3)
    assert (server.connections, server.requests) == (3, [])


@pytest.mark.parametrize("source", [PICTURE, LINK], ids=["POST", "GET"])
async def test_a_server_that_closes_new_connections_never_causes_a_hidden_charge(
    source: Input,
) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=half_close_all, args=(listening, heard))
        server.start()
        try:
            once = RetryPolicy(attempts=1)
            async with client(f"http://127.0.0.1:{listening.getsockname()[1]}", retry=once) as cvs:
                errors = [await failure(cvs.ocr.card(source)) for _ in range(50)]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()
    names = {(name_of(error), error.charge) for error in errors}
    assert names <= {("ConnectError", "free"), ("ConnectionLostError", "unknown")}
    assert (len(heard), cvs.stats.free + cvs.stats.unknown) == (50, 50)
    assert sum(map(bool, heard)) <= cvs.stats.unknown


def half_close_all(listening: socket.socket, heard: list[bytes]) -> None:
    """Close one side of each new connection at once, and keep what comes in on the other."""
    with contextlib.suppress(OSError):
        while True:
            connection = listening.accept()[0]
            with connection:
                connection.shutdown(socket.SHUT_WR)
                heard.append(connection.recv(1 << 16))


@pytest.mark.parametrize("source", [PICTURE, LINK], ids=["POST", "GET"])
async def test_a_kept_connection_that_breaks_is_never_used_to_send_again(source: Input) -> None:
    """aiohttp would resend a GET, and the second answer would be paid for unseen."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await read_request(reader))
            writer.write(http())
            state.requests.append(await read_request(reader))

        return connection

    async with bad_server(behave) as server, client(server.base_url) as cvs:
        await cvs.ocr.card(source)
        error = await failure(cvs.ocr.card(source))
    assert isinstance(error, ConnectionLostError)
    assert error.charge == "unknown"
    assert (server.connections, len(server.requests)) == (1, 2)


async def test_many_kept_connections_that_were_closed_are_all_replaced() -> None:
    async with bad_server(answers(http())) as server, client(server.base_url, max_connections=8) as cvs:
        for _ in range(3):
            replies = await asyncio.gather(*(cvs.ocr.card(PICTURE) for _ in range(8)))
            assert [reply.attempts for reply in replies] == [1] * 8
            server.hang_up()
    assert len(server.requests) == 24


async def test_an_answer_too_many_is_never_taken_for_the_next_ones() -> None:
    mine, foreign = (http(ANSWER.replace(b"[]", b'["%s"]' % word)) for word in (b"mine", b"foreign"))
    async with bad_server(answers(mine + foreign)) as server, client(server.base_url) as cvs:
        for source in (PICTURE, LINK):
            reply = await cvs.ocr.card(source)
            assert reply.raw["data"] == ["mine"]


async def test_a_proxy_that_refuses_the_way_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bad_server(status("502 Bad Gateway")) as proxy:
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setenv("https_proxy", proxy.base_url)
        async with client("https://cvs.example.com") as cvs:
            error = await failure(cvs.ocr.card(PICTURE))
        await left(proxy)
    assert (name_of(error), error.charge, error.attempts) == ("ConnectError", "free", 3)


@pytest.mark.usefixtures("trusted")
async def test_a_kept_connection_with_tls_is_used_again_until_it_is_closed() -> None:
    async with self_signed(answers(http())) as server, client(server.base_url) as cvs:
        for connections in (1, 1, 1, 2, 2):
            reply = await cvs.ocr.card(PICTURE)
            assert (reply.charge, reply.attempts, server.connections) == ("billed", 1, connections)
            if len(server.requests) == 3:
                server.hang_up()


@pytest.mark.usefixtures("trusted")
async def test_unrequested_tls_messages_do_not_count_as_a_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of TLS 1.3 sends session tickets, possibly before the request is sent."""
    look = connections.look
    seen: list[str] = []

    def after_the_tickets(transport: asyncio.BaseTransport) -> str:
        if not seen:
            select.select([transport.get_extra_info("socket")], [], [], 5)
        seen.append(look(transport))
        return seen[-1]

    monkeypatch.setattr(connections, "look", after_the_tickets)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=answer_with_tls, args=(listening,))
        server.start()
        once = RetryPolicy(attempts=1)
        async with client(f"https://127.0.0.1:{listening.getsockname()[1]}", retry=once) as cvs:
            outcome = await outcome_of(cvs.ocr.card(LINK))
        server.join()
    assert (name_of(outcome), outcome.charge) == ("none", "billed")
    assert (seen[0], seen[-1]) == ("readable", "quiet")


def answer_with_tls(listening: socket.socket) -> None:
    with (
        contextlib.suppress(OSError),
        certified()[0].wrap_socket(listening.accept()[0], server_side=True) as connection,
    ):
        if connection.recv(1 << 16):
            connection.sendall(http())


@contextmanager
def no_descriptor_left() -> Iterator[int]:
    """All file descriptors that the process may have are taken; gives how many that are."""
    taken = list[int]()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    bound = 64 + max(map(int, os.listdir("/dev/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (bound, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield bound
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


@pytest.mark.parametrize("transport", ["the client's", "httpx's"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "no-such-host.invalid"])
async def test_without_a_file_descriptor_the_bound_is_named_and_nothing_is_sent(host: str, transport: str) -> None:
    own = {} if transport == "the client's" else {"transport": httpx.AsyncHTTPTransport()}
    async with bad_server(answers(http())) as server:
        base_url = server.base_url.replace("127.0.0.1", host)
        async with client(base_url, allow_insecure=True, **own) as cvs:
            with no_descriptor_left() as bound:
                error = await failure(cvs.ocr.card(PICTURE))
            assert isinstance(error, ConfigurationError)
            assert f"at most {bound} at once" in str(error)
            assert "ulimit -n" in str(error)
            assert str(error).startswith("ocr.card: ")
            assert (error.charge, error.operation, error.attempts, cvs.stats.attempts) == ("free", "ocr.card", 1, 1)
            if host != "no-such-host.invalid":
                assert (await cvs.ocr.card(PICTURE)).charge == "billed"
    assert len(server.requests) == (host != "no-such-host.invalid")
