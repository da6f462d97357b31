"""The settings of a client."""

from __future__ import annotations

from typing import Literal, get_args

from attrs import field, frozen

from ._limits.pace import RateLimit
from ._limits.quota import Quota
from ._limits.retry import RetryPolicy
from ._settings.credentials import Credentials
from ._settings.origins import Origins
from ._settings.timeout import Timeout as Timeout  # re-exported for users
from .errors import ConfigurationError


@frozen(kw_only=True)
class ClientConfig:
    """The settings of a client, checked; see the arguments of `AsyncCVS`. Its repr shows no credentials.

    Raises:
        ConfigurationError: one of them is unusable.
    """

    credentials: Credentials = field(repr=False)
    origins: Origins
    allow_insecure: bool
    timeout: Timeout
    retry: RetryPolicy
    max_connections: int
    concurrency: Literal["auto"] | None
    max_response_bytes: int
    rate_limit: RateLimit | None
    quota: Quota
    quota_probe: float
    drain_timeout: float

    def __attrs_post_init__(self) -> None:
        for name in ("max_connections", "max_response_bytes"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, not {getattr(self, name)!r}")
        for name, known in (("concurrency", (None, "auto")), ("quota", get_args(Quota))):
            if getattr(self, name) not in known:
                raise ConfigurationError(f"{name} must be one of {known}, not {getattr(self, name)!r}")
        for name in ("quota_probe", "drain_timeout"):
            if not getattr(self, name) >= 0:
                raise ConfigurationError(f"{name} must not be negative, and is {getattr(self, name)!r}")
