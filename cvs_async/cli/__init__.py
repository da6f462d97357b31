"""Command line. Requires the extra ``cli``; `demo`, `samples` and `sandbox` also require ``sandbox``."""

import sys

from ._streams import prepare, settle


def main() -> None:
    """Entry point of ``cvs-async``."""
    prepare()
    try:
        from ._common import exit_process_on_error
        from .app import app
    except ModuleNotFoundError as error:
        sys.exit(f"cvs-async needs {error.name}; install it with: pip install 'cvs_async[cli]'")
    try:
        with exit_process_on_error():
            app()
    except SystemExit as end:
        problem = settle()
        if problem is None or end.code:
            raise
        sys.stderr.write(f"standard output: {problem}\n")
        sys.exit(2)
