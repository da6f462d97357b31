"""The standard streams of the process, before and after a command."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import traceback
from contextlib import suppress
from types import TracebackType

from .._escape import escaped_lines


def prepare() -> None:
    """Make the standard streams fit for use.

    1. A descriptor that was closed (``>&-``) is taken up, or the next file that is opened gets its number, and
       messages are written into it. Reading from the one of standard input fails as it did.
    2. Results are UTF-8 in whatever surroundings, Windows' code pages among them.
    3. Messages keep their encoding, and what it does not have is escaped.
    4. What pypdf finds wrong with a PDF while its pages are counted is no message of ours.
    5. An error that nobody has foreseen shows its traceback, in which there may be foreign text.
    """
    for descriptor in range(3):
        _take_up(descriptor)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    logging.getLogger("pypdf").addHandler(logging.NullHandler())
    if logging.lastResort is not None:  # which writes warnings of libraries
        logging.lastResort.setFormatter(Escaped())
    sys.excepthook = _show_traceback
    threading.excepthook = lambda failed: _show_traceback(failed.exc_type, failed.exc_value, failed.exc_traceback)


class Escaped(logging.Formatter):
    """Writes messages in which a terminal finds nothing to obey."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a message, with its traceback if there is one."""
        return escaped_lines(super().format(record))


def _show_traceback(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    lines = traceback.format_exception(kind, error, trace)
    with suppress(OSError, ValueError, AttributeError):  # there may be nowhere to write to
        sys.stderr.write(escaped_lines("".join(lines)))


def settle() -> str | None:
    """Flush the standard streams, and return why standard output could not be.

    What cannot be flushed goes nowhere: the interpreter would try again at its end, and change the exit code.
    """
    problem = None
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            _point_nowhere(descriptor)
            if descriptor == 1:
                problem = getattr(error, "strerror", None) or "cannot be written"
    return problem


def _take_up(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        _point_nowhere(descriptor)


def _point_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
