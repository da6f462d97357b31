"""What it means that the process, or the machine, has no file descriptor left."""

from __future__ import annotations

import errno
import os
import socket

from .errors import ConfigurationError

try:
    import resource
except ImportError:  # Windows, which has no such bound
    resource = None  # type: ignore[assignment]


def found_in(error: BaseException) -> ConfigurationError | None:
    """Return what `too_many_open_files` says of an error or of one that led to it, or of a name that was not found.

    To look up a host takes descriptors too, and the system does not say that there was none.
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
    """Return the error that names the bound and the remedy; None if an OSError has another reason."""
    if error.errno == errno.ENFILE:
        return ConfigurationError("the machine has too many files and connections open; nothing was sent")
    if error.errno != errno.EMFILE:
        return None
    bound = "" if resource is None else f", at most {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} at once"
    return ConfigurationError(
        f"the process has too many files and connections open{bound}; nothing was sent."
        " Raise the bound (ulimit -n), or lower max_connections of the client or the concurrency of the batch"
    )
