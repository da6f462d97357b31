"""URLs that the service downloads by itself, and how they and paths are shown without secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .errors import InvalidInputError

LONGEST_PATH = 1024


class Url(str):
    """A picture or PDF that the service shall download by itself: an absolute http or https URL.

    Its repr leaves out the query, where access tokens often stand.

    Raises:
        InvalidInputError: if it is no absolute http or https URL, or holds blanks or control characters.

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
            raise InvalidInputError(f"{without_query(value)!r} is no absolute http:// or https:// URL")
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
    """Whether an input is a URL rather than something to read here."""
    return isinstance(value, str) and value[:8].lower().startswith(("http://", "https://"))


_ANY_URL = re.compile(
    r"[\s\x00-\x1f]*(?:([A-Za-z][A-Za-z0-9+.-]+)://|(data):[\w.+-]*(?:/[\w.+-]+)?[;,])", re.IGNORECASE
)
"""A letter alone is a drive of Windows."""


def unusable_url(text: str) -> str | None:
    """What is wrong with a text that is a URL, and yet none that the service downloads; None if it is no URL."""
    match = None if is_url(text) else _ANY_URL.match(text)
    if match is None:
        return None
    scheme = (match[1] or match[2]).lower()
    if scheme in ("http", "https"):
        return "is a URL with blanks before it; take them away"
    if scheme == "file":
        return "is a file URL; give the path instead"
    if scheme == "data":
        return "is a data URL; give its content as bytes instead"
    return f"is a URL of the scheme {scheme}, and the service downloads http and https only; download it first"


# --- showing


def without_query(url: str) -> str:
    """A URL, or what was taken for one, without user, query and fragment."""
    shown, mark, _ = url.partition("#")[0].partition("?")
    scheme, slashes, rest = shown.partition("://")
    if not slashes or len(rest) > LONGEST_PATH:
        return f"a text of {len(url)} characters"
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{_without_user(authority)}{slash}{path}{'?…' if mark else ''}"


def host_of(url: str) -> str:
    """Scheme and host of a URL, and nothing else of it."""
    scheme, _, rest = url.strip().partition(":")
    authority = re.match(r"/{1,2}([^/?#]*)", rest)
    return f"{scheme}://{_without_user(authority[1])}/…" if authority else f"{scheme}:…"


def _without_user(authority: str) -> str:
    host = authority.rpartition("@")[2]
    return host if _HOST.fullmatch(host) else "…"  # half a password may stand there


_HOST = re.compile(r"(?:[^\s\x00-\x1f:@\[\]]*|\[[0-9A-Fa-f:.]*\]?)(?::\d*)?")


def without_secrets(path: str) -> str:
    """A path for messages: no document that was taken for one, and of a URL in it neither user nor query."""
    if len(path) > LONGEST_PATH or _DOCUMENT.match(path):
        return f"a text of {len(path)} characters"
    if _ANY_URL.match(path):
        return host_of(path)
    return _QUERY.sub("?…", _USER.sub(r"\1", path))


_DOCUMENT = re.compile(
    r"""
    (?:/9j/|iVBORw0KGgo|JVBERi0|PD94bWw|SUkqA|TU0AK|R0lGOD|UklGR)[A-Za-z0-9+/_=\s-]{60,}\Z  # known kinds in base64
    | (?=.*[A-Za-z0-9+_=-]{64})[A-Za-z0-9+/_=\s-]{200,}\Z  # more of the alphabet than a path has without a dot
    | (?=.*[\r\n]).{256,}\Z  # a text of several lines
    """,
    re.VERBOSE | re.DOTALL,
)
_USER = re.compile(r"(^//|[A-Za-z][A-Za-z0-9+.-]+:/{1,2})[^/@]*@")
_QUERY = re.compile(r"\?[^/=]*=.*", re.DOTALL)
