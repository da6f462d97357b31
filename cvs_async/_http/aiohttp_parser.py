"""Parses answers with aiohttp's parser, within bounds, and saves those paid ones which that parser would refuse.

RFC 9110, section 8.6, lets a recipient read an answer whose equal Content-Length stands in it several times; some
proxies make such answers, and aiohttp's C parser refuses them. And what is broken after a whole answer, but comes
together with it, costs aiohttp that answer too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from aiohttp.http import HttpProcessingError

MAX_FIELD = 1 << 16
"""Most bytes of the status line or of one header; aiohttp's default of 8,190 is less than gateways send."""

MAX_FIELDS = 1000
"""Most headers of one answer."""

MAX_HEAD = 1 << 20
"""Most bytes of an answer before its body."""

Parsed: TypeAlias = tuple[Sequence[tuple[Any, Any]], bool, bytes]
"""Result of aiohttp's parsers: messages with their bodies, whether the protocol changes, and the unparsed rest."""

NOTHING: Parsed = (), False, b""

_PROBE = b"HTTP/1.1 100 Probe\r\n\r\n"
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Parser:
    """One of aiohttp's parsers, for one answer; `make` makes another one of the same kind."""

    def __init__(self, parser: Any, make: Callable[[], Any]) -> None:
        self._parser = parser
        self._make = make
        self._head: bytes | None = b""  # until the head was read
        self._refusal: HttpProcessingError | None = None
        self._failed = False  # after a whole answer

    def feed_data(self, data: bytes) -> Parsed:
        """Parse more of the answer.

        Raises:
            HttpProcessingError: it is not HTTP, or too large.
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
        """Parse from the beginning, once the whole head is there: with one length, and apart from what follows.

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
        """The connection has ended; returns what aiohttp's parser makes of an answer without its end."""
        return None if self._refusal is not None else self._parser.feed_eof()

    def pause_reading(self) -> None:
        """Parse no more of the body until there is room for it."""
        self._parser.pause_reading()

    def is_between_messages(self) -> bool:
        """Return whether the last message was read to its end, and nothing of another one.

        aiohttp's C parser does not show its state, so it is given a message: only between two others it is read as
        it is.
        """
        if self._failed:
            return False
        try:
            messages, upgraded, tail = self._parser.feed_data(_PROBE)
        except (HttpProcessingError, ValueError, AssertionError):
            return False
        return len(messages) == 1 and messages[0][0].reason == "Probe" and not (upgraded or tail)


def with_one_length(data: bytes) -> bytes | None:
    """Return an answer with its equal Content-Lengths made one; unchanged if they differ; None before its head ends."""
    if (place := _place_of_head(data)) is None:
        return None
    start, end = place
    head = data[start:end]
    lines, lengths = list[bytes](), list[bytes]()
    for line in head.splitlines(keepends=True):
        # No regular expression: with blanks without end in a line, it would try each way to part them.
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
    """Return where the head of an answer begins and ends, after interim answers; None before its end."""
    start = 0
    while data[start : start + 10].startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):  # 100 Continue and the like
        if (end := _END_OF_HEAD.search(data, start)) is None:
            return None
        start = end.end()
    end = _END_OF_HEAD.search(data, start)
    return None if end is None else (start, end.end())
