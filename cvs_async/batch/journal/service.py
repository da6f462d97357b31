"""The service and the account that a journal belongs to. It never has the answers of another one."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from attrs import field, frozen

from ..._text.escape import escaped
from ...errors import ConfigurationError
from ...settings import Host, Settings, is_loopback
from .schema import JournalError

PORTS = {"http": 80, "https": 443}
SALT = 8
"""Random bytes in the digest of an account, so that two journals do not show that they have the same one."""


@frozen(kw_only=True)
class Service:
    """The service that a batch calls, and whose answers it accepts in its journal.

    Attributes:
        host: of the vendor's hosts, the one of the operation.
        origin: its address, such as ``https://cvs.example.com``.
        account: digest of the api_key.
        moved_from: earlier address of the same service, whose answers are accepted.
        other_account: accept answers that another account paid for.

    Raises:
        ConfigurationError: an address is not a usable URL.
    """

    host: Host
    origin: str
    account: str = field(repr=False)
    moved_from: str | None = None
    other_account: bool = False

    @classmethod
    def of(
        cls, settings: Settings, host: Host, *, moved_from: str | None = None, other_account: bool = False
    ) -> Service:
        """Return the service that a client calls."""
        origin = _canonical(settings.origins[host], "base_url")
        if moved_from is not None:
            moved_from = _canonical(moved_from, "moved_from")
        return cls(
            host=host, origin=origin, account=settings.account, moved_from=moved_from, other_account=other_account
        )

    def check(self, database: sqlite3.Connection, path: Path) -> None:
        """Compare this service with that of a journal. Writes nothing.

        Raises:
            JournalError: if the journal holds answers of another service or account.
        """
        origins, account = _read(database, path)
        stored = origins.get(self.host)
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
        if origins.get(self.host) != self.origin or account is None or not self._is_mine(account):
            origins = {**origins, self.host: self.origin}
            values = json.dumps(origins, sort_keys=True), _salted(self.account, os.urandom(SALT))
            database.execute("UPDATE journal SET origin = ?, account = ?", values)

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
    """Return the origins by host, and the account; both empty for a journal of version 1, which has neither."""
    cursor = database.execute("SELECT * FROM journal")
    row = dict(zip((name for name, *_ in cursor.description), cursor.fetchone(), strict=True))
    cursor.close()
    try:
        origins = json.loads(row.get("origin") or "{}")
        return {str(host): str(origin) for host, origin in origins.items()}, row.get("account")
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
