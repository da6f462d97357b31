"""``cvs-async purge``: drop old answers from a journal."""

from __future__ import annotations

from typing import Annotated

import typer

from ..batch.journal import purge_journal
from ._common import JournalPath, messages, parse_span, told_errors


def command(
    journal: JournalPath,
    older_than: Annotated[
        str, typer.Option(help="How old an answer must be: a number and s, m, h, d or w, such as 30d.", metavar="TIME")
    ],
) -> None:
    """Drop the contents of old answers. What was done and what it cost stays, so nothing is paid for again."""
    seconds = parse_span(older_than)
    with told_errors():
        dropped = purge_journal(journal, seconds)
    messages().print(f"{dropped:,} answers dropped from {journal}; keys and charges are kept.", markup=False)
