"""The keywords of `AsyncCVS.batch` that say what is sent again, and when a batch gives up."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from ..errors import ConfigurationError

InDoubt = Literal["report", "retry", "skip"]


@frozen(kw_only=True)
class BatchPolicy:
    """Rules for what the journal knows, and for when a batch gives up; the keywords of `AsyncCVS.batch`.

    Raises:
        ConfigurationError: one of them is not valid.
    """

    dedupe: bool = True
    replay: bool = True
    in_doubt: InDoubt = "report"
    quota: Literal["raise", "wait"] = "raise"
    max_billed: int | None = None
    max_consecutive_failures: int | None = 50
    moved_from: str | None = None
    other_account: bool = False

    def __attrs_post_init__(self) -> None:
        for name, known in (("in_doubt", ("report", "retry", "skip")), ("quota", ("raise", "wait"))):
            if getattr(self, name) not in known:
                raise ConfigurationError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        for name, least in (("max_billed", 0), ("max_consecutive_failures", 1)):
            number = getattr(self, name)
            if number is not None and number < least:
                raise ConfigurationError(f"{name} must be at least {least}, not {number!r}")
