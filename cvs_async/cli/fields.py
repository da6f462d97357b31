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
    typer.Argument(
        help="Operation or type of paper, such as passport. Default: list their names.", metavar="OPERATION|TYPE"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

MOST_NAMES = 3
"""Maximum number of fields listed for a name, and of operations listed for a field."""

_LEGEND = "c, b, p: the value has a confidence, a box, a page."


def command(name: Name = None, as_json: AsJson = False) -> None:
    """List the fields of an operation or type of paper: meaning in English and Vietnamese, with examples."""
    if name is None and as_json:
        _print_json({operation: _plain(fields_of(operation)) for operation in OPERATIONS})
    elif name is None:
        _print_names()
    elif as_json:
        _print_json(_plain(_find(name)))
    else:
        _print_fields(name)


def _print_json(found: object) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1))


def _find(name: str) -> tuple[FieldInfo, ...]:
    try:
        return fields_of(name)
    except LookupError as error:
        found = "".join(f" {sentence}" for sentence in islice(_whose(name), MOST_NAMES))
        fail(f"{error.args[0]}{found}")


def _whose(name: str) -> Iterator[str]:
    """Yield sentences that name the operations with a field of this name or path."""
    owners: dict[str, list[str]] = {}
    for operation in OPERATIONS:
        known = documented((operation,))
        for column in (*known.fields, *known.items):
            if name in (column.name, column.path, column.name.rpartition(".")[2]):
                owners.setdefault(column.path or column.name, []).append(operation)
    for path, operations in owners.items():
        named = ", ".join(operations[:MOST_NAMES])
        if len(operations) > MOST_NAMES:
            named += " and others"
        yield f"{path} is a field of {named}."


def _plain(fields: tuple[FieldInfo, ...]) -> list[dict[str, Any]]:
    """Return fields and their nested fields as JSON values."""
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
        out.print(f"The answer of {name} has no documented fields; the library returns its JSON as received.")
        return
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for row in _rows(fields, 0):
        table.add_row(*row)
    out.print(table)
    out.print(_LEGEND, style="dim")
    if columns := _columns(name, fields):
        out.print(columns, style="dim")


def _columns(name: str, fields: tuple[FieldInfo, ...]) -> str:
    """Return a sentence about the columns with these fields in tables; "" if there is no such column."""
    items: tuple[Column, ...] = ()
    if name in OPERATIONS:
        known = documented((name,))
        own, items = [column.name for column in known.fields], known.items
    elif name in PAPERS:
        own = [f"info.{field.path}" for field in fields if not field.fields and field.kind != "picture"]
    else:
        return ""
    own = [each for each in own if each.startswith("info.")] or own
    clauses = []
    if own:
        clauses.append(f"columns have names such as {' and '.join(own[:2])}")
    if items:
        names = " and ".join(column.name for column in items[:2])
        clauses.append(f"columns of line items (--rows line) have names such as {names}")
    if not clauses:
        return ""
    return f"In tables and in --fields, {'; '.join(clauses)}."


def _rows(fields: tuple[FieldInfo, ...], depth: int) -> Iterator[tuple[Text, Text, Text]]:
    for field in fields:
        letters = zip("cbp", (field.has_confidence, field.has_box, field.has_page), strict=True)
        parts = "".join(letter if is_there else "·" for letter, is_there in letters)
        yield (
            Text("  " * depth + _format_name(field), style="bold" if field.fields else ""),
            Text(parts),
            _explanation(field),
        )
        yield from _rows(field.fields, depth + 1)


def _format_name(field: FieldInfo) -> str:
    """Return the name, with [] for a list, and the type of its paper for an `info`."""
    name = {"list": f"{field.name}[]", "table": f"{field.name}[][]"}.get(field.kind, field.name)
    return f"{name} {field.paper or ''}".rstrip()


def _explanation(field: FieldInfo) -> Text:
    text = Text(field.english.replace("``", "`"))
    text.append(f" · {field.vietnamese}", style="cyan")
    if field.wire != field.name and not field.wire.startswith("json"):
        text.append(f" · in JSON: {field.wire}", style="dim")
    if field.example is not None:
        text.append(f" · {field.example}", style="green")
    return text
