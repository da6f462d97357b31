"""Removal of boxes and pages that the vendor does not document, so that nothing is built on them by mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from ..models.catalogue_sources import Parts, documented

Boxes: TypeAlias = Literal["documented", "all"]
"""Boxes and pages in answers: those that the vendor documents, or all known ones."""

BESIDE = {"_box": "b", "_id": "p"}
"""Name endings of boxes and pages, with their letters in the list of documented names."""


def as_documented(operation: str, paper: Mapping[str, Any]) -> dict[str, Any]:
    """Return a paper without the boxes and pages that are not documented for this operation.

    Args:
        operation: such as ``ocr.card``.
        paper: with ``type`` and ``info``, as on the wire.
    """
    papers = documented().get(operation, {})
    parts = papers.get(str(paper.get("type"))) or papers.get("", {})
    return {**paper, "info": _only(parts, paper["info"])}


def _only(parts: Parts, value: Any, prefix: str = "") -> Any:
    if isinstance(value, list):
        return [_only(parts, one, prefix) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: _only(parts, below, f"{prefix}{name}.")
        for name, below in value.items()
        if _is_documented(name, parts, value, prefix)
    }


def _is_documented(name: str, parts: Parts, beside: Mapping[str, Any], prefix: str) -> bool:
    for ending, letter in BESIDE.items():
        value = name.removesuffix(ending)
        if value != name and value in beside and prefix + name not in parts:
            return letter in parts.get(prefix + value, "")
    return True
