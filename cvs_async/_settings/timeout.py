"""Bounds on the time that a call takes."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from ..errors import ConfigurationError


@frozen
class Timeout:
    """Bounds on the parts of a call, in seconds; None for no bound.

    Attributes:
        total: the whole call, from reading the inputs to the decoded answer, waiting included.
        connect: reaching the service, TLS included.
        read: silence while an answer is awaited. A PDF of many pages takes a while.
        write: writing one piece of the request (at most 1 MiB).
        pool: waiting for one of the client's connections.
    """

    total: float | None = 300.0
    connect: float | None = 10.0
    read: float | None = 120.0
    write: float | None = 60.0
    pool: float | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("total", "connect", "read", "write", "pool"):
            seconds = getattr(self, name)
            if seconds is not None and not seconds > 0:
                raise ConfigurationError(f"timeout: {name} must be more than 0 seconds, not {seconds!r}")


def as_timeout(given: float | Timeout | None, default: Timeout) -> Timeout:
    """Return the timeout of a call. A number bounds the whole call; its parts keep their defaults."""
    if given is None:
        return default
    if isinstance(given, Timeout):
        return given
    return Timeout(float(given), default.connect, default.read, default.write, default.pool)


def seconds(given: Any) -> float | Timeout:
    """Return the timeout of one call, once it is checked.

    Raises:
        ValueError: it is unusable; says what it must be.
    """
    if isinstance(given, Timeout):
        return given
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = 0.0
    if isinstance(given, bool) or not number > 0:
        raise ValueError("must be a number of seconds above 0, or a Timeout")
    return number
