"""Decoding an answer: a function of values. The envelope's code decides, whatever the HTTP status."""

from __future__ import annotations

import json
import re
from typing import Any, Generic, TypeVar, cast

from attrs import field, frozen

from ._converter import structure
from ._endpoint import Endpoint
from ._exchange import WireReply
from .errors import (
    APIError,
    AuthenticationError,
    Charge,
    CVSError,
    DecodeError,
    RateLimitedError,
    RedirectError,
    ServerError,
)

T = TypeVar("T")


@frozen(kw_only=True)
class Reply(Generic[T]):
    """A successful answer, which was paid for.

    Attributes:
        operation: what was asked.
        data: what was read, in the type that the operation declares. Not in the repr.
        raw: the complete answer as received, as plain JSON values. Not in the repr.
        charge: always ``billed``: the service charges every answer with code 0.
        attempts: how many requests it took.
        unknown_attempts: how many of them, before the one that was answered, may have been charged too; more than
            0 only if `RetryPolicy.unknown_resends` allows it.
        elapsed: seconds from the call to the decoded answer, waiting included.
        check_sum: as sent along, None if none was.
        http_status: of the answer.
    """

    operation: str
    data: T = field(repr=False)
    raw: dict[str, Any] = field(repr=False)
    charge: Charge = "billed"
    attempts: int = 1
    unknown_attempts: int = 0
    elapsed: float = 0.0
    check_sum: str | None = field(default=None, repr=False)
    http_status: int = 200


def decode(endpoint: Endpoint[T], wire: WireReply, *, check_sum: str | None = None, elapsed: float = 0.0) -> Reply[T]:
    """Make a reply, or the error that belongs to the answer.

    Raises:
        APIError: the envelope's code is not 0, or HTTP refused the request.
        RateLimitedError, ServerError, RedirectError, DecodeError: there is no envelope to read.
        DecodeError: with the charge `billed`, if the data does not fit a type of the user's own.
    """
    answer = _parse(wire.content)
    code = _code(answer.get(endpoint.envelope.code)) if answer is not None else None
    if answer is None or code is None:
        raise http_error(endpoint.name, wire, answer)
    if code != 0:
        raise _api_error(endpoint, wire, answer, code)
    data = answer if endpoint.envelope.data is None else answer.get(endpoint.envelope.data)
    return Reply(
        operation=endpoint.name,
        data=cast(T, data if endpoint.returns is None else _structured(endpoint, wire, answer, data)),
        raw=answer,
        attempts=wire.attempts,
        unknown_attempts=wire.unknown_attempts,
        elapsed=elapsed,
        check_sum=check_sum,
        http_status=wire.status,
    )


def _structured(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], data: Any) -> Any:
    """The library's own models take whatever comes; the type of an endpoint of the user's may not."""
    try:
        return structure(data, endpoint.returns)
    except Exception as error:
        raise DecodeError(
            f"{endpoint.name}: the answer, which was paid for, does not fit {endpoint.returns}; it is in .raw",
            charge="billed",
            **_context(endpoint.name, wire, answer),
        ) from error


def _parse(content: bytes) -> dict[str, Any] | None:
    """The JSON object, however it is encoded: the declared charset is not believed, a BOM does no harm."""
    try:
        try:
            answer = _DECODER.decode(content.decode(json.detect_encoding(content)))
        except UnicodeDecodeError:
            answer = _DECODER.decode(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON; who writes the answer to a file must get JSON."""


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _code(raw: Any) -> int | str | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if not isinstance(raw, str) or not raw.strip():
        return None
    try:
        return int(raw)
    except ValueError:
        return raw


def _api_error(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], code: int | str) -> APIError:
    message = answer.get(endpoint.envelope.message)
    kind = endpoint.envelope.kind(code, str(message))
    meaning = kind.__doc__ if kind is not APIError else "the service answered with a code that is not documented"
    shown = f"code {code}" if isinstance(code, int) else "no number; see .code"  # it might be anything
    return kind(
        f"{endpoint.name}: {meaning} ({shown}); nothing was charged",
        code=code,
        message=None if message is None else str(message),
        charge="free",
        **_context(endpoint.name, wire, answer),
    )


def http_error(operation: str, wire: WireReply, answer: dict[str, Any] | None = None) -> CVSError:
    """What HTTP alone says. 502 and 504 come from a proxy: what is behind it may have worked, and charged."""
    context = _context(operation, wire, answer)
    status, said = wire.status, f"{operation}: the service answered HTTP {wire.status}"
    if status == 429:
        return RateLimitedError(f"{said}: too many requests at once", charge="free", **context)
    if status >= 500:
        charge: Charge = "free" if status in (500, 501, 503) else "unknown"
        return ServerError(f"{said} and no answer of its own", charge=charge, **context)
    if status in (401, 403):
        return AuthenticationError(f"{said}: {AuthenticationError.__doc__}", charge="free", **context)
    if status == 413 and wire.request_size:
        text = (
            f"{said}: the request of {wire.request_size:,} bytes is too large for it;"
            " send a smaller picture, fewer pages, or a URL"
        )
        return APIError(text, charge="free", **context)
    if status >= 400:
        return APIError(f"{said} and refused the request", charge="free", **context)
    if status >= 300:
        return RedirectError(f"{said}, a redirect, which is never followed; check base_url", charge="free", **context)
    return DecodeError(f"{said}, but its body is no JSON object with a code", charge="unknown", **context)


def head_charge(endpoint: Endpoint[Any], head: bytes) -> Charge:
    """What an answer has cost of which only the beginning is known: the members before the first that is cut off."""
    text = head.decode("utf-8-sig", "replace")
    decoder = json.JSONDecoder()
    try:
        position = text.index("{") + 1
        if text[: position - 1].strip():
            return "unknown"
        while True:
            name, position = decoder.raw_decode(text, _WHITE.match(text, position).end())  # type: ignore[union-attr]
            position = text.index(":", position) + 1
            value, position = decoder.raw_decode(text, _WHITE.match(text, position).end())  # type: ignore[union-attr]
            position = text.index(",", position) + 1
            if name == endpoint.envelope.code:
                code = _code(value)
                return "unknown" if code is None else "billed" if code == 0 else "free"
    except (ValueError, RecursionError):
        return "unknown"


_WHITE = re.compile(r"\s*")


def _context(operation: str, wire: WireReply, answer: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "operation": operation,
        "attempts": wire.attempts,
        "http_status": wire.status,
        "raw": wire.content if answer is None else answer,
        "retry_after": wire.retry_after,
    }
