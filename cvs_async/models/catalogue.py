"""Catalogue of the documented fields, with their meanings and parts. It is loaded on first use."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeAlias, get_args, get_origin

import attrs
from attrs import evolve, field, frozen

from .catalogue_sources import Parts, documented, meaning, meanings
from .dictionaries import DictConvertible
from .employee import EmployeeProfile
from .faces import PersonWithCard
from .fields import PAPERS, Box, Document, Field, Image, Paper
from .general import Page, TextItem
from .invoice import GoodsLabel
from .recognized import Recognized
from .statement import StatementRow
from .tables import Cell, Row
from .v1 import V1_PAPERS, V1Paper, V1Sides

FieldKind: TypeAlias = Literal[
    "text",
    "number",
    "whole number",
    "true or false",
    "picture",
    "list of pictures",
    "box",
    "cell",
    "document",
    "list",
    "table",
]
"""Kind of a field's content. A ``document`` has fields. A ``list`` consists of documents, a ``table`` of lists of
documents or cells.
"""

WRAPPED = "*"
"""Key of the documented names around papers, or of those in an answer without papers."""


@frozen
class FieldInfo(DictConvertible):
    """A documented field.

    Attributes:
        name: name of the attribute.
        path: path from the requested document, such as ``info.id``; ``*`` stands for any element of a list.
        wire: the vendor's name.
        kind: kind of content.
        english: meaning in English.
        vietnamese: meaning in Vietnamese.
        example: an invented value; None for fields without a single value.
        has_confidence: whether a confidence (of a cell: a score) is documented beside it.
        has_box: whether a box is documented beside it.
        has_page: whether a page is documented beside it.
        paper: for an `info`, the vendor's ``type`` that has these fields.
        model: class of a document with its own fields, else None.
        fields: nested fields.
    """

    name: str
    path: str
    wire: str
    kind: FieldKind
    english: str = ""
    vietnamese: str = ""
    example: str | None = None
    has_confidence: bool = False
    has_box: bool = False
    has_page: bool = False
    paper: str | None = None
    model: type[Document] | None = field(default=None, repr=False)
    fields: tuple[FieldInfo, ...] = field(default=(), repr=False)


def fields_of(what: type[Document] | str) -> tuple[FieldInfo, ...]:
    """Return the documented fields of an operation, a kind of paper, or any class of documents.

    Papers of one class may come from several operations. For an operation the result describes what is documented for
    it; for a class, what is documented for any operation, or all of its fields if that is nothing.

    Args:
        what: an operation such as ``ocr.card``; a paper's ``type`` such as ``passport``; a class such as
            `Invoice` or its name.

    Raises:
        LookupError: the name is unknown; the message suggests similar ones.
        TypeError: it is neither a name nor a class.
    """
    if isinstance(what, str):
        if what in _operations():
            return _operation(what)
        what = _class_named(what)
    if not (isinstance(what, type) and issubclass(what, Document)):
        raise TypeError("fields_of takes an operation such as 'ocr.card', a type of paper, or a class such as Invoice")
    found = [children for name in _operations() for children in _inside(what, _root(name))]
    return _rooted(_merged(found) or _children(what))


def names() -> list[str]:
    """Return the names that `fields_of` accepts: operations, types of papers, and names of classes."""
    return [*_operations(), *PAPERS, *V1_PAPERS, *sorted(_classes())]


# --- names


def _operations() -> Mapping[str, Any]:
    from ..api import OPERATIONS  # needs the models

    return OPERATIONS


def _class_named(name: str) -> type[Document]:
    known = {**_classes(), **V1_PAPERS, **PAPERS}
    if name in known:
        return known[name]
    near = [each for each in names() if each.rpartition(".")[2] == name.rpartition(".")[2]]
    lower = {each.lower(): each for each in [*_classes(), *_operations(), *V1_PAPERS, *PAPERS]}
    near += [lower[each] for each in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.6)]
    near = list(dict.fromkeys(near))[:3]
    hint = ""
    if near:
        hint = f"; near: {', '.join(near)}"
    raise LookupError(f"There is no operation or type of paper {name}{hint}.")


@cache
def _classes() -> dict[str, type[Document]]:
    """Return all classes of documents that operations return, by name."""
    found: dict[str, type[Document]] = {}
    for operation in _operations():
        for node in _walk(_root(operation)):
            if node.model is not None:
                found[node.model.__name__] = node.model
    return found


# --- the tree of an operation


@cache
def _operation(name: str) -> tuple[FieldInfo, ...]:
    root = _root(name)
    if root.model is not TextItem:
        return _rooted(root.fields)
    image = FieldInfo("image", "*.image", "image", "picture", **meaning(meanings(Page)["image"]))
    return (image, *_rooted(root.fields, "*.*.*."))


@cache
def _root(operation: str) -> FieldInfo:
    """Return the root of an answer's data, without paths."""
    papers = documented().get(operation, {})
    element = _operations()[operation].returns
    if get_origin(element) is list:
        (element,) = get_args(element)
    origin = get_origin(element) or element
    match origin:
        case None:
            fields: tuple[FieldInfo, ...] = ()
        case _ if origin is Page:
            fields, origin = _children(TextItem), TextItem
        case _ if origin is Recognized:
            (declared,) = get_args(element) or (Paper,)
            fields = _recognized(declared, papers)
        case _ if origin is V1Paper:
            fields = _wrapped(V1Paper, "data", _infos(V1Paper, Paper, papers), papers.get(WRAPPED))
        case _ if origin is V1Sides:
            fields = tuple(_with_parts(node, papers.get(node.name)) for node in _children(V1Sides))
        case _ if origin is PersonWithCard:
            (matching, ocr) = _children(PersonWithCard)
            fields = (
                _with_parts(matching, papers["matching"]),
                evolve(ocr, fields=_recognized(Paper, papers)),
            )
        case _ if origin is EmployeeProfile:
            fields = tuple(_staff(node, papers) for node in _children(EmployeeProfile))
        case _:
            fields = _children(origin, papers.get(WRAPPED, papers.get("")))
    return FieldInfo("", "", "", "document", model=origin, fields=fields)


