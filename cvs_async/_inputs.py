"""What may be sent, and opening it. The only place that reads files, and it never does so on the event loop."""

from __future__ import annotations

import hashlib
import inspect
import io
import os
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path, PurePath
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import anyio.to_thread
from attrs import field, frozen

from ._endpoint import Endpoint, Form, SendAs
from .errors import InvalidInputError

CHUNK = 1 << 18
"""Files up to this many bytes are read in one go; larger ones are streamed while they are sent."""

_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".xml": "application/xml",
}
DOCUMENT_SUFFIXES = frozenset(_TYPES)

HEAD = 16
"""Bytes that tell what kind of file it is."""

LONGEST_PATH = 1024

IN_MEMORY = (bytes, bytearray, memoryview)

_SIGNATURES = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG\r\n\x1a\n", ".png"), (b"%PDF-", ".pdf"))


class Url(str):
    """A picture or PDF that the service shall download by itself: an absolute http or https URL.

    Its repr leaves out the query, where access tokens often stand.

    Raises:
        InvalidInputError: if it is no absolute http or https URL.

    >>> Url("https://example.com/scan.jpg?token=secret")
    Url('https://example.com/scan.jpg?…')
    """

    __slots__ = ()

    def __new__(cls, value: str) -> Url:
        try:
            value.encode()
            usable = is_url(value) and bool(urlsplit(value).hostname)
        except ValueError:
            usable = False
        if not usable:
            raise InvalidInputError(f"{_without_query(value)!r} is no absolute http:// or https:// URL")
        return super().__new__(cls, value)

    def __repr__(self) -> str:
        return f"Url({_without_query(self)!r})"


Input = str | os.PathLike[str] | bytes | BinaryIO
"""A path, a `Url` (or a str that begins with http:// or https://), the bytes themselves, or a binary file object."""


@frozen
class Part:
    """One file as it will be sent. Its content is in memory, or a path that is read anew on each `chunks`."""

    filename: str
    content_type: str
    size: int
    _content: bytes | Path = field(repr=False)

    @property
    def content(self) -> bytes | None:
        """All of it, if it is in memory."""
        return self._content if isinstance(self._content, bytes) else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content, in pieces. No file stays open between them, so they may be left at any point.

        Raises:
            InvalidInputError: if the file is not what it was when it was opened.
        """
        if isinstance(self._content, bytes):
            yield self._content
            return
        for offset in range(0, self.size, CHUNK):
            yield await anyio.to_thread.run_sync(self._read, self._content, offset, abandon_on_cancel=True)

    def open(self) -> BinaryIO:
        """The content as a file. Blocks."""
        return io.BytesIO(self._content) if isinstance(self._content, bytes) else self._content.open("rb")

    def digest(self) -> bytes:
        """SHA-256 of the content. Blocks.

        Raises:
            InvalidInputError: if the file cannot be read any more.
        """
        if isinstance(self._content, bytes):
            return hashlib.sha256(self._content).digest()
        try:
            with self._content.open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest()
        except OSError as error:
            raise InvalidInputError(f"{self._content}: {_reason(error)}") from error

    def _read(self, path: Path, offset: int) -> bytes:
        try:
            with path.open("rb") as file:
                file.seek(offset)
                chunk = file.read(CHUNK)
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise InvalidInputError(f"{path}: {_reason(error)} while it was being sent") from error
        if size != self.size or len(chunk) != min(CHUNK, size - offset):
            raise InvalidInputError(f"{path}: its size changed while it was being sent")
        return chunk


def is_url(value: object) -> bool:
    """Whether an input is a URL rather than something to read here."""
    return isinstance(value, str) and value[:8].lower().startswith(("http://", "https://"))


def describe(value: object) -> str:
    """An input's name for messages: never its content, never a query string."""
    if is_url(value):
        return _without_query(str(value))
    if isinstance(value, (str, os.PathLike)):
        path = _as_path(value)
        # Somebody may pass a document in base64 for a path; no path is so long.
        return (path or "an empty path") if len(path) <= LONGEST_PATH else f"a text of {len(path)} characters"
    if isinstance(value, IN_MEMORY):
        return f"{memoryview(value).nbytes} bytes"
    name = getattr(value, "name", None)
    return f"file object {name!r}" if isinstance(name, str) else f"{type(value).__name__} object"


def choose_form(endpoint: Endpoint[Any], inputs: Mapping[str, object], send_as: SendAs) -> Form:
    """Decide how the inputs of one call are sent.

    Raises:
        InvalidInputError: if the operation has no such form, or an input cannot be sent so.
    """
    if send_as != "auto" and send_as not in endpoint.forms:
        raise InvalidInputError(
            f"{endpoint.name} cannot be sent as {send_as!r}; it takes {', '.join(endpoint.forms)}",
            operation=endpoint.name,
        )
    urls = [name for name, value in inputs.items() if is_url(value)]
    if urls and len(urls) < len(inputs):
        raise InvalidInputError(
            f"{endpoint.name}: URLs and files cannot be mixed in one call; here only {', '.join(urls)} is a URL",
            operation=endpoint.name,
        )
    form: Form = send_as if send_as != "auto" else "url" if urls else _first_of_files(endpoint)
    if form not in endpoint.forms:
        raise InvalidInputError(
            f"{endpoint.name} takes no URL, but {', '.join(endpoint.forms)}; download it first, and give the file",
            operation=endpoint.name,
        )
    if (form == "url") != bool(urls):
        name, value = next(iter(inputs.items()))
        hint = "give a Url" if form == "url" else "download it first, or leave send_as alone"
        raise InvalidInputError(
            f"{endpoint.name}: {name} ({describe(value)}) cannot be sent as {form!r}; {hint}",
            operation=endpoint.name,
        )
    return form


