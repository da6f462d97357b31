"""The command line. Needs the extra ``cli``; `demo`, `samples` and `sandbox` need ``sandbox`` too."""

import sys


def main() -> None:
    """Entry point of ``cvs-async``."""
    try:
        from .app import app
    except ModuleNotFoundError as error:
        sys.exit(f"cvs-async needs {error.name}; install it with: pip install 'cvs_async[cli]'")
    app()
