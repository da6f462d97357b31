"""Decoding an answer: a function of values. The envelope's code decides, whatever the HTTP status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast, overload

from attrs import field, frozen

from .._exchange import WireReply, charge_of_status
from .._system.log import log
from .._text.hints import Hinted, public_names
from .._text.reveal import repr_of
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
from ..models import picking
from ..models.dictionaries import Serializable, Showable
from ..models.fields import Paper
from ..models.picking import Back, Front
from ..models.recognized import Recognized
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
from .converter import declared_names, structure, unstructure
from .endpoint import Endpoint
from .envelope import KNOWN_CODES

if TYPE_CHECKING:
    from ..look.notebook import Shown

T = TypeVar("T")
PaperT = TypeVar("PaperT", bound=Paper)


@frozen(kw_only=True)
class Reply(Serializable, Showable, Hinted, Generic[T]):
    """A successful answer. It was paid for; where it carries no code, perhaps.

    `to_dict` has operation, charge, attempts, elapsed (seconds, rounded), check_sum and data, and unknown_attempts
    where there are some; `raw` and `http_status` are not in it.

    Attributes:
        operation: what was asked.
        data: what was read, in the type that the operation declares. In the repr inside of `cvs_async.reveal` only.
        raw: the complete answer as received, as plain JSON values. Never in the repr.
        charge: ``billed``, because the service charges every answer with code 0; ``unknown`` for an answer with data
            but without a code, which the vendor's documents show for some operations.
        attempts: how many requests it took.
        unknown_attempts: how many of them may have been charged: those before the one that was answered, of which
            there are some only if `RetryPolicy.unknown_resends` allows it, and that one if its charge is unknown.
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

    def __repr__(self) -> str:
        return repr_of(self, never=("raw",))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reply[Any]:
        """Read back what `to_dict` has written, compact or not, or the line of a JSON Lines file.

        The operation's name decides on the type of `data`; of an operation that the library does not know it stays
        plain JSON. `raw` is empty.

        Raises:
            ValueError: it is not a reply, such as the line of a failed item, or some value has another type than
                `to_dict` writes; names the place, not the value.
        """
        from .._schemas.restoring import restore_reply  # which needs the table of operations

        return restore_reply(data)

    def _unstructured(self, *, compact: bool) -> dict[str, Any]:
        return reply_head(self) | {"data": unstructure(self.data, compact=compact)}

    @property
    def front(self) -> Recognized[Front] | None:
        """The first front of an identity card or vehicle registration, wherever it stands; None without one."""
        return picking.front(self.data)

    @property
    def back(self) -> Recognized[Back] | None:
        """The first back of an identity card or vehicle registration, wherever it stands; None without one."""
        return picking.back(self.data)

    def first(self, kind: type[PaperT]) -> Recognized[PaperT] | None:
        """Return the first paper of a class, such as `Passport`; None without one."""
        return picking.first(self.data, kind)

    @overload
    def show(self) -> None: ...

    @overload
    def show(self, source: object, page: int | None = None) -> Shown: ...

    def show(self, source: object = None, page: int | None = None) -> Shown | None:
        """Show what was read, values included: as a table in a terminal, rendered in a notebook.

        A notebook that is saved afterwards, or a file that standard output goes to, holds the values.

        Args:
            source: the document, to see it with its boxes, as for `cvs_async.look.overlay`. What
                is returned is rendered by a notebook, and has `save`. Needs the extra ``look``.
            page: of the document, from 0; without it the first five.

        Raises:
            InvalidInputError: the document cannot be opened, or has no such page.
            ConfigurationError: the extra is not installed.
        """
        if source is None:
            super().show()
            return None
        from ..look.notebook import shown  # which needs replies

        return shown(self, source, page)

    def _advice(self, name: str) -> str:
        where = "" if name == "data" else _place_of(name, self.data)  # while it is being made it has no data
        where = where or _OTHER_NAMES.get(name, "")
        return f"; .{where} has it" if where else super()._advice(name)


_OTHER_NAMES = {
    **dict.fromkeys(("content", "documents", "output", "pages", "papers", "result", "results"), "data"),
    **dict.fromkeys(("cost", "price"), "charge"),
    "status_code": "http_status",
}
"""Wrong names of the attributes of a reply, from other libraries and from its data."""


def _place_of(name: str, data: object) -> str:
    """Return where in a reply's data a name is that was looked for in the reply; nothing where it is nowhere."""
    where, thing = "data", data
    if isinstance(data, list):
        if not data or name in public_names(list):
            return ""
        where, thing = "data[0]", data[0]
    if name in public_names(thing):
        return f"{where}.{name}"
    info = getattr(thing, "info", None)
    return f"{where}.info.{name}" if name in public_names(info) else ""


def reply_head(reply: Reply[Any]) -> dict[str, Any]:
    """Return what `Reply.to_dict` has beside the data."""
    return {
        "operation": reply.operation,
        "charge": reply.charge,
        "attempts": reply.attempts,
        **({"unknown_attempts": reply.unknown_attempts} if reply.unknown_attempts else {}),
        "elapsed": round(reply.elapsed, 4),
        "check_sum": reply.check_sum,
    }


