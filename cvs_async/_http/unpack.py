"""Unpack compressed answers in pieces of limited size, so that a compression bomb never becomes a large piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress

PIECE = 1 << 18
"""Maximum size of a piece, in bytes."""

STEP = 16
"""Number of bytes that are unpacked at once before a fault."""

ENCODINGS = "gzip, deflate"
"""The accepted encodings: those in which zlib can limit the size of its output."""

_EITHER = zlib.MAX_WBITS | 32
"""gzip or zlib, detected from the header."""

_BARE = -zlib.MAX_WBITS
"""Deflate without a header."""


class BrokenEncodingError(Exception):
    """The body does not have the format of its Content-Encoding."""


class Unpacker:
    """Unpacks an answer chunk by chunk.

    A body with any other encoding, such as "utf-8", and JSON that is declared as gzip are returned unchanged. Data
    after the end of gzip or deflate is dropped, as by curl.
    """

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        self._window = _EITHER
        self._zlib = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._zlib = zlib.decompressobj(_EITHER)
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
            if self._zlib.eof:  # gzip may have several members
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
        """Yield the content before a fault, if nothing was yielded before: zlib drops the output of a failed step.

        The code of the answer, and with it the charge, may be in this content.
        """
        beginning, self._beginning = self._beginning or b"", None
        anew = zlib.decompressobj(self._window)
        with suppress(zlib.error):
            for place in range(0, len(beginning), STEP):
                yield anew.decompress(beginning[place : place + STEP])

    def finish(self) -> None:
        """Raise BrokenEncodingError if the end is missing."""
        if self._zlib is not None and self._begun and not self._zlib.eof:
            raise BrokenEncodingError

    def _with_head(self, chunk: bytes) -> bytes:
        """Return a chunk after detecting whether "deflate" has a zlib header, which many servers omit."""
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
