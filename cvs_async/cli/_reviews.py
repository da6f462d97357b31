"""Options of `report` and `view`: what to review, and where documents are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import InvalidInputError

if TYPE_CHECKING:
    from ..look.summary import Limits

FilesOption = Annotated[
    list[Path] | None,
    typer.Option("--files", help="Folder to search for documents that were moved. Repeatable.", metavar="FOLDER"),
]
LowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--low",
        help="Review values with a confidence below this; FIELD=NUMBER for one field. Repeatable. Default: 0.85.",
        metavar="NUMBER",
    ),
]
RequireOption = Annotated[
    str | None,
    typer.Option("--require", help="Review papers in which any of these fields is empty.", metavar="FIELD,…"),
]
LangOption = Annotated[Literal["en", "vi"], typer.Option("--lang", help="Language of the page.")]


def parse_limits(low: Sequence[str] | None, require: str | None) -> Limits:
    """Parse the values of --low and --require.

    Raises:
        InvalidInputError: a value of --low is not a confidence.
    """
    from ..look.summary import Limits

    everywhere, single = Limits().low, dict[str, float]()
    for text in low or ():
        name, _, number = text.rpartition("=")
        try:
            limit = float(number)
        except ValueError:
            limit = -1.0
        if not 0 <= limit <= 1:
            raise InvalidInputError(f"--low takes a confidence from 0 to 1 or FIELD=CONFIDENCE, not {text}")
        if name:
            single[name.strip()] = limit
        else:
            everywhere = limit
    required = tuple(name.strip() for name in (require or "").split(",") if name.strip())
    return Limits(everywhere, single, required)
