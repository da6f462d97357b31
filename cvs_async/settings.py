"""Who calls, where to, and within which bounds; from arguments or the environment."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Literal, get_args
from urllib.parse import urlsplit

from attrs import field, frozen

from .errors import ConfigurationError

Host = Literal["cloud", "demo"]

DOCUMENTED: Mapping[Host, str] = {
    "cloud": "https://cloud.computervision.com.vn",
    "demo": "https://demo.computervision.com.vn",
}
"""The vendor's hosts (documents 000 to 004)."""


@frozen
class Timeout:
    """How long the parts of a call may take, in seconds; None is without a bound.

    Attributes:
        total: the whole call, from reading the inputs to the decoded answer, waiting included.
        connect: reaching the service, TLS included.
        read: silence while an answer is awaited. A PDF of many pages is worked on for a while.
        write: getting one piece of the request (at most 1 MiB) out of the door.
        pool: waiting for one of the client's connections.
    """

    total: float | None = 300.0
    connect: float | None = 10.0
    read: float | None = 120.0
    write: float | None = 60.0
    pool: float | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("total", "connect", "read", "write", "pool"):
            seconds = getattr(self, name)
            if seconds is not None and not seconds > 0:
                raise ConfigurationError(f"timeout: {name} must be more than 0 seconds, not {seconds!r}")


def as_timeout(given: float | Timeout | None, default: Timeout) -> Timeout:
    """A number of seconds bounds the whole call; each part keeps its default, which the whole then cuts off."""
    if given is None:
        return default
    if isinstance(given, Timeout):
        return given
    return Timeout(float(given), default.connect, default.read, default.write, default.pool)


@frozen
class Settings:
    """Everything that one client is set up with. The credentials never show in its repr."""

    authorization: str = field(repr=False)
    origins: Mapping[Host, str]
    timeout: Timeout
    max_connections: int
    max_response_bytes: int

    @classmethod
    def load(
        cls,
        api_key: str | None,
        api_secret: str | None,
        base_url: str | Mapping[str, str] | None,
        timeout: float | Timeout | None,
        max_connections: int,
        max_response_bytes: int,
    ) -> Settings:
        """Arguments first, then CVS_API_KEY, CVS_API_SECRET and CVS_BASE_URL.

        Raises:
            ConfigurationError: if something is missing or unusable; it says what and how to give it.
        """
        for name, number in (
            ("max_connections", max_connections),
            ("max_response_bytes", max_response_bytes),
        ):
            if number < 1:
                raise ConfigurationError(f"{name} must be at least 1, not {number!r}")
        return cls(
            authorization=_basic(
                _credential("api_key", api_key, "CVS_API_KEY"),
                _credential("api_secret", api_secret, "CVS_API_SECRET"),
            ),
            origins=_origins(base_url if base_url is not None else os.environ.get("CVS_BASE_URL") or None),
            timeout=as_timeout(timeout, Timeout()),
            max_connections=max_connections,
            max_response_bytes=max_response_bytes,
        )


def _credential(name: str, given: str | None, variable: str) -> str:
    value = given if given is not None else os.environ.get(variable)
    if not value:
        raise ConfigurationError(f"no {name}: pass {name}= to AsyncCVS or set the environment variable {variable}")
    return value


def _basic(key: str, secret: str) -> str:
    if ":" in key:
        raise ConfigurationError("an api_key cannot hold a colon: Basic authentication parts key and secret with it")
    return "Basic " + b64encode(f"{key}:{secret}".encode()).decode("ascii")


def _origins(base_url: str | Mapping[str, str] | None) -> Mapping[Host, str]:
    if base_url is None:
        return DOCUMENTED
    hosts: tuple[Host, ...] = get_args(Host)
    if isinstance(base_url, str):
        return dict.fromkeys(hosts, _origin(base_url))
    if missing := [host for host in hosts if host not in base_url]:
        raise ConfigurationError(f"base_url says nothing of {', '.join(missing)}; its keys are {', '.join(hosts)}")
    return {host: _origin(base_url[host]) for host in hosts}


_PLAIN = re.compile(r"[^?#\s]+")


def _origin(url: str) -> str:
    if not isinstance(url, str):
        raise ConfigurationError(f"base_url must hold addresses as text, and one is {type(url).__name__}")
    url = url.strip()
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not usable or parts.username is not None or not _PLAIN.fullmatch(url):
        raise ConfigurationError("base_url must look like https://cvs.example.com, without user, query or fragment")
    return url.rstrip("/")
