"""``cvs-async operations``: the operations of the API."""

from __future__ import annotations

import inspect
from functools import reduce
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from .._codec.endpoint import Endpoint
from .._codec.params import Param
from .._settings.origins import Origins
from ..api import HOST_OF, OPERATIONS
from ..client import AsyncCVS
from ._common import console, exit_on_error, find_operation


def command(
    operation: Annotated[
        str | None, typer.Argument(help="Operation to describe in full.", metavar="OPERATION", show_default=False)
    ] = None,
    long: Annotated[bool, typer.Option("--long", help="Also show arguments, forms, hosts and documents.")] = False,
) -> None:
    """List the operations of the API, or describe one in full."""
    with exit_on_error():
        if operation is not None:
            console().print(_page(find_operation(operation)))
        elif long:
            console().print(_long())
        else:
            console().print(_short())


def _short() -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(Text("operation"), no_wrap=True)
    table.add_column(Text("description"), overflow="fold")
    for endpoint in OPERATIONS.values():
        table.add_row(endpoint.name, _documentation(endpoint).partition("\n")[0])
    return table


def _long() -> Table:
    table = Table("operation", "files", "other arguments", "sent as", "host", "vendor document", "listed")
    for endpoint in OPERATIONS.values():
        table.add_row(endpoint.name, *_facts(endpoint).values())
    return table


def _page(endpoint: Endpoint[Any]) -> Text:
    address = Origins.load(None, HOST_OF, allow_insecure=True).of(endpoint.name, endpoint.host)
    shown = _facts(endpoint) | {"host": f"{endpoint.host}, called at {address}"}
    facts = "\n".join(f"  {name + ':':17}{fact}" for name, fact in shown.items() if fact)
    fields = f"Its fields: cvs-async fields {endpoint.name}"
    return Text("\n\n".join((endpoint.name, _documentation(endpoint), facts, fields)))


def _facts(endpoint: Endpoint[Any]) -> dict[str, str]:
    return {
        "files": ", ".join(endpoint.images),
        "other arguments": ", ".join([_argument(param) for param in endpoint.params] + ["get_thumb"] * endpoint.thumb),
        "sent as": ", ".join(endpoint.forms) or "json",
        "host": endpoint.host,
        "vendor document": endpoint.document,
        "listed": _listed(endpoint),
    }


def _listed(endpoint: Endpoint[Any]) -> str:
    if endpoint.listed:
        return "yes"
    if endpoint.document[:1].isdigit():
        return "no, in a comment only"
    return "no"


def _documentation(endpoint: Endpoint[Any]) -> str:
    """Return the docstring of an operation's coroutine."""
    function = reduce(getattr, endpoint.name.split("."), AsyncCVS)
    return inspect.getdoc(function) or ""


def _argument(param: Param) -> str:
    """Format the name of a parameter with its default."""
    return param.name if param.default is None else f"{param.name}={param.default}"
