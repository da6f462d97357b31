"""Refuse every connection outside this machine, before it is made.

Python imports this module by itself when it starts, for the folder is on the PYTHONPATH of the whole test run: so it
guards the processes that tests start, and their children, too. It sees what goes through Python's `socket` module;
programs in other languages are not guarded. `asyncio`, httpx and aiohttp all go through it.

An attempt raises `OutsideError` in place, and is written to the file that the variable `LOG` names, so that a test
fails even where the code under test swallows the error.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

LOG = "CVS_TESTS_REACHED_OUT"
"""Environment variable with the path of the file that lists the refused attempts."""

RESERVED = ".invalid"
"""Names that no resolver knows (RFC 6761): they fail as they would, and are never asked for."""


class OutsideError(RuntimeError):
    """A test has tried to reach another machine. Not an OSError, which the code under test would handle."""


def attempts() -> list[str]:
    """Return the attempts refused since the last call, in this process and its children."""
    path = os.environ[LOG]
    with open(path, encoding="utf-8") as file:
        told = file.read().splitlines()
    if told:
        os.truncate(path, 0)
    return told


def install() -> None:
    """Guard this process until it ends: an audit hook cannot be taken away."""
    if getattr(sys, LOG, False):
        return
    setattr(sys, LOG, True)
    sys.addaudithook(_hook)
    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        if hasattr(socket.socket, name):
            setattr(socket.socket, name, _before(getattr(socket.socket, name)))


def _before(method: Callable[..., Any]) -> Callable[..., Any]:
    """Check the address already here: a socket looks up a name before the audit hook hears of it."""

    @functools.wraps(method)
    def checked(sock: socket.socket, *arguments: Any) -> Any:
        if arguments:
            last = arguments[-1]
            if isinstance(last, tuple) and last and isinstance(last[0], (str, bytes)):
                _check_address(f"socket.{method.__name__}", sock, last)
        return method(sock, *arguments)

    return checked


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith("socket."):  # it is called for everything that Python does, so this line is all there is to it
        check = _CHECKS.get(event)
        if check is not None:
            check(event, *arguments)


def _check_address(event: str, sock: socket.socket, address: Any) -> None:
    """Case 1: nothing leaves the machine. Case 2: an address of IP. Case 3: anything else, such as AF_PACKET."""
    if sock.family == getattr(socket, "AF_UNIX", None) or address is None:  # connected before, so checked before
        return
    if sock.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        # The socket resolves names itself without any audit event.
        _check_host(event, address[0])
    else:
        _refuse(event, address)


def _check_host(event: str, host: str | bytes | None, *_: object) -> None:
    if host is None:  # to listen, or this machine
        return
    name = os.fsdecode(host).lower().rstrip(".")
    if name == "localhost" or is_loopback(name):
        return
    if name.endswith(RESERVED):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    _refuse(event, host)


def _check_numeric(event: str, address: Any) -> None:
    _check_host(event, address[0])


def is_loopback(host: str) -> bool:
    """Return whether a text is an address of this machine; names are not looked up."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def _refuse(event: str, address: object) -> None:
    if path := os.environ.get(LOG):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, f"{event} {address!r}\n".encode("ascii", "backslashreplace"))
        finally:
            os.close(file)
    raise OutsideError(f"{event} to {address!r}: tests reach nothing but this machine")


_CHECKS: dict[str, Callable[..., None]] = {
    "socket.connect": _check_address,
    "socket.sendto": _check_address,
    "socket.sendmsg": _check_address,
    "socket.getaddrinfo": _check_host,
    "socket.gethostbyname": _check_host,
    "socket.gethostbyaddr": _check_host,
    "socket.getnameinfo": _check_numeric,
}

install()