def _recognized(declared: type[Paper], papers: Mapping[str, Parts]) -> tuple[FieldInfo, ...]:
    around = papers.get(WRAPPED, {"type": "", "info": ""})
    return _wrapped(Recognized, "info", _infos(Recognized, declared, papers), around)


def _wrapped(cls: type[Document], info: str, infos: Iterable[FieldInfo], around: Parts | None) -> tuple[FieldInfo, ...]:
    """Return the fields around a paper, with one `info` for each kind of paper."""
    found: list[FieldInfo] = []
    for node in _children(cls, around):
        if node.wire == info:
            found += infos
        else:
            found.append(node)
    return tuple(found)


def _infos(cls: type[Document], declared: type[Paper], papers: Mapping[str, Parts]) -> Iterator[FieldInfo]:
    kinds = PAPERS
    if cls is V1Paper:
        kinds = V1_PAPERS
    (info,) = (node for node in _children(cls) if node.name == "info")
    for type_, parts in papers.items():
        if type_ != WRAPPED and type_ != "matching":
            model = kinds.get(type_, declared)
            yield evolve(info, kind="document", model=model, paper=type_ or None, fields=_children(model, parts))


def _staff(node: FieldInfo, papers: Mapping[str, Parts]) -> FieldInfo:
    """Return the list of an employee's papers of one kind, with the fields of that kind."""
    if node.name not in papers:
        return node
    return evolve(node, fields=_recognized(Paper, {node.name: papers[node.name]}))


def _with_parts(node: FieldInfo, parts: Parts | None) -> FieldInfo:
    if not node.model or not node.fields:
        return node
    return evolve(node, fields=_children(node.model, parts))


def _children(cls: type[Document], parts: Parts | None = None, prefix: str = "") -> tuple[FieldInfo, ...]:
    """Return the fields of a class: those in the given parts, or all fields without parts."""
    texts, found = meanings(cls), []
    attributes = [each for each in attrs.fields(attrs.resolve_types(cls)) if each.name != "extra"]
    for place, attribute in enumerate(attributes):
        wire = _wire(cls, attribute, place)
        if parts is not None and prefix + wire not in parts:
            continue
        letters = (parts or {}).get(prefix + wire, "")
        found.append(
            evolve(
                _typed(attribute.type, parts, f"{prefix}{wire}."),
                **meaning(texts.get(attribute.name)),
                name=attribute.name,
                wire=wire,
                has_confidence="c" in letters,
                has_box="b" in letters,
                has_page="p" in letters,
            )
        )
    return tuple(found)


