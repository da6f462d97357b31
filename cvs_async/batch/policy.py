"""The keywords of `AsyncCVS.batch`, checked: how a batch runs, what it sends again, and when it gives up."""

from __future__ import annotations

from typing import Any, Literal

from attrs import frozen

from .._codec.endpoint import Endpoint
from ..errors import ConfigurationError, InvalidInputError
from ..settings import ClientConfig
from .journal.service import Service

InDoubt = Literal["report", "retry", "skip"]


@frozen(kw_only=True)
class BatchPolicy:
    """The keywords of `AsyncCVS.batch`, where they are documented.

    Raises:
        InvalidInputError: `concurrency` is less than 1.
        ConfigurationError: any other value is not valid.
    """

    concurrency: int
    ordered: bool = False
    dedupe: bool = True
    replay: bool = True
    in_doubt: InDoubt = "report"
    quota: Literal["raise", "wait"] = "raise"
    max_billed: int | None = None
    max_consecutive_failures: int | None = 50
    moved_from: str | None = None
    other_account: bool = False

    def __attrs_post_init__(self) -> None:
        if self.concurrency < 1:
            raise InvalidInputError(f"concurrency must be at least 1, not {self.concurrency!r}")
        for name, known in (("in_doubt", ("report", "retry", "skip")), ("quota", ("raise", "wait"))):
            if getattr(self, name) not in known:
                raise ConfigurationError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        for name, least in (("max_billed", 0), ("max_consecutive_failures", 1)):
            number = getattr(self, name)
            if number is not None and number < least:
                raise ConfigurationError(f"{name} must be at least {least}, not {number!r}")

    def permits(self, ahead: int) -> int:
        """Return how many items may be between source and consumer, if `ahead` are opened early."""
        if self.ordered:
            return 4 * self.concurrency
        return self.concurrency + ahead

    def service(self, config: ClientConfig, endpoint: Endpoint[Any]) -> Service:
        """Return the service that the journal must belong to."""
        return Service.of(config, endpoint, moved_from=self.moved_from, other_account=self.other_account)
