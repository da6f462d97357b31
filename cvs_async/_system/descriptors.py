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
    """Return the result of `too_many_open_files` for an error, one of its causes, or a failed name lookup.

    A name lookup needs descriptors too, and the system does not report their lack.
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
    """Return an error that names the limit and the remedy; None if an OSError has another reason."""
    if error.errno == errno.ENFILE:
        return ConfigurationError("the machine has too many files and connections open; nothing was sent")
    if error.errno != errno.EMFILE:
        return None
    bound = "" if resource is None else f", at most {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} at once"
    return ConfigurationError(
        f"the process has too many files and connections open{bound}; nothing was sent."
        " Raise the limit (ulimit -n), or lower max_connections of the client or the concurrency of the batch"
    )
