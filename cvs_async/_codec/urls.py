"""URLs that the service downloads itself, and display of URLs and paths without their secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ..errors import InvalidInputError

LONGEST_PATH = 1024


class Url(str):
    """A picture or PDF that the service downloads itself: an absolute http or https URL.

    Its repr omits the query, which often contains access tokens.

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
    """Return whether an input is an http or https URL."""
    return isinstance(value, str) and value[:8].lower().startswith(("http://", "https://"))


_ANY_URL = re.compile(
    r"[\s\x00-\x1f]*(?:([A-Za-z][A-Za-z0-9+.-]+)://|(data):[\w.+-]*(?:/[\w.+-]+)?[;,])", re.IGNORECASE
)
"""The scheme of a URL has two letters or more: ``C:`` is a Windows drive."""


def unusable_url(text: str) -> str | None:
    """Return why the service cannot download a URL, as a predicate; None if it can, or if the text is not a URL."""
    match = _ANY_URL.match(text)
    if match is None or is_url(text):
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
    if mark:
        mark = "?…"
    return f"{scheme}://{_without_user(authority)}{slash}{path}{mark}"


def host_of(url: str) -> str:
    """Return only the scheme and host of a URL."""
    scheme, _, rest = url.strip().partition(":")
    authority = re.match(r"/{1,2}([^/?#]*)", rest)
    if authority is None:
        return f"{scheme}:…"
    return f"{scheme}://{_without_user(authority[1])}/…"


def _without_user(authority: str) -> str:
    host = authority.rpartition("@")[2]
    if not _HOST.fullmatch(host):
        return "…"  # it may be half a password
    return host


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
