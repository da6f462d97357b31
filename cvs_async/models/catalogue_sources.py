"""Sources of the field catalogue: the text below each declaration, and ``documented.json``."""

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
"""Documented names, dotted, with letters for the parts beside them: confidence, box, page."""


@cache
def documented() -> Mapping[str, Mapping[str, Parts]]:
    """Return the documented names of each operation by the ``type`` of the paper."""
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
    """Split the text below a declaration into English, Vietnamese and example."""
    found = _MEANING.fullmatch(text or "")
    return found.groupdict() if found else {"english": text or ""}


def meanings(cls: type[Any]) -> dict[str, str]:
    """Return the text below each declaration of a class and its bases; empty if the source is not available."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each.__module__.startswith(PACKAGE):
            found |= _texts(each.__module__).get(each.__name__, {})
    return found


@cache
def _texts(module: str) -> dict[str, dict[str, str]]:
    """Return the texts below the declarations of each class of a module."""
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
