"""Unrequested data of a server is never returned as an answer."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import aiohttp
import httpx
import pytest
from attrs import define

from cvs_async import AsyncCVS, AuthenticationError, ConnectError, ConnectionLostError, Done, Reply, RetryPolicy
from cvs_async._http import aiohttp_connection as connections
from tests.http.conftest import trusted
from tests.support.faults import certified, client, failure
from tests.support.servers import BadServer, Behave, Behaviour, bad_server, http, left, read_request, until

__all__ = ["trusted"]

ONCE = RetryPolicy(attempts=1)
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def named(request: bytes) -> bytes:
    """An answer that carries the name of the document that was sent."""
    name = re.search(rb"document-\d+", request)
    assert name is not None
    return http(b'{"data": {"name": "%s"}, "errorCode": "0", "errorMessage": "Success"}' % name[0])


def chunked(answer: bytes) -> bytes:
    body = answer.partition(b"\r\n\r\n")[2]
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


Make: TypeAlias = Callable[[bytes], bytes]

EXTRA: dict[str, Make] = {
    "a copy": lambda answer: answer,
    "two copies": lambda answer: answer * 2,
    "a chunked copy": chunked,
    "half a status line": lambda answer: answer[:7],
    "half a head": lambda answer: answer[:30],
    "half a body": lambda answer: answer[:-9],
    "an interim answer": lambda _: EARLY_HINTS,
    "408 for an idle connection": lambda _: TIMEOUT,
}
GARBAGE = b"\x00\x01 garbage"


@define
class Said:
    """Return how often unrequested data was sent."""

    times: int = 0


def talkative(extra: Make, how: str, said: Said, answer: Make = named) -> Behave:
    """Answer each request, and say something more: with it, right after it, in two pieces, or a moment later."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                state.requests.append(await read_request(reader))
                right = answer(state.requests[-1])
                more = extra(right)
                if how == "with the body":
                    middle = right.index(b"\r\n\r\n") + 4
                    writer.write(right[:middle])
                    await asyncio.sleep(0.01)
                    writer.write(right[middle:] + more)
                elif how == "in one piece":
                    writer.write(right + more)
                else:
                    writer.write(right)
                    await asyncio.sleep(0.01 if how == "a moment later" else 0)
                    middle = len(more) // 2 if how == "in two pieces" else 0
                    writer.write(more[:middle])
                    await asyncio.sleep(0)
                    writer.write(more[middle:])
                said.times += 1

        return connection

    return behave


