"""Sources of the field catalogue: the docstrings below fields, and ``documented.json``."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import pairwise
from typing import Any

PACKAGE = __name__.rpartition(".")[0]

Parts = Mapping[str, str]
"""Documented paths, each with the letters of its documented parts: c for confidence, b for box, p for page."""


@cache
def documented() -> Mapping[str, Mapping[str, Parts]]:
    """Return the documented paths of each operation, by the ``type`` of the paper."""
    content: dict[str, dict[str, str]] = json.loads(
        files(PACKAGE).joinpath("documented.json").read_text(encoding="utf-8")
    )
    return {
        operation: {type_: dict(_parts(words)) for type_, words in papers.items()}
        for operation, papers in content.items()
    }


def _parts(words: str) -> Iterator[tuple[str, str]]:
    for word in words.split():
        name, _, letters = word.partition(":")
        yield name, letters


_MEANING = re.compile(r"(?P<english>.+?) \((?P<vietnamese>[^()]+)\)(?:, such as ``(?P<example>.+)``)?\.", re.DOTALL)


def meaning(text: str | None) -> dict[str, Any]:
    """Split the docstring of a field into the English meaning, the Vietnamese meaning and the example."""
    found = _MEANING.fullmatch(text or "")
    if found is None:
        return {"english": text or ""}
    return found.groupdict()


def meanings(cls: type[Any]) -> dict[str, str]:
    """Return the docstrings of all fields of a class and its bases; empty if their source is not available."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.startswith(PACKAGE):
            found |= _texts(each.__module__).get(each.__name__, {})
    return found


@cache
def _texts(module: str) -> dict[str, dict[str, str]]:
    """Return the docstrings of the fields of each class in a module."""
    try:
        source = inspect.getsource(import_module(module))
    except OSError:
        return {}
    return {
        statement.name: dict(_below(statement.body))
        for statement in ast.parse(source).body
        if isinstance(statement, ast.ClassDef)
    }


def _below(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for declared, text in pairwise(body):
        match declared, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield name, words
