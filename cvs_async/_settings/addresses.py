"""Addresses as text: whether they can be used, and whether requests to them stay private."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from .text import trimmed

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


def checked_address(url: object, *, name: str, place: str = "", allow_insecure: bool) -> str:
    """Return an address without a slash at its end.

    Args:
        url: the address.
        name: of the setting, for errors.
        place: of several addresses, the host or operation that has this one; for errors.
        allow_insecure: accept plain http to other machines.

    Raises:
        ConfigurationError: it is unusable; does not show it, as it may hold a password.
    """
    if not isinstance(url, str):
        raise ConfigurationError(f"{name} must hold addresses as text, and the one for {place} is {type(url).__name__}")
    url = trimmed(url)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not usable or parts.username is not None or not _PLAIN.fullmatch(url):
        raise ConfigurationError(
            f"{name} must look like https://cvs.example.com, without user, query, fragment, blanks or line breaks"
            f"{place and f'; the one for {place} does not'}"
        )
    if not allow_insecure and not is_safe(url):
        raise ConfigurationError(
            f"{name}: plain http to {parts.hostname} would show credentials and documents to everybody on the way;"
            " use https, or allow_insecure=True (--allow-insecure on the command line)"
        )
    return url.rstrip("/")
