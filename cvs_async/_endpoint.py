"""An operation of the API as a value: where it is, what it takes, what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypedDict, get_args

from attrs import field, frozen
from typing_extensions import TypeVar

from . import errors
from .errors import APIError, InvalidInputError
from .settings import Host, Timeout

Form = Literal["url", "file", "base64"]
SendAs = Literal["auto", "url", "file", "base64"]

FORMS: tuple[Form, ...] = get_args(Form)

T = TypeVar("T", default=Any)


class CallOptions(TypedDict, total=False):
    """The keywords of every operation.

    Attributes:
        send_as: ``url``, ``file`` or ``base64``; ``auto``, the default, sends URLs as url and the rest as file.
        check_sum: a text that the vendor files with the request, for settling accounts.
        timeout: seconds for the whole call, or a `Timeout`; the client's unless given.
    """

    send_as: SendAs
    check_sum: str | None
    timeout: float | Timeout | None


class ThumbOptions(CallOptions, total=False):
    """The keywords of operations that can return the picture of what they found.

    Attributes:
        get_thumb: also return the paper, cut out and straightened, as an `Image`; False by default.
    """

    get_thumb: bool


@frozen(kw_only=True)
class Envelope:
    """The outer JSON of an answer: the names of its parts, and the meaning of its codes."""

    code: str
    message: str
    data: str
    errors: Mapping[int, type[APIError]]


DATA = Envelope(
    code="errorCode",
    message="errorMessage",
    data="data",
    errors={
        1: errors.NoContentError,
        2: errors.UrlUnavailableError,
        3: errors.InvalidImageError,
        4: errors.OutOfRequestsError,
        5: errors.AuthenticationError,
        6: errors.FormatTypeError,
    },
)
"""The envelope of OCR, eKYC and documents (vendor document 001, "Bảng mã lỗi")."""


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"/api/v2/{path}"


@frozen
class Endpoint(Generic[T]):
    """One operation of the API. All that the library knows of it is here, and only here.

    Pass one of your own to `AsyncCVS.call` for an operation that the library does not know yet::

        reply = await cvs.call(Endpoint("ocr/new_paper"), img="scan.pdf")

    Attributes:
        path: of the URL, below ``/api/v2/`` unless it begins with a slash.
        returns: the type of `Reply.data`; without it data is the JSON as received.
        images: names of the inputs, in the documented order.
        forms: the ways in which inputs may be sent.
        thumb: whether it takes ``get_thumb``.
        host: which of the vendor's hosts serves it.
        envelope: what its answers are wrapped in.
        listed: False for operations that stand in the documents as comments only.
        document: where the vendor documents it.
    """

    path: str = field(converter=_absolute)
    returns: type[T] | None = field(default=None, kw_only=True)
    images: tuple[str, ...] = field(default=("img",), kw_only=True)
    forms: tuple[Form, ...] = field(default=FORMS, kw_only=True)
    thumb: bool = field(default=True, kw_only=True)
    host: Host = field(default="cloud", kw_only=True)
    envelope: Envelope = field(default=DATA, kw_only=True, repr=False)
    listed: bool = field(default=True, kw_only=True)
    document: str = field(default="", kw_only=True)

    @property
    def name(self) -> str:
        """The attribute path on the client: ``/api/v2/ocr/document/invoice-xml`` is ``ocr.document.invoice_xml``."""
        return self.path.removeprefix("/api/v2/").strip("/").replace("/", ".").replace("-", "_")

    def options(self) -> frozenset[str]:
        """The keywords that this operation takes beside its inputs."""
        return frozenset((ThumbOptions if self.thumb else CallOptions).__annotations__)

    def check_options(self, given: Mapping[str, object]) -> None:
        """Refuse keywords that the operation does not take.

        Raises:
            InvalidInputError: naming them, and those that exist.
        """
        if unknown := sorted(set(given) - self.options()):
            raise InvalidInputError(
                f"{self.name} takes no {', '.join(unknown)}; its keywords are {', '.join(sorted(self.options()))}",
                operation=self.name,
            )
