"""``cvs-async view``: the page of a report, served on this machine while a batch runs."""

from __future__ import annotations

import os
import socket
import tempfile
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..errors import ConfigurationError
from ._common import JournalPaths, exit_on_error, messages
from .report import limits_of, names_of

REDIRECT = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={address}">'


def command(
    journals: JournalPaths,
    files: Annotated[
        list[Path] | None,
        typer.Option(help="Folder to search for documents that were moved.", metavar="FOLDER"),
    ] = None,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 selects a free one.", min=0, max=65535)] = 0,
    low: Annotated[
        list[str] | None,
        typer.Option(
            help="Review values below this confidence, 0.85 without it; FIELD=NUMBER for one.", metavar="NUMBER"
        ),
    ] = None,
    require: Annotated[
        str | None, typer.Option(help="Review papers in which any of these fields is empty.", metavar="FIELD,…")
    ] = None,
    lang: Annotated[Literal["en", "vi"], typer.Option(help="Language of the page.")] = "en",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening it.")] = False,
) -> None:
    """Show journals in a browser, also while a batch writes to them, until Ctrl-C.

    Only this machine can reach the page, and only at the address that is opened or printed, which is secret. From
    elsewhere use ssh -L. No files are written; pictures are drawn on demand.
    """
    try:
        import uvicorn

        from ..look.serving import Guard, make_app
    except ImportError as error:
        with exit_on_error():
            raise ConfigurationError(f"view needs {error.name}: pip install 'cvs_async[view]'") from None
    from ..look.live import Live
    from ..look.options import ReportOptions
    from ..look.summary import Limits

    with exit_on_error():
        limits = Limits(*limits_of(low or []), names_of(require))
        live = Live(journals, ReportOptions(limits=limits, files=files or (), lang=lang))
        listening = socket.create_server(("127.0.0.1", port))
        guard = Guard(make_app(live), listening.getsockname()[1])
        config = uvicorn.Config(
            guard,
            log_level="error",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        out = messages()
        out.print(f"The page is at http://127.0.0.1:{guard.port}, for you only. Ctrl-C ends it.", markup=False)
        with closing(live), tempfile.TemporaryDirectory(prefix="cvs-view-") as folder:
            if no_browser:
                out.print(f"Its full address is secret: {guard.address}", markup=False, soft_wrap=True)
            else:
                _open(Path(folder), guard.address)
            uvicorn.Server(config).run(sockets=[listening])


def _open(folder: Path, address: str) -> None:
    """Open the browser with a file that redirects to the address, so that its secret appears in no process list."""
    redirect = folder / "open.html"
    with os.fdopen(os.open(redirect, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(REDIRECT.format(address=address))
    webbrowser.open(redirect.as_uri())
