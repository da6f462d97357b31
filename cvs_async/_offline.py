"""``CVS_ASYNC_OFFLINE``: for tests, which must not reach a service that bills."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .settings import is_loopback

VARIABLE = "CVS_ASYNC_OFFLINE"
_OFF = ("", "0", "false", "no", "off")


def is_offline() -> bool:
    """Whether requests may go to this machine only. Read for each request, as tests set it after imports."""
    value = os.environ.get(VARIABLE)
    return value is not None and value.strip().lower() not in _OFF


def refuse_elsewhere(operation: str, url: str, what: str) -> None:
    """Refuse a URL that leads to another machine. `what` is how it is called in the error.

    Raises:
        ConfigurationError: if it does. Names the host and no more of the URL.
    """
    host = urlsplit(url).hostname or ""
    if not is_loopback(host):
        raise ConfigurationError(
            f"{operation}: {VARIABLE} is set, and {what} is {host}; nothing was sent. Give the client a base_url on"
            " 127.0.0.1, such as that of cvs_async.sandbox.Sandbox, or unset the variable",
            operation=operation,
        )
