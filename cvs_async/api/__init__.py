"""Operations: their endpoints, and the coroutines that call them, grouped as in the URLs."""

from __future__ import annotations

from typing import Any

from .._codec.endpoint import Endpoint
from .._settings.origins import Host
from . import ekyc, face_search, ocr, ocr_document, smartcrop, v1, v3
from ._family import Attached, Family, attach, no_operation
from .ekyc import Ekyc
from .face_search import FaceSearch
from .ocr import Ocr
from .smartcrop import SmartCrop
from .v1 import V1
from .v3 import V3

__all__ = [
    "HOST_OF",
    "OPERATIONS",
    "V1",
    "V3",
    "Attached",
    "Ekyc",
    "FaceSearch",
    "Family",
    "Ocr",
    "SmartCrop",
    "attach",
    "no_operation",
]

OPERATIONS: dict[str, Endpoint[Any]] = {
    endpoint.name: endpoint
    for module in (ekyc, ocr, ocr_document, face_search, smartcrop, v1, v3)
    for endpoint in module.ENDPOINTS
}
"""All operations by name."""

HOST_OF: dict[str, Host] = {name: endpoint.host for name, endpoint in OPERATIONS.items()}
"""The vendor's host of each operation."""
