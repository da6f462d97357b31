"""Helpers shared by the commands: running a coroutine, interrupting it gracefully, errors as one sentence."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Never

import typer

from .._codec.endpoint import Endpoint
from .._text.hints import did_you_mean, nearest
from ..api import OPERATIONS
from ..errors import ConfigurationError, CVSError, InvalidInputError
from ._show import console as console  # re-exported for the commands
from ._show import is_terminal as is_terminal
from ._show import messages as messages
from ._show import print_result as print_result

FAILED = 1
REFUSED = 2
HELD = 3
INTERRUPTED = 130

MOST_CALLS = 10_000
"""Upper bound on calls in flight: each allocates memory before it starts."""

STATES: dict[str, str] = {"planned": "not sent"}
"""Names shown to users for states in a journal, if they differ."""

Concurrency = Annotated[
    int, typer.Option(help="Maximum number of calls in flight.", min=1, max=MOST_CALLS, metavar="N")
]
GetThumb = Annotated[
    bool, typer.Option("--get-thumb", help="Also request cropped and straightened pictures of the papers.")
]
ThumbsOption = Annotated[
    Path | None, typer.Option("--thumbs", help="Folder for pictures in answers.", metavar="FOLDER")
]
PortOption = Annotated[
    int, typer.Option("--port", help="Port to listen on; 0 selects a free one.", min=0, max=65535, metavar="N")
]
SendAsOption = Annotated[
    str, typer.Option(help="Form in which files are sent: auto, url, file or base64.", metavar="FORM")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Other argument of the operation, such as width=400 or ids=[1,2]. Repeatable.",
        metavar="NAME=VALUE",
    ),
]
JournalPath = Annotated[Path, typer.Argument(help="Journal written by batch --journal.", metavar="JOURNAL")]
JournalPaths = Annotated[
    list[Path],
    typer.Argument(help="One or more journals written by batch --journal.", metavar="JOURNAL", show_default=False),
]
Fields = Annotated[
    str | None,
    typer.Option(
        help="Columns of a table, such as name,info.id,'info.*'. Default: all documented fields.",
        metavar="FIELD,…",
    ),
]


def _operations(incomplete: str) -> list[str]:
    """Return the operations that start with the given text, for shell completion."""
    return [name for name in OPERATIONS if name.startswith(incomplete)]


Operation = Annotated[
    str,
    typer.Argument(
        help="Operation such as ocr.card; see `cvs-async operations`.", metavar="OPERATION", autocompletion=_operations
    ),
]


def fail(sentence: str, code: int = REFUSED) -> Never:
    """End the command with one sentence."""
    messages().print(sentence, style="red", markup=False)
    raise typer.Exit(code)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the command with one sentence if an error is raised in the block."""
    try:
        yield
    except (ConfigurationError, InvalidInputError) as error:
        fail(str(error))
    except CVSError as error:
        fail(str(error), FAILED)
    except OSError as error:
        if error.strerror:
            fail(f"{error.filename or 'output'}: {error.strerror}")
        fail(str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        fail("Interrupted.", INTERRUPTED)


@contextmanager
def exit_process_on_error() -> Iterator[None]:
    """Like `exit_on_error`, for code outside any command: ends the process."""
    try:
        with exit_on_error():
            yield
    except typer.Exit as end:
        raise SystemExit(end.exit_code) from None


def run(coroutine: Coroutine[Any, Any, int]) -> None:
    """Run a command's coroutine and exit with the code that it returns."""
    with exit_on_error():
        code = asyncio.run(coroutine)
    raise typer.Exit(code)


@contextmanager
def gentle_interrupt(on_first: Callable[[], None], patience: float) -> Iterator[None]:
    """Call a function at the first Ctrl-C, SIGTERM or hang-up; end the command at the next one or after a timeout.

    A hang-up never counts as the next one: the terminal and the shell may each send one, and a service manager sends
    one with SIGTERM. It is ignored if it was ignored at the start, as with ``nohup``.

    Args:
        on_first: called once, on the event loop.
        patience: timeout in seconds.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle | None = None
    asked = False

    def begin() -> None:
        nonlocal timer
        if timer is None:
            timer = loop.call_later(patience, end)
            on_first()

    def end() -> None:
        raise KeyboardInterrupt  # ends the loop and everything still pending on it

    def ask() -> None:
        nonlocal asked
        if asked:
            end()
        asked = True
        begin()

    handlers = {signal.SIGINT: ask, signal.SIGTERM: ask} | {number: begin for number in _hang_ups()}
    with suppress(NotImplementedError):  # on Windows, where each Ctrl-C ends the command at once
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        with suppress(NotImplementedError):
            for number in handlers:
                loop.remove_signal_handler(number)


def _hang_ups() -> list[signal.Signals]:
    """Return the hang-up signal if the platform has it and it is not ignored."""
    number = getattr(signal, "SIGHUP", None)
    if number is None or signal.getsignal(number) is signal.SIG_IGN:
        return []
    return [number]


def find_operation(name: str) -> Endpoint[Any]:
    """Return the endpoint with this name, or end the command."""
    if name in OPERATIONS:
        return OPERATIONS[name]
    if name == "auto":
        fail("Name the operation for the files, such as ocr.card; `cvs-async operations` lists them.")
    similar = did_you_mean(nearest(name, OPERATIONS)).removeprefix("; ")
    fail(" ".join(filter(None, (f"There is no operation {name};", similar, "`cvs-async operations` lists them."))))


def options_of(endpoint: Endpoint[Any], settings: list[str] | None, **given: Any) -> dict[str, Any]:
    """Merge the operation's keywords from --set with those that have options of their own.

    Args:
        endpoint: the operation.
        settings: values of --set.
        given: values of the other options; None if not given.
    """
    parsed = _parse_settings(settings)
    chosen = {name: value for name, value in given.items() if value is not None}
    for name in chosen:
        if name in parsed:
            fail(f"{name} is given twice, with --set and with --{name.replace('_', '-')}.")
    with exit_on_error():
        endpoint.check_options(parsed | chosen)
    return parsed | chosen


def check_thumbs(endpoint: Endpoint[Any], options: Mapping[str, Any]) -> None:
    """Refuse --thumbs if the keywords of the operation ask for no pictures."""
    if endpoint.thumb and not (options.get("get_thumb") or options.get("get_seal")):
        fail(f"--thumbs requires --get-thumb: without it {endpoint.name} returns no pictures.")


def other_than_auto(send_as: str) -> str | None:
    """Return the form requested with --send-as; None for ``auto``."""
    return None if send_as == "auto" else send_as


def _parse_settings(settings: list[str] | None) -> dict[str, Any]:
    """Parse the arguments given with --set. Values are parsed as JSON if possible, else kept as text."""
    parsed: dict[str, Any] = {}
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        if not (name and equals):
            fail(f"--set takes NAME=VALUE, not {setting}.")
        if name in parsed:
            fail(f"--set {name} is given twice.")
        try:
            parsed[name] = json.loads(value)
        except (ValueError, RecursionError):
            parsed[name] = value
    return parsed


def parse_fields(fields: str | None) -> list[str] | None:
    """Parse the columns given with --fields."""
    if fields is None:
        return None
    return [name.strip() for name in fields.split(",")]


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def parse_span(text: str) -> float:
    """Parse a duration such as 30d into seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip())
    if match is None:
        fail(f"A duration is a number followed by s, m, h, d or w, such as 30d, not {text}.")
    return float(match[1]) * _SECONDS[match[2]]


def format_time(seconds: float | None) -> str:
    """Format a time in the time zone of this machine."""
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")


def format_span(seconds: float | None) -> str:
    """Format a duration."""
    if seconds is None:
        return "?"
    return str(timedelta(seconds=round(seconds)))


def shown(path: Path) -> str:
    """Return the path relative to the working directory if it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
