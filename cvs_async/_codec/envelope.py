"""The outer JSON object of an answer: the names of its parts, and the meanings of its codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from attrs import evolve, frozen

from .. import errors
from .._system.log import log
from ..errors import APIError

_Meanings: TypeAlias = tuple[tuple[re.Pattern[str], type[APIError]], ...]


def _compiled(*meanings: tuple[str, type[APIError]]) -> _Meanings:
    return tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in meanings)


_MEANINGS = _compiled(
    (r"api[_ ]?(key|secret)", errors.AuthenticationError),
    (r"out of requests?|hết số lượng request", errors.OutOfRequestsError),
    (r"not contain content", errors.NoContentError),
    (r"url is unavailable", errors.UrlUnavailableError),
    (r"ncorrect image format", errors.InvalidImageError),
    (r"ncorrect format type", errors.FormatTypeError),
    (r"error when processing", errors.ProcessingError),
    (r"incorrect id\b", errors.InvalidIdError),
    (r"\bfaces?\b", errors.NoContentError),  # a picture without one
)
"""Errors by the vendor's messages, whose meanings do not vary between operations, unlike those of the codes."""

_WARNINGS = _compiled(
    (r"is not existed|does not contain a face", errors.NoContentError),
    (r"photocopy|tampering|more than one face|^wearing |sign of fraud|is too small|too close to the margin", APIError),
)
"""Errors by the messages of warnings about faces, which a newer page lists as those of errors."""


@frozen(kw_only=True)
class Envelope:
    """Format of an answer around its data.

    Attributes:
        name: for the log.
        code, message: keys of the code and of the vendor's message.
        data: key of the data; None if the members of the data are beside code and message.
        errors: the error of each documented code, without the ambiguous ones.
        ambiguous: codes that mean either wrong credentials or an empty account; the message decides.
        described: codes whose documented description and message contradict each other; the description counts.
        uncoded: key that a successful answer has instead of a code; None if it has a code.
    """

    name: str = "answer"
    code: str
    message: str
    data: str | None
    errors: Mapping[int, type[APIError]]
    ambiguous: frozenset[int] = frozenset()
    described: frozenset[int] = frozenset()
    uncoded: str | None = None

    @property
    def coded(self) -> bool:
        """Return whether a successful answer has a code."""
        return self.uncoded is None

    def kind(self, code: int | str, message: str) -> type[APIError]:
        """Return the class of the error that a code and its message mean.

        1. The message is unknown, or agrees with the table of codes: the table decides.
        2. The message is that of a warning: it decides, because the codes of warnings have a table of their own.
        3. The code is one of `described`, and the message is about pictures: the table decides.
        4. Otherwise the message decides, because newer pages of the vendor use the same messages with other codes.
           This is logged once for each code.
        """
        documented: type[APIError] = APIError
        if isinstance(code, int):
            documented = self.errors.get(code, APIError)
        if code in self.ambiguous:
            documented = errors.AuthenticationError
        warned = message_meaning(message, _WARNINGS)
        meant = warned or message_meaning(message)
        if meant is None or meant is documented:
            return documented
        if warned is None and code in self.described and meant in _PICTURES:
            return documented
        if code not in self.ambiguous:
            _report_drift(self.name, code)
        return meant


MESSAGE = 1 << 12
"""Number of characters of a message that are searched: `re` lets no other thread run meanwhile."""

_PICTURES = (errors.InvalidImageError, errors.NoContentError)


def message_meaning(message: str, meanings: _Meanings = _MEANINGS) -> type[APIError] | None:
    """Return the class of the error that one of the vendor's messages means; None for an unknown message."""
    message = unicodedata.normalize("NFC", message[:MESSAGE])
    return next((kind for pattern, kind in meanings if pattern.search(message)), None)


@cache
def _report_drift(envelope: str, code: int | str) -> None:
    """Log that the service uses a code with another meaning than the one known here, once for each code."""
    log.warning("code %s in the %s envelope came with a message of another meaning, which counts", code, envelope)


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
    described=frozenset({1, 3}),
)
"""Face matching: 1 means a failed upload and 3 a picture without a face, although their messages differ (001)."""

PERSON_WITH_CARD = evolve(FACE_MATCHING, name="person with card", data=None)
"""``ekyc/person_with_card``, whose data is beside the code (001, in a comment)."""

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
    described=frozenset({1, 3}),
)
"""Face search. The meanings of 4 and 5 are swapped (001)."""

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
"""Smart crop. Its data is beside the code, and 4 means either wrong credentials or an empty account (001)."""

V1 = evolve(DATA, name="v1", data=None, errors={code: kind for code, kind in DATA.errors.items() if code < 6})
"""API v1. Type and validity are beside the data."""

V1_SCAN = evolve(V1, name="v1 scan", uncoded="result")
"""``text_photostory/get_scan_a4`` of API v1, which documents no code for success."""

V1_FACE_MATCHING = evolve(
    FACE_SEARCH,
    name="v1 face matching",
    code="error_code",
    message="error_message",
    data="data",
    errors={code: kind for code, kind in FACE_SEARCH.errors.items() if code < 6},
    described=frozenset(),
)
"""Face matching of API v1: other names, and the meanings of 4 and 5 are swapped (newer pages)."""

KNOWN_CODES = frozenset(envelope.code for envelope in (DATA, FACE_SEARCH, SMART_CROP, V1, V1_FACE_MATCHING))
"""The keys of codes. If an answer has two of them with different codes, neither is trusted."""
