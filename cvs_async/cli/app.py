"""The commands, put together."""

from __future__ import annotations

import typer

from .._version import __version__
from . import batch, call, demo, export, operations, purge, reconcile, samples, sandbox, status

app = typer.Typer(
    name="cvs-async",
    help="Read Vietnamese papers with the CVS API: identity cards, passports, claims, invoices, text.",
    epilog="Credentials come from CVS_API_KEY and CVS_API_SECRET, the service's address from CVS_BASE_URL.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for module in (demo, call, batch, status, export, reconcile, purge, operations, samples, sandbox):
    app.command(module.__name__.rpartition(".")[2])(module.command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Nothing of its own: every command says what it takes with --help."""
