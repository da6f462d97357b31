"""``cvs-async call``: one call, its answer as JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

import typer

from .._converter import unstructure
from .._endpoint import Arguments, Endpoint
from ..client import AsyncCVS
from ._common import BaseUrl, GetThumb, Operation, SendAsOption, find_operation, messages, run, stop


def command(
    operation: Operation,
    inputs: Annotated[
        list[str], typer.Argument(help="A file or URL for each input of the operation.", metavar="FILE…")
    ],
    get_thumb: GetThumb = False,
    send_as: SendAsOption = "auto",
    check_sum: Annotated[str | None, typer.Option(help="Filed by the vendor with the request.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the answer as received.")] = False,
    base_url: BaseUrl = None,
) -> None:
    """Make one call and print what was read, as JSON."""
    endpoint = find_operation(operation)
    if len(inputs) != len(endpoint.images):
        stop(f"{operation} reads {', '.join(endpoint.images)}: give {len(endpoint.images)}, not {len(inputs)}.")
    options = {"send_as": send_as, "check_sum": check_sum} | ({"get_thumb": True} if get_thumb else {})
    run(_call(endpoint, inputs, cast(Arguments, options), raw, base_url))


async def _call(endpoint: Endpoint[Any], inputs: list[str], options: Arguments, raw: bool, base_url: str | None) -> int:
    async with AsyncCVS(base_url=base_url) as cvs:
        reply = await cvs.call(endpoint, **dict(zip(endpoint.images, inputs, strict=True)), **options)
    typer.echo(json.dumps(reply.raw if raw else unstructure(reply.data), ensure_ascii=False, indent=2))
    messages().print(f"{reply.operation}: {reply.charge}, {reply.elapsed:.2f} s", style="dim")
    return 0
