"""One run of one contender, in a separate process pinned to one processor.

The measured window is in the middle of the run: it starts when as many documents are answered as are in flight, and
ends when as many remain. Imports, connecting and shutdown are outside of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from attrs import asdict, frozen

from benchmarks._contenders import CONTENDERS, Job, files
from benchmarks._tools import in_child, peak_memory, pin, tick


@frozen
class Load:
    """Load for a contender.

    Attributes:
        origin, folder: of the service, and of the files.
        at_once: documents in flight.
        count: documents measured.
        seconds: time limit, after which the measurements so far are used.
        warm: documents before; by default the number in flight.
    """

    origin: str
    folder: str
    at_once: int
    count: int
    seconds: float
    warm: int = 0


@frozen
class Figures:
    """Measurements of one run.

    Attributes:
        done: documents in the window; 0 if none was answered.
        cpu: milliseconds of CPU a document, of all threads.
        rate: documents a second.
        peak, before: peak memory in megabytes, until the end of the window and until its start.
        lag: lateness in milliseconds of a ticker in the event loop: median, 99th percentile, maximum.
        error: error that ended it early.
    """

    done: int
    cpu: float = 0.0
    rate: float = 0.0
    peak: float = 0.0
    before: float = 0.0
    lag: tuple[float, float, float] | None = None
    error: str | None = None


def measure(name: str, load: Load) -> Figures:
    """Run a contender."""
    figures = in_child("benchmarks._contest", name, json.dumps(asdict(load)))
    return Figures(**{**figures, "lag": figures["lag"] and tuple(figures["lag"])})


@frozen
class _Reading:
    done: int
    cpu: float
    wall: float
    peak: float
    ticks: int


class Meter:
    """Counts answers, and takes readings at both ends of the window. Contenders may be threads."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._warm = load.warm or load.at_once
        self._late = time.perf_counter() + load.seconds / 2
        self._lock = threading.Lock()
        self._done = 0
        self._first: _Reading | None = None
        self._last: _Reading | None = None
        self.lateness: list[float] = []

    def answered(self) -> None:
        """Count an answer."""
        with self._lock:
            self._done += 1
            if self._first is None:
                if self._done >= self._warm or time.perf_counter() > self._late:
                    self._first = self._read()
            elif self._last is None and self._done == self._first.done + self._load.count:
                self._last = self._read()

    def _read(self) -> _Reading:
        return _Reading(self._done, time.process_time(), time.perf_counter(), peak_memory(), len(self.lateness))

    def figures(self, error: str | None = None) -> Figures:
        """Return the figures of the window; up to now, if it has not ended."""
        first, last = self._first, self._last or self._read()
        if first is None or last.done == first.done:
            return Figures(0, error=error)
        done = last.done - first.done
        return Figures(
            done,
            cpu=(last.cpu - first.cpu) * 1e3 / done,
            rate=done / (last.wall - first.wall),
            peak=last.peak,
            before=first.peak,
            lag=_percentiles(self.lateness[first.ticks : last.ticks]),
            error=error,
        )


def _percentiles(lateness: list[float]) -> tuple[float, float, float] | None:
    if len(lateness) < 2:
        return None
    of_hundred = quantiles(lateness, n=100, method="inclusive")
    return of_hundred[49], of_hundred[98], max(lateness)


def child(name: str, load: Load) -> None:
    """Print the figures."""
    pin(0)
    meter, contender = Meter(load), CONTENDERS[name]
    timer = threading.Timer(load.seconds, lambda: _end(meter.figures()))  # some take minutes to be cancelled
    timer.daemon = True
    timer.start()
    total = (load.warm or load.at_once) + load.count + load.at_once
    with TemporaryDirectory() as scratch:
        job = Job(load.origin, files(Path(load.folder), total), load.at_once, Path(scratch), meter.answered)
        try:
            asyncio.run(_beside(contender.run(job), meter.lateness) if contender.loop else _alone(contender.run(job)))
        except Exception as error:  # any exception is the result of the contender
            _end(meter.figures(_name(error)))
    timer.cancel()
    _print(meter.figures())


async def _beside(work: Awaitable[None], lateness: list[float]) -> None:
    ticker = asyncio.create_task(tick(lateness))
    await work
    ticker.cancel()


async def _alone(work: Awaitable[None]) -> None:
    await work


def _name(error: BaseException) -> str:
    return _name(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else type(error).__name__


def _end(figures: Figures) -> None:
    _print(figures)
    os._exit(0)


def _print(figures: Figures) -> None:
    print(json.dumps(asdict(figures)), flush=True)


if __name__ == "__main__":
    child(sys.argv[1], Load(**json.loads(sys.argv[2])))
