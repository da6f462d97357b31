"""Description of an API operation: its address, parameters and result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, Literal, TypedDict, get_args

from attrs import field, frozen
from typing_extensions import TypeVar

from .._settings.origins import Host
from .._settings.timeout import Timeout, seconds
from .._text.hints import did_you_mean, nearest
from ..errors import InvalidInputError
from .envelope import DATA, Envelope
from .params import Param, boolean, printable

Form = Literal["url", "file", "base64"]
SendAs = Literal["auto", "url", "file", "base64"]

Method = Literal["GET", "POST", "PUT", "DELETE"]

FORMS: tuple[Form, ...] = get_args(Form)

T = TypeVar("T", default=Any)


class CallOptions(TypedDict, total=False):
    """Keywords of every operation.

    Attributes:
        send_as: ``url``, ``file`` or ``base64``; ``auto``, the default, sends URLs as ``url`` and all else as ``file``.
        check_sum: text that the vendor stores with the request, for comparing its bill with your records.
        timeout: seconds for the whole call, or a `Timeout`; the client's by default.
    """

    send_as: SendAs
    check_sum: str | None
    timeout: float | Timeout | None


class ThumbOptions(CallOptions, total=False):
    """Keywords of operations that can return the picture of their result.

    Attributes:
        get_thumb: also return the paper, cropped and straightened, as an `Image`; False by default.
    """

    get_thumb: bool


DEFAULTS: Mapping[str, object] = {"get_thumb": False, "send_as": "auto", "check_sum": None, "timeout": None}
"""Default values of the keywords."""

GET_THUMB = Param("get_thumb", boolean, required=False)
CHECK_SUM = Param("check_sum", printable, required=False)
TIMEOUT = Param("timeout", seconds, (), required=False)


class Arguments(ThumbOptions, total=False):
    """All keywords of operations, which a batch passes to each of its calls.

    Attributes:
        type1: content of the first picture of `ekyc.face_matching`.
        width, height: of the picture that `smartcrop` makes, in pixels.
        metadata: to be kept with a picture of `face_search`.
        get_seal: whether `ocr.document.van_ban_phap_quy` also returns the stamp that it cuts out.
    """

    type1: Literal["portrait", "card"]
    width: int
    height: int
    metadata: Mapping[str, Any]
    offset: int
    limit: int
    image_id: int | str
    ids: Sequence[int | str]
    get_seal: bool


def _absolute(path: str) -> str:
    if path.startswith("/"):
        return path
    return f"/api/v2/{path}"


def _on_wire(value: Any) -> Any:
    """Return a value as the service spells it: true and false in small letters."""
    if isinstance(value, bool):
        return str(value).lower()
    return value


@frozen
class Endpoint(Generic[T]):
    """Description of an operation of the API; everything that the library knows about it.

    Pass one of your own to `AsyncCVS.call` for an operation that the library does not know yet::

        reply = await cvs.call(Endpoint("ocr/new_paper"), img="scan.pdf")

    Attributes:
        path: of the URL, below ``/api/v2/`` unless it begins with a slash; it may contain parameters in braces.
        returns: the type of `Reply.data`; without it data is the JSON as received.
        images: names of the inputs, in the documented order.
        forms: accepted forms of inputs.
        names: wire names of the inputs, for forms that have their own.
        paths: paths of forms that have their own.
        params: non-file parameters.
        thumb: whether it accepts ``get_thumb``.
        format_type: whether the query contains the form.
        nest: key of the JSON body that contains all fields.
        repeatable: False for an operation with a side effect, such as adding a picture: it is never sent again if its
            result is unknown.
        method: HTTP method of operations without inputs; with inputs the form determines it.
        host: name of the vendor's host that serves it, unless `base_url` has an address for the operation's name.
        envelope: kind of envelope around its answers.
        listed: False for operations that are documented only in comments, or not at all.
        document: its place in the vendor's documents.
        attribute: attribute path on the client, if it differs from the path.
    """

    path: str = field(converter=_absolute)
    returns: type[T] | None = field(default=None, kw_only=True)
    images: tuple[str, ...] = field(default=("img",), kw_only=True)
    forms: tuple[Form, ...] = field(default=FORMS, kw_only=True)
    names: Mapping[Form, tuple[str, ...]] = field(factory=dict, kw_only=True)
    paths: Mapping[Form, str] = field(factory=dict, kw_only=True)
    params: tuple[Param, ...] = field(default=(), kw_only=True)
    thumb: bool = field(default=True, kw_only=True)
    format_type: bool = field(default=True, kw_only=True)
    nest: str | None = field(default=None, kw_only=True)
    repeatable: bool = field(default=True, kw_only=True)
    method: Method | None = field(default=None, kw_only=True)
    host: Host = field(default="cloud", kw_only=True)
    envelope: Envelope = field(default=DATA, kw_only=True, repr=False)
    listed: bool = field(default=True, kw_only=True)
    document: str = field(default="", kw_only=True)
    attribute: str = field(default="", kw_only=True)

    @cached_property
    def name(self) -> str:
        """Return the attribute path on the client: ``/api/v2/ocr/document/invoice-xml`` is
        `ocr.document.invoice_xml`.
        """
        derived = self.path.removeprefix("/api/v2/").strip("/").replace("/", ".").replace("-", "_")
        return self.attribute or derived

    @cached_property
    def options(self) -> frozenset[str]:
        """Return the keywords of this operation, without its inputs."""
        names = {param.name for param in self.params}.union(CallOptions.__annotations__)
        if self.thumb:
            names.add("get_thumb")
        if not self.images:
            names.discard("send_as")
        return frozenset(names)

    def check_options(self, given: Mapping[str, object]) -> None:
        """Refuse keywords that the operation does not have.

        Raises:
            InvalidInputError: naming them, and the valid ones.
        """
        if unknown := sorted(set(given) - self.options):
            known = ", ".join(sorted(self.options))
            near = [name for wrong in unknown for name in nearest(wrong, self.options)[:1]]
            advice = did_you_mean(near)
            if "operation" in unknown:
                advice = "; a batch has one operation, so make a batch for each"
            raise InvalidInputError(
                f"{self.name} takes no {', '.join(unknown)}; its keywords are {known}{advice}",
                operation=self.name,
            )

    @cached_property
    def _known(self) -> Mapping[str, Param]:
        return {param.name: param for param in (GET_THUMB, CHECK_SUM, TIMEOUT, *self.params)}

    def checked(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Return keywords in normalised form, without those that are None.

        Raises:
            InvalidInputError: naming the keyword that is unknown or invalid.
        """
        self.check_options(given)
        return {name: self._value(name, value) for name, value in given.items() if value is not None}

    def completed(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Return keywords as `checked` does, with the defaults of the operation's own ones.

        Raises:
            InvalidInputError: as `checked`; also naming a missing keyword.
        """
        arguments = self.checked(given)
        for param in self.params:
            if param.name in arguments:
                continue
            if param.default is not None:
                arguments[param.name] = param.default
            elif param.required:
                self._value(param.name, None)
        return arguments

    def _value(self, name: str, value: object) -> Any:
        param = self._known.get(name)
        if param is None:
            return value
        try:
            return param.check(value)
        except ValueError as error:
            raise InvalidInputError(f"{self.name}: {name} {error}", operation=self.name) from None

    def wire_parameters(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the wire parameters for keywords that are `completed`."""
        parameters = {param.name: _on_wire(arguments[param.name]) for param in self.params if param.name in arguments}
        if self.thumb:
            parameters["get_thumb"] = _on_wire(bool(arguments.get("get_thumb")))
        if "check_sum" in arguments:
            parameters["check_sum"] = arguments["check_sum"]
        return parameters

    def wire_names(self, form: Form | None) -> tuple[str, ...]:
        """Return the wire names of the inputs."""
        if form is None:
            return self.images
        return self.names.get(form, self.images)

    def wire_method(self, form: Form | None) -> Method:
        """Return the HTTP method: GET for URLs, POST for files."""
        return self.method or ("GET" if form == "url" else "POST")

    def wire_path(self, form: Form | None) -> str:
        """Return the path, with its parameters still in braces."""
        if form is None:
            return self.path
        return self.paths.get(form, self.path)
