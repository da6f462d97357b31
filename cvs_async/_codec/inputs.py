"""Inputs: accepted types, and how they are opened. Files are read here and in `part` only, never on the event loop."""

from __future__ import annotations

import inspect
import io
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

from .._system.descriptors import too_many_open_files
from .._system.files import open_regular, read_at_least, reason_of, same_name, stamp_of, without_name
from .._system.threads import NoAnswerError, in_daemon_thread
from ..errors import ConfigurationError, CVSError, InvalidInputError, TimeoutError
from .endpoint import Endpoint, Form, SendAs
from .images import Picture, encoded, is_array, is_picture
from .part import CHUNK as CHUNK
from .part import Part as Part  # re-exported for the modules that use inputs
from .part import Version
from .urls import Url as Url  # re-exported for the inputs' modules
from .urls import is_url as is_url
from .urls import unusable_url, without_query, without_secrets

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
"""Number of bytes that determine the kind of a file."""

IN_MEMORY = (bytes, bytearray, memoryview)

_SIGNATURES = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG\r\n\x1a\n", ".png"), (b"%PDF-", ".pdf"))


Input = str | os.PathLike[str] | bytes | BinaryIO | Picture
"""A path, a `Url` (or a str that begins with http:// or https://), bytes, a binary file object, or a picture of
Pillow, which is sent as JPEG if it was read from one and not changed, else as PNG.
"""


def describe(value: object) -> str:
    """Describe an input for messages, without its content, query string, user and password."""
    if is_url(value):
        return without_query(str(value))
    if isinstance(value, (str, os.PathLike)):
        return without_secrets(_as_path(value)) or "an empty path"
    if isinstance(value, IN_MEMORY):
        return f"{memoryview(value).nbytes} bytes"
    name = getattr(value, "name", None)
    if isinstance(name, str):
        return f"file object {name!r}"
    return f"{type(value).__name__} object"


