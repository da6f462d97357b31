"""The certificate authorities that are trusted."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable
from pathlib import Path

from .errors import ConfigurationError

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def tls_context(create: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return a client's side of TLS as httpx creates it: with SSL_CERT_FILE, else SSL_CERT_DIR, else certifi.

    Raises:
        ConfigurationError: naming the variable, if what it names is not there or holds no certificate.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and folder and not any(map(_has_certificates, folder.split(os.pathsep))):
        raise ConfigurationError(
            "SSL_CERT_DIR names no folder with certificates under their hashes, as `openssl rehash` makes them:"
            f" {folder!r}"
        )
    try:
        return create()
    except OSError as error:  # ssl.SSLError is one too
        if not file:
            raise
        why = "holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else "cannot be read"
        raise ConfigurationError(f"SSL_CERT_FILE {why}: {file!r}") from error


def _has_certificates(folder: str) -> bool:
    try:
        return any(_HASHED.fullmatch(entry.name) for entry in Path(folder).iterdir())
    except OSError:
        return False
