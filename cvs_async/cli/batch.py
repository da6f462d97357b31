"""``cvs-async batch``: one operation over many files."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.progress import Progress, TaskID

from .._endpoint import Arguments, Endpoint
from .._inputs import is_url
from .._pace import RateLimit
from ..batch import JsonLines, folder
from ..batch.sources import PICTURES
from ..client import AsyncCVS
from ..errors import InvalidInputError
from ._common import (
    INTERRUPTED,
    AllowInsecure,
    BaseUrl,
    GetThumb,
    Operation,
    SendAsOption,
    Settings,
    find_operation,
    gentle_interrupt,
    messages,
    parse_settings,
    run,
    stop,
)
from ._progress import drain, exit_code, make_progress, print_summary

MOST_BY_ITSELF = 256
"""What ``--concurrency auto`` goes up to."""


def command(
    operation: Operation,
    paths: Annotated[list[str], typer.Argument(help="Files, folders and URLs.", metavar="PATH…")],
    out: Annotated[Path | None, typer.Option(help="Results, one JSON line an item; else standard output.")] = None,
    append: Annotated[bool, typer.Option("--append", help="Go on with a results file that exists.")] = False,
    concurrency: Annotated[str, typer.Option(help="The most calls in flight; auto finds it out.")] = "16",
    rate: Annotated[float | None, typer.Option(help="The most requests a second.", min=0.001)] = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="Results in the order of the files.")] = False,
    settings: Settings = None,
    get_thumb: GetThumb = False,
    send_as: SendAsOption = "auto",
    base_url: BaseUrl = None,
    allow_insecure: AllowInsecure = False,
) -> None:
    """Read many files, and write a line of JSON for each.

    Folders are searched for pictures and PDFs, with the folders below them. Operations with several inputs take
    the files in pairs. Leaves with 0 only if every item is done, with 1 if some failed or are held, with 2 if
    nothing could be begun.
    """
    endpoint = find_operation(operation)
    if not endpoint.images:
        stop(f"{operation} reads no files, so there is nothing to do in a batch: use `cvs-async call`.")
    if len(paths) % len(endpoint.images):
        stop(f"{operation} reads {', '.join(endpoint.images)}: give a multiple of {len(endpoint.images)} files.")
    options = parse_settings(settings) | {"send_as": send_as} | ({"get_thumb": True} if get_thumb else {})
    client = {
        "base_url": base_url,
        "allow_insecure": allow_insecure,
        "rate_limit": None if rate is None else RateLimit(rate),
    } | _concurrency(concurrency)
    run(_batch(endpoint, paths, JsonLines(out, append=append), ordered, cast(Arguments, options), client))


async def _batch(
    endpoint: Endpoint[Any],
    paths: Sequence[str],
    sink: JsonLines,
    ordered: bool,
    options: Arguments,
    client: dict[str, Any],
) -> int:
    console, interrupted = messages(), False
    async with AsyncCVS(**client) as cvs, sink:
        concurrency = client["max_connections"]
        batch = cvs.batch(endpoint, _items(endpoint, paths), concurrency=concurrency, ordered=ordered, **options)

        def stop_batch() -> None:
            nonlocal interrupted
            interrupted = True
            batch.stop()
            console.print(f"Stopping; {batch.stats.in_flight} calls are in flight. Ctrl-C again ends at once.")

        try:
            with make_progress(console) as progress:
                task = progress.add_task(endpoint.name, total=None, note="")
                _count_aside(endpoint, paths, progress, task)
                with gentle_interrupt(stop_batch):
                    await drain(batch, sink, progress, task)
        finally:
            print_summary(console, batch.stats)
            if sink.path is not None and batch.stats.errors:
                console.print(f"Which and why is in {sink.path}.", markup=False)
    return INTERRUPTED if interrupted else exit_code(batch.stats)


def _concurrency(given: str) -> dict[str, Any]:
    if given == "auto":
        return {"max_connections": MOST_BY_ITSELF, "concurrency": "auto"}
    if not given.isdecimal() or int(given) < 1:
        stop(f"--concurrency takes a number from 1 on, or auto, and not {given}.")
    return {"max_connections": int(given)}


async def _items(endpoint: Endpoint[Any], paths: Sequence[str]) -> AsyncGenerator[Any]:
    width = len(endpoint.images)
    if width > 1:
        for start in range(0, len(paths), width):
            yield tuple(paths[start : start + width])
        return
    for path in paths:
        if _is_folder(path):
            async for file in folder(path, _suffixes(endpoint)):
                yield file
        else:
            yield path


def _suffixes(endpoint: Endpoint[Any]) -> Collection[str]:
    return {".xml"} if endpoint.path.endswith("-xml") else PICTURES


def _is_folder(path: str) -> bool:
    return not is_url(path) and Path(path).is_dir()


def _count_aside(endpoint: Endpoint[Any], paths: Sequence[str], progress: Progress, task: TaskID) -> None:
    """Tell the bar how much there is, while the batch is already running."""

    def count() -> None:
        with suppress(InvalidInputError):  # what cannot be listed stops the batch, with the reason
            files = sum(folder(path, _suffixes(endpoint)).count() if _is_folder(path) else 1 for path in paths)
            progress.update(task, total=files // len(endpoint.images))

    threading.Thread(target=count, daemon=True).start()
