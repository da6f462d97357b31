"""A file to send, whose content is in memory or is read from its path in pieces."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from attrs import define, field, frozen

from .._system.descriptors import too_many_open_files
from .._system.files import Stamp, open_regular, read_at_least, reason_of, stamp_of
from .._system.threads import in_daemon_thread
from ..errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK = 1 << 18
"""Maximum size of a file that is read at once, in bytes; a larger one is read while it is sent."""


@define(eq=False)
class Version:
    """State of a file when it was opened. It makes sure that the bytes sent are those that were opened and hashed."""

    stamp: Stamp
    digest: bytes | None = None


@frozen
class Part:
    """A file to send. Its content is in memory, or at a path that is read again by each `chunks`.

    `modified_ns` is the time of the last change of a file given by path, in nanoseconds since 1970.
    """

    filename: str
    content_type: str
    size: int
    _content: bytes | Path = field(repr=False)
    _version: Version | None = field(default=None, repr=False, eq=False)
    modified_ns: int | None = field(default=None, repr=False, eq=False)

    @property
    def content(self) -> bytes | None:
        """The whole content; None if it is not in memory."""
        if isinstance(self._content, bytes):
            return self._content
        return None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the content in pieces. The file is closed in between, so the iteration may be abandoned at any point.

        If the file has changed since it was opened or hashed by `digest`, the last piece is not returned, so that a
        request with it is never complete.

        Raises:
            InvalidInputError: if the file was replaced or changed.
            ConfigurationError: if the process cannot open another file.
        """
        if isinstance(self._content, bytes):
            yield self._content
            return
        hashed = None
        if self._version is not None and self._version.digest is not None:
            hashed = hashlib.sha256()
        for offset in range(0, self.size, CHUNK):
            yield await in_daemon_thread(partial(self._piece, self._content, offset, hashed))

    def open(self) -> BinaryIO:
        """Open the content as a file. Blocks.

        Raises:
            OSError: if it can no longer be opened.
        """
        if isinstance(self._content, bytes):
            return io.BytesIO(self._content)
        return os.fdopen(open_regular(self._content)[0], "rb")

    def digest(self) -> bytes:
        """Return the SHA-256 of the content. From then on `chunks` accepts only this content. Blocks.

        Raises:
            InvalidInputError: if the file can no longer be read, or was changed.
            ConfigurationError: if the process cannot open another file.
        """
        if isinstance(self._content, bytes):
            return hashlib.sha256(self._content).digest()
        path, when = self._content, "while it was being read"
        try:
            descriptor, status = open_regular(path)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                self._compare(path, status, when)
                digest = hashlib.file_digest(file, "sha256").digest()
                self._compare(path, os.fstat(descriptor), when)
        except OSError as error:
            raise _unreadable(path, error, when) from error
        if self._version is not None:
            self._version.digest = digest
        return digest

    def _piece(self, path: Path, offset: int, hashed: _Hash | None) -> bytes:
        piece = self._read(path, offset)
        if hashed is not None and self._version is not None:
            hashed.update(piece)
            if offset + len(piece) == self.size and hashed.digest() != self._version.digest:
                raise InvalidInputError(f"{path}: changed while it was being sent")
        return piece

    def _read(self, path: Path, offset: int) -> bytes:
        size, when = min(CHUNK, self.size - offset), "while it was being sent"
        try:
            descriptor, status = open_regular(path)
            try:
                self._compare(path, status, when)
                os.lseek(descriptor, offset, os.SEEK_SET)
                piece = read_at_least(descriptor, size, size)
                self._compare(path, os.fstat(descriptor), when)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unreadable(path, error, when) from error
        if len(piece) != size:
            raise InvalidInputError(f"{path}: its size changed {when}")
        return piece

    def _compare(self, path: Path, status: os.stat_result, when: str) -> None:
        if status.st_size != self.size:
            raise InvalidInputError(f"{path}: its size changed {when}")
        if self._version is not None and self._version.stamp != stamp_of(status):
            raise InvalidInputError(f"{path}: changed {when}")


def _unreadable(path: Path, error: OSError, when: str) -> InvalidInputError | ConfigurationError:
    if refusal := too_many_open_files(error):
        return refusal
    return InvalidInputError(f"{path}: {reason_of(error)} {when}")
