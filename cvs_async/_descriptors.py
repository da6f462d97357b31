"""What it means that the process, or the machine, has no file descriptor left."""

from __future__ import annotations

import errno

from .errors import ConfigurationError

try:
    import resource
except ImportError:  # Windows, which has no such bound
    resource = None  # type: ignore[assignment]


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
