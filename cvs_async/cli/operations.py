"""``cvs-async operations``: what the API offers."""

from __future__ import annotations

from rich.table import Table

from .._params import Param
from ..api import OPERATIONS
from ._common import console, told_errors


def command() -> None:
    """List all operations, with their inputs and where the vendor documents them."""
    table = Table("operation", "files", "other arguments", "sent as", "host", "vendor document", "listed")
    for endpoint in OPERATIONS.values():
        table.add_row(
            endpoint.name,
            ", ".join(endpoint.images),
            ", ".join([_argument(param) for param in endpoint.params] + ["get_thumb"] * endpoint.thumb),
            ", ".join(endpoint.forms) or "json",
            endpoint.host,
            endpoint.document,
            "yes" if endpoint.listed else "no",
        )
    with told_errors():
        console().print(table)


def _argument(param: Param) -> str:
    """Its name, and what it is unless it is given."""
    return param.name if param.default is None else f"{param.name}={param.default}"
