"""Decision whether a failed request is sent again, and when. Pure: no clock, no sleeping."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal

from attrs import define, field, frozen

from ..errors import (
    APIError,
    ConfigurationError,
    CVSError,
    ProcessingError,
    RateLimitedError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
)

Cause = Literal["unreachable", "rate_limited", "unavailable", "processing", "unknown"]
"""Cause of sending a request again: it was never delivered; HTTP 429; HTTP 408, 500 or 503; the service answered "error
when processing"; or it was sent and no readable answer came, so that the call may be paid for twice."""


@frozen
class RetryPolicy:
    """Policy for sending failed requests again: those that certainly were not charged, by default no others.

    A client has a budget beside it, so that a dead service gets dozens of further requests and not thousands:
    500 tokens, of which every request sent again takes 5 and every success gives some back.

    Attributes:
        attempts: the most requests for one call, the first included; 1 sends nothing again.
        max_elapsed: seconds since the call began, after which nothing is sent again; None for no such bound. The
            bound on the whole call, `Timeout.total`, holds beside it.
        initial: the longest wait before the second request, in seconds. It doubles with each further one; how
            long the wait is within it is left to chance, so that many callers do not come back at once.
        maximum: the longest wait that the doubling comes to, in seconds.
        max_retry_after: the longest ``Retry-After`` that is obeyed, in seconds. Where the service asks for more,
            the call fails at once, and says so.
        unknown_resends: how often a request is sent again of which it is unknown whether it was charged.
            Each of them may be paid for twice, so the default is 0; `face_search.add_image` is never among them,
            because it would add the picture twice.

    Raises:
        ConfigurationError: if a number is out of range.
    """

    attempts: int = 5
    max_elapsed: float | None = 120.0
    initial: float = 0.5
    maximum: float = 20.0
    max_retry_after: float = 60.0
    unknown_resends: int = 0

    def __attrs_post_init__(self) -> None:
        if not self.attempts >= 1:
            raise ConfigurationError(f"retry: attempts must be at least 1, not {self.attempts!r}")
        for name in ("max_elapsed", "initial", "maximum", "max_retry_after", "unknown_resends"):
            number: float | None = getattr(self, name)
            if number is None and name == "max_elapsed":
                continue
            if number is None or not 0 <= number < float("inf"):
                raise ConfigurationError(f"retry: {name} must be a number from 0 on, and is {number!r}")

    def backoff(self, attempt: int, chance: float) -> float:
        """Return the seconds to wait after the given attempt: exponential, with full jitter; `chance` is 0 to 1."""
        return chance * min(self.maximum, self.initial * 2.0 ** min(attempt - 1, 64))


@frozen
class Retry:
    """Send the request again, after `delay` seconds."""

    cause: Cause
    delay: float


@frozen
class GiveUp:
    """Do not send the request again. `why` is empty where that needs no explanation."""

    why: str = ""


@define
class Budget:
    """The retry budget that all calls of a client share, with the numbers of botocore's standard mode."""

    capacity: int = 500
    cost: int = 5
    tokens: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.tokens = self.capacity

    def take(self) -> bool:
        """Return whether one more request may be sent again, and count it."""
        if self.tokens < self.cost:
            return False
        self.tokens -= self.cost
        return True

    def succeeded(self, *, after_retry: bool) -> None:
        """Give tokens back after a success: more, if sending again was what it took."""
        self.tokens = min(self.capacity, self.tokens + (self.cost if after_retry else 1))


def decide(
    policy: RetryPolicy,
    failure: CVSError,
    *,
    attempts: int,
    unknown: int,
    elapsed: float,
    left: float | None,
    chance: float,
    budget: Budget,
    repeatable: bool = True,
) -> Retry | GiveUp:
    """Return what to do after a request has failed.

    Args:
        failure: what became of it, with its charge and the `retry_after` of the service.
        attempts: requests made so far.
        unknown: how many of them may have been charged, this one included.
        elapsed: seconds since the call began.
        left: seconds until the bound on the whole call; None without a bound.
        chance: 0 to 1, for the jitter.
        budget: of the client; one more retry is taken out of it.
        repeatable: False for an operation that does something each time.
    """
    cause = retry_cause(failure)
    if cause is None or policy.attempts == 1:
        return GiveUp()
    if cause == "unknown" and not (repeatable and unknown <= policy.unknown_resends):
        return GiveUp()
    if attempts >= policy.attempts:
        return GiveUp(f"given up after {attempts} attempts")
    asked = failure.retry_after
    if asked is not None and asked > policy.max_retry_after:
        return GiveUp(
            f"the service asks to wait {asked:.0f} seconds, and max_retry_after is {policy.max_retry_after:g}"
        )
    delay = max(asked or 0.0, policy.backoff(attempts, chance))
    if policy.max_elapsed is not None and elapsed + delay > policy.max_elapsed:
        return GiveUp(f"given up after {elapsed:.0f} seconds and {attempts} attempts")
    if left is not None and left <= 0:
        return GiveUp()
    if left is not None and delay >= left:
        return GiveUp(f"{delay:.1f} seconds are to be waited, and the call has {left:.1f} left")
    # A 429 with Retry-After pauses all calls to this origin already, so it does not spend the budget.
    if not (cause == "rate_limited" and asked is not None) and not budget.take():
        return GiveUp("too many requests fail to send this one again")
    return Retry(cause, delay)


def retry_cause(failure: CVSError) -> Cause | None:
    """Return why a request may be sent again; None if it may not. The table is in section "Reliability" of README."""
    if failure.charge == "unknown":
        if isinstance(failure, ResponseTooLargeError):
            return None  # its answer will be too large the next time, too
        return "unknown"
    if failure.charge == "billed":
        return None
    if isinstance(failure, TransportError):
        return "unreachable"
    if isinstance(failure, RateLimitedError):
        return "rate_limited"
    if isinstance(failure, ProcessingError):
        return "processing"
    if isinstance(failure, ServerError) and failure.http_status in (500, 503):
        return "unavailable"
    if isinstance(failure, APIError) and failure.code is None and failure.http_status == 408:
        return "unavailable"
    return None


def parse_retry_after(header: str | None, date: str | None, now: float) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for; None where it is absent or unreadable.

    Args:
        header: seconds, or an HTTP date.
        date: the answer's own ``Date``, which a date is compared with: the clocks of client and service may differ.
        now: seconds since the epoch, for answers without one.
    """
    if header is None:
        return None
    if re.fullmatch(r"\s*\d{1,12}(\.\d+)?\s*", header, re.ASCII):
        return float(header)
    until = _epoch(header)
    if until is None:
        return None
    return max(0.0, until - (_epoch(date) or now))


def _epoch(http_date: str | None) -> float | None:
    """Return an HTTP date in seconds since the epoch; None if it is absent or unreadable."""
    if http_date is None:
        return None
    try:
        date = parsedate_to_datetime(http_date)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return date.timestamp()
    except (ValueError, OverflowError):
        return None
