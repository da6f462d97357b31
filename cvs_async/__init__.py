"""Asyncio client for the Computer Vision Vietnam (CVS) OCR and eKYC API.

>>> from cvs_async import AsyncCVS
>>> async with AsyncCVS() as cvs:
...     reply = await cvs.ocr.card("samples/0001-căn-cước.jpg")
>>> reply.data[0].type
'chip_id_card_front'
"""

from typing import TYPE_CHECKING

from . import batch, errors, models, stats
from ._codec.endpoint import Endpoint
from ._codec.inputs import Url
from ._codec.reply import Reply
from ._limits.pace import RateLimit
from ._limits.retry import RetryPolicy
from ._settings.timeout import Timeout
from ._text.names import missing
from ._text.reveal import reveal
from ._version import __version__
from .batch import Done, Failed, Held, folder
from .client import AsyncCVS
from .errors import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    CVSError,
    DecodeError,
    FormatTypeError,
    InvalidIdError,
    InvalidImageError,
    InvalidInputError,
    NoContentError,
    OutOfRequestsError,
    ProcessingError,
    RateLimitedError,
    RedirectError,
    ResponseTooLargeError,
    ServerError,
    TimeoutError,
    TransportError,
    UrlUnavailableError,
)

__all__ = [
    "APIError",
    "AsyncCVS",
    "AuthenticationError",
    "CVSError",
    "ConfigurationError",
    "ConnectError",
    "ConnectionLostError",
    "DecodeError",
    "Done",
    "Endpoint",
    "Failed",
    "FormatTypeError",
    "Held",
    "InvalidIdError",
    "InvalidImageError",
    "InvalidInputError",
    "NoContentError",
    "OutOfRequestsError",
    "ProcessingError",
    "RateLimit",
    "RateLimitedError",
    "RedirectError",
    "Reply",
    "ResponseTooLargeError",
    "RetryPolicy",
    "ServerError",
    "Timeout",
    "TimeoutError",
    "TransportError",
    "Url",
    "UrlUnavailableError",
    "__version__",
    "batch",
    "errors",
    "folder",
    "models",
    "reveal",
    "stats",
]


def __dir__() -> list[str]:
    """List the public names, without this module's imports."""
    return __all__


if not TYPE_CHECKING:  # type checkers report a wrong name

    def __getattr__(name: str) -> object:
        raise missing(__name__, name)
