"""Credentials of an account, from arguments or the environment."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode

from attrs import field, frozen

from .._system.private import private
from ..errors import ConfigurationError
from .text import trimmed

VARIABLES = ("CVS_API_KEY", "CVS_API_SECRET")


@frozen
class Credentials:
    """Credentials as requests carry them. Its repr shows nothing of them.

    Attributes:
        authorization: the header of each request.
        account: a digest of the api_key.
    """

    authorization: str = field(repr=False)
    account: str = field(repr=False)

    @classmethod
    @private
    def load(cls, api_key: str | None, api_secret: str | None) -> Credentials:
        """Return the credentials of arguments, else of CVS_API_KEY and CVS_API_SECRET.

        Raises:
            ConfigurationError: one is missing or unusable; says which, and how to give it.
        """
        key = _credential("api_key", api_key, VARIABLES[0])
        secret = _credential("api_secret", api_secret, VARIABLES[1])
        account = hashlib.sha256(f"cvs_async account {key}".encode("utf-8", "surrogatepass")).hexdigest()
        return cls(_basic(key, secret), account)


def _credential(name: str, given: str | None, variable: str) -> str:
    if not isinstance(given, str | None):
        raise ConfigurationError(f"{name} must be text, not {type(given).__name__}")
    if given is None:
        source, given = variable, os.environ.get(variable, "")
    else:
        source = name
    value = trimmed(given)
    if not value:
        raise ConfigurationError(f"no {name}: pass {name}= to AsyncCVS or set the environment variable {variable}")
    # A secret is a password, which may hold a blank; a line break or a NUL is a mistake in both.
    if name == "api_key" and (" " in value or not value.isprintable()):
        raise ConfigurationError(f"{source} holds a blank, a line break or a control character within")
    if not value.isprintable():
        raise ConfigurationError(f"{source} holds a line break or a control character within")
    return value


def _basic(key: str, secret: str) -> str:
    if ":" in key:
        raise ConfigurationError("an api_key cannot hold a colon: it separates key and secret in Basic authentication")
    return "Basic " + b64encode(f"{key}:{secret}".encode()).decode("ascii")
