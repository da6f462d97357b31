"""Trusted certificate authorities."""

from __future__ import annotations

import os
import re
import ssl
import stat
from pathlib import Path

import certifi

from ..errors import ConfigurationError

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def refuse_pipes() -> None:
    """Raise ConfigurationError if an environment variable for certificates names a pipe.

    It must be called before aiohttp is imported, which loads certificates: OpenSSL would wait forever for a writer.
    """
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        path = os.environ.get(variable)
        try:
            if path and stat.S_ISFIFO(os.stat(path).st_mode):
                raise ConfigurationError(f"{variable} names a pipe, not a file or folder: {_shown(path)}")
        except (OSError, ValueError):
            continue  # `tls_context` reports the error if certificates are needed


def tls_context() -> ssl.SSLContext:
    """Return a TLS context with the authorities from SSL_CERT_FILE, else from SSL_CERT_DIR, else from certifi.

    Raises:
        ConfigurationError: naming the variable, if its path is missing or contains no certificate.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and folder and not any(map(_has_certificates, folder.split(os.pathsep))):
        raise ConfigurationError(
            "SSL_CERT_DIR is not a folder of certificates named by hash, as `openssl rehash` creates it:"
            f" {_shown(folder)}"
        )
    try:
        if not file and folder:
            return ssl.create_default_context(capath=folder)
        return ssl.create_default_context(cafile=file or certifi.where())
    except OSError as error:
        if not file:
            raise
        why = "cannot be read"
        if isinstance(error, ssl.SSLError):  # a subclass of OSError
            why = "contains no certificate in PEM form"
        raise ConfigurationError(f"SSL_CERT_FILE {why}: {_shown(file)}") from error


def _shown(path: str) -> str:
    """Return the repr of a path. A variable may contain a file's content by mistake, even a key, which is not shown."""
    if len(path) >= 200 or not path.isprintable():
        return f"a text of {len(path)} characters"
    return repr(path)


def _has_certificates(folder: str) -> bool:
    try:
        return any(_HASHED.fullmatch(entry.name) for entry in Path(folder).iterdir())
    except OSError:
        return False
