"""What a document's fields are made of."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import UnionType
from typing import Any, ClassVar, Generic, NamedTuple, Union, get_args, get_origin

from attrs import Factory, define, field, frozen, setters
from typing_extensions import TypeVar

from .._hints import Hinted, advice
from .._reveal import is_revealed, repr_of
from .amounts import Amount, parse_amount, parse_number
from .dates import parse_date
from .dictionaries import InPydantic, Restorable, Showable, pydantic_json_schema, pydantic_schema

T = TypeVar("T", default=str)


class Box(NamedTuple):
    """Where something stands in the picture, in pixels from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """As of `InPydantic`, which a tuple with names cannot have for a base."""
        return pydantic_schema(cls, source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        """As of `InPydantic`."""
        return pydantic_json_schema(cls, schema, handler)


class Readable:
    """What is printed, with ways to read it as more than text. Base of `Field` and `Cell`."""

    __slots__ = ()

    def as_date(self) -> datetime.date | None:
        """Return the value as a date, as `parse_date` reads it; None if it is no date."""
        return parse_date(self._text())

    def as_amount(self) -> Amount | None:
        """Return the value as an amount with its currency, as `parse_amount` reads it; None if it is no amount."""
        return parse_amount(self._text())

    def as_number(self) -> Decimal | None:
        """Return the value as a number without its unit, as `parse_number` reads it; None if it is no number."""
        return parse_number(self._text())

    def _text(self) -> str | None:
        value = getattr(self, "value", None)
        return value if isinstance(value, str) else None


_VALUES = frozenset({"content", "strip", "text", "raw", "lower", "upper", "replace", "split", "string", "startswith"})
"""What people ask a field for that have taken it for its value."""


PAGE_BASE = 0
"""The number of the first page.

The vendor's documents say so of certificates of land use and of ``ocr.document.get_label_claim``. Of curricula vitae
and credit reports they do not say from what they count; 0 is taken there, too, because the vendor counts so elsewhere.
"""

PAGES_OF_UNKNOWN_BASE = frozenset({"ocr.employee_profile", "ocr.document.credit_report"})
"""Operations whose documents do not say from what they count pages: see `PAGE_BASE`."""


@define(repr=False, on_setattr=setters.frozen, unsafe_hash=True)  # frozen=True takes three times as long to make
class Field(Readable, Restorable, Hinted, Generic[T]):
    """One value that was read, with what the service says of it.

    A field that is absent from the answer is empty: each of its parts is None. The field itself never is.
    Its value shows in its repr inside of `cvs_async.reveal` only.

    Attributes:
        value: as read.
        confidence: from 0 to 1.
        box: where it stands in the picture, in pixels.
        page: the page it stands on, counted from `PAGE_BASE`, where a page is documented beside it: in curricula vitae
            of ``ocr.employee_profile``, credit reports, and certificates of land use, where it is a position in
            ``list_img``. ``cvs-async fields`` marks these fields with ``p``. Elsewhere it is None.
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
        return "; .value has what was read" if name in _VALUES else advice(type(self), name)


Text = Field[str]
"""A field whose value is text."""

EMPTY: Text = Field()
"""The field that is absent."""


@frozen
class Image(InPydantic):
    """A picture in an answer: cut out and straightened by the service. Kept as it came, decoded on demand."""

    base64: str = field(repr=False)

    def __repr__(self) -> str:
        return f"Image({described(self)})"

    def decode(self) -> bytes:
        """The image file.

        Raises:
            ValueError: if the service sent no valid base64.
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
        extra: what the answer holds beyond the documented fields, and any part of it that does not fit its
            documented type; by the vendor's names, as received.
    """

    wire_envelope: ClassVar[tuple[str, ...]] = ()
    """Names around the document that are no part of it; they are read elsewhere."""
    wire_inside: ClassVar[str | None] = None
    """The name of an object that may wrap some of the fields."""

    extra: Mapping[str, Any] = field(factory=dict, repr=False)

    def __init_subclass__(cls) -> None:
        """Give each class this repr, before attrs makes one of its own."""
        super().__init_subclass__()
        if "__repr__" not in vars(cls):
            cls.__repr__ = Document.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return repr_of(self, defaults=False)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("wire_")]


def renamed(*wire: str, default: Any = EMPTY) -> Any:
    """Declare a field whose name on the wire cannot, or should not, be its name in Python, or has two spellings."""
    return field(default=default, metadata={"wire": wire})


def listed(*wire: str) -> Any:
    """Declare a list that is empty unless the answer fills it, and its name on the wire where that is another."""
    return field(default=Factory(list), repr=False, metadata={"wire": wire} if wire else {})


ENVELOPE = ("errorCode", "errorMessage")
"""What a document that is read from the whole answer leaves to the reply."""


@frozen(kw_only=True)
class Paper(Document):
    """Base of all kinds of paper: what most of them carry. What a kind of paper lacks stays empty."""

    id: Text = EMPTY
    """Number of the paper (số giấy tờ), such as ``000090000001``."""
    name: Text = EMPTY
    """Full name of the person (họ và tên), such as ``LÊ VĂN MẪU``."""
    dob: Text = EMPTY
    """Date of birth (ngày sinh), such as ``02/03/1990``."""
    image: Image | None = None
    """The paper, cut out and straightened; only with ``get_thumb`` (ảnh giấy tờ đã cắt và căn chỉnh)."""


@frozen(kw_only=True)
class Unknown(Paper):
    """A paper of a type that this version of the library does not know: all of it is in `extra`.

    What it shares with other papers is also where it always is, `id` and `name` for instance.
    """


PAPERS: dict[str, type[Paper]] = {}
"""The known kinds of paper, by the ``type`` that the service gives them."""

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
    """Return the class of a paper whose type is given, where papers of a declared class are expected."""
    kind = kinds.get(type_name or "", Unknown if declared is Paper else declared)
    return kind if issubclass(kind, declared) else declared


def paper(type_name: str, kinds: dict[str, type[Paper]] = PAPERS) -> Callable[[type[PaperT]], type[PaperT]]:
    """Declare the ``type`` under which the service returns a kind of paper."""

    def register(cls: type[PaperT]) -> type[PaperT]:
        kinds[type_name] = cls
        return cls

    return register
