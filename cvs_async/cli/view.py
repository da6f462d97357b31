"""``cvs-async view``: a live report, served on this machine."""

from __future__ import annotations

import os
import socket
import tempfile
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigurationError
from ._common import JournalPaths, PortOption, exit_on_error, messages
from ._reviews import FilesOption, LangOption, LowOption, RequireOption, parse_limits

REDIRECT = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={address}">'


def command(
    journals: JournalPaths,
    files: FilesOption = None,
    port: PortOption = 0,
    low: LowOption = None,
    require: RequireOption = None,
    lang: LangOption = "en",
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening it.")] = False,
) -> None:
    """Show journals in a browser, also while a batch is running, until Ctrl-C.

    Only this machine can reach the page, and only at a secret address, which is opened in the browser or printed. To
    reach it from another machine, use ssh -L. Your verdicts are written to a file beside the first journal.
    """
    try:
        import uvicorn

        from ..look.serving import Guard, make_app
    except ImportError as error:
        with exit_on_error():
            raise ConfigurationError(f"view needs {error.name}: pip install 'cvs_async[view]'") from None
    from ..look.live import Live
    from ..look.options import ReportOptions

    with exit_on_error():
        limits = parse_limits(low, require)
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
    """Open the browser with a file that redirects to the address, to keep the secret out of process lists."""
    redirect = folder / "open.html"
    with os.fdopen(os.open(redirect, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(REDIRECT.format(address=address))
    webbrowser.open(redirect.as_uri())
