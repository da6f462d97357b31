"""What the commands have in common: running a coroutine, interrupting it gently, and errors as one sentence."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Never

import typer

from .._endpoint import Endpoint
from .._hints import did_you_mean, nearest
from ..api import OPERATIONS
from ..errors import ConfigurationError, CVSError, InvalidInputError
from ._show import console as console  # for the commands, which find all that they share here
from ._show import is_terminal as is_terminal
from ._show import messages as messages
from ._show import print_result as print_result

FAILED = 1
REFUSED = 2
HELD = 3
INTERRUPTED = 130

MOST_CALLS = 10_000
"""No more calls in flight: each takes memory before it begins."""

Concurrency = Annotated[int, typer.Option(help="The most calls in flight.", min=1, max=MOST_CALLS)]
AllowInsecure = Annotated[bool, typer.Option("--allow-insecure", help="Take plain http to other machines.")]
BaseUrl = Annotated[str | None, typer.Option(help="Where the service is; else CVS_BASE_URL, else the vendor's hosts.")]
GetThumb = Annotated[bool, typer.Option("--get-thumb", help="Also fetch the papers, cut out and straightened.")]
SendAsOption = Annotated[str, typer.Option(help="auto, url, file or base64.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="An argument that is no file, such as width=400 or ids=[1,2].", metavar="NAME=VALUE"),
]
JournalPath = Annotated[Path, typer.Argument(help="That a batch has kept with --journal.", metavar="JOURNAL")]
JournalPaths = Annotated[
    list[Path],
    typer.Argument(help="One or more that batches have kept with --journal.", metavar="JOURNAL…", show_default=False),
]
Fields = Annotated[
    str | None,
    typer.Option(
        help="The columns of a table, such as name,info.id,'info.*.confidence'; all documented fields without it.",
        metavar="FIELD,…",
    ),
]


def _operations(incomplete: str) -> list[str]:
    """Return the operations that begin so; a shell asks for them."""
    return [name for name in OPERATIONS if name.startswith(incomplete)]


Operation = Annotated[
    str,
    typer.Argument(
        help="Such as ocr.card; `cvs-async operations` lists them.", metavar="OPERATION", autocompletion=_operations
    ),
]


def stop(sentence: str, code: int = REFUSED) -> Never:
    """End the command with one sentence."""
    messages().print(sentence, style="red", markup=False)
    raise typer.Exit(code)


@contextmanager
def told_errors() -> Iterator[None]:
    """Whatever goes wrong inside ends the command with one sentence."""
    try:
        yield
    except (ConfigurationError, InvalidInputError) as error:
        stop(str(error))
    except CVSError as error:
        stop(str(error), FAILED)
    except OSError as error:
        stop(f"{error.filename or 'output'}: {error.strerror}" if error.strerror else str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        stop("Interrupted.", INTERRUPTED)


@contextmanager
def ended_by_errors() -> Iterator[None]:
    """As `told_errors`, for what is outside of any command: the process ends."""
    try:
        with told_errors():
            yield
    except typer.Exit as end:
        raise SystemExit(end.exit_code) from None


def run(coroutine: Coroutine[Any, Any, int]) -> None:
    """Run a command's coroutine, and leave with the exit code that it returns."""
    with told_errors():
        code = asyncio.run(coroutine)
    raise typer.Exit(code)


@contextmanager
def gentle_interrupt(on_first: Callable[[], None], patience: float) -> Iterator[None]:
    """Call a function at the first Ctrl-C, SIGTERM or hang-up; end the command at the next one, or when time is up.

    A hang-up is never the next one: the terminal and the shell may each send theirs, or a service manager one
    beside SIGTERM. It is none at all where it was ignored from the beginning, as with ``nohup``.

    Args:
        on_first: called on the event loop, once.
        patience: seconds until the end.
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
        raise KeyboardInterrupt  # ends the loop, and with it whatever would still be waited for

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
    """The signal of a lost terminal, where there is one and it counts."""
    number = getattr(signal, "SIGHUP", None)
    return [] if number is None or signal.getsignal(number) is signal.SIG_IGN else [number]


def find_operation(name: str) -> Endpoint[Any]:
    """The endpoint of a name, or the end of the command."""
    if name in OPERATIONS:
        return OPERATIONS[name]
    if name == "auto":
        stop("The operation of the files has to be named, such as ocr.card; `cvs-async operations` lists them.")
    advice = did_you_mean(nearest(name, OPERATIONS)).removeprefix("; ")
    stop(f"There is no operation {name}; {advice}{' ' if advice else ''}`cvs-async operations` lists them.")


def options_of(endpoint: Endpoint[Any], settings: list[str] | None, **given: Any) -> dict[str, Any]:
    """Return the keywords of the operation that are given with --set, and those that have options of their own.

    Args:
        endpoint: the operation.
        settings: what --set was given.
        given: the values of the other options; None where they are not given.
    """
    parsed = _parse_settings(settings)
    told = {name: value for name, value in given.items() if value is not None}
    for name in told:
        if name in parsed:
            stop(f"{name} is given twice, with --set and with --{name.replace('_', '-')}.")
    with told_errors():
        endpoint.check_options(parsed | told)
    return parsed | told


def other_than_auto(send_as: str) -> str | None:
    """Return the form that --send-as asks for; None if it asks for none."""
    return None if send_as == "auto" else send_as


def _parse_settings(settings: list[str] | None) -> dict[str, Any]:
    """The arguments given with --set. Values are JSON where they can be, and text where not."""
    parsed: dict[str, Any] = {}
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        if not (name and equals):
            stop(f"--set takes NAME=VALUE, not {setting}.")
        if name in parsed:
            stop(f"--set {name} is given twice.")
        try:
            parsed[name] = json.loads(value)
        except (ValueError, RecursionError):
            parsed[name] = value
    return parsed


def parse_fields(fields: str | None) -> list[str] | None:
    """The columns given with --fields."""
    return None if fields is None else [name.strip() for name in fields.split(",")]


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def parse_span(text: str) -> float:
    """Seconds of a time such as 30d."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip())
    if match is None:
        stop(f"A time is a number and s, m, h, d or w, such as 30d, and not {text}.")
    return float(match[1]) * _SECONDS[match[2]]


def told_time(seconds: float | None) -> str:
    """A moment, in the time zone of this machine."""
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")


def told_span(seconds: float | None) -> str:
    """How long something takes."""
    return "?" if seconds is None else str(timedelta(seconds=round(seconds)))


def shown(path: Path) -> str:
    """A path as the user would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
