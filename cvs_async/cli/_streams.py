"""Setup and shutdown of the standard streams of the process."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import traceback
from contextlib import suppress
from types import TracebackType

from .._text.escape import escaped_lines


def prepare() -> None:
    """Set up the standard streams.

    1. Closed descriptors (``>&-``) are opened, or the next opened file would get their number and receive messages.
       Reading from a closed standard input still fails.
    2. Results are UTF-8 on every platform.
    3. Messages keep their encoding; other characters are escaped.
    4. Warnings of pypdf about PDFs whose pages are counted are suppressed.
    5. Tracebacks of unexpected errors are escaped, because they may contain foreign text.
    """
    for descriptor in range(3):
        _take_up(descriptor)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    logging.getLogger("pypdf").addHandler(logging.NullHandler())
    if logging.lastResort is not None:  # writes warnings of libraries
        logging.lastResort.setFormatter(Escaped())
    sys.excepthook = _show_traceback
    threading.excepthook = lambda failed: _show_traceback(failed.exc_type, failed.exc_value, failed.exc_traceback)


class Escaped(logging.Formatter):
    """Formatter that escapes control characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a message, with its traceback if any."""
        return escaped_lines(super().format(record))


def _show_traceback(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    lines = traceback.format_exception(kind, error, trace)
    with suppress(OSError, ValueError, AttributeError):  # the stream may be unwritable
        sys.stderr.write(escaped_lines("".join(lines)))


def settle() -> str | None:
    """Flush the standard streams and return the error of standard output, if any.

    A stream that cannot be flushed is redirected to the null device: the interpreter would flush it again at exit and
    change the exit code.
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
