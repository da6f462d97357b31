"""Building blocks of documents: fields, boxes, pictures, and base classes."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import UnionType
from typing import Any, ClassVar, Generic, NamedTuple, Union, get_args, get_origin

from attrs import Factory, define, field, frozen, setters
from typing_extensions import TypeVar

from .._text.hints import Hinted, advice
from .._text.reveal import is_revealed, repr_of
from .amounts import Amount, parse_amount, parse_number
from .dates import parse_date
from .dictionaries import DictConvertible, InPydantic, Restorable, Showable, pydantic_json_schema, pydantic_schema

T = TypeVar("T", default=str)


class Box(NamedTuple):
    """Position in the picture, in pixels from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Same as in `InPydantic`, which cannot be the base of a named tuple."""
        return pydantic_schema(cls, source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        """Same as in `InPydantic`."""
        return pydantic_json_schema(cls, schema, handler)


class Readable:
    """Printed value with methods to parse it. Base of `Field` and `Cell`."""

    __slots__ = ()

    def as_date(self) -> datetime.date | None:
        """Return the value as a date, parsed by `parse_date`; None if it is not a date."""
        return parse_date(self._text())

    def as_amount(self) -> Amount | None:
        """Return the value as an amount with its currency, parsed by `parse_amount`; None if it is not an amount."""
        return parse_amount(self._text())

    def as_number(self) -> Decimal | None:
        """Return the value as a number without its unit, parsed by `parse_number`; None if it is not a number."""
        return parse_number(self._text())

    def _text(self) -> str | None:
        value = getattr(self, "value", None)
        if not isinstance(value, str):
            return None
        return value


_VALUES = frozenset({"content", "strip", "text", "raw", "lower", "upper", "replace", "split", "string", "startswith"})
"""Attributes that people look up on a field when they mean its value."""


PAGE_BASE = 0
"""Number of the first page.

The vendor documents it for certificates of land use and ``ocr.document.get_label_claim``. For curricula vitae and
credit reports it is undocumented; 0 is assumed, as the vendor uses it elsewhere.
"""

PAGES_OF_UNKNOWN_BASE = frozenset({"ocr.claims", "ocr.employee_profile", "ocr.document.credit_report"})
"""Operations whose documents do not say from what they count pages: see `PAGE_BASE`."""


@define(repr=False, on_setattr=setters.frozen, unsafe_hash=True)  # frozen=True makes construction three times as slow
class Field(Readable, Restorable, Hinted, Generic[T]):
    """A value read by the service, with its confidence, box and page.

    A field missing from the answer is empty: all its parts are None. The field itself is never None.
    Its repr contains the value only inside `cvs_async.reveal`.

    Attributes:
        value: the value read.
        confidence: from 0 to 1.
        box: position in the picture, in pixels.
        page: page number, counted from `PAGE_BASE`, for fields with a documented page: in papers of
            ``ocr.employee_profile``, credit reports, and certificates of land use, where it is a position in
            ``list_img``. ``cvs-async fields`` marks these fields with ``p``. In a paper of ``ocr.claims`` with only one
            page in `Recognized.pages` it is that page. Otherwise None.
    """

    value: T | None = None
    confidence: float | None = None
    box: Box | None = None
    page: int | None = None

    def __repr__(self) -> str:
        parts = {name: getattr(self, name) for name in ("value", "confidence", "box", "page")}
        shown = {name: str(part) for name, part in parts.items() if part is not None}
        if self.value is not None:
            shown["value"] = repr(self.value) if is_revealed() else "…"
        return f"Field({', '.join(f'{name}={part}' for name, part in shown.items())})"

    def __str__(self) -> str:
        if self.value is None or is_revealed():
            return repr(self)
        return f"{self!r} (hidden; use .value)"

    def _advice(self, name: str) -> str:
        if name in _VALUES:
            return "; use .value"
        return advice(type(self), name)


Text = Field[str]
"""A field whose value is text."""

EMPTY: Text = Field()
"""The empty field."""


@frozen
class Image(InPydantic, DictConvertible):
    """A picture in an answer, cropped and straightened by the service. It is decoded on demand.

    Attributes:
        base64: the picture as received: base64 text, perhaps with a prefix such as ``data:image/jpeg;base64,``.
    """

    base64: str = field(repr=False)

    def __repr__(self) -> str:
        return f"Image({described(self)})"

    def decode(self) -> bytes:
        """Return the image file.

        Raises:
            ValueError: if the service sent invalid base64.
        """
        return base64.b64decode("".join(self.base64.rpartition(",")[2].split()), validate=True)


_SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
}


def described(image: Image) -> str:
    """Return kind and size of a picture as text, such as ``<image/jpeg, 18 KB>``."""
    text = image.base64.rpartition(",")[2]
    try:
        head = base64.b64decode("".join(text[:64].split())[:24], validate=True)
    except ValueError:
        return f"<no picture, {len(text)} characters>"
    kind = next((kind for begin, kind in _SIGNATURES.items() if head.startswith(begin)), "picture")
    size = len(text) * 3 // 4
    if size < 1024:
        return f"<{kind}, {size} bytes>"
    return f"<{kind}, {round(size / 1024)} KB>"


@frozen(kw_only=True)
class Document(Restorable, Showable, Hinted):
    """Base of all models with fields.

    Attributes:
        extra: undocumented content, and values that do not have their documented type, as received, by the vendor's
            names.
    """

    wire_envelope: ClassVar[tuple[str, ...]] = ()
    """Names of the envelope, which the reply has instead of the document."""
    wire_inside: ClassVar[str | None] = None
    """Name of an object that may wrap some of the fields."""

    extra: Mapping[str, Any] = field(factory=dict, repr=False)

    def __init_subclass__(cls) -> None:
        """Set the repr of each class to this one, before attrs creates another one."""
        super().__init_subclass__()
        if "__repr__" not in vars(cls):
            cls.__repr__ = Document.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return repr_of(self, defaults=False)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("wire_")]


def renamed(*wire: str, default: Any = EMPTY) -> Any:
    """Declare a field with another name on the wire, or with several."""
    return field(default=default, metadata={"wire": wire})


def scored(*wire: str) -> Any:
    """Declare a field whose confidence and box are named ``score`` and ``box`` on the wire."""
    return field(default=EMPTY, metadata={"wire": wire, "beside": ("score", "box")})


def listed(*wire: str) -> Any:
    """Declare a list that is empty by default, perhaps with other names on the wire."""
    metadata = {}
    if wire:
        metadata["wire"] = wire
    return field(default=Factory(list), repr=False, metadata=metadata)


ENVELOPE = ("errorCode", "errorMessage")
"""Names of an answer's code and message, which a document read from the whole answer ignores."""


