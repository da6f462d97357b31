"""Meaning of codes, family by family, also if code and message disagree."""

from __future__ import annotations

import json
import logging
import unicodedata
from typing import Literal

import pytest

from cvs_async import (
    APIError,
    AuthenticationError,
    FormatTypeError,
    InvalidIdError,
    InvalidImageError,
    NoContentError,
    OutOfRequestsError,
    ProcessingError,
)
from cvs_async._codec.decoding import decode
from cvs_async._codec.envelope import (
    DATA,
    FACE_MATCHING,
    FACE_SEARCH,
    SMART_CROP,
    V1,
    V1_FACE_MATCHING,
    Envelope,
    _report_drift,
)
from cvs_async._exchange import WireReply
from cvs_async.api import OPERATIONS

QUOTA, CREDENTIALS = "Out of requests", "Incorrect Api_key or api_secret"
TABLE: list[tuple[Envelope, int | str, str, type[APIError]]] = [
    (DATA, 4, QUOTA, OutOfRequestsError),
    (DATA, 5, CREDENTIALS, AuthenticationError),
    (DATA, 3, "Incorrect image format", InvalidImageError),
    (FACE_MATCHING, 1, "The photo does not contain content", InvalidImageError),
    (FACE_MATCHING, 3, "Incorrect image format", NoContentError),
    (FACE_SEARCH, 4, CREDENTIALS, AuthenticationError),
    (FACE_SEARCH, 5, QUOTA, OutOfRequestsError),
    (FACE_SEARCH, 1, "Incorrect image format", InvalidImageError),
    (FACE_SEARCH, 3, "The photo does not contain content", NoContentError),
    (FACE_SEARCH, 6, "Error when processing the request", ProcessingError),
    (FACE_SEARCH, 7, "Incorrect Id", InvalidIdError),
    (SMART_CROP, 4, QUOTA, OutOfRequestsError),
    (SMART_CROP, 4, CREDENTIALS, AuthenticationError),
    (SMART_CROP, 4, "", AuthenticationError),
    (V1, 4, "Hết số lượng request hữu dụng", OutOfRequestsError),
    (V1, 5, "Api_key hoặc api_secret không đúng", AuthenticationError),
    (DATA, 17, "?", APIError),
    (DATA, "E4", "?", APIError),
    (V1_FACE_MATCHING, 1, "Tải ảnh bị lỗi", InvalidImageError),
    (V1_FACE_MATCHING, 4, "Api_key hoặc api_secret không đúng", AuthenticationError),
    (V1_FACE_MATCHING, 5, "Hết số lượng request hữu dụng", OutOfRequestsError),
    (DATA, 4, "", OutOfRequestsError),
    (DATA, 5, "ĐÃ ĐỔI LỜI", AuthenticationError),
]


@pytest.mark.parametrize(("envelope", "code", "message", "expected"), TABLE)
def test_a_code_means_what_its_family_says(
    envelope: Envelope, code: int | str, message: str, expected: type[APIError], caplog: pytest.LogCaptureFixture
) -> None:
    assert envelope.kind(code, message) is expected
    assert caplog.records == []


PROCESSING, FORMAT, IMAGE = "Error when processing the request", "Incorrect format type", "Incorrect image format"
CONTENT = "The photo does not contain content"
NEWER: list[tuple[Envelope, int | str, str, type[APIError]]] = [
    (DATA, 1, IMAGE, InvalidImageError),
    (DATA, 3, CONTENT, NoContentError),
    (DATA, 4, CREDENTIALS, AuthenticationError),
    (DATA, 5, QUOTA, OutOfRequestsError),
    (DATA, 6, PROCESSING, ProcessingError),
    (FACE_SEARCH, 4, QUOTA, OutOfRequestsError),
    (FACE_SEARCH, 5, CREDENTIALS, AuthenticationError),
    (FACE_SEARCH, 6, FORMAT, FormatTypeError),
    (FACE_MATCHING, 4, "The ID card photo does not contain a face", NoContentError),
    (FACE_MATCHING, 5, "The portrait photo does not contain a face", NoContentError),
    (SMART_CROP, 5, QUOTA, OutOfRequestsError),
    (V1, 6, FORMAT, FormatTypeError),
    (DATA, "E4", QUOTA, OutOfRequestsError),
    (DATA, 8, "Incorrect Id", InvalidIdError),
]
"""Codes of newer pages: the same messages, beside other codes."""