def decode(endpoint: Endpoint[T], wire: WireReply, *, check_sum: str | None = None, elapsed: float = 0.0) -> Reply[T]:
    """Make a reply, or the error that belongs to the answer.

    1. A whole-number code decides: 0 is a reply that was paid for, any other a free error of its kind.
    2. Another code, or two that differ, leave the charge ``unknown``: `DecodeError`.
    3. Without a code, data under HTTP 200 is a reply whose charge is unknown; else HTTP alone speaks.
    4. Of what cannot be read at all, the members before the fault are looked through for a code.

    Raises:
        APIError: the envelope's code is not 0, or HTTP refused the request.
        RateLimitedError, ServerError, RedirectError: there is no envelope to read.
        ResponseTooLargeError: the answer has more values than any documented one.
        DecodeError: as above; or with the charge ``billed``, if the data does not fit a type of the user's own.
    """
    nodes = count_nodes(wire.content) if len(wire.content) > AT_ONCE else 0
    if nodes > MOST_NODES:
        charge = head_charge(endpoint, wire.content)
        raise _too_many(endpoint, f"{MOST_NODES:,} values", charge, _context(endpoint.name, wire, None))
    text = text_of(wire.content)
    answer = parse(text, nodes)
    if answer is None:
        raise _unreadable(endpoint, wire, text, nodes)
    codes = _codes(endpoint, text, answer, nodes)
    if codes != [0]:
        _require_data(endpoint, wire, answer, codes)
    data = answer if endpoint.envelope.data is None else answer.get(endpoint.envelope.data)
    charge = "billed" if codes else "unknown"
    if nodes > AT_ONCE and endpoint.returns is not None and count_elements(data) > MOST_ELEMENTS:
        raise _too_many(endpoint, f"{MOST_ELEMENTS:,} elements", charge, _context(endpoint.name, wire, answer))
    return Reply(
        operation=endpoint.name,
        data=cast(T, data if endpoint.returns is None else _structured(endpoint, wire, answer, data, charge)),
        raw=answer,
        charge=charge,
        attempts=wire.attempts,
        unknown_attempts=wire.unknown_attempts + (charge == "unknown"),
        elapsed=elapsed,
        check_sum=check_sum,
        http_status=wire.status,
    )


def head_charge(endpoint: Endpoint[Any], head: bytes) -> Charge:
    """Return the charge of an answer that was cut off, from its complete members."""
    return _charge_of_members(endpoint, text_of(head[:HEAD]), 0)


def _charge_of_members(endpoint: Endpoint[Any], text: str, nodes: int) -> Charge:
    codes = _codes_of_members(endpoint, text, nodes)
    if len(codes) != 1 or isinstance(codes[0], _Odd):
        return "unknown"
    return "billed" if codes[0] == 0 else "free"


# --- the code


class _Odd(Enum):
    """In the place of a code that is not a whole number."""

    NULL = "null"
    OTHER = "other"


_Code: TypeAlias = int | str | _Odd


def _codes(endpoint: Endpoint[Any], text: str, answer: dict[str, Any], nodes: int) -> list[_Code]:
    """The different codes of an answer: one as a rule, none without a code."""
    name = endpoint.envelope.code
    code = whole_number(answer.get(name))
    # A dict has the last of the members that have one name. A name with escaped letters is still that name.
    once = text.count(f'"{name}"') == 1 and not ("\\u00" in text and any(map(text.__contains__, _ESCAPED)))
    if code is not None and once and KNOWN_CODES & answer.keys() <= {name}:
        return [code]
    if name not in answer:
        return []
    codes = _codes_of_members(endpoint, text, nodes)
    return codes or ([] if answer[name] is None else [_Odd.OTHER])


_ESCAPED = tuple(f"\\u00{digit}" for digit in "4567")
"""Beginnings of escaped ASCII letters."""


def _codes_of_members(endpoint: Endpoint[Any], text: str, nodes: int) -> list[_Code]:
    """The same from the members one by one; a code of another envelope counts beside one of its own."""
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
    code = whole_number(raw)
    if code is not None:
        return code
    return _Odd.NULL if raw is None else _Odd.OTHER


# --- what is not a reply


def _require_data(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], codes: list[_Code]) -> None:
    """Raise what belongs to an answer without a code 0, unless it has no code at all, and data."""
    if len(codes) == 1 and not isinstance(codes[0], _Odd):
        raise _api_error(endpoint, wire, answer, codes[0])
    if codes:
        sent = answer.get(endpoint.envelope.code)
        raise DecodeError(
            f"{endpoint.name}: the service answered HTTP {wire.status} with a code that is not a whole number, or with"
            " several; whether it charged is unknown",
            code=sent if isinstance(sent, str) and codes == [_Odd.OTHER] else None,
            charge="unknown",
            **_context(endpoint.name, wire, answer),
        )
    if wire.status != HTTPStatus.OK or not _has_data(endpoint, answer):
        raise http_error(endpoint.name, wire, answer)
    if endpoint.envelope.coded:
        _report_no_code(endpoint.name)


