"""Errors for a process or machine without free file descriptors."""

from __future__ import annotations

import errno
import os
import socket

from ..errors import ConfigurationError

try:
    import resource
except ImportError:  # not available on Windows
    resource = None  # type: ignore[assignment]


def found_in(error: BaseException) -> ConfigurationError | None:
    """Return `too_many_open_files` for an error or one of its causes.

    A failed name lookup does not report that descriptors were missing, so after one a descriptor is opened as a test.
    """
    step: BaseException | None = error
    while step is not None:
        if isinstance(step, socket.gaierror):
            try:
                os.close(os.open(os.devnull, os.O_RDONLY))
            except OSError as none_left:
                return too_many_open_files(none_left)
        if isinstance(step, OSError) and (found := too_many_open_files(step)) is not None:
            return found
        step = step.__cause__ or step.__context__
    return None


def too_many_open_files(error: OSError) -> ConfigurationError | None:
    """Return an error with limit and remedy if no file descriptor was free; None for any other OSError."""
    if error.errno == errno.ENFILE:
        return ConfigurationError("the machine has too many files and connections open; nothing was sent")
    if error.errno != errno.EMFILE:
        return None
    bound = ""
    if resource is not None:
        bound = f", at most {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} at once"
    return ConfigurationError(
        f"the process has too many files and connections open{bound}; nothing was sent."
        " Raise the limit (ulimit -n), or lower max_connections of the client or the concurrency of the batch"
    )
