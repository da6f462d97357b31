"""Addresses of the service: from an argument, the environment, or the vendor's documents."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Literal, get_args
from urllib.parse import urlsplit

from attrs import frozen

from .._system.private import private
from ..errors import ConfigurationError
from .text import trimmed

Host = Literal["cloud", "demo"]

DOCUMENTED: Mapping[Host, str] = {
    "cloud": "https://cloud.computervision.com.vn",
    "demo": "https://demo.computervision.com.vn",
}
"""The vendor's hosts (documents 000 to 004)."""


@frozen
class Origins:
    """Addresses of the service, such as ``https://cvs.example.com``; each may have a path.

    Attributes:
        hosts: by the vendor's name of the host.
    """

    hosts: Mapping[Host, str]

    @classmethod
    @private
    def load(cls, base_url: str | Mapping[str, str] | None, *, allow_insecure: bool) -> Origins:
        """Return the origins of an argument, else of CVS_BASE_URL, else those of the vendor's documents.

        Raises:
            ConfigurationError: one is missing or unusable; says what it must be.
        """
        given = base_url if base_url is not None else trimmed(os.environ.get("CVS_BASE_URL", "")) or None
        return cls(_origins(given, allow_insecure=allow_insecure))

    @property
    def all(self) -> list[str]:
        """All origins, each once."""
        return list(dict.fromkeys(self.hosts.values()))


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
