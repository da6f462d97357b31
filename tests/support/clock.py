"""Time that passes only while everybody waits: an event loop that jumps to its next timer instead of sleeping."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from hypothesis import HealthCheck, settings

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 10.0
"""Real seconds for which a thread may leave the loop without anything to do."""

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For tests with examples: what they say must not hang on how fast the machine is."""


class _Jumping(selectors.DefaultSelector):
    """Looks for what is ready without waiting, and moves the loop's time on where nothing is."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer: only a thread can still wake it
            if events := super().select(PATIENCE):
                return events
            raise RuntimeError("nothing is left that could ever happen")
        events = super().select(0)
        if not events:
            self.loop.pass_by(timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time begins at 0 and is a number. What threads do takes no time, and no timer waits for it.

    Attributes:
        early: seconds by which it calls back too early. Real loops do within their clock's resolution, which
            `asyncio` thinks is a nanosecond here.
    """

    def __init__(self, early: float = 0.0) -> None:
        self._now = 0.0
        self.early = early
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._now

    def pass_by(self, seconds: float) -> None:
        """Let time go by."""
        self._now += seconds - self.early if seconds > self.early else seconds

    def timers(self) -> int:
        """Return the number of pending timers."""
        return sum(not timer.cancelled() for timer in self._scheduled)  # type: ignore[attr-defined]


def now() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()


def timers() -> int:
    """Return the number of timers of the running loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.timers()


async def settle() -> None:
    """Let every task run until it waits for time to go by."""
    for _ in range(50):
        await asyncio.sleep(0)


def run_virtual(coroutine: Coroutine[Any, Any, T], early: float = 0.0) -> T:
    """Run it from beginning to end, in no time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(early)) as runner:
        return runner.run(coroutine)


def virtual(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make a test run in virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_virtual(test(*args, **kwargs))

    return run


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop whose time goes by like that of others, and which a test can move on.

    For tests with threads or connections: a timeout is so long that it never ends by itself, and `leap` ends it.
    """

    def __init__(self) -> None:
        self._leapt = 0.0
        super().__init__()

    def time(self) -> float:
        return super().time() + self._leapt

    def leap(self, seconds: float) -> None:
        self._leapt += seconds


def leap(seconds: float) -> None:
    """Move the running loop's time on, so that timers of the next seconds are due."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, LeapingLoop)
    loop.leap(seconds)


def leaping(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make a test run on a loop whose time it can move on."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=LeapingLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return run
