"""The guard under all tests: a test reaches only this machine, whatever it does.

The addresses are reserved for examples (192.0.2.0/24, 2001:db8::/32), so that nothing is there if the guard fails.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import pytest

from cvs_async import AsyncCVS, RetryPolicy
from cvs_async.errors import ConnectError
from tests.guard import sitecustomize as guard
from tests.support.servers import answers, bad_server, http

ELSEWHERE = "192.0.2.1"
ELSEWHERE_6 = "2001:db8::1"
REFUSED = "tests reach nothing but this machine"


def connect(family: socket.AddressFamily, address: Any, how: str = "connect") -> None:
    with socket.socket(family) as one:
        one.settimeout(0.1)
        getattr(one, how)(address)


def send(family: socket.AddressFamily, address: Any) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", address)


def send_message(address: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendmsg([b"x"], [], 0, address)


IPV4, IPV6 = socket.AF_INET, socket.AF_INET6
OUTSIDE: dict[str, Callable[[], object]] = {
    "IPv4": lambda: connect(IPV4, (ELSEWHERE, 80)),
    "connect_ex": lambda: connect(IPV4, (ELSEWHERE, 80), "connect_ex"),
    "IPv6": lambda: connect(IPV6, (ELSEWHERE_6, 80)),
    "IPv4 in IPv6": lambda: connect(IPV6, (f"::ffff:{ELSEWHERE}", 80, 0, 0)),
    "any address": lambda: connect(IPV4, ("0.0.0.0", 80)),
    "no address": lambda: connect(IPV4, ("", 80)),
    "a short address": lambda: connect(IPV4, ("192.0.513", 80)),
    "a name to connect to": lambda: connect(IPV4, ("cvs.example.com", 80)),
    "UDP": lambda: send(IPV4, (ELSEWHERE, 53)),
    "UDP over IPv6": lambda: send(IPV6, (ELSEWHERE_6, 53)),
    "a message": lambda: send_message((ELSEWHERE, 53)),
    "a name": lambda: socket.getaddrinfo("cvs.example.com", 443),
    "a name as bytes": lambda: socket.getaddrinfo(b"cvs.example.com", 443),
    "a name that ends like this machine's": lambda: socket.getaddrinfo("evil-localhost", 443),
    "a name that begins like this machine": lambda: socket.getaddrinfo("127.0.0.1.example.com", 443),
    "the name of an address": lambda: socket.gethostbyaddr(ELSEWHERE),
    "the name of an address and port": lambda: socket.getnameinfo((ELSEWHERE, 80), 0),
    "one name": lambda: socket.gethostbyname("cvs.example.com"),
    "a connection": lambda: socket.create_connection((ELSEWHERE, 80), timeout=0.1),
    "httpx": lambda: httpx.get(f"http://{ELSEWHERE}/", timeout=0.1, trust_env=False),
}


@pytest.mark.parametrize("reach", OUTSIDE.values(), ids=list(OUTSIDE))
def test_nothing_outside_is_reached_or_looked_up(reach: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match=REFUSED):
        reach()
    assert len(guard.attempts()) == 1


async def streams() -> None:
    await asyncio.open_connection(ELSEWHERE, 80)


async def datagrams() -> None:
    await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(ELSEWHERE, 53))


async def over_httpx() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(f"http://[{ELSEWHERE_6}]/")


async def over_aiohttp() -> None:
    async with aiohttp.ClientSession() as session:
        await session.get("http://cvs.example.com/")


@pytest.mark.parametrize("reach", [streams, datagrams, over_httpx, over_aiohttp])
async def test_no_library_reaches_outside(reach: Any) -> None:
    with pytest.raises((RuntimeError, ExceptionGroup)):
        await reach()
    assert len(guard.attempts()) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_attempt_is_reported_even_if_the_code_handles_it() -> None:
    async with AsyncCVS("key", "secret", base_url=f"https://{ELSEWHERE}") as cvs:
        with pytest.raises(Exception, match=r"ocr\.card"):
            await cvs.ocr.card(b"document", timeout=5)
    assert guard.attempts() == [f"socket.connect '{ELSEWHERE}'"]


async def test_a_reserved_name_is_unknown_without_being_asked_for() -> None:
    with pytest.raises(socket.gaierror, match="not known"):
        socket.getaddrinfo("no-such-host.invalid", 80)
    retry = RetryPolicy(attempts=1)
    async with AsyncCVS("key", "secret", base_url="https://no-such-host.invalid.", retry=retry) as cvs:
        with pytest.raises(ConnectError):
            await cvs.ocr.card(b"document", timeout=5)


async def test_this_machine_is_reached() -> None:
    async with bad_server(answers(http())) as server:
        for host in ("127.0.0.1", "localhost"):
            async with AsyncCVS("key", "secret", base_url=server.base_url.replace("127.0.0.1", host)) as cvs:
                assert (await cvs.ocr.card(b"document")).charge == "billed"
    assert guard.is_loopback("127.8.9.10")
    assert guard.is_loopback("::1")
    assert guard.is_loopback("::ffff:127.0.0.1")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")
def test_unix_sockets_stay_on_this_machine() -> None:
    with pytest.raises(FileNotFoundError):
        connect(socket.AF_UNIX, "nowhere.socket")


CHILD = f"import socket; socket.create_connection(({ELSEWHERE!r}, 80), timeout=0.1)"
GRANDCHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}], check=True)"


@pytest.mark.parametrize("program", [CHILD, GRANDCHILD], ids=["child", "grandchild"])
def test_processes_that_a_test_starts_are_guarded(program: str) -> None:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode != 0
    assert REFUSED in ended.stderr
    assert guard.attempts() == [f"socket.getaddrinfo '{ELSEWHERE}'"]


def test_a_command_that_a_test_starts_is_guarded() -> None:
    command = [sys.executable, "-c", "from cvs_async.cli import main; main()", "call", "ocr.card", __file__]
    own = {"CVS_API_KEY": "key", "CVS_API_SECRET": "secret", "CVS_BASE_URL": f"https://{ELSEWHERE}"}
    assert subprocess.run(command, capture_output=True, env=os.environ | own).returncode != 0
    assert guard.attempts() == [f"socket.connect '{ELSEWHERE}'"]
