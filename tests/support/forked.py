"""Run commands of `cvs-async` as processes of their own, forked from a process that has imported everything already.

A command in a fresh interpreter spends most of its time on imports. A fork has its own memory, streams, environment,
folder, signals and exit code, as a fresh process has. It shares what is fixed before the first import: the options of
the interpreter, variables whose names begin with ``PYTHON``, and the seed of hashes. Tests of those start a fresh one.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

ROOT = str(Path(__file__).parents[2])
PROGRAM = """
import sys
sys.path.insert(0, {root!r})
from tests.support.forked import serve
serve({channel})
from cvs_async.cli import main
main()
"""
EARLY = (
    "aiohttp",
    "anyio._backends._asyncio",
    "cvs_async._http.aiohttp_backend",
    "cvs_async.cli.app",
    "cvs_async.look.report",
    "cvs_async.sandbox",
    "httpx",
    "jinja2.runtime",
    "pydantic.json_schema",
    "pydantic.type_adapter",
    "pydantic.types",
    "pypdf",
    "rich.live",
    "rich.markdown",
    "rich.progress",
    "rich.table",
    "typer.rich_utils",
    "uvicorn.protocols.http.auto",
)


def run(
    arguments: Sequence[str], environment: Mapping[str, str], cwd: Path | None, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Return what `subprocess.run` returns for a command whose output and messages are caught, as UTF-8 text."""
    (out, out_writing), (err, err_writing) = os.pipe(), os.pipe()
    with open(out, encoding="utf-8") as output, open(err, encoding="utf-8") as messages:
        try:
            command = _template().start(arguments, environment, cwd, (0, out_writing, err_writing))
        finally:
            os.close(out_writing)
            os.close(err_writing)
        written, reader = _reading(messages)
        said = output.read()
        reader.join()
        return subprocess.CompletedProcess(arguments, command.wait(timeout), said, written[0])


def run_on(terminal: int, arguments: Sequence[str], environment: Mapping[str, str]) -> Command:
    """Start a command whose output and messages go to a terminal, and which has no input."""
    with open(os.devnull, "rb") as nothing:
        return _template().start(arguments, environment, None, (nothing.fileno(), terminal, terminal))


def _reading(stream: IO[str]) -> tuple[list[str], threading.Thread]:
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(stream.read()), daemon=True)
    reader.start()
    return read, reader


class Command:
    """A command that runs."""

    def __init__(self, arguments: Sequence[str], status: IO[str]) -> None:
        self._arguments, self._status = arguments, status
        self.pid = int(status.readline())

    def wait(self, timeout: float) -> int:
        """Return its exit code, or the negative number of the signal that ended it."""
        with self._status:
            if not select.select([self._status], [], [], timeout)[0]:
                os.kill(self.pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(self._arguments), timeout)
            return int(self._status.readline())


class _Template:
    """The process that commands are forked from."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._channel, theirs = socket.socketpair()
        program = PROGRAM.format(root=ROOT, channel=theirs.fileno())
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", program],
                env=os.environ | {"PYTHONUTF8": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._end)

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        cwd: Path | None,
        streams: tuple[int, int, int],
    ) -> Command:
        reading, writing = os.pipe()
        request = {"arguments": arguments, "environment": dict(environment), "cwd": str(cwd or Path.cwd())}
        with tempfile.TemporaryFile("w+") as file, self._turn:
            json.dump(request, file)
            file.flush()
            file.seek(0)
            try:
                socket.send_fds(self._channel, [b"."], [file.fileno(), writing, *streams])
            finally:
                os.close(writing)
            return Command(arguments, open(reading, encoding="ascii"))

    def _end(self) -> None:
        self._channel.close()
        self._process.wait(10)


@functools.cache
def _template() -> _Template:
    return _Template()


def serve(number: int) -> None:
    """Fork for each request. Return in the processes of commands only, as what they should be before they begin."""
    for name in EARLY:
        with suppress(ModuleNotFoundError):  # of an extra that is not installed
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    channel = socket.socket(fileno=number)
    while descriptors := socket.recv_fds(channel, 1, 5)[1]:
        if os.fork() == 0:
            channel.close()
            return _watch(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        _collect()
    os._exit(0)


def _collect() -> None:
    """Collect the watchers that have ended."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def _watch(request: int, status: int, *streams: int) -> None:
    """Fork the command, and tell how it ends."""
    if (pid := os.fork()) == 0:
        os.close(status)
        return _become(request, streams)
    for descriptor in (request, *streams):
        os.close(descriptor)
    os.write(status, b"%d\n" % pid)
    os.write(status, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become(request: int, streams: Sequence[int]) -> None:
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
        os.close(descriptor)
    with open(request, encoding="utf-8") as file:
        wanted = json.load(file)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["cwd"])
    sys.path.remove(ROOT)
    sys.argv = ["-c", *wanted["arguments"]]
    # As the interpreter opens them in UTF-8 mode.
    lenient: Any = {"encoding": "utf-8", "errors": "surrogateescape", "closefd": False}
    escaping = lenient | {"errors": "backslashreplace", "buffering": 1}
    for number, (name, mode, how) in enumerate(
        (("stdin", "r", lenient), ("stdout", "w", lenient), ("stderr", "w", escaping))
    ):
        stream = open(number, mode, **how)  # noqa: SIM115 - open to the end, as the interpreter's own
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
