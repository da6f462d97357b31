"""Build a request. Pure: without I/O, clock or event loop."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from attrs import field, frozen

from .._settings.origins import Host
from .endpoint import Endpoint, Form
from .inputs import Part, Url
from .params import Place


@frozen
class Base64:
    """A file that is sent in base64, with the standard alphabet and without line breaks."""

    part: Part

    @property
    def size(self) -> int:
        return (self.part.size + 2) // 3 * 4

    async def chunks(self) -> AsyncIterator[bytes]:
        rest = b""
        async for chunk in self.part.chunks():
            chunk = rest + chunk
            whole = len(chunk) - len(chunk) % 3
            rest = chunk[whole:]
            yield base64.b64encode(chunk[:whole])
        if rest:
            yield base64.b64encode(rest)


def _size(piece: bytes | Part | Base64) -> int:
    if isinstance(piece, bytes):
        return len(piece)
    return piece.size


@frozen
class Body:
    """The body of a request: pieces in order, with a known total size in bytes. It can be read several times."""

    content_type: str
    pieces: tuple[bytes | Part | Base64, ...] = field(repr=False)

    @property
    def size(self) -> int:
        return sum(map(_size, self.pieces))

    def contents(self) -> list[bytes] | None:
        """Return the pieces as bytes if all are in memory and not to be encoded; else None."""
        contents: list[bytes] = []
        for piece in self.pieces:
            if isinstance(piece, Part) and piece.content is not None:
                contents.append(piece.content)
            elif isinstance(piece, bytes):
                contents.append(piece)
            else:
                return None
        return contents

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                async for chunk in piece.chunks():
                    yield chunk


@frozen
class Request:
    """One request, without origin and credentials."""

    operation: str
    method: str
    host: Host
    path: str = field(repr=False)  # it may contain arguments
    query: str = field(repr=False)
    body: Body | None = None


def build(
    endpoint: Endpoint[Any],
    form: Form | None,
    inputs: Mapping[str, Url | Part],
    parameters: Mapping[str, Any],
    *,
    boundary: str,
) -> Request:
    """Return the request of a call.

    URLs are sent in the query of a GET, files as multipart in a POST, base64 as JSON in a POST.

    Args:
        endpoint: the operation.
        form: form of the inputs; None for an operation without inputs.
        inputs: the opened inputs by name.
        parameters: checked parameters. The endpoint determines their places; unknown ones go into the query.
        boundary: separator in a multipart body; it must not occur in the files.
    """
    named = dict(zip(endpoint.wire_names(form), (inputs[name] for name in endpoint.images), strict=True))
    parts = {name: value for name, value in named.items() if isinstance(value, Part)}
    query = {name: str(value) for name, value in named.items() if name not in parts}
    if endpoint.format_type and form is not None:
        query["format_type"] = form
    return Request(
        operation=endpoint.name,
        method=endpoint.wire_method(form),
        host=endpoint.host,
        path=endpoint.wire_path(form).format_map(
            {name: quote(str(value), safe="") for name, value in _placed(endpoint, "path", parameters).items()}
        ),
        query=urlencode(query | _placed(endpoint, "query", parameters), quote_via=quote, safe=""),
        body=_body(endpoint, form, parts, _placed(endpoint, "body", parameters), boundary),
    )


def _placed(endpoint: Endpoint[Any], place: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
    places = {param.name: param.places for param in endpoint.params}
    return {name: value for name, value in parameters.items() if place in places.get(name, ("query",))}


def _body(
    endpoint: Endpoint[Any], form: Form | None, parts: Mapping[str, Part], members: Mapping[str, Any], boundary: str
) -> Body | None:
    if form == "file":
        return _multipart(parts, boundary)
    if parts or members:
        return _json(parts, members, endpoint.nest)
    return None


def _multipart(parts: Mapping[str, Part], boundary: str) -> Body:
    pieces: list[bytes | Part | Base64] = []
    line = f"--{boundary}"
    for name, part in parts.items():
        head = (
            f"{line}\r\n"
            f'Content-Disposition: form-data; name="{name}"; filename="{_quoted(part.filename)}"\r\n'
            f"Content-Type: {part.content_type}\r\n\r\n"
        )
        pieces += [head.encode("utf-8", "replace"), part]
        line = f"\r\n--{boundary}"
    pieces.append(f"{line}--\r\n".encode())
    return Body(f"multipart/form-data; boundary={boundary}", tuple(pieces))


def _json(parts: Mapping[str, Part], members: Mapping[str, Any], nest: str | None) -> Body:
    start, end = ("{", "}")
    if nest:
        start, end = (f"{{{json.dumps(nest)}:{{", "}}")
    pieces: list[bytes | Part | Base64] = []
    before = start
    for name, part in parts.items():
        pieces += [f'{before}{json.dumps(name)}:"'.encode(), Base64(part)]
        before = '",'
    if members:
        pieces.append(f"{before}{json.dumps(members, ensure_ascii=False, allow_nan=False)[1:-1]}{end}".encode())
    else:
        pieces.append(f'"{end}'.encode())
    return Body("application/json", tuple(pieces))


def _quoted(filename: str) -> str:
    """Escape a file name as HTML forms do: UTF-8 stays, quotes and line ends are percent-encoded."""
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
