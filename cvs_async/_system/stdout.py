"""Check whether standard output can take results, before they are paid for."""

from __future__ import annotations

import os
import select
import sys

from ..errors import InvalidInputError


def check_stdout() -> None:
    """Check that standard output is usable, as far as possible without writing to it.

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
    return "has no reader" if _has_no_reader(descriptor) else None


def _has_no_reader(descriptor: int) -> bool:
    """Return whether it is a pipe or socket whose other end is closed."""
    if not hasattr(select, "poll"):  # on Windows
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))
