"""Credentials, origins and bounds of a client; from arguments or the environment."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from attrs import field, frozen

from ._limits.pace import RateLimit
from ._limits.quota import Quota
from ._limits.retry import RetryPolicy
from ._system.private import private
from .errors import ConfigurationError

Host = Literal["cloud", "demo"]

DOCUMENTED: Mapping[Host, str] = {
    "cloud": "https://cloud.computervision.com.vn",
    "demo": "https://demo.computervision.com.vn",
}
"""The vendor's hosts (documents 000 to 004)."""


@frozen
class Timeout:
    """Bounds on the parts of a call, in seconds; None for no bound.

    Attributes:
        total: the whole call, from reading the inputs to the decoded answer, waiting included.
        connect: reaching the service, TLS included.
        read: silence while an answer is awaited. A PDF of many pages takes a while.
        write: writing one piece of the request (at most 1 MiB).
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
    """Return the timeout of a call. A number bounds the whole call; its parts keep their defaults."""
    if given is None:
        return default
    if isinstance(given, Timeout):
        return given
    return Timeout(float(given), default.connect, default.read, default.write, default.pool)


def seconds(given: Any) -> float | Timeout:
    """Return the timeout of one call, once it is checked.

    Raises:
        ValueError: it is unusable; says what it must be.
    """
    if isinstance(given, Timeout):
        return given
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = 0.0
    if isinstance(given, bool) or not number > 0:
        raise ValueError("must be a number of seconds above 0, or a Timeout")
    return number


@frozen(kw_only=True)
class Limits:
    """Bounds on requests in flight, on their rate and on waiting; the arguments of `AsyncCVS`.

    Raises:
        ConfigurationError: one of them is unusable.
    """

    max_connections: int = 100
    concurrency: Literal["auto"] | None = None
    retry: RetryPolicy = field(factory=RetryPolicy)
    rate_limit: RateLimit | None = None
    quota: Quota = "raise"
    quota_probe: float = 60.0
    drain_timeout: float = 30.0
    observers: tuple[Callable[[Any], object], ...] = ()

    def __attrs_post_init__(self) -> None:
        at_least_one("max_connections", self.max_connections)
        for name, known in (("concurrency", (None, "auto")), ("quota", get_args(Quota))):
            if getattr(self, name) not in known:
                raise ConfigurationError(f"{name} must be one of {known}, not {getattr(self, name)!r}")
        for name in ("quota_probe", "drain_timeout"):
            if not getattr(self, name) >= 0:
                raise ConfigurationError(f"{name} must not be negative, and is {getattr(self, name)!r}")


def at_least_one(name: str, number: int) -> None:
    """Raise ConfigurationError unless a number is at least 1."""
    if number < 1:
        raise ConfigurationError(f"{name} must be at least 1, not {number!r}")


@frozen
class Settings:
    """Credentials, origins and bounds of a client. Its repr shows no credentials.

    Attributes:
        account: a digest of the api_key.
        allow_insecure: whether plain http to other machines is allowed.
    """

    authorization: str = field(repr=False)
    origins: Mapping[Host, str]
    timeout: Timeout
    max_response_bytes: int
    account: str = field(default="", repr=False)
    allow_insecure: bool = False

    @classmethod
    @private
    def load(
        cls,
        api_key: str | None,
        api_secret: str | None,
        base_url: str | Mapping[str, str] | None,
        timeout: float | Timeout | None,
        max_response_bytes: int,
        *,
        allow_insecure: bool = False,
    ) -> Settings:
        """Return the settings of arguments, else of CVS_API_KEY, CVS_API_SECRET and CVS_BASE_URL.

        Raises:
            ConfigurationError: something is missing or unusable; says what, and how to give it.
        """
        at_least_one("max_response_bytes", max_response_bytes)
        given = base_url if base_url is not None else trimmed(os.environ.get("CVS_BASE_URL", "")) or None
        key = _credential("api_key", api_key, "CVS_API_KEY")
        return cls(
            authorization=_basic(key, _credential("api_secret", api_secret, "CVS_API_SECRET")),
            origins=_origins(given, allow_insecure=allow_insecure),
            timeout=as_timeout(timeout, Timeout()),
            max_response_bytes=max_response_bytes,
            account=hashlib.sha256(f"cvs_async account {key}".encode("utf-8", "surrogatepass")).hexdigest(),
            allow_insecure=allow_insecure,
        )


def _credential(name: str, given: str | None, variable: str) -> str:
    if not isinstance(given, str | None):
        raise ConfigurationError(f"{name} must be text, not {type(given).__name__}")
    if given is None:
        source, given = variable, os.environ.get(variable, "")
    else:
        source = name
    value = trimmed(given)
    if not value:
        raise ConfigurationError(f"no {name}: pass {name}= to AsyncCVS or set the environment variable {variable}")
    # A secret is a password, which may hold a blank; a line break or a NUL is a mistake in both.
    if name == "api_key" and (" " in value or not value.isprintable()):
        raise ConfigurationError(f"{source} holds a blank, a line break or a control character within")
    if not value.isprintable():
        raise ConfigurationError(f"{source} holds a line break or a control character within")
    return value


def trimmed(text: str) -> str:
    """Return a setting without the line breaks, blanks and byte order mark that files and shells put around it."""
    return text.strip().strip("\ufeff\u200b").strip()


def _basic(key: str, secret: str) -> str:
    if ":" in key:
        raise ConfigurationError("an api_key cannot hold a colon: it separates key and secret in Basic authentication")
    return "Basic " + b64encode(f"{key}:{secret}".encode()).decode("ascii")


def _origins(base_url: str | Mapping[str, str] | None, *, allow_insecure: bool) -> Mapping[Host, str]:
    if base_url is None:
        return DOCUMENTED
    hosts: tuple[Host, ...] = get_args(Host)
    if isinstance(base_url, str):
        return dict.fromkeys(hosts, _origin(base_url, allow_insecure=allow_insecure))
    if missing := [host for host in hosts if host not in base_url]:
        raise ConfigurationError(f"base_url says nothing of {', '.join(missing)}; its keys are {', '.join(hosts)}")
    return {host: _origin(base_url[host], allow_insecure=allow_insecure) for host in hosts}


_PLAIN = re.compile(r"[^?#\s]+")


def is_safe(url: str) -> bool:
    """Return whether a URL keeps requests private: https, or http that does not leave this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _origin(url: str, *, allow_insecure: bool) -> str:
    if not isinstance(url, str):
        raise ConfigurationError(f"base_url must hold addresses as text, and one is {type(url).__name__}")
    url = trimmed(url)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not usable or parts.username is not None or not _PLAIN.fullmatch(url):
        raise ConfigurationError(
            "base_url must look like https://cvs.example.com, without user, query, fragment, blanks or line breaks"
        )
    if not allow_insecure and not is_safe(url):
        raise ConfigurationError(
            f"base_url: plain http to {parts.hostname} would show credentials and documents to everybody on the way;"
            " use https, or allow_insecure=True (--allow-insecure on the command line)"
        )
    return url.rstrip("/")
