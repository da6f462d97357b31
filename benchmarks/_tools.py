"""Shared tools: services and child processes, generated pictures, and a plain table."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

TICK = 0.005
PATIENCE = 300.0
"""Seconds after which a child process is stopped."""


class Service:
    """A running service of `_server.py` in a separate process. `url` is the base URL for clients."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self.url = f"http://127.0.0.1:{int(self._stdout.readline())}"

    def counts(self) -> dict[str, int]:
        """Return the number of received, answered and refused requests."""
        self._say("counts")
        return {name: int(count) for name, count in json.loads(self._stdout.readline()).items()}

    def set(self, number: int) -> None:
        """Set the number of its kind."""
        self._say(str(number))

    def _say(self, line: str) -> None:
        self._stdin.write(f"{line}\n")
        self._stdin.flush()


@contextlib.contextmanager
def serving(kind: str, latency: float = 0.0, number: int = 0, core: int | None = None) -> Iterator[Service]:
    """Run a service of `_server.py` for the block, on a given processor if one is named."""
    command = [sys.executable, "-m", "benchmarks._server", kind, str(latency), *([str(number)] if number else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if core is not None:
            pin(core, process.pid)
        try:
            yield Service(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


@contextlib.contextmanager
def service(kind: str, latency: float = 0.0) -> Iterator[str]:
    """Run such a service and return its base URL."""
    with serving(kind, latency) as running:
        yield running.url


def pin(core: int, process: int = 0) -> None:
    """Pin a process, by default this one, to a processor, if the system supports it."""
    if hasattr(os, "sched_setaffinity"):
        cores = range(os.cpu_count() or 1)
        os.sched_setaffinity(process, {cores[core % len(cores)]})


async def spread(call: Callable[[], Awaitable[object]], count: int, at_once: int) -> None:
    """Make `count` calls, `at_once` in flight."""
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            await call()

    async with asyncio.TaskGroup() as workers:
        for _ in range(at_once):
            workers.create_task(work())


def in_child(module: str, *arguments: object) -> Any:
    """Return the JSON printed by a program of this package in a fresh process."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE).stdout)


def peak_memory() -> float:
    """Return the peak memory of this process in megabytes. ru_maxrss is a fallback, because it starts with the
    memory of the parent process.
    """
    if (status := Path("/proc/self/status")).exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


async def tick(lateness: list[float]) -> None:
    """Record the lateness in milliseconds of each five-millisecond tick."""
    while True:
        due = time.perf_counter() + TICK
        await asyncio.sleep(TICK)
        lateness.append((time.perf_counter() - due) * 1000)


def picture(size: int, seed: int) -> bytes:
    """Return a readable PNG of about `size` bytes of distinct grey noise."""
    side = int(size**0.5)
    noise = Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(side) for _ in range(side))
    header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


@contextlib.contextmanager
def pictures(count: int, size: int) -> Iterator[list[Path]]:
    """Provide `count` picture files of about `size` bytes, in a folder that is removed afterwards."""
    with TemporaryDirectory() as root:
        paths = [Path(root, f"{number:03}.png") for number in range(count)]
        for number, path in enumerate(paths):
            path.write_bytes(picture(size, number))
        yield paths


def verdict(value: float, bound: float, unit: str) -> str:
    """Return in words whether a figure is within its bound."""
    return f"bound {bound:g}{unit}: {'met' if value <= bound else 'not met'}"


def print_table(*rows: Sequence[object]) -> None:
    """Print rows in columns, the first row as the header."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
