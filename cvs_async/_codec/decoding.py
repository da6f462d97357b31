"""Decode an answer into a reply or an error. Pure. The code in the envelope decides, whatever the HTTP status."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar

from .._exchange import WireReply, charge_of_status
from .._system.log import log
from ..errors import (
    APIError,
    AuthenticationError,
    Charge,
    CVSError,
    DecodeError,
    RateLimitedError,
    RedirectError,
    ResponseTooLargeError,
    ServerError,
)
from .answer import (
    AT_ONCE,
    HEAD,
    MOST_ELEMENTS,
    MOST_NODES,
    count_elements,
    count_nodes,
    members,
    parse,
    text_of,
    whole_number,
)
from .converter import declared_names, structure
from .endpoint import Endpoint
from .envelope import KNOWN_CODES, message_meaning
from .reply import Reply

T = TypeVar("T")


def decode(endpoint: Endpoint[T], wire: WireReply, *, check_sum: str | None = None, elapsed: float = 0.0) -> Reply[T]:
    """Return the reply in an answer, or raise the error that the answer stands for.

    1. A whole-number code decides: with 0 it is a paid reply, with any other code a free error.
    2. A code that is not a whole number, or two different codes: `DecodeError`, charge ``unknown``.
    3. No code, HTTP 200 and data: a reply, charge ``unknown``. No code otherwise: the error of the HTTP status. Of an
       operation whose successful answers have no code, the message of an answer without data decides first.
    4. Not JSON: the complete members before the fault are searched for a code, which decides the charge.

    Raises:
        APIError: the code is not 0, or HTTP refused the request.
        RateLimitedError, ServerError, RedirectError: the answer has no envelope.
        ResponseTooLargeError: the answer has more values than any documented one.
        DecodeError: see above; with the charge ``billed`` if the data does not fit the type of a user's own endpoint.
    """
    nodes = 0
    if len(wire.content) > AT_ONCE:
        nodes = count_nodes(wire.content)
    if nodes > MOST_NODES:
        raise _too_many(endpoint, wire, None, f"{MOST_NODES:,} values", head_charge(endpoint, wire.content))
    text = text_of(wire.content)
    answer = parse(text, nodes)
    if answer is None:
        raise _unreadable(endpoint, wire, text, nodes)
    codes = _codes(endpoint, text, answer, nodes)
    if codes != [0]:
        _require_data(endpoint, wire, answer, codes)
    charge: Charge = "billed" if codes else "unknown"
    data: Any = answer
    if endpoint.envelope.data is not None:
        data = answer.get(endpoint.envelope.data)
    if endpoint.returns is not None:
        if nodes > AT_ONCE and count_elements(data) > MOST_ELEMENTS:
            raise _too_many(endpoint, wire, answer, f"{MOST_ELEMENTS:,} elements", charge)
        data = _structured(endpoint, wire, answer, data, charge)
    return Reply(
        operation=endpoint.name,
        data=data,
        raw=answer,
        charge=charge,
        attempts=wire.attempts,
        unknown_attempts=wire.unknown_attempts + (charge == "unknown"),
        elapsed=elapsed,
        check_sum=check_sum,
        http_status=wire.status,
    )


def head_charge(endpoint: Endpoint[Any], head: bytes) -> Charge:
    """Return the charge of a truncated answer, from its complete members."""
    return _charge_of_members(endpoint, text_of(head[:HEAD]), 0)


def _charge_of_members(endpoint: Endpoint[Any], text: str, nodes: int) -> Charge:
    match _codes_of_members(endpoint, text, nodes):
        case [0]:
            return "billed"
        case [int() | str()]:
            return "free"
    return "unknown"


# --- the code


class _Odd(Enum):
    """Placeholder for a code that is not a whole number."""

    NULL = "null"
    OTHER = "other"


_Code: TypeAlias = int | str | _Odd


def _codes(endpoint: Endpoint[Any], text: str, answer: dict[str, Any], nodes: int) -> list[_Code]:
    """Return the distinct codes of an answer: usually one; an empty list without a code."""
    name = endpoint.envelope.code
    code = whole_number(answer.get(name))
    # A dict keeps only the last of several members with the same name, and a name may be written with escapes.
    once = text.count(f'"{name}"') == 1 and not ("\\u00" in text and any(map(text.__contains__, _ESCAPED)))
    if code is not None and once and KNOWN_CODES & answer.keys() <= {name}:
        return [code]
    if name not in answer:
        return []
    codes = _codes_of_members(endpoint, text, nodes)
    if not codes and answer[name] is not None:
        return [_Odd.OTHER]
    return codes


_ESCAPED = tuple(f"\\u00{digit}" for digit in "4567")
"""Prefixes of escaped ASCII letters."""


def _codes_of_members(endpoint: Endpoint[Any], text: str, nodes: int) -> list[_Code]:
    """Return the distinct codes of all members, duplicates included.

    A code of another envelope counts only if the operation's own code is there too.
    """
    own, others = set[_Code](), set[_Code]()
    for name, raw in members(text, nodes):
        if name == endpoint.envelope.code:
            own.add(_code(raw))
        elif name in KNOWN_CODES:
            others.add(_code(raw))
    if own <= {_Odd.NULL}:
        return []
    return list(own | others - {_Odd.NULL})


def _code(raw: object) -> _Code:
    if raw is None:
        return _Odd.NULL
    code = whole_number(raw)
    if code is None:
        return _Odd.OTHER
    return code


# --- answers that are not replies


def _require_data(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], codes: list[_Code]) -> None:
    """Raise the error of an answer whose code is not 0. Return if it has no code, but data."""
    match codes:
        case []:
            if wire.status != HTTPStatus.OK or not _has_data(endpoint, answer):
                raise _uncoded_error(endpoint, wire, answer) or http_error(endpoint.name, wire, answer)
            if endpoint.envelope.coded:
                _report_no_code(endpoint.name)
        case [int() | str() as code]:
            raise _api_error(endpoint, wire, answer, code)
        case _:
            raise _unusable_code(endpoint, wire, answer, codes)


def _has_data(endpoint: Endpoint[Any], answer: dict[str, Any]) -> bool:
    """Return whether an answer without a code has the documented data of the operation."""
    if any(answer.get(name) is not None for name in KNOWN_CODES):
        return False  # the answer of another operation
    if endpoint.envelope.uncoded is not None:
        if answer.get(endpoint.envelope.uncoded):
            return True
        return endpoint.envelope.uncoded in answer and not _is_error(_message(answer) or "")
    if endpoint.envelope.data is None:
        return any(answer.get(name) is not None for name in declared_names(endpoint.returns))
    data = answer.get(endpoint.envelope.data)
    return isinstance(data, (dict, list)) and bool(data)


_SUCCESSES = ("", "success", "successful", "thành công")
"""Messages of successful answers, in lower case."""


def _is_error(message: str) -> bool:
    return unicodedata.normalize("NFC", message).strip().lower() not in _SUCCESSES


def _uncoded_error(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any]) -> APIError | None:
    """Return the error that the message means, of an operation without a code in successful answers; else None."""
    if endpoint.envelope.coded or wire.status != HTTPStatus.OK or endpoint.envelope.uncoded not in answer:
        return None
    context = _context(endpoint.name, wire, answer)
    kind = message_meaning(context["message"] or "")
    if kind is None:
        return None
    return kind(f"{endpoint.name}: {kind.__doc__} (by its message, without a code); nothing was charged", **context)


@cache
def _report_no_code(operation: str) -> None:
    """Log an answer without a code, once for each operation."""
    log.warning("%s: an answer came without a code; it is a reply, and whether it was charged is unknown", operation)


def _api_error(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], code: int | str) -> APIError:
    context = _context(endpoint.name, wire, answer)
    own = _message(answer, (endpoint.envelope.message,))
    if own is not None:
        context["message"] = own
    kind = endpoint.envelope.kind(code, own or "")
    meaning = kind.__doc__
    if kind is APIError:
        meaning = "the service answered with an undocumented code"
        if code in endpoint.envelope.errors:
            meaning = "the service refused the request for the reason in its message"
    shown = f"code {code}"
    if isinstance(code, str):
        shown = f"a code of {len(code):,} digits"
    return kind(f"{endpoint.name}: {meaning} ({shown}); nothing was charged", code=code, **context)


def _unusable_code(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], codes: list[_Code]) -> DecodeError:
    code = answer.get(endpoint.envelope.code)
    if codes != [_Odd.OTHER] or not isinstance(code, str):
        code = None
    return DecodeError(
        f"{endpoint.name}: the service answered HTTP {wire.status} with several codes, or with a code that is not a"
        " whole number; whether it charged is unknown",
        code=code,
        charge="unknown",
        **_context(endpoint.name, wire, answer),
    )


def _too_many(
    endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any] | None, what: str, charge: Charge
) -> ResponseTooLargeError:
    return ResponseTooLargeError(
        f"{endpoint.name}: the answer has more than {what}, the maximum; it is in .raw",
        charge=charge,
        **_context(endpoint.name, wire, answer),
    )


def _unreadable(endpoint: Endpoint[Any], wire: WireReply, text: str, nodes: int) -> CVSError:
    charge = _charge_of_members(endpoint, text, nodes)
    if charge == "unknown":
        return http_error(endpoint.name, wire)
    paid = "was paid for" if charge == "billed" else "was not charged"
    return DecodeError(
        f"{endpoint.name}: the answer {paid} according to its code, but the rest of it is not JSON; it is in .raw",
        charge=charge,
        **_context(endpoint.name, wire, None),
    )


def _structured(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], data: Any, charge: Charge) -> Any:
    """Convert data to the type of the endpoint. The library's models never fail; a user's own type may."""
    try:
        return structure(data, endpoint.returns, endpoint.name)
    except Exception as error:  # including RecursionError
        paid = "was paid for" if charge == "billed" else "may have been charged"
        raise DecodeError(
            f"{endpoint.name}: the answer, which {paid}, does not fit {endpoint.returns}; it is in .raw",
            charge=charge,
            **_context(endpoint.name, wire, answer),
        ) from error


def http_error(operation: str, wire: WireReply, answer: dict[str, Any] | None = None) -> CVSError:
    """Return the error for an HTTP status. 502 and 504 come from a proxy: the service behind it may have charged."""
    context = _context(operation, wire, answer)
    status, answered = wire.status, f"{operation}: the service answered HTTP {wire.status}"
    if status == 429:
        return RateLimitedError(f"{answered}: too many requests at once", **context)
    if status >= 500:
        return ServerError(f"{answered} without an envelope", charge=charge_of_status(status), **context)
    if status in (401, 403):
        return AuthenticationError(f"{answered}: {AuthenticationError.__doc__}", **context)
    if status == 413 and wire.request_size:
        text = (
            f"{answered}: the request of {wire.request_size:,} bytes is too large for it;"
            " send a smaller picture, fewer pages, or a URL"
        )
        return APIError(text, **context)
    if status >= 400:
        return APIError(f"{answered} and refused the request", **context)
    if status >= 300:
        return RedirectError(f"{answered}, a redirect, which is never followed; check base_url", **context)
    return DecodeError(f"{answered}, but its body is not a JSON object with a code", charge="unknown", **context)


_MESSAGES = ("errorMessage", "message", "error_message", "detail", "error")
"""Keys under which the service, or a gateway in front of it, describes an error."""


def _message(answer: Mapping[str, Any], names: Iterable[str] = _MESSAGES) -> str | None:
    """Return the first message in an answer as text."""
    message = next((answer[name] for name in names if answer.get(name) is not None), None)
    if message is None or isinstance(message, str):
        return message
    try:
        return str(message)
    except (RecursionError, ValueError):
        return None  # it stays in `raw`


def _context(operation: str, wire: WireReply, answer: dict[str, Any] | None) -> dict[str, Any]:
    """Return the attributes of an error; without a decoded answer, `raw` is the body as bytes."""
    context: dict[str, Any] = {
        "operation": operation,
        "attempts": wire.attempts,
        "http_status": wire.status,
        "raw": wire.content,
        "retry_after": wire.retry_after,
    }
    if answer is not None:
        context |= {"raw": answer, "message": _message(answer)}
    return context
