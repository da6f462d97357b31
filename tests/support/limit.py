"""A limit on the time of each test, so that a fault that hangs fails one test and shows where.

pytest-timeout does the same but for two things: its alarm goes off once, and Hypothesis catches what it raises and
tries the example once more, which then hangs for good.
"""

from __future__ import annotations

import signal
from collections.abc import Generator

import pytest

LIMIT, SOAK_LIMIT = 180.0, 900.0
"""Seconds for one test, or one of its fixtures: many times what it takes on a slow machine."""

AGAIN = 10.0
"""Seconds after which the next alarm follows, where something has caught what the one before raised."""


class HangingError(BaseException):
    """A test has not come to its end in time. Not an Exception, which tests, tasks and Hypothesis handle."""


def limited(item: pytest.Item) -> Generator[None, object, object]:
    """Bound what a hook of pytest does for a test; where there are no alarms, as on Windows, it is not bounded."""
    if not hasattr(signal, "setitimer"):
        return (yield)
    seconds = SOAK_LIMIT if item.get_closest_marker("soak") else LIMIT

    def ring(*_: object) -> None:
        raise HangingError(f"{item.nodeid} takes more than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


pytest_runtest_setup = pytest.hookimpl(wrapper=True)(limited)
pytest_runtest_call = pytest.hookimpl(wrapper=True)(limited)
pytest_runtest_teardown = pytest.hookimpl(wrapper=True)(limited)
