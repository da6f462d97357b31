"""``cvs-async samples``: sample documents."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CVSError
from ._bars import Look, Showing
from ._common import fail, messages


def command(
    folder: Annotated[Path, typer.Argument(help="Output folder; created if missing.", metavar="DIR")],
    count: Annotated[int, typer.Option(help="Number of files; 130 are of every kind.", min=1, metavar="N")] = 40,
    seed: Annotated[int, typer.Option(help="Random seed; the same seed makes the same files.", metavar="N")] = 0,
) -> None:
    """Write fake documents, marked as such: cards, passports, claims, invoices, text, and some broken files.

    The first 24 are of the common kinds; then every sixth one is rarer, such as a prescription or a table.
    """
    try:
        from ..sandbox import write_samples

        kinds = Counter[str]()
        showing = Showing(messages(), lambda: Look("samples", kinds.total(), count))
        with showing.shown():
            for sample in write_samples(folder, count, seed):
                kinds[sample.kind.replace("_", " ")] += 1
                showing.beat()
    except (CVSError, OSError) as error:
        fail(str(error))
    messages().print(f"{count} files in {folder}: {', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}")
