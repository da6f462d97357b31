"""Normalised URLs and origins."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urlsplit

import yarl

_IN_PATH = "!$%&'()*+,/:;=@[\\]^|~"
_IN_QUERY = f"{_IN_PATH}?`{{}}"
_IN_USER = "!$%&'()*+,:~"
_PORTS = {"http": 80, "https": 443}


@lru_cache
def quoted(url: str) -> str:
    """Return an absolute URL in normal form: in ASCII, without dot segments, default port and fragment.

    Percent-encoded characters stay as they are.

    Raises:
        ValueError: host or port are unusable.
    """
    scheme, host, port = origin_of(url)
    place = _bracketed(host)
    if port != _PORTS.get(scheme):
        place = f"{place}:{port}"
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    path, mark, query = url.partition("#")[0].partition("?")
    path = "/".join(_without_dots(path.split("/")[3:]))
    return f"{scheme}://{quote(user, _IN_USER)}{at}{place}/{quote(path, _IN_PATH)}{mark}{quote(query, _IN_QUERY)}"


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an absolute URL.

    Raises:
        ValueError: host or port are unusable.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.isascii():
        host = yarl.URL.build(scheme=parts.scheme, host=host).raw_host or ""
    return parts.scheme, host, parts.port or _PORTS.get(parts.scheme)


def address_of(url: str) -> str:
    """Return scheme, host and port of an absolute URL as text, for people.

    >>> from cvs_async._http.urls import address_of
    >>> address_of("https://user:secret@cvs.example.com/api/v2?token=secret")
    'https://cvs.example.com:443'
    """
    scheme, host, port = origin_of(url)
    return f"{scheme}://{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    """Return a host as it stands in a URL: an IPv6 address has brackets."""
    return f"[{host}]" if ":" in host else host


def _without_dots(segments: list[str]) -> list[str]:
    kept = list[str]()
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return kept
