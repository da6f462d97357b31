"""The circuit breaker of a batch: it trips when going on would be pointless, or worse."""

from __future__ import annotations

from ..errors import ConfigurationError, CVSError, InvalidInputError, OutOfRequestsError, UrlUnavailableError
from .replay import PERMANENT

NOT_OF_THE_SERVICE = (InvalidInputError, OutOfRequestsError, UrlUnavailableError)
"""Failures that many items in a row may have while the service is well."""


class Breaker:
    """Counts consecutive failures that are not about single items.

    Args:
        operation: its name, for the error.
        most: failures in a row after which it trips; None is never.

    Attributes:
        error: why it tripped; None while it has not.
    """

    def __init__(self, operation: str, most: int | None) -> None:
        self._operation = operation
        self._most = most
        self._failures = 0
        self.error: CVSError | None = None

    def succeeded(self) -> None:
        """Count a reply: the service is well."""
        self._failures = 0

    def failed(self, error: CVSError) -> None:
        """Count a failed call, and trip if it is one too many.

        1. The set-up is to blame: trip at once, because every other item would fail in the same way.
        2. The failure is about its item, or was paid for: the service is well.
        3. Anything else counts.
        """
        if isinstance(error, ConfigurationError):
            self.error = self.error or error
        kind = type(error).__name__
        if kind in PERMANENT or isinstance(error, NOT_OF_THE_SERVICE) or error.charge == "billed":
            self._failures = 0
            return
        self._failures += 1
        if self._most is not None and self._failures >= self._most and self.error is None:
            why = f"{self._failures} calls in a row failed, the last one with {kind}"
            self.error = not_sent(self._operation, why)


def not_sent(operation: str, why: str) -> CVSError:
    """Return the error of an item that the batch did not send."""
    return CVSError(f"{operation}: {why}; nothing was sent", operation=operation)
