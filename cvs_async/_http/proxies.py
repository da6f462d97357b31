"""Proxies from the environment."""

from __future__ import annotations

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import ConfigurationError


class Proxies:
    """Current values of ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``, in lower or upper case."""

    def __init__(self) -> None:
        self._given = getproxies()

    def of(self, url: str) -> str | None:
        """Return the proxy for a URL; None without one.

        Raises:
            ConfigurationError: the proxy is unusable; the error names the variable, without its value.
        """
        scheme = url.partition(":")[0]
        kind = scheme if self._given.get(scheme) else "all"
        given = self._given.get(kind)
        if not given:
            return None
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if scheme == "https" else 80)
        if proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):  # entries of no_proxy may have a port
            return None
        return _usable(given, kind)


def _usable(given: str, kind: str) -> str:
    """Return a proxy's URL. Without a scheme it is http, as in curl."""
    given = given.strip()
    url = given if "://" in given else f"http://{given.removeprefix('//')}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and not any(map(str.isspace, url))
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable:
        raise ConfigurationError(f"{_variable(kind)} must look like http://proxy.example.com:3128")
    if parts.scheme not in ("http", "https"):
        what = "a socks proxy" if parts.scheme.startswith("socks") else "a proxy of this kind"
        raise ConfigurationError(
            f"{_variable(kind)}: {what} cannot be used; name an http:// or https:// proxy,"
            " name this host in no_proxy, or pass a transport of your own"
        )
    return url


def _variable(kind: str) -> str:
    """Return the source of a proxy. Lower case has precedence; on some systems it is not a variable."""
    name = f"{kind}_proxy"
    known = [variable for variable in (name, name.upper()) if os.environ.get(variable)]
    return known[0] if known else f"the system's {kind} proxy"
