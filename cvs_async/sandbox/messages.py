"""Messages of the service by the error that they mean, in the language of each generation of its API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._codec.endpoint import Endpoint
from ..errors import (
    APIError,
    AuthenticationError,
    FormatTypeError,
    InvalidIdError,
    InvalidImageError,
    NoContentError,
    OutOfRequestsError,
    ProcessingError,
    UrlUnavailableError,
)

ENGLISH: Mapping[type[APIError], str] = {
    NoContentError: "The photo does not contain content",
    UrlUnavailableError: "Url is unavailable",
    InvalidImageError: "Incorrect image format",
    OutOfRequestsError: "Out of requests",
    AuthenticationError: "Incorrect Api_key or api_secret",
    FormatTypeError: "Incorrect format type",
    ProcessingError: "Error when processing the request",
    InvalidIdError: "Incorrect Id",
}
"""The vendor's messages (document 001, "Bảng mã lỗi")."""

VIETNAMESE: Mapping[type[APIError], str] = {
    NoContentError: "Ảnh không chứa nội dung",
    UrlUnavailableError: "Url không khả dụng",
    InvalidImageError: "Ảnh sai định dạng",
    OutOfRequestsError: "Hết số lượng request hữu dụng",
    AuthenticationError: "Api_key hoặc api_secret không đúng",
    FormatTypeError: "Sai định dạng",
    ProcessingError: "Có lỗi khi xử lý request",
    InvalidIdError: "Id không đúng",
}
"""Messages of API v1. Only those for credentials and the number of requests are published; the others are invented."""


def success_of(endpoint: Endpoint[Any]) -> str:
    """Return the message of a successful answer."""
    return "Thành công" if _is_v1(endpoint) else "Success"


def message_of(endpoint: Endpoint[Any], kind: type[APIError]) -> str:
    """Return the message of an error."""
    return (VIETNAMESE if _is_v1(endpoint) else ENGLISH)[kind]


def _is_v1(endpoint: Endpoint[Any]) -> bool:
    return endpoint.name.startswith("v1.")
