"""Everything that can go wrong, and what it cost.

    CVSError
    ├── ConfigurationError            no key, a base_url that is none, ...
    ├── InvalidInputError             found before anything is sent (also a ValueError)
    ├── APIError                      the service answered with a code other than 0: never charged
    │   ├── NoContentError            nothing to read in the picture
    │   ├── UrlUnavailableError       the service could not download the URL
    │   ├── InvalidImageError         no readable image or PDF
    │   ├── OutOfRequestsError        the account's stock of requests is empty
    │   ├── AuthenticationError       wrong api_key or api_secret
    │   ├── FormatTypeError           format_type does not fit what was sent
    │   ├── ProcessingError           "error when processing the request"
    │   └── InvalidIdError            no such image in face search
    ├── RateLimitedError              HTTP 429 without an answer of the service
    ├── ServerError                   HTTP 5xx without an answer of the service
    ├── RedirectError                 HTTP 3xx; redirects are never followed
    ├── ResponseTooLargeError         an answer above max_response_bytes
    ├── DecodeError                   an answer that is no JSON object, or has no usable code
    └── TransportError                no answer at all
        ├── ConnectError              nothing was delivered (also a ConnectionError)
        ├── TimeoutError              some part of the call took too long (also a builtin TimeoutError)
        └── ConnectionLostError       broken off after the request began to leave (also a ConnectionError)

Neither text nor repr of an error holds credentials, query strings or contents of documents. What the vendor
wrote and what came back are kept apart from the text, in ``message`` and ``raw``.
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
"""What a call cost: one request (``billed``), nothing (``free``), or nobody on this side can know (``unknown``)."""


class CVSError(Exception):
    """Base of all errors of this library.

    Attributes:
        operation: the name of the operation, such as ``ocr.card``; None where there was none.
        attempts: how many requests were made for this call.
        charge: what the call cost, see `Charge`; ``unknown`` if that is so of any of its requests.
        http_status: of the last answer, None where none came.
        raw: the answer that came: decoded JSON, else the bytes as received, else None.
        message: what the service, or a gateway before it, said in words; for people, and never part of the text.
        retry_after: seconds after which the service asks to come back; None where it did not say. Of an
            `OutOfRequestsError` at least the seconds after which the client lets a call try again, see `quota_probe`.
        unknown_attempts: how many of the requests may have been charged.
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
        self.unknown_attempts = int(charge == "unknown")


class ConfigurationError(CVSError):
    """The client cannot work as it is set up: a key is missing, a URL is none, an extra is not installed."""


class InvalidInputError(CVSError, ValueError):
    """A file or an argument cannot be sent; found before anything is."""


class APIError(CVSError):
    """The service answered with a code other than 0. Such an answer is never charged.

    Attributes:
        code: the code of the envelope as int, or as str where it has more digits than Python converts; None where
            HTTP alone spoke.
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
    """the service says that format_type does not fit what was sent"""


class ProcessingError(APIError):
    """the service failed while it worked on the request"""


class InvalidIdError(APIError):
    """the service knows no image with this id"""


class RateLimitedError(CVSError):
    """HTTP 429 without an envelope: too many requests at once. Free."""


class ServerError(CVSError):
    """HTTP 5xx without an envelope. Free for 500, 501 and 503; unknown where a proxy spoke (502, 504, ...)."""


class RedirectError(CVSError):
    """The service answered with a redirect, which is never followed, because it would carry the documents along."""


class ResponseTooLargeError(CVSError):
    """The answer is larger than ``max_response_bytes``; ``raw`` holds its beginning.

    Or it has more values than any documented answer; ``raw`` holds it. Its charge is known if its code stands at
    its beginning, else unknown.
    """


class DecodeError(CVSError):
    """The answer cannot be read, or its code is not a whole number; ``raw`` holds it. What it cost is unknown.

    Its charge is known where a code stands before the fault, and where the answer is read but does not fit the type
    that an `Endpoint` of your own declares: it is billed with code 0.

    Attributes:
        code: the code that is not a whole number, where it is text.
    """

    def __init__(self, text: str, *, code: str | None = None, **context: Any) -> None:
        super().__init__(text, **context)
        self.code = code


class TransportError(CVSError):
    """No answer came back."""


class ConnectError(TransportError, ConnectionError):
    """The request was never delivered: unknown host, refused, TLS failure. Free."""


class TimeoutError(TransportError, builtins.TimeoutError):
    """Connecting, sending, waiting, or the whole call took too long. Free if nothing had left, else unknown."""


class ConnectionLostError(TransportError, ConnectionError):
    """The connection broke after the request had begun to leave. Its charge is unknown."""


E = TypeVar("E", bound=BaseException)


def drop_frames(error: E) -> E:
    """Let go of the frames of a call: through them a kept error would keep its documents in memory."""
    seen, waiting = set[int](), list[BaseException | None]([error])
    while waiting:
        step = waiting.pop()
        if step is not None and id(step) not in seen:  # each may be the context of the other
            seen.add(id(step))
            step.__traceback__ = None
            waiting += (step.__cause__, step.__context__)
    return error
