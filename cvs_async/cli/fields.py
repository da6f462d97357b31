"""``cvs-async fields``: the fields that an operation reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..api import OPERATIONS
from ..batch.tables.columns import Column, documented
from ..models.catalogue import FieldInfo, fields_of
from ..models.fields import PAPERS
from ..models.v1 import V1_PAPERS
from ._common import console, fail

Name = Annotated[
    str | None,
    typer.Argument(help="Operation or kind of paper, such as passport. Default: list all.", metavar="[OPERATION|TYPE]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

MOST_NAMES = 3
"""Most fields of a name that are listed, and most operations for each field."""

_LEGEND = "c, b, p: a confidence, a box, a page is documented beside the value."


def command(name: Name = None, as_json: AsJson = False) -> None:
    """List the fields of an operation or kind of paper: meaning in English and Vietnamese, with examples."""
    if as_json:
        found: Any = (
            {operation: _plain(fields_of(operation)) for operation in OPERATIONS}
            if name is None
            else _plain(_find(name))
        )
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    elif name is None:
        _print_names()
    else:
        _print_fields(name)


def _find(name: str) -> tuple[FieldInfo, ...]:
    try:
        return fields_of(name)
    except LookupError as error:
        found = "".join(f" {sentence}" for sentence in islice(_whose(name), MOST_NAMES))
        fail(f"{error.args[0]}{found}")


def _whose(name: str) -> Iterator[str]:
    """Sentences about the fields of this name, or path."""
    owners: dict[str, list[str]] = {}
    for operation in OPERATIONS:
        known = documented((operation,))
        for column in (*known.fields, *known.items):
            if name in (column.name, column.path, column.name.rpartition(".")[2]):
                owners.setdefault(column.path or column.name, []).append(operation)
    for path, operations in owners.items():
        others = " and others" if len(operations) > MOST_NAMES else ""
        yield f"{path} is a field of {', '.join(operations[:MOST_NAMES])}{others}."


def _plain(fields: tuple[FieldInfo, ...]) -> list[dict[str, Any]]:
    """Return fields, with nested ones, as plain values."""
    return [
        {
            "name": field.name,
            "path": field.path,
            "wire": field.wire,
            "kind": field.kind,
            "paper": field.paper,
            "english": field.english,
            "vietnamese": field.vietnamese,
            "example": field.example,
            "confidence": field.has_confidence,
            "box": field.has_box,
            "page": field.has_page,
            "fields": _plain(field.fields),
        }
        for field in fields
    ]


def _print_names() -> None:
    out = console()
    for title, names in (("Operations", OPERATIONS), ("Types of papers", PAPERS), ("Types of papers of v1", V1_PAPERS)):
        out.print(f"{title}:", style="bold")
        out.print(Padding(", ".join(names), (0, 0, 0, 2)))
    out.print("`cvs-async fields ocr.card` shows the fields of one of them.")


def _print_fields(name: str) -> None:
    fields = _find(name)
    out = console()
    if not fields:
        out.print(f"{name} returns no read fields.")
        return
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for row in _rows(fields, 0):
        table.add_row(*row)
    out.print(table)
    out.print(_LEGEND, style="dim")
    if called := _called(name, fields):
        out.print(called, style="dim")


def _called(name: str, fields: tuple[FieldInfo, ...]) -> str:
    """A sentence about the columns of tables that have these fields; "" if none has."""
    items: tuple[Column, ...] = ()
    if name in OPERATIONS:
        known = documented((name,))
        own, items = [column.name for column in known.fields], known.items
    elif name in PAPERS:
        own = [f"info.{field.path}" for field in fields if not field.fields and field.kind != "picture"]
    else:
        return ""
    own = [each for each in own if each.startswith("info.")] or own
    said = [f"their names are such as {' and '.join(own[:2])}"] if own else []
    if items:
        said.append(
            f"those of line items, with --rows line, such as {' and '.join(column.name for column in items[:2])}"
        )
    return f"In tables, and after --fields, {'; '.join(said)}." if said else ""


def _rows(fields: tuple[FieldInfo, ...], depth: int) -> Iterator[tuple[Text, Text, Text]]:
    for field in fields:
        letters = zip("cbp", (field.has_confidence, field.has_box, field.has_page), strict=True)
        parts = "".join(letter if there else "·" for letter, there in letters)
        yield (
            Text("  " * depth + _format_name(field), style="bold" if field.fields else ""),
            Text(parts),
            _explanation(field),
        )
        yield from _rows(field.fields, depth + 1)


def _format_name(field: FieldInfo) -> str:
    """Format the name; lists get a sign, an `info` the type of its paper."""
    name = {"list": f"{field.name}[]", "table": f"{field.name}[][]"}.get(field.kind, field.name)
    return f"{name} {field.paper}" if field.paper else name


def _explanation(field: FieldInfo) -> Text:
    text = Text(field.english.replace("``", "`"))
    text.append(f" · {field.vietnamese}", style="cyan")
    if field.wire != field.name and not field.wire.startswith("json"):
        text.append(f" · in JSON: {field.wire}", style="dim")
    if field.example is not None:
        text.append(f" · {field.example}", style="green")
    return text
