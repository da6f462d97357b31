"""Parse answers with aiohttp's parser, including two kinds that it refuses although they were paid for:

1. An answer with several equal Content-Length headers, as some proxies send it. RFC 9110, section 8.6, allows it.
2. A complete answer that is followed by broken data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from aiohttp.http import HttpProcessingError

MAX_FIELD = 1 << 16
"""Maximum size of the status line or a header, in bytes. Gateways send more than aiohttp's default of 8,190."""

MAX_FIELDS = 1000
"""Maximum number of headers of an answer."""

MAX_HEAD = 1 << 20
"""Maximum size of an answer before its body, in bytes."""

Parsed: TypeAlias = tuple[Sequence[tuple[Any, Any]], bool, bytes]
"""Result of aiohttp's parsers: messages with their bodies, whether the protocol changes, and the unparsed rest."""

NOTHING: Parsed = (), False, b""

_PROBE = b"HTTP/1.1 100 Probe\r\n\r\n"
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Parser:
    """A parser for one answer, around one of aiohttp's. `make` returns another one of the same kind."""

    def __init__(self, parser: Any, make: Callable[[], Any]) -> None:
        self._parser = parser
        self._make = make
        self._head: bytes | None = b""  # all data so far; None after the end of the head
        self._refusal: HttpProcessingError | None = None
        self._failed = False  # broken data followed a complete answer

    def feed_data(self, data: bytes) -> Parsed:
        """Parse the next part of the answer.

        Raises:
            HttpProcessingError: it is not HTTP, or its head is too large.
        """
        if self._head is None:
            parsed: Parsed = self._parser.feed_data(data)
            return parsed
        self._head += data
        if self._refusal is not None:
            return self._read_anyway(self._head, self._refusal)
        try:
            parsed = self._parser.feed_data(data)
        except HttpProcessingError as refusal:
            self._refusal = refusal
            return self._read_anyway(self._head, refusal)
        if any(message.code >= 200 for message, _ in parsed[0]):
            self._head = None
        elif len(self._head) > MAX_HEAD:
            raise HttpProcessingError(code=400, message="the head is too large")
        return parsed

    def _read_anyway(self, head: bytes, refusal: HttpProcessingError) -> Parsed:
        """Parse a refused answer again, when its head is complete: with one Content-Length, and apart from later data.

        Raises:
            HttpProcessingError: the refusal, if the answer itself is broken.
        """
        if len(head) > MAX_HEAD:
            raise refusal
        if b"content-length" in head.lower():
            mended = with_one_length(head)
            if mended is None:
                return NOTHING
            head = mended
        if (place := _place_of_head(head)) is None:
            raise refusal
        self._head, self._refusal, self._parser = None, None, self._make()
        parsed: Parsed = self._parser.feed_data(head[: place[1]])
        try:
            messages, upgraded, tail = self._parser.feed_data(head[place[1] :])
        except HttpProcessingError:
            if not parsed[0] or not parsed[0][-1][1].is_eof():
                raise refusal from None
            self._failed = True  # the connection is not used again
            return parsed
        return [*parsed[0], *messages], upgraded, tail

    def feed_eof(self) -> Any:
        """Parse the end of the connection. Return what aiohttp's parser returns for an answer without an end."""
        if self._refusal is not None:
            return None
        return self._parser.feed_eof()

    def pause_reading(self) -> None:
        """Pause until the data so far has been read."""
        self._parser.pause_reading()

    def is_between_messages(self) -> bool:
        """Return whether the last message was parsed to its end, and nothing after it.

        aiohttp's C parser does not show its state. Therefore it parses a probe: the result is the probe's message only
        if nothing was unfinished before.
        """
        if self._failed:
            return False
        try:
            messages, upgraded, tail = self._parser.feed_data(_PROBE)
        except (HttpProcessingError, ValueError, AssertionError):
            return False
        return len(messages) == 1 and messages[0][0].reason == "Probe" and not (upgraded or tail)


def with_one_length(data: bytes) -> bytes | None:
    """Replace equal Content-Lengths of an answer by one; keep different ones. Return None if its head is incomplete."""
    if (place := _place_of_head(data)) is None:
        return None
    start, end = place
    head = data[start:end]
    lines, lengths = list[bytes](), list[bytes]()
    for line in head.splitlines(keepends=True):
        # Without a regular expression, which would need quadratic time for a line of many blanks.
        name, colon, value = line.partition(b":")
        if colon and name.rstrip(b" \t").lower() == b"content-length" and line.endswith(b"\n"):
            lengths += map(bytes.strip, value.split(b","))
        else:
            lines.append(line)
    if len(lengths) < 2 or len(set(lengths)) > 1:
        return data
    lines.insert(1, b"Content-Length: %s\r\n" % lengths[0])
    return data[:start] + b"".join(lines) + data[end:]


def _place_of_head(data: bytes) -> tuple[int, int] | None:
    """Return start and end of the head of an answer, after interim answers; None if it is incomplete."""
    start = 0
    while data[start : start + 10].startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):  # such as 100 Continue
        if (end := _END_OF_HEAD.search(data, start)) is None:
            return None
        start = end.end()
    end = _END_OF_HEAD.search(data, start)
    if end is None:
        return None
    return start, end.end()
