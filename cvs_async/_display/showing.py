"""Show results as tables in a terminal or as HTML in a notebook. Text from documents is escaped in both."""

from __future__ import annotations

import html
import importlib
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from .._text.escape import escaped
from .sheets import HEADER, Sheet, sheets_of, title_of

if TYPE_CHECKING:
    from rich.console import Console

_JUSTIFY: dict[str, Literal["left", "right"]] = {"confidence": "right"}

PIPED_WIDTH = 220
"""Width of a table that is not printed to a terminal."""


def show(thing: object) -> None:
    """Show a result with its values: in a notebook as HTML, else as a table on standard output."""
    if _in_notebook():
        display: Any = importlib.import_module("IPython.display")
        display.display(display.HTML(as_html(thing, values=True)))
        return
    try:
        from rich.console import Console
    except ImportError:
        sys.stdout.write(as_text(thing))
    else:
        width = None
        if not sys.stdout.isatty():
            width = PIPED_WIDTH
        print_tables(thing, Console(markup=False, emoji=False, highlight=False, width=width))


def _in_notebook() -> bool:
    """Return whether this program runs in a kernel of Jupyter, which renders HTML."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and hasattr(shell, "kernel")


# --- terminals


def print_tables(thing: object, console: Console) -> None:
    """Print a table for each paper, including its values."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(escaped(title_of(thing))))
    for sheet in sheets_of(thing):
        names, rows = _grid(sheet)
        table = Table(title=Text(escaped(sheet.title)), title_justify="left")
        for name in names:
            table.add_column(name, overflow="fold", justify=_JUSTIFY.get(name, "left"))
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)


def as_text(thing: object) -> str:
    """Return the tables that `print_tables` prints as plain text, for systems without rich."""
    return "\n".join(_lines(thing)) + "\n"


def _lines(thing: object) -> Iterator[str]:
    yield escaped(title_of(thing))
    for sheet in sheets_of(thing):
        names, rows = _grid(sheet)
        widths = [max(map(_width, column)) for column in zip(names, *rows, strict=True)]
        yield from ("", escaped(sheet.title))
        for cells in (names, ["-" * width for width in widths], *rows):
            padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
            yield "  ".join(padded).rstrip()


def _grid(sheet: Sheet) -> tuple[list[str], list[list[str]]]:
    """Return header and rows, escaped, without empty columns."""
    rows = [row.cells(values=True) for row in sheet.rows]
    used = [place for place in range(len(HEADER)) if place < 2 or any(row[place] for row in rows)]
    return [HEADER[place] for place in used], [[escaped(row[place]) for place in used] for row in rows]


def _width(text: str) -> int:
    """Return the width of a text in columns of a terminal: 0 for combining characters, 2 for wide ones, else 1."""
    letters = [letter for letter in text if not unicodedata.combining(letter)]
    return len(letters) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in letters)


# --- notebooks


def as_html(thing: object, *, values: bool) -> str:
    """Return a result as HTML.

    Args:
        thing: a reply, paper or page.
        values: include values from documents.
    """
    parts = [f"<p>{_safe(title_of(thing))}</p>"]
    if not values:
        parts.append("<p><small>Values are hidden; show() and cvs_async.reveal() show them.</small></p>")
    for sheet in sheets_of(thing):
        rows = "".join(_html_row("td", row.cells(values=values)) for row in sheet.rows)
        parts.append(f"<table><caption>{_safe(sheet.title)}</caption>{_html_row('th', HEADER)}{rows}</table>")
    return f"<div>{''.join(parts)}</div>"


def _html_row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_safe(cell)}</{tag}>' for cell in cells)}</tr>"


def _safe(text: str) -> str:
    return html.escape(escaped(text))
