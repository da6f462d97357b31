"""Building blocks of documents: fields, boxes, pictures, base classes."""

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
from .dictionaries import InPydantic, Restorable, Showable, pydantic_json_schema, pydantic_schema

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
        return value if isinstance(value, str) else None


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
        page: page number, counted from `PAGE_BASE`, for fields with a documented page: in curricula vitae of
            ``ocr.employee_profile``, credit reports, and certificates of land use, where it is a position in
            ``list_img``. ``cvs-async fields`` marks these fields with ``p``. Otherwise None.
    """

    value: T | None = None
    confidence: float | None = None
    box: Box | None = None
    page: int | None = None

    def __repr__(self) -> str:
        shown = repr(self.value) if is_revealed() else "…"
        parts = [f"value={shown}"] if self.value is not None else []
        parts += [
            f"{name}={part}" for name in ("confidence", "box", "page") if (part := getattr(self, name)) is not None
        ]
        return f"Field({', '.join(parts)})"

    def __str__(self) -> str:
        is_hidden = self.value is not None and not is_revealed()
        return f"{self!r} (hidden; .value has it)" if is_hidden else repr(self)

    def _advice(self, name: str) -> str:
        return "; .value has the value" if name in _VALUES else advice(type(self), name)


Text = Field[str]
"""A field whose value is text."""

EMPTY: Text = Field()
"""The empty field."""


@frozen
class Image(InPydantic):
    """A picture in an answer, cropped and straightened by the service. Kept as received, decoded on demand."""

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
    """Return what stands for a picture where it is not shown: its kind and size, such as ``<image/jpeg, 18 KB>``."""
    text = image.base64.rpartition(",")[2]
    try:
        head = base64.b64decode("".join(text[:64].split())[:24], validate=True)
    except ValueError:
        return f"<no picture, {len(text)} characters>"
    kind = next((kind for begin, kind in _SIGNATURES.items() if head.startswith(begin)), "picture")
    size = len(text) * 3 // 4
    return f"<{kind}, {size} bytes>" if size < 1024 else f"<{kind}, {round(size / 1024)} KB>"


@frozen(kw_only=True)
class Document(Restorable, Showable, Hinted):
    """Base of everything that is read field by field.

    Attributes:
        extra: content beyond the documented fields, and parts that do not fit their documented type; by the vendor's
            names, as received.
    """

    wire_envelope: ClassVar[tuple[str, ...]] = ()
    """Names around the document that do not belong to it; they are read elsewhere."""
    wire_inside: ClassVar[str | None] = None
    """Name of an object that may wrap some of the fields."""

    extra: Mapping[str, Any] = field(factory=dict, repr=False)

    def __init_subclass__(cls) -> None:
        """Set this repr on each class, before attrs creates its own."""
        super().__init_subclass__()
        if "__repr__" not in vars(cls):
            cls.__repr__ = Document.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return repr_of(self, defaults=False)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("wire_")]


def renamed(*wire: str, default: Any = EMPTY) -> Any:
    """Declare a field whose wire name is not its Python name, or has two spellings."""
    return field(default=default, metadata={"wire": wire})


def scored(*wire: str) -> Any:
    """Declare a field whose confidence and box stand beside it as ``score`` and ``box``."""
    return field(default=EMPTY, metadata={"wire": wire, "beside": ("score", "box")})


def listed(*wire: str) -> Any:
    """Declare a list that is empty by default, with its wire name if it differs."""
    return field(default=Factory(list), repr=False, metadata={"wire": wire} if wire else {})


ENVELOPE = ("errorCode", "errorMessage")
"""Names that a document built from the whole answer ignores, because the reply has them."""


@frozen(kw_only=True)
class Paper(Document):
    """Base of all kinds of paper, with their common fields. Fields that a kind of paper does not have stay empty."""

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
    """A paper of a type unknown to this version of the library: all its content is in `extra`.

    Fields shared with other papers, such as `id` and `name`, are also set as usual.
    """


PAPERS: dict[str, type[Paper]] = {}
"""The known kinds of paper by the service's ``type``."""

PaperT = TypeVar("PaperT", bound=Paper)


def paper_classes(kind: Any) -> tuple[type[Paper], ...]:
    """Return a class of papers, or those that are joined in a union.

    Raises:
        TypeError: `kind` is neither.
    """
    classes = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if not all(isinstance(each, type) and issubclass(each, Paper) for each in classes):
        meant = f"; {kind!r} is models.{PAPERS[kind].__name__}" if isinstance(kind, str) and kind in PAPERS else ""
        raise TypeError(f"kind must be a class of papers, such as models.Passport{meant}")
    return classes


def class_of(type_name: str | None, kinds: Mapping[str, type[Paper]], declared: type[Paper]) -> type[Paper]:
    """Return the class of a paper from its type, given the class expected there."""
    kind = kinds.get(type_name or "", Unknown if declared is Paper else declared)
    return kind if issubclass(kind, declared) else declared


def paper(type_name: str, kinds: dict[str, type[Paper]] = PAPERS) -> Callable[[type[PaperT]], type[PaperT]]:
    """Register a class as the kind of paper with this ``type``."""

    def register(cls: type[PaperT]) -> type[PaperT]:
        kinds[type_name] = cls
        return cls

    return register
