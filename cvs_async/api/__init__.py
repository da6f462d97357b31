"""The operations: endpoints as data beside the coroutines that call them, in families as in the URLs."""

from __future__ import annotations

from typing import Any

from .._endpoint import Endpoint
from . import ekyc, ocr, ocr_document
from ._family import Family
from .ekyc import Ekyc
from .ocr import Ocr

__all__ = ["OPERATIONS", "Ekyc", "Family", "Ocr"]

OPERATIONS: dict[str, Endpoint[Any]] = {
    endpoint.name: endpoint for module in (ekyc, ocr, ocr_document) for endpoint in module.ENDPOINTS
}
"""Every operation that the library knows, by name. Client, command line, sandbox and tests all read this."""