@pytest.mark.parametrize(("envelope", "code", "message", "expected"), NEWER)
def test_a_message_that_contradicts_its_code_decides_and_is_logged_once(
    envelope: Envelope, code: int, message: str, expected: type[APIError], caplog: pytest.LogCaptureFixture
) -> None:
    _report_drift.cache_clear()
    caplog.set_level(logging.WARNING, "cvs_async")
    assert [envelope.kind(code, message) for _ in range(3)] == [expected] * 3
    assert len(caplog.records) == 1
    assert message not in caplog.text
    assert f"code {code} in the {envelope.name} envelope" in caplog.text


@pytest.mark.parametrize("envelope", [FACE_MATCHING, FACE_SEARCH])
def test_a_description_counts_more_than_the_message_printed_beside_its_code(
    envelope: Envelope, caplog: pytest.LogCaptureFixture
) -> None:
    """A newer page of face search has the messages of face matching, with its descriptions."""
    assert envelope.kind(1, CONTENT) is InvalidImageError
    assert envelope.kind(3, IMAGE) is NoContentError
    assert caplog.records == []


CARD, FACES = "The ID card photo is not existed", "Photo contains more than one face"
WARNINGS: list[tuple[int, str, type[APIError]]] = [
    (1, CARD, NoContentError),
    (2, "The picture is a photocopy version of the id card", APIError),
    (3, "The ID card photo is suspected of tampering", APIError),
    (4, "The ID card photo does not contain a face", NoContentError),
    (5, "The portrait photo does not contain a face", NoContentError),
    (6, FACES, APIError),
    (7, "Wearing sunglasses", APIError),
    (8, "Wearing a hat", APIError),
    (9, "Wearing a mask", APIError),
    (10, "Photo taken from picture, screen, blurred noise or sign of fraud", APIError),
    (11, "The face in the picture is too small", APIError),
    (12, "The face in the portrait photo is too close to the margin", APIError),
]


@pytest.mark.parametrize(("code", "message", "expected"), WARNINGS)
def test_the_message_of_a_warning_among_errors_decides(code: int, message: str, expected: type[APIError]) -> None:
    assert FACE_MATCHING.kind(code, message) is expected


@pytest.mark.parametrize(("code", "reason"), [(2, "refused the request"), (9, "undocumented code")])
def test_an_error_that_is_a_warning_says_so(code: int, reason: str) -> None:
    answer = {"errorCode": str(code), "errorMessage": "The picture is a photocopy version of the id card"}
    with pytest.raises(APIError, match=reason) as caught:
        decode(OPERATIONS["ekyc.face_matching"], WireReply(200, json.dumps(answer).encode()))
    assert (type(caught.value), caught.value.code, caught.value.charge) == (APIError, code, "free")


@pytest.mark.parametrize("code", range(1, 13))
def test_quota_and_credentials_are_found_beside_any_code_of_face_matching(code: int) -> None:
    assert FACE_MATCHING.kind(code, QUOTA) is OutOfRequestsError
    assert FACE_MATCHING.kind(code, CREDENTIALS) is AuthenticationError


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_vietnamese_message_is_understood_in_any_normal_form(form: Literal["NFC", "NFD"]) -> None:
    assert DATA.kind(5, unicodedata.normalize(form, "Hết số lượng request hữu dụng")) is OutOfRequestsError


def test_only_the_beginning_of_a_message_is_looked_at() -> None:
    """Searching through 32 MB would block the event loop for a second."""
    assert DATA.kind(4, "x" * 4000 + CREDENTIALS) is AuthenticationError
    assert DATA.kind(4, "x" * 5000 + CREDENTIALS) is OutOfRequestsError
