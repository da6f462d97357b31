"""Taking a request in: credentials, parameters, form and files, each held against the endpoint's declaration."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

import anyio.to_thread
from attrs import frozen
from starlette.datastructures import UploadFile
from starlette.requests import Request

from .._endpoint import Endpoint
from ..errors import (
    APIError,
    AuthenticationError,
    FormatTypeError,
    InvalidImageError,
    UrlUnavailableError,
)
from .ledger import Entry, Upload

WRONG_SECRET = "wrong"  # noqa: S105 - it is the secret that never opens anything
URL_TIMEOUT = 10.0


class Refusal(Exception):
    """The request gets an answer with the code that stands for `kind`."""

    def __init__(self, kind: type[APIError]) -> None:
        super().__init__(kind.__name__)
        self.kind = kind


@frozen
class Credentials:
    """Whom the sandbox lets in: None is anybody with some key and some secret, but for the secret ``wrong``."""

    api_key: str | None
    api_secret: str | None

    def check(self, authorization: str) -> None:
        """Raise `Refusal` unless the header carries the right credentials."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            key, colon, secret = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except ValueError:
            raise Refusal(AuthenticationError) from None
        right_key = key == self.api_key if self.api_key is not None else bool(key)
        right_secret = secret == self.api_secret if self.api_secret is not None else secret not in ("", WRONG_SECRET)
        if scheme.lower() != "basic" or not colon or not right_key or not right_secret:
            raise Refusal(AuthenticationError)


async def read_files(endpoint: Endpoint[Any], request: Request, entry: Entry) -> list[bytes]:
    """The contents of all inputs, in the documented order. What differs from the documents goes into the entry.

    Raises:
        Refusal: with the documented code, if an input is missing or cannot be opened.
    """
    form = request.query_params.get("format_type", "")
    if form not in endpoint.forms or (request.method == "GET") != (form == "url"):
        raise Refusal(FormatTypeError)
    _check_parameters(endpoint, request, entry, form)
    if form == "url":
        return [await _download(request.query_params.get(name, ""), name, entry) for name in endpoint.images]
    if form == "file":
        return await _multipart(endpoint, request, entry)
    return await _json(endpoint, request, entry)


def _check_parameters(endpoint: Endpoint[Any], request: Request, entry: Entry, form: str) -> None:
    known = {"format_type", "check_sum", *(("get_thumb",) if endpoint.thumb else ())}
    given = set(request.query_params)
    allowed = known | set(endpoint.images) if form == "url" else known
    entry.violations += [f"{endpoint.name}: parameter {name} is not documented" for name in sorted(given - allowed)]
    if len(given) != len(request.query_params.multi_items()):
        entry.violations.append(f"{endpoint.name}: a parameter is given twice")
    if endpoint.thumb and request.query_params.get("get_thumb") not in ("true", "false"):
        entry.violations.append(f"{endpoint.name}: get_thumb is neither true nor false")


async def _multipart(endpoint: Endpoint[Any], request: Request, entry: Entry) -> list[bytes]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal(FormatTypeError)
    contents = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                contents[name] = await value.read()
                entry.uploads += (_upload(name, contents[name], value.filename, value.content_type),)
    return _in_order(endpoint, contents, entry)


async def _json(endpoint: Endpoint[Any], request: Request, entry: Entry) -> list[bytes]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(FormatTypeError)
    try:
        body = await request.json()
        contents = {name: base64.b64decode(text, validate=True) for name, text in body.items()}
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise Refusal(InvalidImageError) from None
    for name, content in contents.items():
        entry.uploads += (_upload(name, content, None, None),)
    return _in_order(endpoint, contents, entry)


def _in_order(endpoint: Endpoint[Any], contents: Mapping[str, bytes], entry: Entry) -> list[bytes]:
    extra = sorted(set(contents) - set(endpoint.images))
    entry.violations += [f"{endpoint.name}: body field {name} is not documented" for name in extra]
    if missing := set(endpoint.images) - set(contents):
        entry.violations.append(f"{endpoint.name}: {', '.join(sorted(missing))} is missing")
        raise Refusal(InvalidImageError)
    return [contents[name] for name in endpoint.images]


async def _download(url: str, name: str, entry: Entry) -> bytes:
    content = await anyio.to_thread.run_sync(_fetch, url)
    entry.uploads += (_upload(name, content, None, None),)
    return content


def _fetch(url: str) -> bytes:
    """Like the service itself, but from this machine only."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise Refusal(UrlUnavailableError)
    opener = build_opener(ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(quote(url, safe="%/:=&?~+!$,;'@()*[]"), timeout=URL_TIMEOUT) as answer:
            content: bytes = answer.read()
    except (URLError, OSError, ValueError):
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
