"""The outer JSON of an answer: the names of its parts, and what its codes mean. There are four, with variants."""

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
    """How an answer wraps its data.

    Attributes:
        name: for the log.
        code, message: the keys of the code and of the vendor's words.
        data: the key of the data; None where they stand beside code and message.
        errors: the meanings of codes, without the ambiguous ones.
        ambiguous: codes for wrong credentials and for an empty account alike; the message decides.
    """

    name: str = "answer"
    code: str
    message: str
    data: str | None
    errors: Mapping[int, type[APIError]]
    ambiguous: frozenset[int] = frozenset()

    def kind(self, code: int | str, message: str) -> type[APIError]:
        """Return the error that a code stands for.

        The code decides, not the message, with two exceptions: the code is ambiguous, or the message speaks of
        credentials or quota against the documented meaning of its code. Of these two the safer error is that of wrong
        credentials: no call waits, and a person looks at it.
        """
        documented = None
        if isinstance(code, int):
            documented = self.errors.get(code)
        worded = _kind_of_words(message)
        if code in self.ambiguous:
            return worded or AuthenticationError
        if worded is None or documented in (None, worded):
            return documented or APIError
        if documented not in (AuthenticationError, OutOfRequestsError):
            return documented or APIError
        _report_drift(self.name, code)
        return AuthenticationError


MESSAGE = 1 << 12
"""Characters at the beginning of a message that are looked at: nothing else runs while a pattern is searched for."""


def _kind_of_words(message: str) -> type[APIError] | None:
    message = message[:MESSAGE]
    if _CREDENTIALS.search(message):
        return AuthenticationError
    if _QUOTA.search(message):
        return OutOfRequestsError
    return None


@cache
def _report_drift(envelope: str, code: int | str) -> None:
    """Log, once for each code, that the service no longer keeps to its documents."""
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
"""The names of codes. If two of them in one answer differ, neither is trusted."""
