"""Unpacking a compressed answer in pieces of bounded size: a small bomb must not become a large piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PIECE = 1 << 18
ENCODINGS = "gzip, deflate"
"""What is asked for; zlib of the standard library can bound what it gives out."""

_EITHER = zlib.MAX_WBITS | 32  # gzip or zlib, whichever it is
_BARE = -zlib.MAX_WBITS


class BrokenEncodingError(Exception):
    """The bytes are not what the answer's Content-Encoding says, or it is none that was asked for."""


class Unpacker:
    """Takes an answer's bytes as they come, and gives out its content.

    Raises:
        BrokenEncodingError: if the encoding is not known.
    """

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise BrokenEncodingError
        self._zlib = None if encoding in ("", "identity") else zlib.decompressobj(_EITHER)
        self._may_be_bare = encoding == "deflate"
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The content of a chunk, in pieces of at most `PIECE` bytes.

        Raises:
            BrokenEncodingError: if it cannot be unpacked.
        """
        if self._zlib is None:
            yield chunk
            return
        while chunk:
            if self._zlib.eof:  # gzip may be several members in a row
                self._zlib = zlib.decompressobj(_EITHER)
            piece = self._decompress(chunk)
            chunk = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
            if piece:
                yield piece

    def finish(self) -> None:
        """Raise BrokenEncodingError if something is missing at the end."""
        if self._zlib is not None and self._begun and not self._zlib.eof:
            raise BrokenEncodingError

    def _decompress(self, chunk: bytes) -> bytes:
        assert self._zlib is not None  # noqa: S101 - feed has looked
        try:
            piece = self._zlib.decompress(chunk, PIECE)
        except zlib.error:
            if self._begun or not self._may_be_bare:
                raise BrokenEncodingError from None
            self._may_be_bare = False  # "deflate" without its header is common, and wrong
            self._zlib = zlib.decompressobj(_BARE)
            return self._decompress(chunk)
        self._begun = True
        return piece