@frozen(kw_only=True)
class Paper(Document):
    """Base of all kinds of paper, with their common fields. A field that a paper does not have is empty."""

    id: Text = EMPTY
    """Number of the paper (số giấy tờ), such as ``000090000001``."""
    name: Text = EMPTY
    """Full name of the person (họ và tên), such as ``LÊ VĂN MẪU``."""
    dob: Text = EMPTY
    """Date of birth (ngày sinh), such as ``02/03/1990``."""
    image: Image | None = None
    """The paper, cropped and straightened; only with ``get_thumb`` (ảnh giấy tờ đã cắt và căn chỉnh)."""


@frozen(kw_only=True)
class Unknown(Paper):
    """A paper of a type that this version of the library does not know. All of its content is in `extra`.

    The common fields of papers, such as `id` and `name`, are set too.
    """


PAPERS: dict[str, type[Paper]] = {}
"""Classes of papers by the service's ``type``."""

PaperT = TypeVar("PaperT", bound=Paper)


def paper_classes(kind: Any) -> tuple[type[Paper], ...]:
    """Return the classes of papers in a union; for a single class, a tuple of it.

    Raises:
        TypeError: `kind` is neither a class of papers nor a union of such classes.
    """
    classes = (kind,)
    if get_origin(kind) in (Union, UnionType):
        classes = get_args(kind)
    if not all(isinstance(each, type) and issubclass(each, Paper) for each in classes):
        hint = ""
        if isinstance(kind, str) and kind in PAPERS:
            hint = f"; {kind!r} is models.{PAPERS[kind].__name__}"
        raise TypeError(f"kind must be a class of papers, such as models.Passport{hint}")
    return classes


def class_of(type_name: str | None, kinds: Mapping[str, type[Paper]], declared: type[Paper]) -> type[Paper]:
    """Return the class for a paper's type if it is a subclass of the declared one.

    Else return the declared class; if that is `Paper`, return `Unknown`.
    """
    kind = kinds.get(type_name or "", declared)
    if kind is Paper:
        return Unknown
    if not issubclass(kind, declared):
        return declared
    return kind


def paper(type_name: str, kinds: dict[str, type[Paper]] = PAPERS) -> Callable[[type[PaperT]], type[PaperT]]:
    """Register a class as the kind of paper with this ``type``."""

    def register(cls: type[PaperT]) -> type[PaperT]:
        kinds[type_name] = cls
        return cls

    return register
