"""``cvs-async operations``: what the API offers."""

from __future__ import annotations

from rich.table import Table

from ..api import OPERATIONS
from ._common import console


def command() -> None:
    """List all operations, with their inputs and where the vendor documents them."""
    table = Table("operation", "inputs", "sent as", "get_thumb", "host", "vendor document", "listed")
    for endpoint in OPERATIONS.values():
        table.add_row(
            endpoint.name,
            ", ".join(endpoint.images),
            ", ".join(endpoint.forms),
            "yes" if endpoint.thumb else "no",
            endpoint.host,
            endpoint.document,
            "yes" if endpoint.listed else "no",
        )
    console().print(table)