def _wire(cls: type[Document], attribute: attrs.Attribute[Any], place: int) -> str:
    """Return the vendor's name of a field; for a column of a row, its documented label."""
    if issubclass(cls, StatementRow):
        return f"json_{place}"
    if issubclass(cls, Row):
        return f"json{place}"
    return str(attribute.metadata.get("wire", (attribute.name,))[0])


_PLAIN: dict[Any, FieldKind] = {
    str: "text",
    float: "number",
    int: "whole number",
    bool: "true or false",
    Box: "box",
    Image: "picture",
    Cell: "cell",
}


def _typed(type_: Any, parts: Parts | None, prefix: str) -> FieldInfo:
    """Return a field of a type, without its name."""
    if get_origin(type_) is UnionType:
        (type_,) = (each for each in get_args(type_) if each is not type(None))
    if get_origin(type_) is Field:
        return FieldInfo("", "", "", "text")
    if get_origin(type_) is list:
        (element,) = get_args(type_)
        return _listed(element, parts, prefix)
    if type_ in _PLAIN:
        return FieldInfo("", "", "", _PLAIN[type_])
    model = get_origin(type_) or type_
    if not (isinstance(model, type) and issubclass(model, Document)):
        model = Paper  # the type variable of classes that wrap papers
    if parts is None or not any(name.startswith(prefix) for name in parts):
        parts, prefix = None, ""
    return FieldInfo("", "", "", "document", model=model, fields=_children(model, parts, prefix))


def _listed(element: Any, parts: Parts | None, prefix: str) -> FieldInfo:
    if element is Image:
        return FieldInfo("", "", "", "list of pictures")
    if element == list[Cell]:
        return FieldInfo("", "", "", "table", fields=tuple(_labelled(parts or {}, prefix)))
    if get_origin(element) is list:
        return evolve(_listed(get_args(element)[0], parts, prefix), kind="table")
    inner = _typed(element, parts, prefix)
    return evolve(inner, kind="list")


def _labelled(parts: Parts, prefix: str) -> Iterator[FieldInfo]:
    """Yield the columns of a table whose cells have labels."""
    texts = meanings(GoodsLabel)
    for label in GoodsLabel:
        if prefix + label.value in parts:
            yield FieldInfo(
                label.value,
                "",
                label.value,
                "cell",
                **meaning(texts.get(label.name)),
                has_confidence=True,
                has_box=True,
            )


# --- trees with paths


def _rooted(nodes: Iterable[FieldInfo], prefix: str = "") -> tuple[FieldInfo, ...]:
    """Return nodes with their paths."""
    rooted = []
    for node in nodes:
        path = prefix + node.name
        below = {"list": f"{path}.*.", "table": f"{path}.*.*."}.get(node.kind, f"{path}.")
        if node.kind == "table" and node.fields and node.fields[0].name in set(GoodsLabel):
            below = f"{path}.*."  # a cell is found by its label
        rooted.append(evolve(node, path=path, fields=_rooted(node.fields, below)))
    return tuple(rooted)


def _walk(node: FieldInfo) -> Iterator[FieldInfo]:
    yield node
    for inner in node.fields:
        yield from _walk(inner)


def _inside(cls: type[Document], root: FieldInfo) -> Iterator[tuple[FieldInfo, ...]]:
    """Yield the fields of each document of a class in a tree; for a base class, only its own fields."""
    for node in _walk(root):
        if node.model is not None and issubclass(node.model, cls) and node.fields:
            own = {attribute.name for attribute in attrs.fields(cls)}
            yield tuple(each for each in node.fields if each.name in own)


def _merged(trees: Iterable[tuple[FieldInfo, ...]]) -> tuple[FieldInfo, ...]:
    """Merge several trees into the fields documented in any of them."""
    nodes: dict[tuple[str, str | None], list[FieldInfo]] = {}
    for tree in trees:
        for node in tree:
            nodes.setdefault((node.name, node.paper), []).append(node)
    return tuple(
        evolve(
            same[0],
            has_confidence=any(node.has_confidence for node in same),
            has_box=any(node.has_box for node in same),
            has_page=any(node.has_page for node in same),
            fields=_merged(node.fields for node in same),
        )
        for same in nodes.values()
    )
