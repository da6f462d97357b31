"""The circuit breaker of a batch: it holds the remaining items when sending them would be pointless."""

from __future__ import annotations

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    CVSError,
    InvalidInputError,
    OutOfRequestsError,
    UrlUnavailableError,
)
from .replay import PERMANENT

NOT_OF_THE_SERVICE = (InvalidInputError, OutOfRequestsError, UrlUnavailableError)
"""Failures that many items in a row may have while the service works."""

REFUSALS = 3
"""Refusals of the credentials that stop a batch without any success. More than one: a proxy may refuse one document."""


class Breaker:
    """Counts consecutive failures that are not about single items.

    Args:
        operation: name of the operation, for the error.
        most: failures in a row after which it trips; None means never.

    Attributes:
        error: why it tripped; None while it has not.
    """

    def __init__(self, operation: str, most: int | None) -> None:
        self._operation = operation
        self._most = most
        self._failures = 0
        self._refusals = 0
        self._has_succeeded = False
        self.error: CVSError | None = None

    def succeeded(self) -> None:
        """Count a reply: the service works, and accepts the credentials."""
        self._has_succeeded = True
        self._failures = self._refusals = 0

    def failed(self, error: CVSError) -> None:
        """Count a failed call, and trip in three cases:

        1. The client cannot send anything, for example because it is closed: at once.
        2. The credentials were refused `REFUSALS` times in a row before any success: they are wrong for every item.
        3. `most` calls in a row failed for reasons other than their input.
        """
        if isinstance(error, ConfigurationError):
            self.error = self.error or error
        if type(error).__name__ in PERMANENT or isinstance(error, NOT_OF_THE_SERVICE) or error.charge == "billed":
            self._failures = self._refusals = 0
            return
        self._failures += 1
        self._refusals += isinstance(error, AuthenticationError)
        if self.error is None and (why := self._reason(error)) is not None:
            self.error = not_sent(self._operation, why)

    def _reason(self, error: CVSError) -> str | None:
        if self._most is None:
            return None
        if self._refusals >= REFUSALS and not self._has_succeeded:
            return f"api_key or api_secret was refused {self._refusals} times and never accepted; correct them"
        if self._failures >= self._most:
            return f"{self._failures} calls in a row failed, the last one with {type(error).__name__}"
        return None


def not_sent(operation: str, why: str) -> CVSError:
    """Return the error of an item that the batch did not send."""
    return CVSError(f"{operation}: {why}; nothing was sent", operation=operation)
