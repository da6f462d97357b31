"""The client of a command: its address from options, its credentials from the environment."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from .._codec.urls import is_url, without_secrets
from .._settings.credentials import VARIABLES
from .._settings.origins import parse_addresses
from .._settings.text import trimmed
from .._text.escape import escaped
from ..client import AsyncCVS
from ._common import fail

AllowInsecure = Annotated[bool, typer.Option("--allow-insecure", help="Allow plain http to other machines.")]
BaseUrl = Annotated[
    list[str] | None,
    typer.Option(
        help="Address of the service, or of one operation or host (cloud, demo). Repeatable."
        " Default: CVS_BASE_URL, else the vendor's.",
        metavar="[OPERATION=]URL",
    ),
]

SHOWN = 3
"""Number of missing files that are named."""


def open_client(base_url: list[str] | None, files: Sequence[str], **settings: Any) -> AsyncCVS:
    """Return the client of a command, or end the command if a credential is missing.

    Args:
        base_url: values of --base-url.
        files: inputs of the command; those that do not exist are named beside a missing credential.
        settings: other arguments of the client.

    Raises:
        ConfigurationError: a setting is unusable.
    """
    missing = [variable for variable in VARIABLES if not trimmed(os.environ.get(variable, ""))]
    if missing:
        fail(
            f"{_missing(files)}No credentials: set {' and '.join(missing)} in the environment, with the values that the"
            " dashboard of your account shows. `cvs-async sandbox` takes any."
        )
    return AsyncCVS(base_url=parse_addresses(base_url or (), "--base-url"), **settings)


def _missing(files: Sequence[str]) -> str:
    """Return a sentence about files that do not exist. URLs, patterns and standard input are not looked at."""
    given = (file for file in files if file != "-" and not is_url(file) and not glob.has_magic(file))
    missing = [escaped(without_secrets(file)) for file in given if not os.path.lexists(file)]
    if not missing:
        return ""
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return f"{', '.join(missing[:SHOWN])}{more} {'does' if len(missing) == 1 else 'do'} not exist. "
