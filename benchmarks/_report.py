"""Report of a full run: printed while it runs, and saved to a file."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "cvs_async",
    "aiohttp",
    "anyio",
    "attrs",
    "cattrs",
    "httpx",
    "httpcore",
    "httpx2",
    "httpx-aiohttp",
    "requests",
    "urllib3",
    "orjson",
    "msgspec",
)


class Report:
    """Sections of Markdown that are readable as plain text."""

    def __init__(self) -> None:
        self._blocks: list[str] = []

    def say(self, block: str) -> None:
        """Print and record one more block."""
        print(f"{block}\n", flush=True)
        self._blocks.append(block)

    def table(self, head: Sequence[object], *rows: Sequence[object]) -> None:
        """Add a table."""
        texts = [[str(cell) for cell in row] for row in (head, *rows)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in texts]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        self.say("\n".join(lines))

    def write(self, path: Path) -> None:
        """Write the whole report."""
        path.write_text("\n\n".join(self._blocks) + "\n", encoding="utf-8")


def machine() -> list[tuple[str, str]]:
    """Return the hardware and software, without names or places of the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.0f} GB"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("libraries", ", ".join(f"{name} {found}" for name in LIBRARIES if (found := _version(name)))),
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
