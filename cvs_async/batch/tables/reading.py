"""Conversion of papers into rows: values of columns, line items, and every single field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import attrs
from attrs import frozen

from ...models.employee import EmployeeProfile
from ...models.fields import Box, Document, Field, Image
from ...models.general import Block, Line, Page, TextItem
from ...models.pictures_in_json import is_encoded_picture, without_pictures
from ...models.recognized import Recognized
from ...models.tables import Cell
from .columns import NAME, REST, Column
from .values import MOST, box_of, find, is_plain_field, part_of, text_of, value_of
from .values import whole as whole_number

PICTURES = re.compile(r"image|face\d*$|img_|list_img|imgs|.*_image$")
"""Names of pictures, which are text in plain JSON."""


class Values:
    """Reads the values of columns from papers or line items.

    The attributes of a class of papers that correspond to columns are determined once; reading them is then one call.

    Args:
        columns: columns to read.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._plans: dict[tuple[type, type], _Plan] = {}
        self._found = [False] * len(columns)
        self._papers = 0

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Return the columns without a value so far; empty before the first read."""
        if not self._papers:
            return ()
        return tuple(column.name for column, found in zip(self._columns, self._found, strict=True) if not found)

    def of(self, paper: object) -> list[object]:
        """Return the values of all columns; None for values that the paper does not have."""
        self._papers += 1
        kinds = type(paper), type(getattr(paper, "info", None))
        plan = self._plans.get(kinds)
        if plan is None:
            plan = self._plans[kinds] = self._plan(paper)
        row: list[object] = [None] * len(self._columns)
        for place, value in zip(plan.places, plan.get(paper), strict=True):
            row[place] = value
        rest = plan.rest if _has_more(paper) else plan.always
        for place in rest:
            self._look(place, paper, row)
        return row

    def _look(self, place: int, paper: object, row: list[object]) -> None:
        column = self._columns[place]
        if column is NAME:
            found, row[place] = name_of_person(paper)
        elif column.is_whole:
            found, row[place] = True, without_pictures(paper)
        else:
            found, row[place] = find(paper, column.parts)
        self._found[place] = self._found[place] or found

    def _plan(self, paper: object) -> _Plan:
        paths, places, rest, always = list[str](), list[int](), list[int](), list[int]()
        for place, column in enumerate(self._columns):
            path = None if column is NAME else _attribute_path(paper, column.parts)
            if path is not None:
                paths.append(path)
                places.append(place)
                self._found[place] = True
                continue
            rest.append(place)
            if column is NAME or not _is_shallow(paper, column.parts):
                always.append(place)
        get: Callable[[Any], tuple[Any, ...]] = attrgetter(*paths, "__class__", "__class__")
        return _Plan(lambda whole: get(whole)[:-2], tuple(places), tuple(rest), tuple(always))


@frozen
class _Plan:
    """Plan for reading columns from one class of papers.

    Attributes:
        get: returns the values of the columns that are attributes.
        places: of these columns.
        rest: places of the other columns, which are looked up one by one.
        always: those of them that may exist even if the paper has no undocumented content.
    """

    get: Callable[[object], tuple[Any, ...]]
    places: tuple[int, ...]
    rest: tuple[int, ...]
    always: tuple[int, ...]


def _attribute_path(paper: object, parts: Sequence[str]) -> str | None:
    """Return the dotted attributes that every paper of the same class has; None for anything else."""
    value: Any = paper
    path = list[str]()
    for part in parts:
        if len(path) == 2 and not isinstance(value, Field):
            return None  # deeper values may have another class in the next paper
        kind: type[Any] = type(value)
        if not attrs.has(kind) or part not in attrs.fields_dict(kind):
            return None
        path.append(part)
        value = getattr(value, part)
    if isinstance(value, Field):
        path.append("value")
    elif isinstance(value, Cell):
        return None
    return ".".join(path) or None


def _is_shallow(paper: object, parts: Sequence[str]) -> bool:
    """Return whether a value at this path could only be in `extra` of a paper or of its info.

    The path is not one of attributes that every paper of the class has.
    """
    if not isinstance(paper, Document):
        return False
    whole: object = paper
    for part in parts[:2]:
        kind: type[Any] = type(whole)
        if not attrs.has(kind):
            return False
        if part not in attrs.fields_dict(kind):
            return True
        if part != "info":
            return False
        whole = getattr(whole, part)
    return False


def _has_more(paper: object) -> bool:
    """Return whether a paper has undocumented content."""
    return bool(getattr(paper, "extra", None)) or bool(getattr(getattr(paper, "info", None), "extra", None))


# --- a person's name


def name_of_person(paper: object) -> tuple[bool, str | None]:
    """Return whether a paper has the name of a person, and the name."""
    _, info = part_of(paper, "info")
    of_card = part_of(part_of(paper, "ocr")[1], "info")[1]
    wholes = [paper if info is None else info, of_card, part_of(paper, "mattruoc")[1]]
    declared = False
    for whole in wholes:
        for names in (("name",), ("full_name",), ("insure_name",), ("patient_name",), ("sur_name", "given_name")):
            found = [find(whole, (name,)) for name in names]
            declared = declared or any(there for there, _ in found)
            values = [text for _, value in found if isinstance(value, str) and (text := value.strip())]
            if values:
                return True, " ".join(values)
    return declared, None


# --- line items


def items_of(paper: object, table: str) -> Iterator[object]:
    """Yield the line items of a list in a paper: documents, lines of text, and rows of cells or texts."""
    if isinstance(paper, Page):
        yield from (line for block in paper for line in block)
        return
    _, value = find(paper, table.split("."))
    if isinstance(value, list):
        yield from _items(value)


def _items(elements: list[Any]) -> Iterator[object]:
    for element in elements:
        if isinstance(element, list) and not is_row(element):
            yield from _items(element)
        elif element is not None and element != [] and not isinstance(element, int):  # a number is that of a page
            yield element


def is_row(element: list[Any]) -> bool:
    """Return whether a list is a row of cells or texts rather than a table of rows."""
    return all(part is None or isinstance(part, str | Cell) or _is_plain_cell(part) for part in element)


def _is_plain_cell(part: object) -> bool:
    return isinstance(part, dict) and is_plain_field(part)


def as_document(item: object, columns: Iterable[Column]) -> object:
    """Return a line item as an object whose parts have names."""
    if isinstance(item, str):
        return {REST.name: item}
    if isinstance(item, Line):
        return TextItem(text=item.text, confidence=min(confidences(item), default=None), box=_around(item))
    if not isinstance(item, list):
        return item
    named: dict[str, object] = {}
    rest: list[str | None] = []
    known = {column.parts[0] for column in columns} - {REST.name}
    for cell in item:
        label = part_of(cell, "label")[1]
        if label in known and label not in named:
            named[label] = cell
        else:
            rest.append(text_of(value_of(cell)))
    return named | {REST.name: rest or None}


def _around(line: Line) -> Box | None:
    """Return the box around all boxes of a line."""
    boxes = [item.box for item in line if item.box is not None]
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


# --- every field


@frozen
class Leaf:
    """Single value in a paper, with its confidence, box and page."""

    path: str
    name: str
    value: object
    confidence: float | None = None
    box: Box | None = None
    page: int | None = None


DEEPEST = 100
"""Maximum depth of a part of an answer; deeper content becomes one value, written as JSON."""


def leaves(whole: object, path: str = "", name: str = "") -> Iterator[Leaf]:
    """Yield every value in a part of an answer with its path, without pictures and empty values."""
    if isinstance(whole, Field):
        parts = whole.value, whole.confidence, whole.box, whole.page
        if any(part is not None for part in parts):
            yield Leaf(path, name, *parts)
    elif isinstance(whole, Cell):
        if not (whole.value is None and whole.score is None and whole.box is None):
            yield Leaf(path, name, whole.value, whole.score, whole.box)
    elif isinstance(whole, TextItem):
        yield Leaf(path, name, whole.text, whole.confidence, whole.box)
    elif isinstance(whole, Document | list | dict) and path.count(".") < DEEPEST:
        yield from _leaves_below(whole, path, name)
    elif not (whole is None or isinstance(whole, Image) or (isinstance(whole, str) and is_encoded_picture(whole))):
        yield Leaf(path, name, whole)


def _leaves_below(whole: Document | list[Any] | dict[str, Any], path: str, name: str) -> Iterator[Leaf]:
    if isinstance(whole, dict):
        yield from _plain_leaves(whole, path, name)
    elif isinstance(whole, list) and name == "box" and (box := box_of(whole)) is not None:
        yield Leaf(path, name, box)
    elif isinstance(whole, list):
        for place, element in enumerate(whole):
            labelled = isinstance(element, Cell) or _is_plain_cell(element)
            label = part_of(element, "label")[1] if labelled else None
            yield from leaves(element, _below(path, label or str(place)), label or name)
    else:
        for own in _names_of(type(whole)):
            yield from leaves(getattr(whole, own), _below(path, own), own)
        yield from _extra(whole.extra, path)


def _extra(extra: Mapping[str, Any], path: str) -> Iterator[Leaf]:
    for name, value in extra.items():
        yield Leaf(_below(_below(path, "extra"), name), name, value)


def _plain_leaves(whole: Mapping[str, Any], path: str, name: str) -> Iterator[Leaf]:
    """Yield the same for plain JSON."""
    if is_plain_field(whole):
        if any(whole.get(part) is not None for part in ("value", "confidence", "score", "box", "page")):
            confidence = _number(whole.get("confidence", whole.get("score")))
            yield Leaf(path, name, whole.get("value"), confidence, box_of(whole.get("box")), whole.get("page"))
    else:
        for own, value in whole.items():
            if own == "extra" and isinstance(value, dict):
                yield from _extra(value, path)
            elif not PICTURES.match(own):
                yield from leaves(value, _below(path, own), own)


def _number(confidence: object) -> float | None:
    if not isinstance(confidence, int | float):
        return None
    try:
        return float(confidence)
    except OverflowError:  # more digits than a float has
        return None


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_NAMES: dict[type, tuple[str, ...]] = {}


def _names_of(cls: type[Document]) -> tuple[str, ...]:
    names = _NAMES.get(cls)
    if names is None:
        names = _NAMES[cls] = tuple(name for name in attrs.fields_dict(cls) if name != "extra")
    return names


def confidences(whole: object) -> Iterator[float]:
    """Yield the confidences of all fields in a part of an answer, and of the machine-readable zone as a whole."""
    for leaf in leaves(whole):
        if isinstance(leaf.confidence, float):
            yield leaf.confidence
        elif leaf.name in ("confidence", "mrz_confidence") and isinstance(leaf.value, float):
            yield leaf.value


def least_confidence(paper: object) -> float | None:
    """Return the lowest confidence in a paper; None if it has no confidence."""
    if not isinstance(paper, Recognized):
        return min(confidences(paper), default=None)
    lowest: float | None = None
    for part in _parts_of(paper.info):
        if type(part) is Field:
            if part.confidence is not None and (lowest is None or part.confidence < lowest):
                lowest = part.confidence
        elif part and type(part) is not Image:
            known = () if lowest is None else (lowest,)
            lowest = min((*known, *confidences(part)), default=None)
    own = getattr(paper.info, "confidence", getattr(paper.info, "mrz_confidence", None))
    if isinstance(own, float) and (lowest is None or own < lowest):
        return own
    return lowest


def first_page(paper: object) -> int | None:
    """Return the page of the first field that has one; for a labelled page, its own number."""
    own = whole_number(part_of(paper, "page")[1])
    if own is not None:
        return own
    for whole in (paper, part_of(paper, "info")[1]):
        if isinstance(whole, Document):
            for part in _parts_of(whole):
                if type(part) is Field and part.page is not None and abs(part.page) < MOST:
                    return part.page
        elif isinstance(whole, dict):
            pages = (part.get("page") for part in whole.values() if isinstance(part, dict) and is_plain_field(part))
            found = next((page for page in pages if isinstance(page, int) and abs(page) < MOST), None)
            if found is not None:
                return found
    return None


def _parts_of(whole: Document) -> tuple[Any, ...]:
    cls = type(whole)
    get = _GETTERS.get(cls)
    if get is None:
        get = _GETTERS[cls] = attrgetter(*_names_of(cls), "__class__", "__class__")
    return get(whole)[:-2]


_GETTERS: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def papers_in(data: object) -> list[Any]:
    """Return the papers in the data of a reply, such as the elements of a list. Each makes a row."""
    if isinstance(data, EmployeeProfile):
        return [paper for name in _names_of(EmployeeProfile) for paper in getattr(data, name) if _is_paper(paper)]
    if isinstance(data, list) and not isinstance(data, Block | Line | Page):
        return data
    if isinstance(data, dict) and data.keys() >= {"curriculum_vitae", "registration_book"}:
        return [paper for listed in data.values() if isinstance(listed, list) for paper in listed if _is_paper(paper)]
    if data is None:
        return []
    return [data]


def _is_paper(paper: object) -> bool:
    return isinstance(paper, Recognized) or (isinstance(paper, dict) and "info" in paper)
