"""Errors of the library and their charges.

    CVSError
    ├── ConfigurationError            no key, an invalid base_url, ...
    ├── InvalidInputError             found before anything is sent (also a ValueError)
    ├── APIError                      the service answered with a code other than 0: never charged
    │   ├── NoContentError            nothing to read in the picture
    │   ├── UrlUnavailableError       the service could not download the URL
    │   ├── InvalidImageError         not a readable image or PDF
    │   ├── OutOfRequestsError        the account's stock of requests is empty
    │   ├── AuthenticationError       wrong api_key or api_secret
    │   ├── FormatTypeError           format_type does not fit what was sent
    │   ├── ProcessingError           "error when processing the request"
    │   └── InvalidIdError            no such image in face search
    ├── RateLimitedError              HTTP 429 without an answer of the service
    ├── ServerError                   HTTP 5xx without an answer of the service
    ├── RedirectError                 HTTP 3xx; redirects are never followed
    ├── ResponseTooLargeError         an answer above max_response_bytes
    ├── DecodeError                   an answer that is not a JSON object, or has no usable code
    └── TransportError                no answer at all
        ├── ConnectError              nothing was delivered (also a ConnectionError)
        ├── TimeoutError              some part of the call took too long (also a builtin TimeoutError)
        └── ConnectionLostError       broken off while or after sending the request (also a ConnectionError)

Neither text nor repr of an error contains credentials, query strings or contents of documents. The vendor's message
and the answer are separate from the text, in ``message`` and ``raw``.
"""

from __future__ import annotations

import builtins
from typing import Any, Literal, TypeVar

__all__ = [
    "APIError",
    "AuthenticationError",
    "CVSError",
    "Charge",
    "ConfigurationError",
    "ConnectError",
    "ConnectionLostError",
    "DecodeError",
    "FormatTypeError",
    "InvalidIdError",
    "InvalidImageError",
    "InvalidInputError",
    "NoContentError",
    "OutOfRequestsError",
    "ProcessingError",
    "RateLimitedError",
    "RedirectError",
    "ResponseTooLargeError",
    "ServerError",
    "TimeoutError",
    "TransportError",
    "UrlUnavailableError",
]

Charge = Literal["billed", "free", "unknown"]
"""Charge of a call: one request (``billed``), nothing (``free``), or not known to the client (``unknown``)."""


class CVSError(Exception):
    """Base of all errors of this library.

    Attributes:
        operation: name of the operation, such as ``ocr.card``; None if there was no operation.
        attempts: number of requests made for this call.
        charge: charge of the call, see `Charge`; ``unknown`` if that of any of its requests is unknown.
        http_status: HTTP status of the last answer; None without an answer.
        raw: the answer as JSON values if it was decoded, else as bytes; None without an answer.
        message: message of the service or of a gateway in front of it; None without one. It is not part of the text.
        retry_after: seconds after which the service asks for a retry; None if not given. For an `OutOfRequestsError` at
            least the seconds until the client sends the next probe, see `quota_probe`.
        unknown_attempts: number of requests that may have been charged.
    """

    def __init__(
        self,
        text: str,
        *,
        operation: str | None = None,
        attempts: int = 0,
        charge: Charge = "free",
        http_status: int | None = None,
        raw: Any = None,
        message: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.operation = operation
        self.attempts = attempts
        self.charge: Charge = charge
        self.http_status = http_status
        self.raw = raw
        self.message = message
        self.retry_after = retry_after
        self.unknown_attempts: int = int(charge == "unknown")


class ConfigurationError(CVSError):
    """The client is misconfigured: a key is missing, a URL is invalid, an extra is not installed."""


class InvalidInputError(CVSError, ValueError):
    """A file or an argument cannot be sent; detected before anything is sent."""


class APIError(CVSError):
    """The service answered with a code other than 0. Such an answer is never charged.

    Attributes:
        code: code of the envelope as int, or as str if it has more digits than Python converts; None if only the HTTP
            status is known.
    """

    def __init__(self, text: str, *, code: int | str | None = None, **context: Any) -> None:
        super().__init__(text, **context)
        self.code = code


class NoContentError(APIError):
    """the picture holds nothing that this operation reads"""


class UrlUnavailableError(APIError):
    """the service could not download the URL"""


class InvalidImageError(APIError):
    """the service could not open the file as an image or PDF"""


class OutOfRequestsError(APIError):
    """the account is out of requests"""


class AuthenticationError(APIError):
    """the service refused api_key or api_secret"""


class FormatTypeError(APIError):
    """the service reports that format_type does not fit what was sent"""


class ProcessingError(APIError):
    """the service failed while it worked on the request"""


class InvalidIdError(APIError):
    """the service has no image with this id"""


class RateLimitedError(CVSError):
    """HTTP 429 without an envelope: too many requests at once. Free."""


class ServerError(CVSError):
    """HTTP 5xx without an envelope. Free for 500, 501 and 503; unknown if a proxy answered (502, 504, ...)."""


class RedirectError(CVSError):
    """The service answered with a redirect. Redirects are never followed, because they would forward the documents."""


class ResponseTooLargeError(CVSError):
    """The answer is larger than ``max_response_bytes``, or has many more values than any documented answer.

    ``raw`` has its beginning in the first case, and all of it in the second one. The charge is unknown unless the code
    is in the first 64 KB.
    """


class DecodeError(CVSError):
    """The answer cannot be decoded, or its code is not a whole number. ``raw`` has the answer.

    The charge is unknown, with two exceptions: a code before the fault decides it; an answer with code 0 that does not
    fit the type declared by an `Endpoint` of your own is billed.

    Attributes:
        code: the code if it is a text other than a whole number; else None.
    """

    def __init__(self, text: str, *, code: str | None = None, **context: Any) -> None:
        super().__init__(text, **context)
        self.code = code


class TransportError(CVSError):
    """No answer arrived."""


class ConnectError(TransportError, ConnectionError):
    """The request was never delivered: unknown host, refused, TLS failure. Free."""


class TimeoutError(TransportError, builtins.TimeoutError):
    """Connecting, sending, waiting, or the whole call took too long. Free if nothing was sent, else unknown."""


class ConnectionLostError(TransportError, ConnectionError):
    """The connection broke while or after the request was sent. The charge is unknown."""


E = TypeVar("E", bound=BaseException)


def drop_frames(error: E) -> E:
    """Remove the tracebacks of an error and its causes: their frames would keep documents in memory."""
    seen, waiting = set[int](), list[BaseException | None]([error])
    while waiting:
        step = waiting.pop()
        if step is not None and id(step) not in seen:  # errors may be the context of each other
            seen.add(id(step))
            step.__traceback__ = None
            waiting += (step.__cause__, step.__context__)
    return error
