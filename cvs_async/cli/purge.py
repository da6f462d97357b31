"""``cvs-async purge``: delete old answers from a journal."""

from __future__ import annotations

from typing import Annotated

import typer

from ..batch.journal import purge_journal
from ._common import JournalPath, exit_on_error, messages, parse_span


def command(
    journal: JournalPath,
    older_than: Annotated[
        str,
        typer.Option(help="Delete answers that are older: a number and s, m, h, d or w, such as 30d.", metavar="TIME"),
    ],
) -> None:
    """Delete old answers from a journal. Keys and charges are kept, so nothing is paid for again."""
    seconds = parse_span(older_than)
    with exit_on_error():
        dropped = purge_journal(journal, seconds)
    messages().print(f"{dropped:,} answers deleted from {journal}; keys and charges are kept.", markup=False)
