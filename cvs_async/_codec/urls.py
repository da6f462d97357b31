"""URLs that the service downloads itself, and display of URLs and paths without secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..errors import InvalidInputError

LONGEST_PATH = 1024


class Url(str):
    """A picture or PDF that the service downloads itself: an absolute http or https URL.

    Its repr omits the query, which often has access tokens.

    Raises:
        InvalidInputError: if it is not an absolute http or https URL, or contains blanks or control characters.

    >>> Url("https://example.com/scan.jpg?token=secret")
    Url('https://example.com/scan.jpg?…')
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Url:
        if _BLANK.search(value) and is_url(value.strip()):
            raise InvalidInputError(
                f"{host_of(value.strip())} is a URL with a blank or control character; write %20 for a blank in it"
            )
        if not _is_absolute(value):
            raise InvalidInputError(f"{without_query(value)!r} is not an absolute http:// or https:// URL")
        return super().__new__(cls, value)

    def __repr__(self) -> str:
        return f"Url({without_query(self)!r})"


_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


def _is_absolute(value: str) -> bool:
    try:
        value.encode()
        parts = urlsplit(value)
        return is_url(value) and bool(parts.hostname) and parts.port != 0  # a port out of range raises
    except ValueError:
        return False


def is_url(value: object) -> bool:
    """Return whether an input is a URL rather than something to read."""
    return isinstance(value, str) and value[:8].lower().startswith(("http://", "https://"))


_ANY_URL = re.compile(
    r"[\s\x00-\x1f]*(?:([A-Za-z][A-Za-z0-9+.-]+)://|(data):[\w.+-]*(?:/[\w.+-]+)?[;,])", re.IGNORECASE
)
"""A single letter is a Windows drive."""


def unusable_url(text: str) -> str | None:
    """Return the problem of a URL that the service does not download; None if the text is not a URL."""
    match = None if is_url(text) else _ANY_URL.match(text)
    if match is None:
        return None
    scheme = (match[1] or match[2]).lower()
    if scheme in ("http", "https"):
        return "is a URL after blanks; remove them"
    if scheme == "file":
        return "is a file URL; pass the path instead"
    if scheme == "data":
        return "is a data URL; pass its content as bytes instead"
    return f"is a URL with the scheme {scheme}, but the service downloads only http and https; download it first"


# --- showing


def without_query(url: str) -> str:
    """Return a URL, or a text passed as one, without user, query and fragment."""
    shown, mark, _ = url.partition("#")[0].partition("?")
    scheme, slashes, rest = shown.partition("://")
    if not slashes or len(rest) > LONGEST_PATH:
        return f"a text of {len(url)} characters"
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{_without_user(authority)}{slash}{path}{'?…' if mark else ''}"


def host_of(url: str) -> str:
    """Return only the scheme and host of a URL."""
    scheme, _, rest = url.strip().partition(":")
    authority = re.match(r"/{1,2}([^/?#]*)", rest)
    return f"{scheme}://{_without_user(authority[1])}/…" if authority else f"{scheme}:…"


def _without_user(authority: str) -> str:
    host = authority.rpartition("@")[2]
    return host if _HOST.fullmatch(host) else "…"  # it may be half a password


_HOST = re.compile(r"(?:[^\s\x00-\x1f:@\[\]]*|\[[0-9A-Fa-f:.]*\]?)(?::\d*)?")


def without_secrets(path: str) -> str:
    """Return a path for messages: without a document passed as a path, and without user and query of a URL in it."""
    if len(path) > LONGEST_PATH or _DOCUMENT.match(path):
        return f"a text of {len(path)} characters"
    if _ANY_URL.match(path):
        return host_of(path)
    return _QUERY.sub("?…", _USER.sub(r"\1", path))


_DOCUMENT = re.compile(
    r"""
    (?:/9j/|iVBORw0KGgo|JVBERi0|PD94bWw|SUkqA|TU0AK|R0lGOD|UklGR)[A-Za-z0-9+/_=\s-]{60,}\Z  # known kinds in base64
    | (?=.*[A-Za-z0-9+_=-]{64})[A-Za-z0-9+/_=\s-]{200,}\Z  # longer without a dot than a path
    | (?=.*[\r\n]).{256,}\Z  # a text of several lines
    """,
    re.VERBOSE | re.DOTALL,
)
_USER = re.compile(r"(^//|[A-Za-z][A-Za-z0-9+.-]+:/{1,2})[^/@]*@")
_QUERY = re.compile(r"\?[^/=]*=.*", re.DOTALL)
