"""Request parsing: credentials, parameters, form and files, checked against the endpoint's declaration."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

import anyio.to_thread
from attrs import frozen
from starlette.datastructures import UploadFile
from starlette.requests import Request

from .._codec.endpoint import Endpoint, Form
from ..errors import (
    APIError,
    AuthenticationError,
    FormatTypeError,
    InvalidImageError,
    ProcessingError,
    UrlUnavailableError,
)
from .ledger import Entry, Upload

WRONG_SECRET = "wrong"  # noqa: S105 - it is the secret that never opens anything
URL_TIMEOUT = 10.0


class Refusal(Exception):
    """Refusal of a request with the code that stands for `kind`."""

    def __init__(self, kind: type[APIError]) -> None:
        super().__init__(kind.__name__)
        self.kind = kind


@frozen
class Credentials:
    """Accepted credentials. None accepts any non-empty value, except the secret ``wrong``."""

    api_key: str | None
    api_secret: str | None

    def check(self, authorization: str) -> None:
        """Raise `Refusal` unless the header has accepted credentials."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            key, colon, secret = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except ValueError:
            raise Refusal(AuthenticationError) from None
        right_key = key == self.api_key if self.api_key is not None else bool(key)
        right_secret = secret == self.api_secret if self.api_secret is not None else secret not in ("", WRONG_SECRET)
        if scheme.lower() != "basic" or not colon or not right_key or not right_secret:
            raise Refusal(AuthenticationError)


@frozen
class ParsedRequest:
    """Content of a request.

    Attributes:
        contents: of the inputs, in the documented order.
        arguments: query, body and path parameters by name.
    """

    contents: list[bytes]
    arguments: Mapping[str, Any]


async def parse_request(endpoint: Endpoint[Any], request: Request, entry: Entry) -> ParsedRequest:
    """Parse a request as strictly as the documents allow. Violations are recorded in the entry.

    Raises:
        Refusal: with the documented code, if an input is missing or cannot be opened.
    """
    form = _form(endpoint, request) if endpoint.images else None
    arguments: dict[str, Any] = dict(request.path_params)
    _check_query(endpoint, request, entry, form)
    arguments |= {name: _number(value) for name, value in request.query_params.items()}
    contents: dict[str, bytes] = {}
    if form == "url":
        links = [request.query_params.get(name, "") for name in endpoint.wire_names(form)]
        contents = {name: await _download(link, name, entry) for name, link in zip(endpoint.images, links, strict=True)}
    elif form == "file":
        contents = await _multipart(endpoint, request, entry)
    elif request.method != "GET":
        contents, members = await _json(endpoint, request, entry, form)
        arguments |= members
    _check_arguments(endpoint, arguments, entry)
    return ParsedRequest([contents[name] for name in endpoint.images], arguments)


def _form(endpoint: Endpoint[Any], request: Request) -> Form:
    """Return the form of the inputs: from `format_type`, or else from method and content type."""
    shown = _shown_form(request)
    requested = request.query_params.get("format_type", "")
    if shown not in endpoint.forms or (endpoint.format_type and requested != shown):
        raise Refusal(FormatTypeError)
    return shown


def _shown_form(request: Request) -> Form:
    if request.method == "GET":
        return "url"
    if _is(request, "multipart/form-data"):
        return "file"
    return "base64"


def _is(request: Request, content_type: str) -> bool:
    return request.headers.get("content-type", "").startswith(content_type)


def _number(text: str) -> int | str:
    return int(text) if text.removeprefix("-").isdecimal() else text


def _check_query(endpoint: Endpoint[Any], request: Request, entry: Entry, form: Form | None) -> None:
    allowed = {"check_sum"} | {param.name for param in endpoint.params if "query" in param.places}
    if endpoint.format_type and form is not None:
        allowed.add("format_type")
    if endpoint.thumb:
        allowed.add("get_thumb")
    if form == "url":
        allowed.update(endpoint.wire_names(form))
    given = set(request.query_params)
    entry.violations += [f"{endpoint.name}: parameter {name} is not documented" for name in sorted(given - allowed)]
    if len(given) != len(request.query_params.multi_items()):
        entry.violations.append(f"{endpoint.name}: a parameter is given twice")
    if endpoint.thumb and request.query_params.get("get_thumb") not in ("true", "false"):
        entry.violations.append(f"{endpoint.name}: get_thumb is neither true nor false")


def _check_arguments(endpoint: Endpoint[Any], arguments: Mapping[str, Any], entry: Entry) -> None:
    for param in endpoint.params:
        if param.required or param.name in arguments:
            try:
                param.check(arguments.get(param.name))
            except ValueError as error:
                entry.violations.append(f"{endpoint.name}: {param.name} {error}")
                raise Refusal(ProcessingError) from None


async def _multipart(endpoint: Endpoint[Any], request: Request, entry: Entry) -> dict[str, bytes]:
    contents = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                contents[name] = await value.read()
                entry.uploads += (_upload(name, contents[name], value.filename, value.content_type),)
    return _as_documented(endpoint, "file", contents, entry)


async def _json(
    endpoint: Endpoint[Any], request: Request, entry: Entry, form: Form | None
) -> tuple[dict[str, bytes], dict[str, Any]]:
    try:
        body = await request.json()
        members = dict(body[endpoint.nest] if endpoint.nest else body)
        names = [name for name in members if name in endpoint.wire_names(form)]
        contents = {name: base64.b64decode(members.pop(name), validate=True) for name in names}
    except (ValueError, TypeError, KeyError):
        raise Refusal(InvalidImageError) from None
    for name, content in contents.items():
        entry.uploads += (_upload(name, content, None, None),)
    documented = {param.name for param in endpoint.params if "body" in param.places}
    extra = sorted(set(members) - documented)
    entry.violations += [f"{endpoint.name}: body field {name} is not documented" for name in extra]
    return _as_documented(endpoint, form, contents, entry), members


def _as_documented(
    endpoint: Endpoint[Any], form: Form | None, contents: Mapping[str, bytes], entry: Entry
) -> dict[str, bytes]:
    names = endpoint.wire_names(form)
    extra = sorted(set(contents) - set(names))
    entry.violations += [f"{endpoint.name}: body field {name} is not documented" for name in extra]
    if missing := sorted(set(names) - set(contents)):
        entry.violations.append(f"{endpoint.name}: {', '.join(missing)} is missing")
        raise Refusal(InvalidImageError)
    return {image: contents[name] for image, name in zip(endpoint.images, names, strict=True)}


async def _download(url: str, name: str, entry: Entry) -> bytes:
    content = await anyio.to_thread.run_sync(_fetch, url)
    entry.uploads += (_upload(name, content, None, None),)
    return content


def _fetch(url: str) -> bytes:
    """Fetch a URL like the real service, but only from this machine."""
    parts = urlsplit(url)
    # `urllib` would treat user info as part of the host name and send it to the resolver.
    if parts.scheme != "http" or "@" in parts.netloc or not _is_loopback(parts.hostname or ""):
        raise Refusal(UrlUnavailableError)
    opener = build_opener(ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(quote(url, safe="%/:=&?~+!$,;'@()*[]"), timeout=URL_TIMEOUT) as answer:
            content: bytes = answer.read()
    except (OSError, ValueError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # the error is the response and keeps the connection open
        raise Refusal(UrlUnavailableError) from None
    return content


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _upload(name: str, content: bytes, filename: str | None, content_type: str | None) -> Upload:
    return Upload(name, filename, content_type, len(content), hashlib.sha256(content).hexdigest())
