"""What to say when the system lets this process open no more files and connections."""

from __future__ import annotations

import errno

from .errors import ConfigurationError

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]


def too_many_open_files(error: OSError) -> ConfigurationError | None:
    """The error with its remedy, if the system's bound on open files was met; None for any other error."""
    if error.errno == errno.ENFILE:
        return ConfigurationError("the system has too many open files (ENFILE); close other programs, and try again")
    if error.errno != errno.EMFILE:
        return None
    bound = "" if resource is None else f", which is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}"
    return ConfigurationError(
        f"this process has too many open files: raise the bound of `ulimit -n`{bound}, or ask for less at once"
    )
