"""Loopback service that implements the vendor's API, with sample documents. Requires the extra ``sandbox``."""

from ..errors import ConfigurationError

try:
    from .ledger import Entry, Ledger, Upload
    from .samples import Sample, write_samples
    from .server import Sandbox
except ModuleNotFoundError as error:
    raise ConfigurationError(
        f"the sandbox needs {error.name}; install it with: pip install 'cvs_async[sandbox]'"
    ) from error

__all__ = ["Entry", "Ledger", "Sample", "Sandbox", "Upload", "write_samples"]
