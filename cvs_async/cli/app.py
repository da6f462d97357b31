"""The command-line application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from .._text.escape import escaped
from .._version import __version__
from . import batch, call, demo, export, fields, operations, purge, reconcile, report, samples, sandbox, status, view


@contextmanager
def _quoted_safely() -> Iterator[None]:
    """Escape foreign text in errors of the command line, which typer prints."""
    try:
        yield
    except Exception as error:
        message = getattr(error, "message", None)
        if hasattr(error, "format_message") and isinstance(message, str):  # its class is in a private module
            vars(error)["message"] = escaped(message)
        raise


ELSEWHERE = {
    "check": "`cvs-async operations` lists what the API offers, `cvs-async demo` tests this installation.",
    "convert": "`cvs-async export JOURNAL --to results.csv` writes results as .csv, .parquet, .xlsx or .jsonl.",
    "list": "`cvs-async operations` lists the operations, `cvs-async fields` what they read.",
    "merge": "`cvs-async export A.db B.db --to results.csv` merges the results of several journals.",
    "ocr": "`cvs-async call ocr.card FILE` reads one file, `cvs-async batch ocr.card FOLDER` many.",
    "resume": "run the same `cvs-async batch` command with the same --journal to resume.",
    "retry": "run the same `cvs-async batch` command with the same --journal; see its --in-doubt.",
    "run": "`cvs-async batch OPERATION FOLDER` reads many files.",
    "show": "`cvs-async view JOURNAL` shows results in a browser, `cvs-async export JOURNAL --to -` prints them.",
}
"""Advice on names that people may expect for a command. A command with that name takes precedence."""


class Commands(TyperGroup):
    """Group of all commands."""

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """Return the context of a command line."""
        with _quoted_safely():
            return super().make_context(*arguments, **more)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command. Its help shows no type for flags."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _hide_types_of_flags(command.get_params(ctx))
        return command

    def get_params(self, ctx: Any) -> Any:
        """Return the options of the program. Its help shows no type for flags."""
        params = super().get_params(ctx)
        _hide_types_of_flags(params)
        return params

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or suggest the one that does what the name suggests."""
        if args and args[0] in ELSEWHERE and self.get_command(ctx, args[0]) is None:
            ctx.fail(f"There is no command {args[0]}: {ELSEWHERE[args[0]]}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the named command."""
        with _quoted_safely():
            return super().invoke(ctx)


def _hide_types_of_flags(params: Iterable[Any]) -> None:
    """Remove the type of each flag, since it takes no value."""
    for option in params:
        if getattr(option, "is_flag", False):
            option.metavar = ""


app = typer.Typer(
    name="cvs-async",
    cls=Commands,
    help="Read Vietnamese papers with the CVS API: identity cards, passports, claims, invoices, text.",
    epilog="Set your credentials in CVS_API_KEY and CVS_API_SECRET, and the address of the service in CVS_BASE_URL.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for module in (demo, call, batch, status, view, export, report, reconcile, purge, fields, operations, samples, sandbox):
    app.command(module.__name__.rpartition(".")[2])(module.command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Read Vietnamese papers with the CVS API."""
