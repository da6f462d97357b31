"""A decoded answer: `Reply`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from attrs import field, frozen

from .._text.hints import Hinted, public_names
from .._text.reveal import repr_of
from ..errors import Charge
from ..models import picking
from ..models.dictionaries import Serializable, Showable
from ..models.fields import Paper
from ..models.picking import Back, Front
from ..models.recognized import Recognized
from .converter import unstructure

if TYPE_CHECKING:
    from ..look.notebook import Shown

T = TypeVar("T")
PaperT = TypeVar("PaperT", bound=Paper)


@frozen(kw_only=True)
class Reply(Serializable, Showable, Hinted, Generic[T]):
    """A successful answer, with what it cost.

    `to_dict` contains operation, charge, attempts, unknown_attempts (unless 0), elapsed, check_sum and data, but not
    `raw` and `http_status`.

    Attributes:
        operation: name of the operation, such as ``ocr.card``.
        data: the decoded data, of the type that the operation declares. Hidden in the repr except inside
            `cvs_async.reveal`.
        raw: the complete answer as plain JSON values. Never in the repr.
        charge: ``billed`` for an answer with code 0, which the service always charges; ``unknown`` for an answer with
            data but without a code, as the vendor documents it for some operations.
        attempts: number of requests made.
        unknown_attempts: number of requests that may have been charged in addition: earlier ones, which are repeated
            only if `RetryPolicy.unknown_resends` allows it, and this one if `charge` is ``unknown``.
        elapsed: seconds from the call to the decoded answer, including all waiting.
        check_sum: the text sent with the request; None if none was given.
        http_status: HTTP status of the answer.
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
        """Restore a reply from the result of `to_dict`, compact or not, or from a line of a JSON Lines file.

        The operation determines the type of `data`; for an unknown operation it stays plain JSON. `raw` is empty.

        Raises:
            ValueError: it is not a reply, such as the line of a failed item, or a value has another type than
                `to_dict` writes; the message names the place, not the value.
        """
        from .._schemas.restoring import restore_reply  # needs the table of operations

        return restore_reply(data)

    def _unstructured(self, *, compact: bool) -> dict[str, Any]:
        return reply_head(self) | {"data": unstructure(self.data, compact=compact)}

    @property
    def front(self) -> Recognized[Front] | None:
        """The first front of an identity card or vehicle registration in the data; None without one."""
        return picking.front(self.data)

    @property
    def back(self) -> Recognized[Back] | None:
        """The first back of an identity card or vehicle registration in the data; None without one."""
        return picking.back(self.data)

    def first(self, kind: type[PaperT]) -> Recognized[PaperT] | None:
        """Return the first paper of a class, such as `Passport`; None without one."""
        return picking.first(self.data, kind)

    @overload
    def show(self) -> None: ...

    @overload
    def show(self, source: object, page: int | None = None) -> Shown: ...

    def show(self, source: object = None, page: int | None = None) -> Shown | None:
        """Show the data with its values: as a table in a terminal, rendered in a notebook.

        The values stay in a notebook that is saved, and in a file to which standard output is redirected.

        Args:
            source: the document. If given, its pages are shown with boxes, as by `cvs_async.look.overlay`; the
                returned object is rendered by a notebook and has a method `save`. Needs the extra ``look``.
            page: number of the only page to show, from 0; by default the first five are shown.

        Raises:
            InvalidInputError: the document cannot be opened, or does not have this page.
            ConfigurationError: the extra is not installed.
        """
        if source is None:
            super().show()
            return None
        from ..look.notebook import shown  # needs this class

        return shown(self, source, page)

    def _advice(self, name: str) -> str:
        where = _OTHER_NAMES.get(name, "")
        if name != "data":  # a reply under construction has no data
            where = _place_of(name, self.data) or where
        if not where:
            return super()._advice(name)
        return f"; use .{where}"


_OTHER_NAMES = {
    **dict.fromkeys(("content", "documents", "output", "pages", "papers", "result", "results"), "data"),
    **dict.fromkeys(("cost", "price"), "charge"),
    "status_code": "http_status",
}
"""Names that people expect from other libraries, and the attributes of `Reply` that they mean."""


class HasReply(Protocol):
    """An object with a reply, such as the outcome `Done` of a batch."""

    @property
    def reply(self) -> Reply[Any]: ...


def _place_of(name: str, data: object) -> str:
    """Return the path of an attribute in a reply's data or its first element; "" if it is not there."""
    where, thing = "data", data
    if isinstance(data, list):
        if not data or name in public_names(list):
            return ""
        where, thing = "data[0]", data[0]
    if name in public_names(thing):
        return f"{where}.{name}"
    info = getattr(thing, "info", None)
    if name in public_names(info):
        return f"{where}.info.{name}"
    return ""


def reply_head(reply: Reply[Any]) -> dict[str, Any]:
    """Return `Reply.to_dict` without the data."""
    head: dict[str, Any] = {"operation": reply.operation, "charge": reply.charge, "attempts": reply.attempts}
    if reply.unknown_attempts:
        head["unknown_attempts"] = reply.unknown_attempts
    return head | {"elapsed": round(reply.elapsed, 4), "check_sum": reply.check_sum}
