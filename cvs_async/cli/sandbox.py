"""``cvs-async sandbox``: run the sandbox in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..errors import CVSError
from ._common import PortOption, fail, messages


def command(
    port: PortOption = 8787,
    latency: Annotated[float, typer.Option(help="Minimum seconds for each answer.", min=0, metavar="N")] = 0.0,
    quota: Annotated[
        int | None,
        typer.Option(help="Number of billed answers until the account is out of requests.", min=0, metavar="N"),
    ] = None,
    files: Annotated[
        Path | None, typer.Option(help="Folder to serve under /files/, for inputs by URL.", metavar="FOLDER")
    ] = None,
    faults: Annotated[
        str | None,
        typer.Option(
            help="Faults to inject, with their probabilities, such as 503=0.02,lost=0.01. Kinds: 408, 429, 500, 502, "
            "503, 504, reset, lost, cut, garbage, stall.",
            metavar="KIND=CHANCE,…",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Maximum number of requests at once, including waiting ones; others get HTTP 429.", min=0, metavar="N"
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Maximum number of requests processed at once; others wait.", min=1, metavar="N"),
    ] = None,
    retry_after: Annotated[
        float | None,
        typer.Option(help="Seconds in the Retry-After header of HTTP 429 and 503.", min=0, metavar="N"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed for faults.", metavar="N")] = 0,
    boxes: Annotated[
        Literal["documented", "all"],
        typer.Option(help="Return only boxes that the vendor documents, or boxes of all values."),
    ] = "documented",
) -> None:
    """Run a service on this machine that implements the vendor's API, until Ctrl-C.

    It accepts any key, and any secret except `wrong`.
    """
    out = messages()
    try:
        from ..sandbox import Sandbox

        with Sandbox(
            port=port,
            latency=latency,
            quota=quota,
            files=files,
            faults=faults,
            limit=limit,
            workers=workers,
            retry_after=retry_after,
            seed=seed,
            boxes=boxes,
        ) as sandbox:
            out.print(f"The sandbox listens on {sandbox.base_url}. In another terminal:")
            out.print()
            out.print(f"  export CVS_BASE_URL={sandbox.base_url} CVS_API_KEY=sandbox CVS_API_SECRET=sandbox")
            out.print()
            out.print("Ctrl-C ends it.")
            try:
                sandbox.wait()
            except KeyboardInterrupt:
                ledger = sandbox.ledger
                out.print()
                out.print(f"{ledger.requests} requests, {ledger.billed} billed.")
    except CVSError as error:
        fail(str(error))
