"""The standard streams of the process, before and after a command."""

from __future__ import annotations

import io
import logging
import os
import sys


def prepare() -> None:
    """Make the standard streams fit for use.

    1. A descriptor that was closed (``>&-``) is taken up, or the next file that is opened gets its number, and
       messages are written into it. Reading from the one of standard input fails as it did.
    2. Results are UTF-8 in whatever surroundings, Windows' code pages among them.
    3. Messages keep their encoding, and what it does not have is escaped.
    4. What pypdf finds wrong with a PDF while its pages are counted is no message of ours.
    """
    for descriptor in range(3):
        _take_up(descriptor)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    logging.getLogger("pypdf").addHandler(logging.NullHandler())


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
