"""Unpacks compressed answers in pieces of bounded size, so that a small bomb does not become a large piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress

PIECE = 1 << 18
STEP = 16
"""Bytes that are unpacked at once near a fault."""

ENCODINGS = "gzip, deflate"
"""The encodings that are asked for: zlib can bound the size of its output."""

_EITHER = zlib.MAX_WBITS | 32  # gzip or zlib, whichever it is
_BARE = -zlib.MAX_WBITS


class BrokenEncodingError(Exception):
    """The bytes are not what the answer's Content-Encoding says."""


class Unpacker:
    """Unpacks an answer, chunk by chunk.

    A body in an encoding that was not asked for, such as "utf-8", is passed on as it is, and so is JSON that is
    declared as gzip: whether it is readable shows later. What follows a whole gzip or deflate is dropped, as by curl.
    """

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        self._window = _EITHER
        self._zlib = zlib.decompressobj(_EITHER) if encoding in ("gzip", "x-gzip", "deflate") else None
        self._may_be_json = encoding != "deflate"
        self._ended = False
        self._beginning: bytes | None = b""
        self._may_be_bare = encoding == "deflate"
        self._begun = False
        self._head = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the content of a chunk, in pieces of at most `PIECE` bytes.

        Raises:
            BrokenEncodingError: if it cannot be unpacked.
        """
        if self._may_be_json and chunk:
            self._may_be_json = False
            if chunk.startswith(b"{"):
                self._zlib = None
        if self._zlib is None:
            yield chunk
            return
        chunk = self._with_head(chunk)
        if self._beginning is not None and len(self._beginning) < PIECE:
            self._beginning += chunk
        more = bool(chunk) and not self._ended
        while more:
            if self._zlib.eof:  # gzip may be several members in a row
                if not chunk.startswith(b"\x1f"):
                    self._ended = True
                    return
                self._zlib = zlib.decompressobj(_EITHER)
            try:
                piece = self._zlib.decompress(chunk, PIECE)
            except zlib.error:
                yield from self._before_the_fault()
                raise BrokenEncodingError from None
            if piece:
                self._beginning = None
                yield piece
            chunk = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
            more = bool(chunk) or (len(piece) == PIECE and not self._zlib.eof)

    def _before_the_fault(self) -> Iterator[bytes]:
        """Yield what comes before the fault, if nothing was yielded yet: zlib drops what it unpacked in the same step.

        The code of the answer may be in it, and so what the answer cost.
        """
        beginning, self._beginning = self._beginning or b"", None
        anew = zlib.decompressobj(self._window)
        with suppress(zlib.error):
            for place in range(0, len(beginning), STEP):
                yield anew.decompress(beginning[place : place + STEP])

    def finish(self) -> None:
        """Raise BrokenEncodingError if something is missing at the end."""
        if self._zlib is not None and self._begun and not self._zlib.eof:
            raise BrokenEncodingError

    def _with_head(self, chunk: bytes) -> bytes:
        """Return a chunk once it is known whether a "deflate" has its zlib header; many servers leave it out."""
        self._begun = self._begun or bool(chunk)
        if not self._may_be_bare:
            return chunk
        chunk = self._head + chunk
        if len(chunk) < 2:
            self._head = chunk
            return b""
        self._may_be_bare = False
        if chunk[0] & 15 != 8 or int.from_bytes(chunk[:2]) % 31:
            self._window = _BARE
            self._zlib = zlib.decompressobj(_BARE)
        return chunk