async def ask(cvs: AsyncCVS, said: Said, number: int, pause: bool) -> None:
    """Send a document, wait until the rest was sent, and if `pause` for a moment, so that the client reads it."""
    already = said.times
    reply = await cvs.ocr.card(b"document-%d" % number)
    assert (reply.raw["data"]["name"], reply.attempts) == (f"document-{number}", 1)
    await until(lambda: said.times > already)
    if pause:
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("pause", [False, True], ids=["at once", "after a pause"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("how", ["in one piece", "with the body", "right after", "in two pieces", "a moment later"])
@pytest.mark.parametrize("extra", EXTRA)
async def test_no_document_gets_data_received_before_it_was_sent(extra: str, how: str, tls: bool, pause: bool) -> None:
    said = Said()
    async with (
        bad_server(talkative(EXTRA[extra], how, said), tls=certified()[0] if tls else None) as server,
        client(server.base_url, retry=ONCE) as cvs,
    ):
        for number in range(4):
            await ask(cvs, said, number, pause)
    assert (len(server.requests), server.connections, cvs.stats.billed, cvs.stats.attempts) == (4, 4, 4, 4)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("how", ["with the body", "right after", "a moment later"])
async def test_garbage_after_an_answer_never_costs_the_next_call(how: str, tls: bool) -> None:
    said = Said()
    behave = talkative(lambda _: GARBAGE, how, said, lambda request: chunked(named(request)))
    async with (
        bad_server(behave, tls=certified()[0] if tls else None) as server,
        client(server.base_url, retry=ONCE) as cvs,
    ):
        for number in range(4):
            await ask(cvs, said, number, pause=False)
    assert (len(server.requests), server.connections) == (4, 4)


@pytest.mark.parametrize("how", ["with the body", "right after", "a moment later"])
async def test_fifty_documents_over_eight_connections_get_their_own_answers(how: str) -> None:
    said = Said()

    async def read(cvs: AsyncCVS, number: int) -> str:
        reply: Reply[Any] = await cvs.ocr.card(b"document-%d" % number)
        name: str = reply.raw["data"]["name"]
        return name

    async with (
        bad_server(talkative(EXTRA["a copy"], how, said)) as server,
        client(server.base_url, retry=ONCE, max_connections=8) as cvs,
    ):
        for first in range(0, 48, 8):
            numbers = range(first, first + 8)
            names = await asyncio.gather(*(read(cvs, number) for number in numbers))
            assert names == [f"document-{number}" for number in numbers]
            await until(lambda: said.times >= first + 8)  # noqa: B023 - it is called within the turn
    assert (cvs.stats.billed, len(server.requests)) == (48, 48)


async def test_idle_connections_that_were_spoken_on_are_all_passed_over() -> None:
    """One call finds seven of them in the pool."""

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await read_request(reader))
            await until(lambda: len(state.requests) >= 8)  # so that eight connections are made
            writer.write(named(state.requests[-1]))
            await reader.read()

        return connection

    async with bad_server(behave) as server, client(server.base_url, retry=ONCE, max_connections=8) as cvs:
        await asyncio.gather(*(cvs.ocr.card(b"document-0") for _ in range(8)))
        for writer in server.writers:
            writer.write(TIMEOUT)
        reply = await cvs.ocr.card(b"document-8")
    assert reply.raw["data"]["name"] == "document-8"
    assert (server.connections, len(server.requests)) == (9, 9)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("greeting", [http(), http()[:30], GARBAGE, EARLY_HINTS], ids=["answer", "half", "junk", "1xx"])
async def test_a_server_that_speaks_first_is_free_and_tried_only_so_often(
    greeting: bytes, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = asyncio.Event()

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            spoken.set()
            if arrived := await reader.read(1):
                state.requests.append(arrived)

        return connection

    usable = connections.Connection.is_usable

    async def once_it_has_spoken(connection: connections.Connection) -> bool:
        await spoken.wait()
        spoken.clear()
        return await usable(connection)

    monkeypatch.setattr(connections.Connection, "is_usable", once_it_has_spoken)
    async with bad_server(behave, tls=certified()[0] if tls else None) as server:
        async with client(server.base_url) as cvs:
            error = await failure(cvs.ocr.card(b"document-0"))
        await left(server)
    assert isinstance(error, ConnectError)
    assert (error.charge, error.attempts) == ("free", 3)
    assert (server.connections, server.requests) == (3, [])


@pytest.mark.usefixtures("trusted")
async def test_a_server_that_never_stops_sending_does_not_block_other_calls() -> None:
    """On TLS, where what has arrived must be looked into first."""
    talking = asyncio.Event()

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await read_request(reader))
            writer.write(named(state.requests[-1]))
            await state.go.wait()
            while state.connections == 1:
                writer.write(TIMEOUT * 1000)
                talking.set()
                await writer.drain()
                await asyncio.sleep(0)
            await reader.read()

        return connection

    async with (
        asyncio.timeout(20),
        bad_server(behave, tls=certified()[0]) as server,
        client(server.base_url, retry=ONCE) as cvs,
    ):
        assert (await cvs.ocr.card(b"document-0")).raw["data"]["name"] == "document-0"
        server.go.set()
        await talking.wait()
        assert (await cvs.ocr.card(b"document-1")).raw["data"]["name"] == "document-1"
    assert len(server.requests) == 2


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_silent_tls_connection_is_reused(version: ssl.TLSVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    context = certified()[0]
    monkeypatch.setattr(context, "maximum_version", version)
    async with bad_server(answering, tls=context) as server, client(server.base_url, retry=ONCE) as cvs:
        for number in range(8):
            await cvs.ocr.card(b"document-%d" % number)
    assert (server.connections, len(server.requests)) == (1, 8)


def answering(state: BadServer) -> Behaviour:
    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            state.requests.append(await read_request(reader))
            writer.write(named(state.requests[-1]))

    return connection


async def test_a_blank_line_after_an_answer_is_not_an_answer() -> None:
    """This holds whether or not the connection is reused."""
    said = Said()
    async with (
        bad_server(talkative(lambda _: b"\r\n", "in one piece", said)) as server,
        client(server.base_url, retry=ONCE) as cvs,
    ):
        for number in range(4):
            await ask(cvs, said, number, pause=False)
    assert len(server.requests) == 4


@pytest.mark.parametrize("how", ["in one piece", "with the body", "right after", "a moment later"])
@pytest.mark.parametrize("extra", EXTRA)
async def test_nor_over_a_transport_of_httpxs(extra: str, how: str) -> None:
    said = Said()
    async with (
        bad_server(talkative(EXTRA[extra], how, said)) as server,
        client(server.base_url, retry=ONCE, transport=httpx.AsyncHTTPTransport()) as cvs,
    ):
        for number in range(4):
            await ask(cvs, said, number, pause=False)
        await left(server)
    assert (len(server.requests), server.connections) == (4, 4)


BODIES = {"small": b"", "streamed": b"x" * 300_000}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("rest", BODIES.values(), ids=BODIES)
async def test_data_between_the_head_and_the_first_byte_of_a_request_is_not_its_answer(
    rest: bytes, tls: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A request is prepared in one turn of the event loop and written in the next; others may take long between."""
    real = aiohttp.ClientRequest.send
    carried = set[object]()

    async def copied(request: aiohttp.ClientRequest, conn: Any) -> aiohttp.ClientResponse:
        if conn.transport in carried:
            for writer in server.writers:
                writer.write(named(server.requests[-1]))
        carried.add(conn.transport)
        return await real(request, conn)

    monkeypatch.setattr(aiohttp.ClientRequest, "send", copied)
    async with (
        bad_server(answering, tls=certified()[0] if tls else None) as server,
        client(server.base_url, retry=ONCE) as cvs,
    ):
        for number in range(4):
            document = tmp_path / f"{number}.jpg"
            document.write_bytes(b"document-%d" % number + rest)
            reply = await cvs.ocr.card(document)
            assert (reply.raw["data"]["name"], reply.attempts) == (f"document-{number}", 1)
    assert (len(server.requests), server.connections, cvs.stats.attempts) == (4, 4, 4)


@pytest.mark.parametrize("send_as", ["file", "base64"])
@pytest.mark.parametrize("code", ["0", "5", "none"])
async def test_a_reply_before_the_whole_document_was_sent_may_belong_to_another(
    send_as: Literal["file", "base64"], code: str, tmp_path: Path
) -> None:
    """A second copy of an earlier one, say. It is in doubt, also for the next run; an early refusal is believed."""
    body = {"data": [{"type": "passport", "info": {}}]} | ({} if code == "none" else {"errorCode": code})

    def behave(state: BadServer) -> Behaviour:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            state.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(http(json.dumps(body).encode()))
            await reader.read(1 << 20)
            await state.go.wait()

        return connection

    document, journal = tmp_path / "large.pdf", tmp_path / "journal.db"
    document.write_bytes(b"%PDF-" + b"x" * (32 << 20))
    async with bad_server(behave) as server, client(server.base_url, retry=ONCE) as cvs:
        error = await failure(cvs.ocr.card(document, send_as=send_as))
        assert (type(error), error.charge, error.raw) == (
            (AuthenticationError, "free", body) if code == "5" else (ConnectionLostError, "unknown", body)
        )
        for _ in range(2):
            async with cvs.batch(cvs.ocr.card, [document], journal=journal, send_as=send_as) as outcomes:
                (outcome,) = [outcome async for outcome in outcomes]
            assert not isinstance(outcome, Done)
            assert outcomes.stats.billed == 0
    assert len(server.requests) == (3 if code == "5" else 2)
