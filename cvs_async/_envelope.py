"""The outer JSON of an answer: the names of its parts, and what its codes mean. There are four, and some dialects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from attrs import evolve, frozen

from . import errors
from ._log import log
from .errors import APIError, AuthenticationError, OutOfRequestsError

_CREDENTIALS = re.compile(r"api[_ ]?(key|secret)", re.IGNORECASE)
_QUOTA = re.compile(r"out of requests?|hết số lượng request", re.IGNORECASE)


@frozen(kw_only=True)
class Envelope:
    """How answers are wrapped.

    Attributes:
        name: for the log.
        code, message: the keys of the code and of the vendor's words.
        data: the key of what was read; None where it lies open beside code and message.
        errors: the meanings of codes. One with two meanings is not here, but in `ambiguous`.
        ambiguous: codes that stand for wrong credentials and for an empty account alike; the message tells.
    """

    name: str = "answer"
    code: str
    message: str
    data: str | None
    errors: Mapping[int, type[APIError]]
    ambiguous: frozenset[int] = frozenset()

    def kind(self, code: int | str, message: str) -> type[APIError]:
        """The error that a code stands for.

        Codes are believed and messages are not, but where a code is ambiguous, and where a message speaks of
        credentials or quota against its code's documented meaning. Of these two the more careful is wrong
        credentials: nothing waits, and somebody looks.
        """
        documented = self.errors.get(code) if isinstance(code, int) else None
        said = _said(message)
        if code in self.ambiguous:
            return said or AuthenticationError
        if said is None or documented in (None, said):
            return documented or APIError
        if documented not in (AuthenticationError, OutOfRequestsError):
            return documented or APIError
        _report_drift(self.name, code)
        return AuthenticationError


MESSAGE = 1 << 12
"""Characters at the beginning of a message that are looked at: nothing else runs while a pattern is searched for."""


def _said(message: str) -> type[APIError] | None:
    message = message[:MESSAGE]
    if _CREDENTIALS.search(message):
        return AuthenticationError
    return OutOfRequestsError if _QUOTA.search(message) else None


@cache
def _report_drift(envelope: str, code: int | str) -> None:
    """Once for each code: the service no longer keeps to its documents."""
    log.warning(
        "code %s in the %s envelope came with a message that contradicts its documented meaning", code, envelope
    )


DATA = Envelope(
    name="data",
    code="errorCode",
    message="errorMessage",
    data="data",
    errors={
        1: errors.NoContentError,
        2: errors.UrlUnavailableError,
        3: errors.InvalidImageError,
        4: errors.OutOfRequestsError,
        5: errors.AuthenticationError,
        6: errors.FormatTypeError,
    },
)
"""OCR, eKYC, claims, staff files, vehicles and documents (vendor documents 000 to 003)."""

FACE_MATCHING = evolve(
    DATA,
    name="face matching",
    errors={**DATA.errors, 1: errors.InvalidImageError, 3: errors.NoContentError},
)
"""Face matching: 1 is a failed upload and 3 a picture without a face, whatever their messages say (001)."""

PERSON_WITH_CARD = evolve(FACE_MATCHING, name="person with card", data=None)
"""``ekyc/person_with_card``, whose parts stand beside the code (001, in a comment)."""

FACE_SEARCH = Envelope(
    name="face search",
    code="status_code",
    message="message",
    data="result",
    errors={
        1: errors.InvalidImageError,
        2: errors.UrlUnavailableError,
        3: errors.NoContentError,
        4: errors.AuthenticationError,
        5: errors.OutOfRequestsError,
        6: errors.ProcessingError,
        7: errors.InvalidIdError,
    },
)
"""Face search, with 4 and 5 the other way round (001)."""

SMART_CROP = Envelope(
    name="smart crop",
    code="errorCode",
    message="errorMessage",
    data=None,
    errors={
        1: errors.InvalidImageError,
        2: errors.UrlUnavailableError,
        3: errors.NoContentError,
        6: errors.ProcessingError,
    },
    ambiguous=frozenset({4}),
)
"""Smart crop: flat, and 4 stands for wrong credentials and an empty account alike (001)."""

V1 = evolve(DATA, name="v1", data=None, errors={code: kind for code, kind in DATA.errors.items() if code < 6})
"""API v1: type and validity stand beside the data."""

KNOWN_CODES = frozenset(envelope.code for envelope in (DATA, FACE_SEARCH, SMART_CROP, V1))
"""The names of codes. Two of them in one answer must agree, or nobody knows which of them is true."""
