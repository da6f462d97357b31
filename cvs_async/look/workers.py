"""Worker processes that open documents. A document that hangs or crashes a library ends only its worker.

`multiprocessing` would import the caller's main module: a script without a guard would run, and pay, again. These
workers import only this library.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Self, TypeVar

from attrs import define, field

from ..errors import ConfigurationError, CVSError, InvalidInputError

T = TypeVar("T")

SECONDS = 30
"""Default time limit of a call."""

SECONDS_TO_START = 60

AT_ONCE = 2
"""Default number of workers."""

_PROGRAM = "import sys; sys.path[:] = {path!r}; from cvs_async.look.workers import main; main()"
_UNFINISHED = (OSError, EOFError, pickle.UnpicklingError)
"""Errors that mean that a worker has ended."""


class GivenUpError(InvalidInputError):
    """A call exceeded its time limit, or crashed its worker."""


@define(eq=False)
class Workers:
    """Pool of worker processes for functions of this library. Thread-safe. `close` ends the processes.

    Args:
        most: maximum number of calls at the same time; further calls wait.
    """

    most: int = AT_ONCE
    _places: threading.Semaphore = field(init=False)
    _idle: list[_Worker] = field(factory=list, init=False)
    _busy: set[_Worker] = field(factory=set, init=False)
    _is_closed: bool = field(default=False, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    """Held while a worker changes between idle, busy and ended, so that `close` misses none."""

    def __attrs_post_init__(self) -> None:
        self._places = threading.Semaphore(self.most)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, function: Callable[..., T], *arguments: Any, seconds: float = SECONDS) -> T:
        """Call a function in a worker and return its result. Function, arguments and result must be picklable.

        Raises:
            GivenUpError: the call took longer than `seconds`, its worker ended twice, or the pool is closed.
            InvalidInputError, ConfigurationError: the function raised it, or another error.
        """
        with self._places:
            for is_last in (False, True):
                worker = self._take()
                try:
                    answer: T = worker.call(function, arguments, seconds)
                except _Ended:  # perhaps ended by the system and not by the document: try once more
                    worker.end()
                    if is_last or self._is_closed:
                        raise GivenUpError("it ended the process that drew it") from None
                except CVSError as error:
                    self._put_back(worker, ends=isinstance(error, GivenUpError))
                    raise
                except BaseException:  # otherwise its answer would be taken for that of the next call
                    worker.end()
                    raise
                else:
                    self._put_back(worker)
                    return answer
                finally:
                    self._busy.discard(worker)
        raise AssertionError("unreachable")

    def _take(self) -> _Worker:
        with self._lock:
            if self._is_closed:
                raise GivenUpError("the processes that draw documents are closed")
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    break
                worker.end()
            else:
                worker = _Worker()
            self._busy.add(worker)
            return worker

    def _put_back(self, worker: _Worker, *, ends: bool = False) -> None:
        with self._lock:
            if ends or self._is_closed:
                worker.end()
            else:
                self._idle.append(worker)

    def close(self) -> None:
        """End all processes, busy ones too."""
        with self._lock:
            self._is_closed = True
            for worker in (*self._idle, *self._busy):
                worker.end()
            self._idle.clear()


class _Ended(Exception):
    """A worker ended, and not because of the time limit."""


class _Worker:
    """A process and its pipes."""

    def __init__(self) -> None:
        if not sys.executable:
            raise ConfigurationError("documents are opened by another Python process, and sys.executable is empty")
        program = _PROGRAM.format(path=[str(path) for path in sys.path])
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        command = [sys.executable, "-c", program]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing)  # noqa: S603 - ours
        self._is_started = False
        self._is_late = False
        self._is_ended = False

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> Any:
        if not self._is_started:
            self._bounded(SECONDS_TO_START, None)
            self._is_started = True
        error, answer = self._bounded(seconds, (function, arguments, _folder(), seconds))
        if error is not None:
            raise (ConfigurationError if error == "ConfigurationError" else InvalidInputError)(answer)
        return answer

    def _bounded(self, seconds: float, message: object) -> Any:
        """Send a message, unless it is None, and return the next answer."""
        timer = threading.Timer(seconds, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            assert self._process.stdin is not None  # noqa: S101 - it is a pipe
            assert self._process.stdout is not None  # noqa: S101 - likewise
            if message is not None:
                _send(self._process.stdin, message)
            return pickle.load(self._process.stdout)  # noqa: S301 - of our own process
        except _UNFINISHED:
            if self._is_late:
                raise GivenUpError(f"it was not finished within {seconds:g} seconds") from None
            raise _Ended from None
        except ValueError:  # another thread closed the pipes
            if self._is_ended:
                raise _Ended from None
            raise
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._is_late = True
        self._process.kill()

    def end(self) -> None:
        self._is_ended = True
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError, ValueError):  # unsent data, or another thread reads the pipe
                    pipe.close()


def _send(pipe: IO[bytes], message: object) -> None:
    pipe.write(pickle.dumps(message))
    pipe.flush()


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # the folder was removed
        return None


# --- inside a worker


def main() -> None:
    """Answer calls until standard input ends. Output of libraries is discarded."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the caller, which ends this process
    _send(answers, "ready")
    with suppress(*_UNFINISHED, KeyboardInterrupt):
        while True:
            function, arguments, folder, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own parent
            with suppress(OSError):
                os.chdir(folder or ".")
            with _Alarm(seconds):
                answer = _answer(function, arguments)
            _send(answers, answer)


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str | None, Any]:
    try:
        return None, function(*arguments)
    except CVSError as error:
        return type(error).__name__, str(error)
    except Exception as error:  # the message may have contents of the document
        return "InvalidInputError", f"it cannot be drawn ({type(error).__name__})"


class _Alarm:
    """Timer that ends this process if the caller has ended and so cannot do it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = int(seconds) + 5

    def __enter__(self) -> None:
        if hasattr(signal, "alarm"):
            signal.alarm(self._seconds)

    def __exit__(self, *_: object) -> None:
        if hasattr(signal, "alarm"):
            signal.alarm(0)


# --- the pool of this process


shared = Workers()
"""Pool for single calls such as `overlay`, which need not start a process each."""


def _forget() -> None:
    """Replace the pool in a forked child: the workers belong to its parent."""
    global shared
    shared = Workers()


atexit.register(lambda: shared.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
