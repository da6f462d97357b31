"""The decision whether and when a failed request is sent again. Pure: without clock or sleep."""

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
    """Rules for sending failed requests again. By default only those that were certainly not charged.

    In addition, all calls of a client share a budget, so that an unavailable service gets dozens of retries instead of
    thousands: 500 tokens, of which each retry takes 5 and each success returns some.

    Attributes:
        attempts: maximum number of requests for one call, including the first; 1 disables retries.
        max_elapsed: seconds since the start of the call after which there are no retries; None for no limit. The bound
            on the whole call, `Timeout.total`, applies as well.
        initial: maximum wait before the first retry, in seconds. It doubles with each retry. The actual wait is random,
            from 0 to this maximum, so that many callers do not retry at the same moment.
        maximum: upper limit of the maximum wait, in seconds.
        max_retry_after: longest ``Retry-After`` to wait for, in seconds. With a longer one the call fails at once.
        unknown_resends: maximum number of retries for a call after requests whose charge is unknown. Each of them may
            be charged in addition, so the default is 0. `face_search.add_image` and `v1.face_search.add` are never
            repeated in this case, because they could add the picture twice.

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
                raise ConfigurationError(f"retry: {name} must be a number of at least 0, not {number!r}")

    def backoff(self, attempt: int, chance: float) -> float:
        """Return the seconds to wait after an attempt: exponential backoff with full jitter. `chance` is 0 to 1."""
        return chance * min(self.maximum, self.initial * 2.0 ** min(attempt - 1, 64))


@frozen
class Retry:
    """Decision to send the request again after `delay` seconds."""

    cause: Cause
    delay: float


@frozen
class GiveUp:
    """Decision not to send the request again. `why` is added to the error; empty if there is nothing to explain."""

    why: str = ""


@define
class Budget:
    """Retry budget of a client, with the numbers of botocore's standard mode."""

    capacity: int = 500
    cost: int = 5
    tokens: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.tokens = self.capacity

    def take(self) -> bool:
        """Take the tokens for a retry; return False if there are not enough."""
        if self.tokens < self.cost:
            return False
        self.tokens -= self.cost
        return True

    def succeeded(self, *, after_retry: bool) -> None:
        """Return tokens after a success: the cost of a retry if it was one, else 1."""
        tokens = 1
        if after_retry:
            tokens = self.cost
        self.tokens = min(self.capacity, self.tokens + tokens)


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
    """Decide whether to send a failed request again.

    Args:
        policy: the retry policy.
        failure: error of the request, with its `charge` and `retry_after`.
        attempts: number of requests of the call so far.
        unknown: number of them that may have been charged, including the failed one.
        elapsed: seconds since the start of the call.
        left: seconds until the time of the whole call is up; None without a bound.
        chance: random number from 0 to 1, for the jitter.
        budget: retry budget of the client; a retry takes its tokens.
        repeatable: False for an operation with a side effect.
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
        return GiveUp(f"the next attempt is in {delay:.1f} seconds, and the call has {left:.1f} left")
    # A 429 with Retry-After pauses all calls to the origin anyway, so it does not need the budget.
    if not (cause == "rate_limited" and asked is not None) and not budget.take():
        return GiveUp("not sent again, because too many requests of this client fail")
    return Retry(cause, delay)


def retry_cause(failure: CVSError) -> Cause | None:
    """Return the cause for which a request may be sent again; None if it may not. See "Reliability" in README."""
    if failure.charge == "unknown":
        if isinstance(failure, ResponseTooLargeError):
            return None  # the next answer would be too large again
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
    """Return the seconds in a ``Retry-After`` header; None if it is missing or unreadable.

    Args:
        header: value of the header: seconds, or an HTTP date.
        date: the ``Date`` of the answer. A date in `header` is relative to it, because the client's clock may be wrong.
        now: seconds since the epoch, in place of a missing `date`.
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
    """Return an HTTP date as seconds since the epoch; None if it is missing or unreadable."""
    if http_date is None:
        return None
    try:
        date = parsedate_to_datetime(http_date)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return date.timestamp()
    except (ValueError, OverflowError):
        return None
