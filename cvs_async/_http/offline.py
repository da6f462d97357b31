"""``CVS_ASYNC_OFFLINE``: keeps tests away from a service that bills."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from .._settings.addresses import is_loopback
from ..errors import ConfigurationError

VARIABLE = "CVS_ASYNC_OFFLINE"
_OFF = ("", "0", "false", "no", "off")


def is_offline() -> bool:
    """Return whether requests may go only to this machine. Read for each request, because tests set it after
    imports.
    """
    value = os.environ.get(VARIABLE)
    return value is not None and value.strip().lower() not in _OFF


def refuse_elsewhere(operation: str, url: str, what: str) -> None:
    """Refuse a URL of another machine. `what` is its name in the error.

    Raises:
        ConfigurationError: naming only the host of the URL.
    """
    host = urlsplit(url).hostname or ""
    if not is_loopback(host):
        raise ConfigurationError(
            f"{operation}: {VARIABLE} is set, and {what} is {host}; nothing was sent. Give the client a base_url on"
            " 127.0.0.1, such as that of cvs_async.sandbox.Sandbox, or unset the variable",
            operation=operation,
        )
