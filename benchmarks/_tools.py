"""What the measurements share: services and children, made-up pictures, and a plain table."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

PATIENCE = 300.0
"""Seconds after which a child that has not ended is stopped."""


@contextlib.contextmanager
def service(kind: str, latency: float = 0.0) -> Iterator[str]:
    """A service of `_server.py` in a process of its own; gives its base URL."""
    command = [sys.executable, "-m", "benchmarks._server", kind, str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def in_child(module: str, *arguments: object) -> Any:
    """What a program of this package prints as JSON, run in a fresh process."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE).stdout)


def picture(size: int, seed: int) -> bytes:
    """A readable PNG of about so many bytes; grey noise, so that no two are alike."""
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
    """So many picture files of about so many bytes, in a folder that is removed afterwards."""
    with TemporaryDirectory() as root:
        paths = [Path(root, f"{number:03}.png") for number in range(count)]
        for number, path in enumerate(paths):
            path.write_bytes(picture(size, number))
        yield paths


def verdict(value: float, bound: float, unit: str) -> str:
    """Whether a figure is within its bound, in words."""
    return f"bound {bound:g}{unit}: {'met' if value <= bound else 'not met'}"


def print_table(*rows: Sequence[object]) -> None:
    """Rows in columns, the first row over the others."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
