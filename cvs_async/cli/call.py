"""``cvs-async call``: one call, its answer as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer
from attrs import define, field

from .._codec.endpoint import Endpoint
from .._codec.reply import Reply
from .._display.showing import print_tables
from .._system.stdout import check_stdout
from .._text.json import pretty
from ..client import AsyncCVS
from ._client import AllowInsecure, BaseUrl, open_client
from ._common import (
    INTERRUPTED,
    REFUSED,
    GetThumb,
    Operation,
    SendAsOption,
    Settings,
    ThumbsOption,
    check_thumbs,
    console,
    exit_on_error,
    fail,
    find_operation,
    gentle_interrupt,
    messages,
    options_of,
    other_than_auto,
    print_result,
    run,
)
from ._kept import KeptPictures
from ._overlays import Overlays
from ._progress import beating

PATIENCE = 30.0
"""Seconds to wait, after Ctrl-C, for the answer to a request already sent: it may be paid for."""


def command(
    operation: Operation,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="One file or URL for each input of the operation.", metavar="FILE", show_default=False),
    ] = None,
    settings: Settings = None,
    get_thumb: GetThumb = False,
    send_as: SendAsOption = "auto",
    check_sum: Annotated[
        str | None, typer.Option(help="Label that the vendor stores with the request.", metavar="TEXT")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the answer as received, pictures included.")] = False,
    table: Annotated[bool, typer.Option("--table", help="Print a table instead of JSON.")] = False,
    thumbs: ThumbsOption = None,
    overlay: Annotated[
        Path | None,
        typer.Option(help="Write each page with the boxes of its values to a .png file.", metavar="FILE"),
    ] = None,
    base_url: BaseUrl = None,
    allow_insecure: AllowInsecure = False,
) -> None:
    """Make one call and print the result as JSON. Pictures are shown by kind and size, or by name with --thumbs."""
    endpoint, files = find_operation(operation), inputs or []
    if raw and (table or thumbs is not None):
        fail("--raw prints the answer as received: it excludes --table and --thumbs.")
    if len(files) != len(endpoint.images):
        fail(_wrong_number(endpoint, len(files)))
    options = options_of(
        endpoint, settings, check_sum=check_sum, get_thumb=get_thumb or None, send_as=other_than_auto(send_as)
    )
    if thumbs is not None:
        check_thumbs(endpoint, options)
    arguments: dict[str, Any] = dict(zip(endpoint.images, files, strict=True)) | options
    pictures = KeptPictures(thumbs)
    with exit_on_error():
        check_stdout()
        drawn = None if overlay is None else Overlays(overlay, files)
        pictures.begin()

    def print_reply(reply: Reply[Any]) -> int:
        code = _print_raw(reply) if raw else _print(reply, pictures, table=table)
        return code if drawn is None else max(code, drawn.write(reply))

    client = partial(open_client, base_url, files, allow_insecure=allow_insecure)
    run(_call(endpoint, arguments, print_reply, client))


async def _call(
    endpoint: Endpoint[Any],
    arguments: dict[str, Any],
    print_reply: Callable[[Reply[Any]], int],
    make_client: Callable[[], AsyncCVS],
) -> int:
    reply: Reply[Any] | None = None
    async with make_client() as cvs:
        ending = _Ending(cvs)
        with ending.scope, gentle_interrupt(ending.begin, PATIENCE):
            async with beating(ending.look):
                reply = await cvs.call(endpoint, **arguments)
        if reply is None:
            fail("Interrupted; nothing is in flight.", INTERRUPTED)
    code = print_reply(reply)
    messages().print(f"{reply.operation}: {reply.charge}, {reply.elapsed:.2f} s", style="dim")
    return code


def _print_raw(reply: Reply[Any]) -> int:
    print_result(pretty(reply.raw))
    return 0


def _print(reply: Reply[Any], pictures: KeptPictures, *, table: bool) -> int:
    """Print the result. Pictures that cannot be written are part of the JSON: they were paid for."""
    plain = pictures.plain(reply)
    if table and not pictures.problems:
        print_tables(reply, console())
    else:
        print_result(pretty(plain))
    for problem in pictures.problems:
        messages().print(problem, style="red")
    if pictures.lost:
        messages().print(f"Pictures not saved: {pictures.lost}; {pictures.remedy}.")
    return REFUSED if pictures.problems else 0


def _wrong_number(endpoint: Endpoint[Any], given: int) -> str:
    """Return the message for a wrong number of files."""
    number = len(endpoint.images)
    wanted = ", ".join(endpoint.images) or "no file"
    noun = "file" if number == 1 else "files"
    sentence = f"{endpoint.name} reads {wanted}: give {number} {noun}, not {given}."
    if 0 < number < given:
        sentence += f" `cvs-async batch {endpoint.name} …` reads many."
    return sentence


@define(eq=False)
class _Ending:
    """Graceful end of an interrupted call: wait for the answer to a request in flight, and send nothing more."""

    cvs: AsyncCVS
    scope: anyio.CancelScope = field(factory=anyio.CancelScope)
    begun: bool = False

    def begin(self) -> None:
        self.begun = True
        if self.cvs.stats.in_flight:
            messages().print(
                f"The request was sent and its answer may be paid for: waiting at most {PATIENCE:g} s. "
                "Ctrl-C again ends at once."
            )
        self.look()

    def look(self) -> None:
        """Cancel the call if nothing is in flight and it only waits to send."""
        stats = self.cvs.stats
        if self.begun and stats.waiting and not stats.in_flight:
            self.scope.cancel()
