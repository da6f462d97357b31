"""Check standard output before results are paid for that are written to it."""

from __future__ import annotations

import os
import select
import sys

from ..errors import InvalidInputError


def check_stdout() -> None:
    """Check that standard output can be written to, as far as that is possible without writing.

    Raises:
        InvalidInputError: if it is closed, not open for writing, or a pipe without a reader.
    """
    if problem := _problem():
        raise InvalidInputError(f"standard output {problem}: results cannot be written")


def is_terminal() -> bool:
    """Return whether standard output is a terminal, which obeys control characters."""
    try:
        return sys.stdout is not None and sys.stdout.isatty()
    except ValueError:  # it is closed
        return False


def _problem() -> str | None:
    if sys.stdout is None or sys.stdout.closed:
        return "is closed"
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):  # a replacement without a descriptor
        return None
    try:
        os.write(descriptor, b"")  # fails if it is open only for reading
    except OSError as error:
        return f"cannot be written: {error.strerror}"
    if _has_no_reader(descriptor):
        return "has no reader"
    return None


def _has_no_reader(descriptor: int) -> bool:
    """Return whether a descriptor is a pipe or socket whose other end is closed."""
    if not hasattr(select, "poll"):  # on Windows
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))
