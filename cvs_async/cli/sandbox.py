"""``cvs-async sandbox``: the loopback service, in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import CVSError
from ._common import messages, stop


def command(
    port: Annotated[int, typer.Option(help="To listen on; 0 is any free one.", min=0, max=65535)] = 8787,
    latency: Annotated[float, typer.Option(help="Seconds that each answer takes at least.", min=0)] = 0.0,
    quota: Annotated[int | None, typer.Option(help="Answers that may be billed; then: out of requests.", min=0)] = None,
    files: Annotated[Path | None, typer.Option(help="A folder to serve under /files/, for inputs by URL.")] = None,
) -> None:
    """Run a service on 127.0.0.1 that speaks the vendor's API, until Ctrl-C.

    It takes any key and any secret but `wrong`.
    """
    out = messages()
    try:
        from ..sandbox import Sandbox

        with Sandbox(port=port, latency=latency, quota=quota, files=files) as sandbox:
            out.print(f"The sandbox listens on {sandbox.base_url}. In another terminal:\n", markup=False)
            out.print(f"  export CVS_BASE_URL={sandbox.base_url} CVS_API_KEY=sandbox CVS_API_SECRET=sandbox\n")
            out.print("Ctrl-C ends it.")
            try:
                sandbox.wait()
            except KeyboardInterrupt:
                ledger = sandbox.ledger
                out.print(f"\n{ledger.requests} requests, {ledger.billed} billed.")
    except CVSError as error:
        stop(str(error))
