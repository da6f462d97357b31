"""``cvs-async fields``: the fields that an operation reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..api import OPERATIONS
from ..models.catalogue import FieldInfo, fields_of
from ..models.fields import PAPERS
from ..models.v1 import V1_PAPERS
from ._common import console, fail

Name = Annotated[
    str | None,
    typer.Argument(help="Operation or kind of paper, such as passport. Default: list all.", metavar="[OPERATION|TYPE]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

_LEGEND = "c, b, p: the value has a documented confidence, box, page."


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
        fail(error.args[0])


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