def choose_form(endpoint: Endpoint[Any], inputs: Mapping[str, object], send_as: SendAs) -> Form:
    """Choose how the inputs of a call are sent.

    Raises:
        InvalidInputError: if the operation does not accept the form, or an input cannot be sent in it.
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
    form: Form = _first_of_files(endpoint)
    if send_as != "auto":
        form = send_as
    elif urls:
        form = "url"
    if form not in endpoint.forms:
        raise InvalidInputError(
            f"{endpoint.name} does not accept URLs, only {', '.join(endpoint.forms)}; download it and pass the file",
            operation=endpoint.name,
        )
    if (form == "url") != bool(urls):
        name, value = next(iter(inputs.items()))
        hint = "download it first, or omit send_as"
        if form == "url":
            hint = "pass a Url"
        raise InvalidInputError(
            f"{endpoint.name}: {name} ({describe(value)}) cannot be sent as {form!r}; {hint}",
            operation=endpoint.name,
        )
    return form


def _first_of_files(endpoint: Endpoint[Any]) -> Form:
    url: Form = "url"
    return next((form for form in endpoint.forms if form != url), url)


async def load(endpoint: Endpoint[Any], inputs: Mapping[str, object], form: Form) -> dict[str, Url | Part]:
    """Open the inputs of a call, off the event loop.

    Raises:
        InvalidInputError, ConfigurationError: as `open_inputs`.
        TimeoutError: too many reads of earlier files hang.
    """
    if not may_block(inputs, form):
        return open_inputs(endpoint, inputs, form)
    try:
        return await in_daemon_thread(partial(open_inputs, endpoint, inputs, form))
    except NoAnswerError as error:
        raise TimeoutError(f"{endpoint.name}: {error}; nothing was sent", operation=endpoint.name) from None


def may_block(inputs: Mapping[str, object], form: Form) -> bool:
    """Return whether opening the inputs may block."""
    return form != "url" and not all(isinstance(value, (Part, *IN_MEMORY)) for value in inputs.values())


_READ_AGAIN = (str, Part, *IN_MEMORY)


def is_opened_once(value: object) -> bool:
    """Return whether an input is opened only once for a call: a file object, whose content is then read, or a picture,
    which is slow to encode.
    """
    if isinstance(value, _READ_AGAIN):  # most inputs; a check for PathLike is slower
        return False
    return hasattr(value, "read") or not isinstance(value, os.PathLike)


def open_inputs(endpoint: Endpoint[Any], inputs: Mapping[str, object], form: Form) -> dict[str, Url | Part]:
    """Open the inputs of a call. Inputs that are opened already are returned as they are.

    Raises:
        InvalidInputError: naming the input, if it is missing, empty, unreadable, closed or of another type.
        ConfigurationError: if the process cannot open another file.
    """
    loaded: dict[str, Url | Part] = {}
    for name, value in inputs.items():
        refusal: CVSError | None = None
        cause: OSError | None = None
        try:
            loaded[name] = Url(str(value)) if form == "url" else _open(name, value)
        except InvalidInputError as error:
            refusal = InvalidInputError(f"{endpoint.name}: {name}: {error}", operation=endpoint.name)
        except ConfigurationError as error:
            refusal = ConfigurationError(f"{endpoint.name}: {name}: {error}", operation=endpoint.name)
        except _UnusableError as error:
            text = f"{endpoint.name}: {name} ({describe(value)}) {error}"
            refusal, cause = InvalidInputError(text, operation=endpoint.name), error.cause
        # Raised outside of the handlers: as context, the error above would show the input.
        if refusal is not None:
            raise refusal from cause
    return loaded


class _UnusableError(Exception):
    """An input cannot be sent; the text is a predicate: "is empty".

    Attributes:
        cause: the system's error, without the name of the file.
    """

    def __init__(self, why: str, cause: OSError | None = None) -> None:
        super().__init__(why)
        self.cause = cause


def _unusable(error: OSError) -> _UnusableError | ConfigurationError:
    if isinstance(error, IsADirectoryError):
        return _UnusableError("is a folder; cvs.batch(..., folder(...)) or `cvs-async batch` reads folders")
    return too_many_open_files(error) or _UnusableError(reason_of(error), without_name(error))


def _open(name: str, value: object) -> Part:
    if isinstance(value, Part):
        return value
    if isinstance(value, IN_MEMORY):
        return _in_memory(name, bytes(value))
    if isinstance(value, (str, os.PathLike)):
        return _open_path(value)
    if hasattr(value, "read"):
        return _open_file(name, value)
    if is_picture(value):
        return _open_picture(name, cast(Picture, value))
    if is_array(value):
        raise _UnusableError(
            "is an array of numbers, not a picture file; pass PIL.Image.fromarray(array),"
            " or the bytes of a file, such as cv2.imencode('.png', array)[1].tobytes()"
        )
    raise _UnusableError("is not a path, Url, bytes, binary file object or picture of Pillow")


def _open_picture(name: str, picture: Picture) -> Part:
    try:
        return _in_memory(name, encoded(picture))
    except ValueError as error:
        raise _UnusableError(str(error)) from None


def _open_path(given: str | os.PathLike[Any]) -> Part:
    try:
        path = os.fsdecode(given)
        if why := unusable_url(path):
            raise _UnusableError(why)
        try:
            return _read_path(path)
        except FileNotFoundError:
            other = same_name(path)
            if other is None:
                raise
            return _read_path(other)
    except OSError as error:
        raise _unusable(error) from error
    except (TypeError, ValueError) as error:
        raise _UnusableError("is not a usable path") from error


def _read_path(path: str) -> Part:
    """Read a small file completely, and only the head of a large one.

    Few system calls are made, because each one lets other threads run.
    """
    descriptor, status = open_regular(path)
    try:
        size = status.st_size
        if size > CHUNK:
            head = read_at_least(descriptor, HEAD, HEAD)
            version = Version(stamp_of(status))
            return _part(os.path.basename(path), head, size, Path(path), version, status.st_mtime_ns)
        content = read_at_least(descriptor, size, size + 1)
    finally:
        os.close(descriptor)
    if len(content) != size:
        raise _UnusableError("changes while it is read")
    return _in_memory(os.path.basename(path), content, status.st_mtime_ns)


def _open_file(name: str, file: Any) -> Part:
    if inspect.iscoroutinefunction(file.read):
        raise _UnusableError("reads asynchronously; pass its bytes, its path or the plain file behind it")
    if getattr(file, "closed", False):
        raise _UnusableError("is closed")
    if isinstance(file, io.TextIOBase):
        raise _UnusableError("is opened as text; open it with mode 'rb'")
    try:
        content = _read_file(file)
    except OSError as error:
        raise _unusable(error) from error
    except ValueError as error:
        raise _UnusableError("cannot be read") from error
    given = getattr(file, "name", None)
    if isinstance(given, str) and not given.startswith("<"):
        name = PurePath(given).name
    return _in_memory(name, content)


def _read_file(file: Any) -> bytes:
    """Read a file object completely.

    A single `read` of some file objects returns only a part. It returns all if the file is in memory, or if `read` has
    no size argument.
    """
    content = file.read()
    if not isinstance(content, bytes):
        raise _UnusableError(f"its read() returns {type(content).__name__}, not bytes")
    pieces, more = [content], not isinstance(file, io.BytesIO) and _takes_a_size(file.read)
    while pieces[-1] and more:
        piece = file.read(CHUNK)
        if not isinstance(piece, bytes):
            raise _UnusableError("returns no bytes before its end; read it completely and pass the bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _takes_a_size(read: Any) -> bool:
    try:
        inspect.signature(read).bind(CHUNK)
    except (TypeError, ValueError):  # it has no size argument, or is written in C without a signature
        return False
    return True


def _in_memory(filename: str, content: bytes, modified_ns: int | None = None) -> Part:
    if not content:
        raise _UnusableError("is empty")
    return _part(filename, content[:HEAD], len(content), content, None, modified_ns)


def _part(
    filename: str,
    head: bytes,
    size: int,
    content: bytes | Path,
    version: Version | None = None,
    modified_ns: int | None = None,
) -> Part:
    content_type = _content_type(filename, head)
    if os.path.splitext(filename)[1] in ("", "."):
        filename += next((suffix for suffix, known in _TYPES.items() if known == content_type), "")
    return Part(filename, content_type, size, content, version, modified_ns)


def _content_type(filename: str, head: bytes) -> str:
    suffix = os.path.splitext(filename)[1].lower()
    if suffix not in _TYPES:
        suffix = next((known for signature, known in _SIGNATURES if head.startswith(signature)), "")
    return _TYPES.get(suffix, "application/octet-stream")


def _as_path(value: str | os.PathLike[Any]) -> str:
    try:
        return os.fsdecode(value)
    except TypeError:
        return f"{type(value).__name__} object"
