"""The service and the account that a journal belongs to. It never has the answers of another one."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from attrs import field, frozen

from ..._codec.endpoint import Endpoint
from ..._settings.addresses import is_loopback
from ..._settings.origins import Host
from ..._text.escape import escaped
from ...errors import ConfigurationError
from ...settings import ClientConfig
from .schema import JournalError

PORTS = {"http": 80, "https": 443}
SALT = 8
"""Random bytes in the digest of an account, so that two journals do not show that they have the same one."""


@frozen(kw_only=True)
class Service:
    """The service that a batch calls, and whose answers it accepts in its journal.

    A journal notes the origin of each of the vendor's hosts, and of each operation that is elsewhere than its host.

    Attributes:
        operation: the one that the batch calls.
        host: of the vendor's hosts, the one that has the operation in the documents.
        is_moved: whether the operation is elsewhere than its host.
        origin: where the client reaches it, such as ``https://cvs.example.com``.
        account: digest of the api_key.
        moved_from: earlier origin of the same service, whose answers are accepted.
        other_account: accept answers that another account paid for.

    Raises:
        ConfigurationError: an address is not a usable URL.
    """

    operation: str
    host: Host
    is_moved: bool
    origin: str
    account: str = field(repr=False)
    moved_from: str | None = None
    other_account: bool = False

    @classmethod
    def of(
        cls, config: ClientConfig, endpoint: Endpoint[Any], *, moved_from: str | None, other_account: bool
    ) -> Service:
        """Return the service that a client calls for an operation."""
        origin = _canonical(config.origins.of(endpoint.name, endpoint.host), "base_url")
        if moved_from is not None:
            moved_from = _canonical(moved_from, "moved_from")
        return cls(
            operation=endpoint.name,
            host=endpoint.host,
            is_moved=origin != _canonical(config.origins.hosts[endpoint.host], "base_url"),
            origin=origin,
            account=config.credentials.account,
            moved_from=moved_from,
            other_account=other_account,
        )

    def check(self, database: sqlite3.Connection, path: Path) -> None:
        """Compare this service with that of a journal. Writes nothing.

        Raises:
            JournalError: if the journal holds answers of another service or account.
        """
        origins, account = _read(database, path)
        stored = self._stored(database, origins)
        if stored not in (None, self.origin, self.moved_from):
            raise JournalError(self._of_another_service(path, str(stored)))
        if account is not None and not self.other_account and not self._is_mine(account):
            raise JournalError(
                f"journal {path} was paid for with another api_key of {self.origin}: choose another journal, or go on"
                " with it under this api_key by other_account=True (--other-account)"
            )

    def enter(self, database: sqlite3.Connection, path: Path) -> None:
        """Compare this service with that of a journal, then record this service and account in it.

        Raises:
            JournalError: as from `check`; the journal is unchanged.
        """
        self.check(database, path)
        origins, account = _read(database, path)
        key = self._key_of(origins)
        if origins.get(key) != self.origin or account is None or not self._is_mine(account):
            origins = {**origins, key: self.origin}
            values = json.dumps(origins, sort_keys=True), _salted(self.account, os.urandom(SALT))
            database.execute("UPDATE journal SET origin = ?, account = ?", values)

    def _key_of(self, origins: Mapping[str, str]) -> str:
        """Return the key under which the journal notes where the operation was answered."""
        own = f"{self.host}/{self.operation}"
        return own if self.is_moved or own in origins else self.host

    def _stored(self, database: sqlite3.Connection, origins: Mapping[str, str]) -> str | None:
        """Return where the answers of the operation are from; None if the journal has none, or does not know.

        1. The journal notes the operation itself, or the operation is not moved: what it notes.
        2. The operation is moved, and the journal has documents of it from before: they are from the host.
        3. All documents are of other operations: none are from anywhere.
        """
        key = self._key_of(origins)
        if key in origins or not self.is_moved:
            return origins.get(key)
        query = "SELECT EXISTS (SELECT 1 FROM sources WHERE operation = ?)"
        (has_documents,) = database.execute(query, (self.operation,)).fetchone()
        return origins.get(self.host) if has_documents else None

    def _is_mine(self, account: str) -> bool:
        salt, _, _ = account.partition(":")
        try:
            return account == _salted(self.account, bytes.fromhex(salt))
        except ValueError:
            return False

    def _of_another_service(self, path: Path, stored: str) -> str:
        text = (
            f"journal {path} holds answers of {escaped(stored)}, and this client calls {self.origin}: choose another"
            f" journal; if it is the same service at a new address, moved_from='{escaped(stored)}' (--moved-from) goes"
            " on with it, and pays for nothing again"
        )
        if self.moved_from is not None:
            text += f"; {self.moved_from} is not the old address"
        if _is_here(stored):
            text += "; a sandbox has another port each time, unless --port says which"
        return text


def origin_of(database: sqlite3.Connection, path: Path) -> str | None:
    """Return the addresses of the services that answered, for people; None if not recorded."""
    origins, _ = _read(database, path)
    return ", ".join(escaped(origin) for origin in dict.fromkeys(origins.values())) or None


def _read(database: sqlite3.Connection, path: Path) -> tuple[Mapping[str, str], str | None]:
    """Return origins by host or operation, and the account; nothing for a journal of version 1, which has neither."""
    cursor = database.execute("SELECT * FROM journal")
    row = dict(zip((name for name, *_ in cursor.description), cursor.fetchone(), strict=True))
    cursor.close()
    try:
        origins = json.loads(row.get("origin") or "{}")
        return {str(key): str(origin) for key, origin in origins.items()}, row.get("account")
    except (ValueError, AttributeError):
        raise JournalError(f"{path} is damaged: it does not say whose answers it holds; restore it") from None


def _salted(account: str, salt: bytes) -> str:
    return f"{salt.hex()}:{hashlib.sha256(salt + account.encode()).hexdigest()[:32]}"


def _canonical(origin: str, name: str) -> str:
    """Return the canonical spelling of an origin."""
    try:
        parts = urlsplit(origin.strip())
        if parts.scheme in PORTS and parts.hostname and "@" not in parts.netloc and not (parts.query or parts.fragment):
            return _spelled(parts)
    except ValueError:
        pass
    raise ConfigurationError(f"{name} must look like https://cvs.example.com, without user, query or fragment")


def _spelled(parts: SplitResult) -> str:
    host, port = parts.hostname or "", ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port not in (None, PORTS[parts.scheme]):
        port = f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _is_here(origin: str) -> bool:
    try:
        return is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False
