"""Proxies from the environment."""

from __future__ import annotations

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import ConfigurationError
from .urls import origin_of


class Proxies:
    """The proxies in ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``, in lower or upper case."""

    def __init__(self) -> None:
        self._given = getproxies()

    def of(self, url: str) -> str | None:
        """Return the proxy for a URL; None without one.

        Raises:
            ConfigurationError: the proxy is unusable; the error names the variable, without its value.
        """
        for kind in (url.partition(":")[0], "all"):
            given = self._given.get(kind)
            if given:
                return None if _is_exempt(url) else _usable(given, kind)
        return None


def _is_exempt(url: str) -> bool:
    """Return whether ``no_proxy`` names the host of a URL. Its entries may have a port."""
    _, host, port = origin_of(url)
    return bool(proxy_bypass(host) or proxy_bypass(f"{host}:{port}"))


def _usable(given: str, kind: str) -> str:
    """Return the URL of a proxy. The scheme is http if it is missing, as in curl."""
    url = given.strip()
    if "://" not in url:
        url = f"http://{url.removeprefix('//')}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and not any(map(str.isspace, url))
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable:
        raise ConfigurationError(f"{_variable(kind)} must look like http://proxy.example.com:3128")
    if parts.scheme not in ("http", "https"):
        what = "a proxy of this kind"
        if parts.scheme.startswith("socks"):
            what = "a socks proxy"
        raise ConfigurationError(
            f"{_variable(kind)}: {what} cannot be used; name an http:// or https:// proxy,"
            " name this host in no_proxy, or pass a transport of your own"
        )
    return url


def _variable(kind: str) -> str:
    """Return the name of the variable that sets a proxy; on some systems it may be a setting of the system instead.

    Lower case has precedence.
    """
    name = f"{kind}_proxy"
    for variable in (name, name.upper()):
        if os.environ.get(variable):
            return variable
    return f"the system's {kind} proxy"
