"""The outer JSON of an answer: the names of its parts, and what its codes mean. There are four, with variants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from attrs import evolve, frozen

from .. import errors
from .._system.log import log
from ..errors import APIError

_MEANINGS: tuple[tuple[re.Pattern[str], type[APIError]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"api[_ ]?(key|secret)", errors.AuthenticationError),
        (r"out of requests?|hết số lượng request", errors.OutOfRequestsError),
        (r"not contain content", errors.NoContentError),
        (r"url is unavailable", errors.UrlUnavailableError),
        (r"ncorrect image format", errors.InvalidImageError),
        (r"ncorrect format type", errors.FormatTypeError),
        (r"error when processing", errors.ProcessingError),
        (r"incorrect id\b", errors.InvalidIdError),
        (r"\bfaces?\b", errors.NoContentError),  # warnings about faces, which one page prints for error codes
    )
)
"""The vendor's messages. Each means the same on every page, while the codes of the pages differ."""


@frozen(kw_only=True)
class Envelope:
    """Format in which an answer wraps its data.

    Attributes:
        name: for the log.
        code, message: the keys of the code and of the vendor's words.
        data: the key of the data; None where they stand beside code and message.
        errors: the meanings of codes, without the ambiguous ones.
        ambiguous: codes for wrong credentials and for an empty account alike; the message decides.
        described: codes whose description contradicts their own message in the documents; the description counts.
        coded: False for answers without a code when they succeed.
    """

    name: str = "answer"
    code: str
    message: str
    data: str | None
    errors: Mapping[int, type[APIError]]
    ambiguous: frozenset[int] = frozenset()
    described: frozenset[int] = frozenset()
    coded: bool = True

    def kind(self, code: int | str, message: str) -> type[APIError]:
        """Return the error that a code and its message stand for.

        1. Without a message that is known, the table of codes decides.
        2. A message that agrees with the table, or that the documents print beside this code against its
           description, changes nothing.
        3. Any other message decides: newer pages give the same messages to other codes. It is logged once a code.
        """
        documented = self.errors.get(code) if isinstance(code, int) else None
        if code in self.ambiguous:
            documented = errors.AuthenticationError
        meant = _meaning(message)
        if meant is None or meant is documented:
            return documented or APIError
        if code in self.described and meant in _PICTURES:
            return documented or APIError
        if code not in self.ambiguous:
            _report_drift(self.name, code)
        return meant


MESSAGE = 1 << 12
"""Characters at the beginning of a message that are looked at: nothing else runs while a pattern is searched for."""

_PICTURES = (errors.InvalidImageError, errors.NoContentError)


def _meaning(message: str) -> type[APIError] | None:
    message = message[:MESSAGE]
    return next((kind for pattern, kind in _MEANINGS if pattern.search(message)), None)


@cache
def _report_drift(envelope: str, code: int | str) -> None:
    """Log once for each code that the service uses another table of codes than the one known here."""
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
    described=frozenset({1, 3}),
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

V1_SCAN = evolve(V1, name="v1 scan", coded=False)
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
"""Face matching of API v1: other names, and 4 and 5 the other way round (newer pages)."""

KNOWN_CODES = frozenset(envelope.code for envelope in (DATA, FACE_SEARCH, SMART_CROP, V1, V1_FACE_MATCHING))
"""The names of codes. If two of them in one answer differ, neither is trusted."""