def _first_of_files(endpoint: Endpoint[Any]) -> Form:
    files: list[Form] = [form for form in endpoint.forms if form != "url"]
    return files[0] if files else "url"


async def load(endpoint: Endpoint[Any], inputs: Mapping[str, object], form: Form) -> dict[str, Url | Part]:
    """Open the inputs of one call, off the event loop.

    Raises:
        InvalidInputError: as `open_inputs`.
    """
    if not may_block(inputs, form):
        return open_inputs(endpoint, inputs, form)
    return await anyio.to_thread.run_sync(open_inputs, endpoint, inputs, form, abandon_on_cancel=True)


def may_block(inputs: Mapping[str, object], form: Form) -> bool:
    """Whether opening them may take long."""
    return form != "url" and not all(isinstance(value, (Part, *IN_MEMORY)) for value in inputs.values())


def open_inputs(endpoint: Endpoint[Any], inputs: Mapping[str, object], form: Form) -> dict[str, Url | Part]:
    """Open the inputs of one call. What is a `Part` already stays so: a file object can be read but once.

    Raises:
        InvalidInputError: naming the input, if it is missing, empty, unreadable, closed or no input at all.
    """
    loaded: dict[str, Url | Part] = {}
    for name, value in inputs.items():
        try:
            loaded[name] = Url(str(value)) if form == "url" else _open(name, value)
        except InvalidInputError as error:
            raise InvalidInputError(f"{endpoint.name}: {name}: {error}", operation=endpoint.name) from None
        except _UnusableError as error:
            raise InvalidInputError(
                f"{endpoint.name}: {name} ({describe(value)}) {error}", operation=endpoint.name
            ) from error.__cause__
    return loaded


class _UnusableError(Exception):
    """An input cannot be sent; the text is what one says of it: "is empty"."""


def _open(name: str, value: object) -> Part:
    if isinstance(value, Part):
        return value
    if isinstance(value, IN_MEMORY):
        return _in_memory(name, bytes(value))
    if isinstance(value, (str, os.PathLike)):
        return _open_path(value)
    if hasattr(value, "read"):
        return _open_file(name, value)
    raise _UnusableError("is no path, Url, bytes or binary file object")


def _open_path(given: str | os.PathLike[Any]) -> Part:
    """Read a small file whole, and look at a large one. With few calls of the system, each of which is a chance for
    another thread to take over."""
    try:
        path = os.fsdecode(given)
    except (TypeError, ValueError) as error:
        raise _UnusableError("is no usable path") from error
    try:
        descriptor = os.open(path, _READ)
        try:
            size = _size(os.fstat(descriptor))
            content = os.read(descriptor, size + 1 if size <= CHUNK else HEAD)
        finally:
            os.close(descriptor)
    except OSError as error:
        if os.path.isdir(path):  # which some systems do not open
            raise _UnusableError(_FOLDER) from None
        raise _UnusableError(_reason(error)) from error
    except ValueError as error:
        raise _UnusableError("is no usable path") from error
    if size > CHUNK:
        return _part(os.path.basename(path), content, size, Path(path))
    if len(content) > size:
        raise _UnusableError("grows while it is read")
    return _in_memory(os.path.basename(path), content)


# Not to wait for whoever writes into a pipe; Windows would change the ends of lines.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FOLDER = "is a folder; cvs.batch(..., folder(...)) reads folders"


def _size(status: os.stat_result) -> int:
    if stat.S_ISDIR(status.st_mode):
        raise _UnusableError(_FOLDER)
    if not stat.S_ISREG(status.st_mode):
        raise _UnusableError("is no regular file")
    return status.st_size


def _open_file(name: str, file: Any) -> Part:
    if inspect.iscoroutinefunction(file.read):
        raise _UnusableError("reads asynchronously; pass its bytes, its path or the plain file behind it")
    if getattr(file, "closed", False):
        raise _UnusableError("is closed")
    if isinstance(file, io.TextIOBase):
        raise _UnusableError("is opened as text; open it with mode 'rb'")
    try:
        content = file.read()
    except (OSError, ValueError) as error:
        raise _UnusableError(_reason(error)) from error
    if not isinstance(content, bytes):
        raise _UnusableError(f"its read() gives {type(content).__name__} and not bytes")
    given = getattr(file, "name", None)
    named = isinstance(given, str) and not given.startswith("<")
    return _in_memory(PurePath(str(given)).name if named else name, content)


def _in_memory(filename: str, content: bytes) -> Part:
    if not content:
        raise _UnusableError("is empty")
    return _part(filename, content[:HEAD], len(content), content)


def _part(filename: str, head: bytes, size: int, content: bytes | Path) -> Part:
    content_type = _content_type(filename, head)
    if os.path.splitext(filename)[1] in ("", "."):
        filename += next((suffix for suffix, known in _TYPES.items() if known == content_type), "")
    return Part(filename, content_type, size, content)


def _content_type(filename: str, head: bytes) -> str:
    suffix = os.path.splitext(filename)[1].lower()
    if suffix not in _TYPES:
        suffix = next((known for signature, known in _SIGNATURES if head.startswith(signature)), "")
    return _TYPES.get(suffix, "application/octet-stream")


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return "cannot be read"


def _as_path(value: str | os.PathLike[Any]) -> str:
    try:
        return os.fsdecode(value)
    except TypeError:
        return f"{type(value).__name__} object"


def _without_query(url: str) -> str:
    """A URL, or what was taken for one, without user, query and fragment."""
    shown, mark, _ = url.partition("#")[0].partition("?")
    scheme, slashes, rest = shown.partition("://")
    if not slashes or len(rest) > LONGEST_PATH:
        return f"a text of {len(url)} characters"
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}{'?…' if mark else ''}"