def _has_data(endpoint: Endpoint[Any], answer: dict[str, Any]) -> bool:
    """Return True if an answer without a code holds the documented data of the operation."""
    if any(answer.get(name) is not None for name in KNOWN_CODES):
        return False  # it is another operation's answer
    if not endpoint.envelope.coded:
        return not declared_names(endpoint.returns).isdisjoint(answer)
    if endpoint.envelope.data is None:
        return any(answer.get(name) is not None for name in declared_names(endpoint.returns))
    data = answer.get(endpoint.envelope.data)
    return isinstance(data, (dict, list)) and bool(data)


@cache
def _report_no_code(operation: str) -> None:
    """Once for each operation."""
    log.warning("%s: an answer came without a code; it is a reply, and whether it was charged is unknown", operation)


def _too_many(endpoint: Endpoint[Any], what: str, charge: Charge, context: Mapping[str, Any]) -> ResponseTooLargeError:
    return ResponseTooLargeError(
        f"{endpoint.name}: the answer has more than {what}, as no documented one has; it is in .raw",
        charge=charge,
        **context,
    )


def _unreadable(endpoint: Endpoint[Any], wire: WireReply, text: str, nodes: int) -> CVSError:
    charge = _charge_of_members(endpoint, text, nodes)
    if charge == "unknown":
        return http_error(endpoint.name, wire)
    paid = "was paid for" if charge == "billed" else "was not charged"
    return DecodeError(
        f"{endpoint.name}: the answer {paid}, says its code, and is broken after that; it is in .raw",
        charge=charge,
        **_context(endpoint.name, wire, None),
    )


def _structured(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], data: Any, charge: Charge) -> Any:
    """The library's own models take whatever comes; the type of an endpoint of the user's may not."""
    try:
        return structure(data, endpoint.returns)
    except Exception as error:  # also a RecursionError
        paid = "was paid for" if charge == "billed" else "may have been charged"
        raise DecodeError(
            f"{endpoint.name}: the answer, which {paid}, does not fit {endpoint.returns}; it is in .raw",
            charge=charge,
            **_context(endpoint.name, wire, answer),
        ) from error


def _api_error(endpoint: Endpoint[Any], wire: WireReply, answer: dict[str, Any], code: int | str) -> APIError:
    context = _context(endpoint.name, wire, answer)
    own = _message(answer, (endpoint.envelope.message,))
    context["message"] = context["message"] if own is None else own
    kind = endpoint.envelope.kind(code, own or "")
    meaning = kind.__doc__ if kind is not APIError else "the service answered with a code that is not documented"
    shown = f"code {code}" if isinstance(code, int) else f"a code of {len(code):,} digits"
    return kind(f"{endpoint.name}: {meaning} ({shown}); nothing was charged", code=code, **context)


def http_error(operation: str, wire: WireReply, answer: dict[str, Any] | None = None) -> CVSError:
    """Return the error of an HTTP status. 502 and 504 come from a proxy: the service behind it may have charged."""
    context = _context(operation, wire, answer)
    status, said = wire.status, f"{operation}: the service answered HTTP {wire.status}"
    if status == 429:
        return RateLimitedError(f"{said}: too many requests at once", **context)
    if status >= 500:
        return ServerError(f"{said} and no answer of its own", charge=charge_of_status(status), **context)
    if status in (401, 403):
        return AuthenticationError(f"{said}: {AuthenticationError.__doc__}", **context)
    if status == 413 and wire.request_size:
        text = (
            f"{said}: the request of {wire.request_size:,} bytes is too large for it;"
            " send a smaller picture, fewer pages, or a URL"
        )
        return APIError(text, **context)
    if status >= 400:
        return APIError(f"{said} and refused the request", **context)
    if status >= 300:
        return RedirectError(f"{said}, a redirect, which is never followed; check base_url", **context)
    return DecodeError(f"{said}, but its body is not a JSON object with a code", charge="unknown", **context)


_MESSAGES = ("errorMessage", "message", "error_message", "detail", "error")
"""Keys under which the service, or a gateway before it, describes an error."""


def _message(answer: Mapping[str, Any], names: Iterable[str] = _MESSAGES) -> str | None:
    """The words in an answer, whatever form they have."""
    said = next((answer[name] for name in names if answer.get(name) is not None), None)
    if said is None or isinstance(said, str):
        return said
    try:
        return str(said)
    except (RecursionError, ValueError):
        return None  # they are in `raw`


def _context(operation: str, wire: WireReply, answer: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "operation": operation,
        "attempts": wire.attempts,
        "http_status": wire.status,
        "raw": wire.content if answer is None else answer,
        "message": None if answer is None else _message(answer),
        "retry_after": wire.retry_after,
    }
